"""An outage of the store that lasts for one request, and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.stores.base import Stored
from statechart_ivr.stores.memory import MemoryStore

#: Whether the store is away for whoever asks next.
_is_away: ContextVar[bool] = ContextVar("is_away", default=False)


@contextmanager
def away_once() -> Iterator[None]:
    """Have stores that take part in it be away when they are asked next, in this context."""
    token = _is_away.set(True)
    try:
        yield
    finally:
        _is_away.reset(token)


def check_reachable() -> None:
    """Do nothing, unless the store is wanted away; by the next time it is back.

    Raises:
        StoreUnavailableError: it is away.
    """
    if _is_away.get():
        _is_away.set(False)
        raise StoreUnavailableError("the store is away for one request, as a test wants it")


class Interruptible:
    """A store that takes part in outages: it calls `check_reachable` when it is asked."""


class PhoneStore(MemoryStore, Interruptible):
    """Keeps the sessions of a flow that is called by a phone."""

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            StoreUnavailableError: a test wants it away.
        """
        check_reachable()
        return super().load(call_sid)
