"""A circuit breaker: while a store is away, callers are not made to wait for its time-outs."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from threading import Lock
from typing import TypeVar
from weakref import WeakSet

from statechart_ivr.errors import StaleSessionError, StoreUnavailableError, WrongKeyError
from statechart_ivr.stores.base import SessionStore, Stored

T = TypeVar("T")


class CircuitBreaker:
    """Lets one thread at a time find out whether a store is back; the others need not wait.

    A store that is away often says so by saying nothing, until its time-out is over. If every
    request waited for that, a server would have all its threads waiting, and callers would be
    answered later than Twilio's 15 s. So once an operation has failed, and until one succeeds,
    those that come while another is being tried fail at once.

    Reading and writing have a circuit each: a file on a full disk can still be read.

    >>> from statechart_ivr.stores.memory import MemoryStore
    >>> store = CircuitBreaker(MemoryStore())
    >>> store.save("CA1", b"menu", expected=None, ttl=60)
    1

    Args:
        store: the store behind it; closed with the breaker.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._reading = _Circuit()
        self._writing = _Circuit()

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None; see `SessionStore.load`."""
        return self._reading.through(lambda: self._store.load(call_sid))

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first; see `SessionStore.save`."""
        return self._writing.through(
            lambda: self._store.save(call_sid, data, expected=expected, ttl=ttl)
        )

    def delete(self, call_sid: str) -> None:
        """Forget a session; see `SessionStore.delete`."""
        self._writing.through(lambda: self._store.delete(call_sid))

    def purge(self) -> int:
        """Remove the sessions whose time is over; see `SessionStore.purge`."""
        return self._writing.through(self._store.purge)

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store: the breaker takes no part in it."""
        return self._store.calls()

    def close(self) -> None:
        """Close the store."""
        self._store.close()


class _Circuit:
    """Closed while the last operation to end had an answer; otherwise open."""

    def __init__(self) -> None:
        self._failure: StoreUnavailableError | None = None
        self._trial = Lock()
        _circuits.add(self)

    def unlock(self) -> None:
        """Forget, in a process that was forked, what a thread of its parent was trying."""
        self._trial = Lock()

    def through(self, operation: Callable[[], T]) -> T:
        failure = self._failure
        if failure is None:
            return self._observed(operation)
        trial = self._trial
        if not trial.acquire(blocking=False):
            raise StoreUnavailableError(f"{failure}; another request is just trying again")
        try:
            return self._observed(operation)
        finally:
            trial.release()

    def _observed(self, operation: Callable[[], T]) -> T:
        try:
            result = operation()
        except (StaleSessionError, WrongKeyError):
            self._failure = None  # that is an answer
            raise
        except StoreUnavailableError as error:
            self._failure = StoreUnavailableError(str(error))  # without the frames it came by
            raise
        self._failure = None
        return result


_circuits: WeakSet[_Circuit] = WeakSet()


def _unlock_all() -> None:
    for circuit in list(_circuits):
        circuit.unlock()


os.register_at_fork(after_in_child=_unlock_all)
