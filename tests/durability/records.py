"""What lies in a store."""

from __future__ import annotations

from dataclasses import replace

from statechart_ivr.record import Record
from statechart_ivr.stores import SessionStore

#: Seconds until a session may be forgotten: longer than any experiment takes.
TTL = 86400.0


def put(store: SessionStore, call_sid: str, data: bytes | None) -> None:
    """Put a record into a store in place of whatever is there; None leaves nothing there."""
    store.delete(call_sid)
    if data is not None:
        store.save(call_sid, data, expected=None, ttl=TTL)


def stored(store: SessionStore, call_sid: str) -> bytes | None:
    """Return the record of a call; None if there is none."""
    found = store.load(call_sid)
    return None if found is None else found.data


def without_chance(store: SessionStore, call_sid: str) -> tuple[int, Record] | None:
    """Return revision and record; of the keys of events, some of which are random, how many."""
    found = store.load(call_sid)
    if found is None:
        return None
    read = Record.from_bytes(found.data)
    return found.revision, replace(read, seen=[""] * len(read.seen))


def without_token(record: bytes) -> Record:
    """Read a record; the token of its last request, which each request has its own, is left out."""
    read = Record.from_bytes(record)
    return replace(read, answer=replace(read.answer, token="") if read.answer else None)
