"""Sessions in the memory of one process."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import NamedTuple

from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import Stored


class _Session(NamedTuple):
    stored: Stored
    expires: float


class MemoryStore:
    """Keeps sessions for as long as the process lives: for tests and for trying things out.

    A call in progress does not outlive a restart, and two processes share nothing: to serve
    real calls, take `~statechart_ivr.stores.sqlite.SqliteStore`.

    >>> store = MemoryStore()
    >>> store.save("CA1", b"menu", expected=None, ttl=60)
    1
    >>> store.load("CA1")
    Stored(data=b'menu', revision=1)

    Args:
        clock: tells when a session's time is over; the system's clock unless told.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._lock = Lock()
        self._sessions: dict[str, _Session] = {}

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None."""
        session = self._sessions.get(call_sid)
        return session.stored if session and session.expires > self._now() else None

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first.

        Args:
            call_sid: the call; any text.
            data: what to keep.
            expected: the revision that `load` gave; None when it gave None.
            ttl: seconds until the session may be forgotten, from now.

        Returns:
            The new revision.

        Raises:
            StaleSessionError: the session is not at ``expected``; nothing was written.
        """
        with self._lock:
            stored = self.load(call_sid)
            if (stored and stored.revision) != expected:
                raise StaleSessionError(call_sid, expected)
            revision = (expected or 0) + 1
            self._sessions[call_sid] = _Session(Stored(data, revision), self._now() + ttl)
        return revision

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none."""
        with self._lock:
            self._sessions.pop(call_sid, None)

    def purge(self) -> int:
        """Remove the sessions whose time is over, and return how many they were."""
        with self._lock:
            now = self._now()
            over = [sid for sid, session in self._sessions.items() if session.expires <= now]
            for call_sid in over:
                del self._sessions[call_sid]
        return len(over)

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs as they are at this moment, in the order of first saves."""
        with self._lock:
            now = self._now()
            alive = [sid for sid, session in self._sessions.items() if session.expires > now]
        return iter(alive)

    def close(self) -> None:
        """Do nothing: there is nothing to give back, and the sessions can still be read."""

    def _now(self) -> float:
        return self._clock.now().timestamp()
