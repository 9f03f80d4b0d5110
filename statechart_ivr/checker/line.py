"""The application under the explorer's hands: its flows, and a store of one call."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from statechart_ivr.checker.moments import StandingClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.flow import CallFlow
from statechart_ivr.stores.base import Stored
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import HeldRunner

BASE_URL = "https://phone.example"


class OneCallStore:
    """Keeps what was saved last of each call, for as long as the explorer wants it.

    Nothing expires, and a sweep for work that was left finds nothing: all of it is done by hand.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, Stored] = {}

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None."""
        return self._sessions.get(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first."""
        del ttl
        stored = self.load(call_sid)
        if (stored and stored.revision) != expected:
            raise StaleSessionError(call_sid, expected)
        revision = (expected or 0) + 1
        self._sessions[call_sid] = Stored(data, revision)
        return revision

    def delete(self, call_sid: str) -> None:
        """Forget a session."""
        self._sessions.pop(call_sid, None)

    def purge(self) -> int:
        """Remove nothing."""
        return 0

    def calls(self) -> Iterator[str]:
        """Return nothing: there is nothing to be swept for."""
        return iter(())

    def close(self) -> None:
        """Do nothing."""


def board_for(
    flows: tuple[type[CallFlow], ...],
    clock: StandingClock,
    services: Mapping[str, Any] | None,
    like: Switchboard | None = None,
) -> Switchboard:
    """Return an application of flows, whose background work waits to be done by hand.

    Args:
        flows: that it serves.
        clock: tells the time.
        services: for the flows.
        like: the real application, for its URLs and its sounds.
    """
    options: dict[str, Any] = {"services": services}
    if like is not None:
        known = like.environment
        options = {"services": known.services if services is None else services}
        options["prefix"] = like.prefix
    board = Switchboard(
        *flows,
        store=OneCallStore(),
        runner=HeldRunner(),
        clock=clock,
        base_url=(like.environment.base_url if like else "") or BASE_URL,
        **options,
    )
    if like is not None:
        if like.environment.fingerprinter is not None:
            board.use_fingerprinter(like.environment.fingerprinter)
        for name, path in like.environment.paths.items():
            board.name_path(name, path)
    return board


@contextmanager
def silenced() -> Iterator[None]:
    """Keep the package's log from telling of calls that nobody makes."""
    logger = logging.getLogger("statechart_ivr")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
