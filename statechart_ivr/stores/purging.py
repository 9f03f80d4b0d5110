"""Removing sessions whose time is over: now and then, and while nobody waits for it."""

from __future__ import annotations

import logging
from datetime import timedelta
from threading import Lock, Thread

from statechart_ivr.clock import Clock
from statechart_ivr.stores.base import SessionStore

logger = logging.getLogger("statechart_ivr.stores")

#: Before the first purge of a process: one that has just been started has enough to do.
FIRST_AFTER = timedelta(minutes=5)
#: Between two purges by one process.
EVERY = timedelta(hours=1)


class Purger:
    """Purges a store once an hour, in a thread of its own.

    Nobody has to think of it: whoever has an occasion says so, and mostly nothing happens.

    Args:
        store: what is purged.
        clock: tells when it is time.
    """

    def __init__(self, store: SessionStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._next = clock.now() + FIRST_AFTER
        self._lock = Lock()
        self._thread: Thread | None = None

    def now_and_then(self) -> None:
        """Begin a purge if it is time, and do not wait for it."""
        if self._clock.now() < self._next:
            return
        with self._lock:
            now = self._clock.now()
            if now < self._next or (self._thread and self._thread.is_alive()):
                return
            self._next = now + EVERY
            self._thread = Thread(target=self._purge, name="ivr-purge", daemon=True)
            self._thread.start()

    def wait(self, seconds: float = 5.0) -> None:
        """Wait for the purge that is under way, if there is one; it may be broken off anywhere.

        Args:
            seconds: at most; who stops a process does not wait for ever.
        """
        if self._thread is not None:
            self._thread.join(seconds)

    def _purge(self) -> None:
        try:
            if purged := self._store.purge():
                logger.info("purged %d expired sessions", purged)
        except Exception as error:  # noqa: BLE001 - nobody is there to catch it
            logger.warning("expired sessions are not purged: %s", error)
