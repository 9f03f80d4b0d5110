"""Crashes: a process is killed at any operation on the store, and Twilio sends its retry.

Each operation is interrupted before it begins and after it is done. A kill right after the
answer stands for any between two turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import NamedTuple

from examples.catalogue import Example
from statechart_ivr.call import Answer, Request
from statechart_ivr.stores import SessionStore, open_store
from tests.durability.backends import started
from tests.durability.calls import Turn, calls_that_lost_their_record, recorded_calls, turns_of
from tests.durability.figures import Figures
from tests.durability.records import put, stored
from tests.durability.workers import Death, MortalStore, Worker

#: How many turns apart the ones are that the small size takes.
STRIDES = {"sqlite": 9, "redis": 45, "postgresql": 45}


def run(store: str, *, full: bool) -> Figures:
    """Sweep the turns of all examples."""
    turns = turns_of(recorded_calls())
    # With a record that cannot be read there is more to be done.
    turns += [Turn(call, 0) for call in calls_that_lost_their_record()]
    with started(store) as backend:
        return sweep(turns if full else turns[:: STRIDES[store]], backend.url)


def sweep(turns: Sequence[Turn], url: str, kind: type[MortalStore] = MortalStore) -> Figures:
    """Kill a process before and after every operation of every turn, and after its answer.

    Args:
        turns: what is swept.
        url: of an empty store that several processes can share.
        kind: what stands between process and store.
    """
    with closing(open_store(url)) as store, ThreadPoolExecutor(2) as threads:
        jobs = [threads.submit(_swept, part, store, url, kind) for part in _parts(turns)]
        crashes = [crash for job in jobs for crash in job.result()]
    return Figures(
        "crashes",
        {
            "turns": len(turns),
            "operations": sum(1 for crash in crashes if crash.death and crash.death.is_done),
            "kills": len(crashes),
            "webhooks after the restart": sum(1 + len(crash.turn.later) for crash in crashes),
        },
        [str(crash) for crash in crashes if crash.failure],
    )


class Crash(NamedTuple):
    """What became of one call whose turn was interrupted.

    Attributes:
        turn: the turn.
        death: where its process was killed; None for right after the answer.
        operation: what was being done there.
        failure: what differs from the call that nothing disturbed; nothing if all is the same.
    """

    turn: Turn
    death: Death | None
    operation: str
    failure: str

    def __str__(self) -> str:
        when = "before" if self.death and not self.death.is_done else "after"
        return f"{self.turn}, killed {when} {self.operation}: {self.failure}"


def _parts(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Split the work; all turns of one call are one process's at a time."""
    parts: dict[tuple[str, bool], list[Turn]] = {}
    for turn in turns:
        is_odd = int(turn.call.sid[-1], 16) % 2 == 1
        parts.setdefault((str(turn.call.example), is_odd), []).append(turn)
    return list(parts.values())


def _swept(
    turns: Sequence[Turn], store: SessionStore, url: str, kind: type[MortalStore]
) -> list[Crash]:
    with ExitStack() as stack:
        service = _Service(turns[0].call.example, url, kind)
        stack.callback(service.stop)
        return [crash for turn in turns for crash in _crashes(turn, service, store)]


def _crashes(turn: Turn, service: _Service, store: SessionStore) -> Iterator[Crash]:
    service.restart()
    put(store, turn.call.sid, turn.now.before)
    service.answer(turn.now.request)
    deaths = [
        (Death(number, is_done), operation)
        for number, operation in enumerate(service.operations)
        for is_done in (False, True)
    ]
    does_more_when_new = "purge" in service.operations
    for death, operation in (*deaths, (None, "answer")):
        put(store, turn.call.sid, turn.now.before)
        if does_more_when_new:
            service.restart()
        yield Crash(turn, death, operation, _failure(turn, death, service, store))


def _failure(turn: Turn, death: Death | None, service: _Service, store: SessionStore) -> str:
    """Interrupt a turn, send it again, and go on to the end of the call."""
    answer = service.answer(turn.now.request, death)
    if answer != (None if death else turn.now.answer):
        return f"instead of dying it answers {answer}"
    service.restart()
    for webhook in (turn.now, *turn.later) if death else turn.later:
        if service.answer(webhook.request) != webhook.answer:
            return f"{webhook.request.path} is answered with something else"
        if stored(store, turn.call.sid) != webhook.after:
            return f"after {webhook.request.path} something else is in the store"
    return ""


class _Service:
    """A worker, and one after it when it is dead."""

    def __init__(self, example: Example, url: str, kind: type[MortalStore]) -> None:
        self._example, self._url, self._kind = example, url, kind
        self._worker = self._new()
        self._is_fresh = True

    @property
    def operations(self) -> list[str]:
        return self._worker.operations

    def answer(self, request: Request, death: Death | None = None) -> Answer | None:
        self._is_fresh = False
        answer = self._worker.answer(request, death)
        if answer is None:
            self.restart()
        return answer

    def restart(self) -> None:
        if not self._is_fresh:
            self.stop()
            self._worker = self._new()
            self._is_fresh = True

    def stop(self) -> None:
        self._worker.close()

    def _new(self) -> Worker:
        return Worker(self._example, self._url, self._kind)
