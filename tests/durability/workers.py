"""Processes that answer webhooks, and can be told to die at any operation on the store."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from typing import NamedTuple, TypeVar

from examples.catalogue import EXAMPLES, Example
from statechart_ivr.call import Answer, Request
from statechart_ivr.stores import SessionStore, Stored, open_store
from tests.durability.calls import switchboard_for

T = TypeVar("T")

# Each worker is forked from a process that has imported all this, and has no threads. To import
# what a store needs takes longer than all a worker does; what is not installed is left out.
_DRIVERS = ("redis", "psycopg", "sqlalchemy.dialects.postgresql.psycopg")
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__, *_DRIVERS])
#: By these a new Python knows that it is to be measured, which would make a fork take five times
#: as long; what workers run is measured elsewhere.
_MEASURING = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


class Death(NamedTuple):
    """Where a worker is to be killed.

    Attributes:
        operation: which of the turn's operations on the store, from 0.
        is_done: whether the operation has been done by then.
    """

    operation: int
    is_done: bool


class Worker(AbstractContextManager["Worker"]):
    """A process of its own that answers the webhooks of one example.

    Args:
        example: what it serves.
        url: of the session store.
        kind: what stands between the process and the store.

    Attributes:
        operations: what the last webhook did to the store, in order: ``load``, ``save`` …
    """

    def __init__(self, example: Example, url: str, kind: type[MortalStore]) -> None:
        self._connection, theirs = processes.Pipe()
        number = EXAMPLES.index(example)  # a table of inputs need not travel
        told = (theirs, number, url, kind)
        self._process = processes.Process(target=_work, args=told, daemon=True)
        with unmeasured():
            self._process.start()
        theirs.close()
        self.operations: list[str] = []

    def answer(self, request: Request, death: Death | None = None) -> Answer | None:
        """Answer a webhook.

        Args:
            request: the webhook.
            death: where to be killed meanwhile.

        Returns:
            The answer; None if the process died before it could give one.
        """
        try:
            self._connection.send((request, death))
            answer, self.operations = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            return None
        return answer  # type: ignore[no-any-return]  # it came through a pipe

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()


@contextmanager
def unmeasured() -> Iterator[None]:
    """Start processes that are not measured."""
    kept = {name: os.environ.pop(name) for name in _MEASURING if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def _work(connection: Connection, number: int, url: str, kind: type[MortalStore]) -> None:
    logging.disable(logging.CRITICAL)  # what happens here is meant to
    board = switchboard_for(EXAMPLES[number], store := kind(open_store(url)))
    while True:
        request, store.death = connection.recv()
        store.operations = []
        connection.send((board.answer(request), store.operations))


class MortalStore:
    """A store whose process is killed before or after one of its operations.

    Args:
        store: the store behind it.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self.death: Death | None = None
        self.operations: list[str] = []

    def load(self, call_sid: str) -> Stored | None:
        return self._done("load", lambda: self._store.load(call_sid))

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        save = self._store.save
        return self._done("save", lambda: save(call_sid, data, expected=expected, ttl=ttl))

    def delete(self, call_sid: str) -> None:
        self._done("delete", lambda: self._store.delete(call_sid))

    def purge(self) -> int:
        return self._done("purge", self._store.purge)

    def calls(self) -> Iterator[str]:
        return self._done("calls", self._store.calls)

    def close(self) -> None:
        self._store.close()

    def _done(self, operation: str, do: Callable[[], T]) -> T:
        number = len(self.operations)
        self.operations.append(operation)
        self._die_if_it_is_time(Death(number, is_done=False))
        result = do()
        self._die_if_it_is_time(Death(number, is_done=True))
        return result

    def _die_if_it_is_time(self, now: Death) -> None:
        if now == self.death:
            os.kill(os.getpid(), signal.SIGKILL)
