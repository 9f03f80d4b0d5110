"""Finding out whether a store works, by using it."""

from __future__ import annotations

import logging
import time
from uuid import uuid4

from statechart_ivr.stores.base import SessionStore

logger = logging.getLogger("statechart_ivr.stores")

#: What the sessions are called that are nobody's call, and are made to find out.
PROBE = "healthz."
#: Seconds until one is forgotten, should the process die between writing and deleting it.
PROBE_TTL = 60.0
#: Seconds for which an answer is good: anybody may ask, as often as they like.
GOOD_FOR = 1.0


class Health:
    """Whether a store takes what is saved, and gives it back.

    Writing is tried as well: a file that is locked, or on a full disk, can still be read.

    Args:
        store: in question.
    """

    def __init__(self, store: SessionStore) -> None:
        self._store = store
        self._asked = 0.0
        self._is_healthy: bool | None = None

    def is_healthy(self) -> bool:
        """Return whether the store works, or did so within the last second."""
        if self._is_healthy is None or time.monotonic() - self._asked >= GOOD_FOR:
            # Whoever asks while this one tries is told what was last known, and does not wait.
            self._asked = time.monotonic()
            self._is_healthy = self._try()
        return self._is_healthy

    def _try(self) -> bool:
        probe = f"{PROBE}{uuid4().hex}"
        try:
            self._store.save(probe, b"", expected=None, ttl=PROBE_TTL)
            is_there = self._store.load(probe) is not None
            self._store.delete(probe)
        except Exception as error:  # noqa: BLE001 - a store that raises anything is not well
            logger.warning("the store is away: %s", error)
            return False
        return is_there
