"""Retries: webhooks that come twice, or late, to whichever process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import NamedTuple

from statechart_ivr.call import Request
from statechart_ivr.stores import SessionStore, open_store
from tests.durability.backends import started
from tests.durability.calls import Turn, recorded_calls, turns_of
from tests.durability.documents import is_end_of
from tests.durability.figures import Figures
from tests.durability.records import put, stored
from tests.durability.workers import MortalStore, Worker

#: How many turns apart the ones are that the small size takes.
STRIDES = {"sqlite": 1, "redis": 3, "postgresql": 3}


def run(store: str, *, full: bool) -> Figures:
    """Repeat the turns of all examples."""
    turns = turns_of(recorded_calls())
    with started(store) as backend:
        return repeat(turns if full else turns[:: STRIDES[store]], backend.url)


def repeat(turns: Sequence[Turn], url: str, kind: type[MortalStore] = MortalStore) -> Figures:
    """Send the webhook of each turn over and over, then all older ones of its call.

    Args:
        turns: what is repeated.
        url: of an empty store that several processes can share.
        kind: what stands between process and store.
    """
    with closing(open_store(url)) as store, ThreadPoolExecutor(2) as threads:
        by_example = groupby(turns, key=lambda turn: turn.call.example)
        jobs = [threads.submit(_repeated, list(part), store, url, kind) for _, part in by_example]
        outcomes = [outcome for job in jobs for outcome in job.result()]
    return Figures(
        "retries",
        {
            "turns": len(turns),
            "retries": sum(outcome.retries for outcome in outcomes),
            "late requests": sum(outcome.late for outcome in outcomes),
            "next inputs": sum(len(turn.later) for turn in turns),
        },
        [f"{outcome.turn}: {failure}" for outcome in outcomes for failure in outcome.failures],
    )


class Outcome(NamedTuple):
    """What became of one turn whose webhook came over and over.

    Attributes:
        turn: the turn.
        retries: how often it came again.
        late: how many older webhooks came after it.
        failures: what was not as promised.
    """

    turn: Turn
    retries: int
    late: int
    failures: list[str]


def _repeated(
    turns: Sequence[Turn], store: SessionStore, url: str, kind: type[MortalStore]
) -> list[Outcome]:
    example = turns[0].call.example
    with Worker(example, url, kind) as one, Worker(example, url, kind) as other:
        return [_outcome(turn, _Trial(turn, store, (one, other))) for turn in turns]


def _outcome(turn: Turn, trial: _Trial) -> Outcome:
    retries = ways_to_repeat(turn.now.request)
    failures = [
        *trial.differences("the first time", turn.now.request),
        *(what for how, again in retries.items() for what in trial.differences(how, again)),
        *(what for webhook in turn.earlier for what in trial.lateness(webhook.request)),
        *trial.rest(),
    ]
    return Outcome(turn, len(retries), len(turn.earlier), failures)


def ways_to_repeat(request: Request) -> dict[str, Request]:
    """Return the same request as Twilio may send it again."""
    without = replace(request, token="")
    return {
        "with its token": request,
        "without a token": without,
        "with another token": replace(request, token="another"),
        "by GET": replace(without, query=request.query + request.form, form=()),
    }


class _Trial:
    """One call that starts at a turn, on two processes in turn."""

    def __init__(self, turn: Turn, store: SessionStore, workers: tuple[Worker, Worker]) -> None:
        self._turn = turn
        self._store = store
        self._workers = workers
        put(store, turn.call.sid, turn.now.before)

    def differences(self, how: str, request: Request) -> Iterator[str]:
        """Send the turn's request, and say what is not as when it came the first time."""
        answer = self._next_worker().answer(request)
        if answer != self._turn.now.answer:
            yield f"{how}: answered with something else"
        yield from self._moved(how)

    def lateness(self, request: Request) -> Iterator[str]:
        """Send an older request, and say what is not as it should be where the call is now."""
        answer, now = self._next_worker().answer(request), self._turn.now.answer
        what = f"late {request.path}"
        if answer is None or answer.status != 200:
            yield f"{what}: {answer}"
        elif not is_end_of(answer.body, now.body or answer.body):
            yield f"{what}: hears something else than where the call is"
        yield from self._moved(what)

    def rest(self) -> Iterator[str]:
        """Go on to the end of the call, and say what is not as in the recording."""
        for webhook in self._turn.later:
            if self._next_worker().answer(webhook.request) != webhook.answer:
                yield f"then {webhook.request.path}: answered with something else"

    def _moved(self, what: str) -> Iterator[str]:
        if stored(self._store, self._turn.call.sid) != self._turn.now.after:
            yield f"{what}: something else is in the store"

    def _next_worker(self) -> Worker:
        worker, other = self._workers
        self._workers = other, worker
        return worker
