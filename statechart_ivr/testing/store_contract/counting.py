"""Counting in one session by compare-and-set, against others who count in it too."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing

from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.testing.store_contract.hooks import SID

#: How often each counter adds one.
UPDATES = 25

_TTL = 3600.0
_START = 60.0
_PAUSE = 0.005


class LostCountError(AssertionError):
    """A store refused a save for which there was no reason."""


def add(store: SessionStore, *, times: int, others: int) -> None:
    """Add to the number in the session; load it again whenever somebody else was faster.

    Args:
        store: one handle on the session.
        times: how often to add one.
        others: how often all others together do so. Each of their saves is a reason to refuse
            one of ours, and nothing else is.

    Raises:
        LostCountError: the store refused more saves than that.
    """
    added = refused = 0
    while added < times:
        data, revision = store.load(SID) or (b"0", None)
        try:
            store.save(SID, b"%d" % (int(data) + 1), expected=revision, ttl=_TTL)
        except StaleSessionError:
            refused += 1
        else:
            added += 1
        if refused > others:
            raise LostCountError(f"{refused} saves were refused, and others made at most {others}")


def add_elsewhere(open_store: Callable[[], SessionStore], me: str, names: Sequence[str]) -> None:
    """Count from a process of its own, at the same time as the others.

    They start when all have looked at the session: the store is how they know of each other.

    Args:
        open_store: makes the handle.
        me: the name of this process.
        names: the names of all.
    """
    with closing(open_store()) as store:
        store.load(SID)
        store.save(me, b"ready", expected=None, ttl=_TTL)
        wait_for(store, names)
        add(store, times=UPDATES, others=UPDATES * (len(names) - 1))


def wait_for(store: SessionStore, names: Sequence[str], *, seconds: float = _START) -> None:
    """Wait until there is a session of each name.

    Raises:
        TimeoutError: that took too long.
    """
    deadline = time.monotonic() + seconds
    while missing := [name for name in names if store.load(name) is None]:
        if time.monotonic() >= deadline:
            raise TimeoutError(f"what other processes saved is not seen here: {missing}")
        time.sleep(_PAUSE)  # what other processes save is only seen by looking
