"""Looks at ``/healthz`` all the time, and takes down when it changes."""

from __future__ import annotations

import http.client
import math
import time
from contextlib import AbstractContextManager
from threading import Event, Thread
from typing import NamedTuple
from urllib.parse import urlsplit

#: Seconds between two looks.
EVERY = 0.2
#: Seconds an answer may take; those who ask in earnest, such as load balancers, wait less.
PATIENCE = 15.0


class Change(NamedTuple):
    """A status that is another than the one before.

    Attributes:
        moment: on the monotonic clock.
        status: the HTTP status.
    """

    moment: float
    status: int


class Watch(AbstractContextManager["Watch"]):
    """Watches one server, in a thread of its own, until the context ends.

    Args:
        url: of its root.

    Attributes:
        changes: what was seen, the first status included.
    """

    def __init__(self, url: str) -> None:
        self._place = urlsplit(url).netloc
        self._stopping = Event()
        self.changes: list[Change] = []
        self._thread = Thread(target=self._look)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()

    def wait_for(self, status: int, *, patience: float) -> None:
        """Wait until a status is what was seen last, for so many seconds at most."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._last() != status:
            time.sleep(EVERY)  # the other thread looks no more often

    def seconds_to(self, status: int, since: float) -> float:
        """Return how long after a moment a status was first seen; infinity if never."""
        seen = (c.moment - since for c in self.changes if c.status == status and c.moment > since)
        return next(seen, math.inf)

    def _look(self) -> None:
        while not self._stopping.wait(EVERY):
            status = self._status()
            if self._last() != status:
                self.changes.append(Change(time.monotonic(), status))

    def _last(self) -> int:
        return self.changes[-1].status if self.changes else 0

    def _status(self) -> int:
        connection = http.client.HTTPConnection(self._place, timeout=PATIENCE)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status
        finally:
            connection.close()
