"""What is found in a store, and what is said of it; nothing is written there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.call import Call, Request
from statechart_ivr.record import Record
from statechart_ivr.sessions import (
    Prospect,
    StoredCall,
    Verdict,
    prospects,
    stored_call,
    stored_calls,
)
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn.records import DAMAGED


class House(CallFlow):
    """Two rooms and two gardens at a time."""

    class inside(State.Parallel):
        class up(State.Compound):
            attic = State(initial=True)
            roof = State()
            attic.to(roof, event=key("1"))
            roof.to(attic, event=key("1"))

        class down(State.Compound):
            cellar = State(initial=True)
            hall = State()
            cellar.to(hall, event=key("2"))
            hall.to(cellar, event=key("2"))

    class outside(State.Compound):
        garden = State(initial=True)
        street = State()
        last_place = HistoryState()
        garden.to(street, event=key("1"))
        street.to(garden, event=key("1"))
        last_place.to(garden)

    gone = State(final=True)
    inside.to(outside.last_place, event=key("3"))
    outside.to(inside, event=key("3"))
    outside.to(gone, event=key("9"))

    @routable("/house", outside)
    @renders(inside, outside)
    def ask(self):
        return gather("Where?")


def record(*conf: str, **changes) -> Record:
    """Return the record of a call that is in these states."""
    settings = {"flow": "House", "entry": "/house", "call": Call(sid="CA1").to_json(), **changes}
    return Record(conf=list(conf), **settings)


def store_of(**records: Record | bytes) -> MemoryStore:
    """Return a store with records, or other bytes, by call SID; in reverse order."""
    store = MemoryStore()
    for call_sid, content in sorted(records.items(), reverse=True):
        data = content.to_bytes() if isinstance(content, Record) else content
        store.save(call_sid.replace("_", "."), data, expected=None, ttl=60)
    return store


def said_of(store: MemoryStore) -> list[Prospect | StoredCall]:
    """Return what is said of a store that House takes over."""
    return list(prospects(Switchboard(House, store=store).environment))


IN_THE_GARDEN = ("outside", "garden")


def test_calls_are_found_in_order():
    """Live ones, ended ones and damaged ones, by call SID."""
    ended = record(*IN_THE_GARDEN, ended=True)
    store = store_of(CA1=record(*IN_THE_GARDEN), CA2=ended, CA3=b"{", CA3_damaged=b"[")
    found = list(stored_calls(store))
    assert [one.call_sid for one in found] == ["CA1", "CA2", "CA3", "CA3.damaged"]
    assert [one.is_live for one in found] == [True, False, False, False]
    assert [one.is_put_aside for one in found] == [False, False, False, True]
    assert [one.damage for one in found] == ["", "", *["the record is not JSON"] * 2]
    assert found[0].record == record(*IN_THE_GARDEN)


def test_one_call():
    """A call is found by its SID, with its revision; one that is not there is not."""
    store = store_of(CA1=record(*IN_THE_GARDEN))
    store.save("CA1", record("gone").to_bytes(), expected=1, ttl=60)
    assert stored_call(store, "CA1") == StoredCall("CA1", 2, record("gone"))
    assert stored_call(store, "CA2") is None


class Leaving(MemoryStore):
    """A store whose first session is gone as soon as it was listed."""

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs as they were."""
        listed = list(super().calls())
        self.delete(listed[0])
        return iter(listed)


def test_a_session_that_vanishes_is_left_out():
    """Calls end while the store is looked through."""
    store = Leaving()
    for call_sid in ("CA1", "CA2"):
        store.save(call_sid, record(*IN_THE_GARDEN).to_bytes(), expected=None, ttl=60)
    assert [one.call_sid for one in stored_calls(store)] == ["CA2"]


class Probing(MemoryStore):
    """A store that is looked through whenever a session is loaded."""

    def load(self, call_sid: str):
        """Load a session; keep what the store shows of itself."""
        stored = super().load(call_sid)
        if stored is not None and not stored.data:
            self.seen = list(stored_calls(self)), list(self.calls())
        return stored


def test_a_probe_is_no_call():
    """While an application finds out whether its store works, nobody takes that for a call."""
    store = Probing()
    assert Switchboard(House, store=store).is_healthy()
    found, names = store.seen
    assert (found, len(names)) == ([], 1)


def test_what_a_turn_puts_aside_is_known():
    """The bytes that it could not read are no call."""
    store = store_of(CA1=b"{")
    parameters = (("CallSid", "CA1"),)
    Switchboard(House, store=store).answer(Request(path="/house", form=parameters))
    assert sorted(store.calls()) == ["CA1", f"CA1{DAMAGED}"]
    assert [one.is_put_aside for one in stored_calls(store)] == [False, True]


@pytest.mark.parametrize(
    ("conf", "states"),
    [
        (["outside", "street"], ("street",)),
        (["inside", "up", "attic", "down", "hall"], ("attic", "hall")),
        (["inside", "up", "attic", "down", "kitchen"], ("attic", "down", "kitchen")),
        (["camp", "tent"], ("camp", "tent")),
    ],
)
def test_innermost_states(conf, states):
    """States are named without those around them, as far as this version knows which these are."""
    (prospect,) = said_of(store_of(CA1=record(*conf)))
    assert isinstance(prospect, Prospect)
    assert prospect.states == states


def test_prospects_are_those_of_live_calls():
    """Ended calls have none; what cannot be read is handed on as it was found."""
    store = store_of(
        CA1=record(*IN_THE_GARDEN, ended=True),
        CA2=b"{",
        CA2_damaged=b"{",
        CA3=record(*IN_THE_GARDEN),
        CA4=record("gone"),
    )
    damaged, aside, live, final = said_of(store)
    assert damaged == StoredCall("CA2", 1, None, "the record is not JSON")
    assert aside == StoredCall("CA2.damaged", 1, None, "the record is not JSON")
    assert live == Prospect("CA3", "House", "/house", ("garden",), Verdict.GOES_ON)
    assert final == Prospect("CA4", "House", "/house", ("gone",), Verdict.ENDS)


def test_forgotten_histories_are_named_in_order():
    """Whatever this version cannot bring back."""
    kept = {"last_place": ["street"], "z": ["street"], "a": ["attic"]}
    (prospect,) = said_of(store_of(CA1=record(*IN_THE_GARDEN, hist=kept)))
    assert isinstance(prospect, Prospect)
    assert prospect.forgotten == ("a", "z")
    forget = "a forgets where the caller was; z forgets where the caller was"
    assert prospect.outlook == f"goes on; {forget}"


def test_only_lost_places_are_stranded():
    """To go on, to be found again and to end in a final state is no loss."""
    stranded = {verdict for verdict in Verdict if verdict.is_stranded}
    assert stranded == {Verdict.STARTS_AGAIN, Verdict.LET_GO}


def test_nothing_is_written():
    """Looking leaves every byte and every revision as it was, of damaged records too."""
    store = store_of(CA1=record(*IN_THE_GARDEN), CA2=record("tent"), CA3=b"{")
    before = {call_sid: store.load(call_sid) for call_sid in store.calls()}
    assert len(said_of(store)) == 3
    assert {call_sid: store.load(call_sid) for call_sid in store.calls()} == before
