"""A call as it is at one moment, to go back to."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from statechart_ivr.errors import PhoneError
from statechart_ivr.stores.base import Stored
from statechart_ivr.testing.caller import Caller
from statechart_ivr.testing.line import Line


class Snapshot(NamedTuple):
    """One moment of one call.

    Attributes:
        call_sid: the call.
        stored: what the application keeps of it; None for nothing.
        caller: who calls, and what is played to them.
        now: the moment, on the phone's clock.
    """

    call_sid: str
    stored: Stored | None
    caller: Caller
    now: datetime


def snapshot_of(line: Line, caller: Caller, call_sid: str) -> Snapshot:
    """Return all there is of a call.

    Raises:
        PhoneError: the application is not in this process.
    """
    if line.switchboard is None:
        raise PhoneError("snapshot() looks into the application, which is out of sight")
    stored = line.switchboard.store.load(call_sid)
    return Snapshot(call_sid, stored, caller.copied(), line.clock.now())


def back_to(line: Line, snapshot: Snapshot) -> Caller:
    """Make a call what it was, and return who calls."""
    if line.switchboard is None:
        raise PhoneError("go_back() reaches into the application, which is out of sight")
    store = line.switchboard.store
    store.delete(snapshot.call_sid)
    if snapshot.stored is not None:
        ttl = line.switchboard.environment.session_ttl
        store.save(snapshot.call_sid, snapshot.stored.data, expected=None, ttl=ttl)
    ahead = (snapshot.now - line.clock.now()).total_seconds()
    if ahead < 0:
        line.clock.turn_back(snapshot.now)
    else:
        line.clock.advance(ahead)
    return snapshot.caller.copied()
