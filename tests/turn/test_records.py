"""Sessions that are lost, damaged, or of an older version of the flow."""

from __future__ import annotations

import json

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, gather, key, renders, routable


def test_a_lost_session_starts_again_at_its_entry(line, counter, caplog):
    """Expired, or deleted: the action URL says where the call came in."""
    call = line(counter)
    call.dial()
    call.clock.advance(90000)
    call.press("1")
    assert call.heard == ["Menu."]
    assert "the session is lost; the call starts again at /call" in caplog.text
    call.press("1")
    assert call.heard == ["1."]


def test_an_unknown_call_without_an_entry_gets_the_apology(line, counter, caplog):
    """A turn URL that nobody made."""
    call = line(counter)
    call.post("/ivr/turn?at=%2Fnowhere&seq=1", Digits="1")
    assert call.heard == [CallFlow.apology]
    assert "no route '/nowhere'" in caplog.text


def _rewrite(call, **changes):
    stored = call.board.store.load(call.sid)
    content = {**json.loads(stored.data), **changes}
    data = json.dumps(content).encode()
    call.board.store.save(call.sid, data, expected=stored.revision, ttl=60)


def test_a_record_without_an_answer_is_answered(line, counter):
    """As a call has that was prepared before it was made."""
    call = line(counter)
    call.dial()
    _rewrite(call, answer=None)
    call.press("1")
    assert call.heard == ["1."]


def test_a_state_that_is_gone_starts_the_call_again_with_its_session(line, counter, caplog):
    """A deploy has removed it; the warning names it."""
    call = line(counter)
    call.dial()
    call.press("1")
    _rewrite(call, conf=["old_menu"], hist={"older": ["x"]})
    call.press("1")
    assert call.heard == ["Menu."]
    assert "no state old_menu; the call starts again at /call" in caplog.text
    assert call.record.data == {"count": 1, "begun": 2}


@pytest.mark.parametrize("conf", [[], ["menu", "counted"]])
def test_an_impossible_configuration_starts_the_call_again(line, counter, conf):
    """The states are known, but cannot be active together."""
    call = line(counter)
    call.dial()
    _rewrite(call, conf=conf)
    call.press("1")
    assert call.heard == ["Menu."]


class Remembering(CallFlow):
    """Remembers where the caller was, at two depths."""

    class house(State.Compound):
        class floor(State.Compound):
            hall = State(initial=True)
            attic = State()
            hall.to(attic, event=key("1"))
            attic.to(hall, event=key("1"))

        garden = State()
        shallow = HistoryState()
        deep = HistoryState(type="deep")
        floor.to(garden, event=key("2"))
        garden.to(floor, event=key("2"))
        shallow.to(floor)
        deep.to(floor)

    away = State(initial=True)
    away.to(house.shallow, event=key("3"))
    away.to(house.deep, event=key("4"))
    house.to(away, event=key("5"))

    @routable("/call", away)
    @renders(away, house)
    def ask(self):
        return gather("Where?")


@pytest.mark.parametrize(
    ("history", "remembered", "pressed", "conf"),
    [
        ("shallow", ["garden"], "3", ["house", "garden"]),
        ("deep", ["floor", "attic"], "4", ["house", "floor", "attic"]),
        ("shallow", [], "3", ["house", "floor", "hall"]),
        ("shallow", ["away"], "3", ["house", "floor", "hall"]),
        ("shallow", ["attic"], "3", ["house", "floor", "hall"]),
        ("shallow", ["gone"], "3", ["house", "floor", "hall"]),
        ("deep", ["away"], "4", ["house", "floor", "hall"]),
        ("nothing", ["garden"], "3", ["house", "floor", "hall"]),
    ],
)
def test_history_is_checked_on_load(line, history, remembered, pressed, conf):
    """What this version of the flow cannot bring back is forgotten; the default takes over."""
    call = line(Remembering)
    call.dial()
    _rewrite(call, hist={history: remembered})
    call.press(pressed)
    assert call.record.conf == conf


def test_an_entry_that_is_gone_is_forgotten_at_a_takeover(line, counter):
    """The next action URLs name a route that there is."""
    call = line(counter)
    call.dial()
    _rewrite(call, entry="/old")
    call.post("/sorry")
    assert call.action.startswith("/ivr/turn?at=%2Fsorry")


def test_a_flow_that_is_gone_starts_the_call_again_at_the_route(line, counter):
    """Its class was renamed, its route has stayed."""
    call = line(counter)
    call.dial()
    _rewrite(call, flow="OldName")
    call.press("1")
    assert call.heard == ["Menu."]
    assert call.record.flow == "Counter"


def test_an_entry_that_is_gone_gives_way_to_the_url(line, counter):
    """The record's route was removed; the action URL names one that is left."""
    call = line(counter)
    call.dial()
    _rewrite(call, conf=["old_menu"], entry="/old")
    call.press("1")
    assert call.heard == ["Menu."]


def test_a_flow_that_is_gone_with_its_route_gets_the_apology(line, counter, caplog):
    """There is nowhere to start again."""
    call = line(counter)
    call.dial()
    _rewrite(call, flow="OldName", entry="/old")
    call.post("/ivr/turn?at=%2Fold&seq=1", Digits="1")
    assert call.heard == [CallFlow.apology]
    assert "no route '/old'" in caplog.text


def test_a_damaged_record_is_put_aside_and_the_call_starts_again(line, counter, caplog):
    """Nothing is lost: whoever looks into it finds the bytes."""
    call = line(counter)
    call.dial()
    url = call.action
    for _ in range(2):
        stored = call.board.store.load(call.sid)
        call.board.store.save(call.sid, b'{"v":1,', expected=stored.revision, ttl=60)
        call.post(url, Digits="1")
        assert call.heard == ["Menu."]
    assert "not JSON; kept as CA1.damaged" in caplog.text
    assert call.board.store.load("CA1.damaged").data == b'{"v":1,'
