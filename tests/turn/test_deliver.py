"""Events from outside: between the turns of a call."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

import pytest
from statemachine import State
from twilio.twiml.voice_response import Gather, Redirect

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.turn import flow_errors


class Order(CallFlow):
    """Waits for word from a warehouse."""

    menu = State(initial=True)
    packed = State()
    lost = State()
    sent = State(final=True)
    menu.to(packed, event="pack", on="note")
    menu.to(menu, event=key("1"))
    packed.to(packed, event="pack", on="note")
    packed.to(sent, event="ship")
    menu.to(lost, event="lose", on="fail")
    lost.to(menu, event=key())
    menu.to.itself(event="hang_up", internal=True, on="bye")
    menu.to.itself(event="hang_up.failed", internal=True, on="fail")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather(f"Menu. {self.event_url('pack')}")

    @renders(packed)
    def say_packed(self):
        return gather(f"Packed {self.session['by']}.")

    @renders(sent)
    def say_sent(self):
        return "Sent."

    @renders(lost)
    def say_lost(self):
        return gather("Lost.")

    def note(self, by=None):
        self.session["by"] = by or self.call.parameters.get("By", "?")

    def fail(self):
        raise RuntimeError("no such thing")

    def bye(self, duration):
        self.session["duration"] = duration


@pytest.fixture
def call(line):
    """A call in progress, at the menu."""
    made = line(Order, base_url="https://ivr.example.com")
    made.dial()
    return made


def test_an_event_moves_the_chart_and_is_heard_at_the_next_request(call):
    """What the entered states say is unheard until then; the key pressed meanwhile is late."""
    assert call.board.deliver("CA1", "pack", by="Ann")
    assert call.record.conf == ["packed"]
    assert [source for source, _ in call.record.unheard] == ["packed"]
    call.press("1")
    assert call.heard == ["Packed Ann."]
    assert call.record.unheard == []
    assert call.action.endswith("seq=3")


def test_a_poll_says_what_is_unheard(call):
    """And only then it writes."""
    call.board.deliver("CA1", "pack", by="Ann")
    call.post("/ivr/wait?at=%2Fcall&seq=1&wait=1")
    assert call.heard == ["Packed Ann."]
    assert call.record.unheard == []


def test_unheard_things_add_up_and_a_state_that_was_left_no_longer_asks(call):
    """Two events between two requests: both are heard, in order, the first without question."""
    call.board.deliver("CA1", "pack", by="Ann")
    call.board.deliver("CA1", "ship")
    call.press("1")
    assert call.heard == ["Packed Ann.", "Sent."]
    assert "<Gather" not in call.xml


def test_a_state_that_is_entered_again_says_what_is_true_now(call):
    """Old news are dropped, so that what is unheard does not grow without end."""
    for number in range(30):
        call.board.deliver("CA1", "pack", by=str(number))
    assert len(call.record.unheard) == 1
    call.press("1")
    assert call.heard == ["Packed 29."]


def test_hand_made_actions_lead_to_the_document_they_are_heard_in(line):
    """What was rendered for one number is said under another."""

    class Handmade(CallFlow):
        menu = State(initial=True)
        told = State()
        menu.to(told, event="tell")
        told.to(menu, event=key("1"))

        @routable("/call")
        @renders(menu)
        def ask(self):
            return gather("Menu.")

        @renders(told)
        def tell_it(self):
            return Gather(action=self.turn_url + "&x=1"), Redirect(self.turn_url)

    call = line(Handmade)
    call.dial()
    call.board.deliver("CA1", "tell")
    call.press("1")
    assert call.action == "/ivr/turn?at=%2Fcall&seq=3&x=1"
    assert call.xml.endswith("seq=3</Redirect></Response>")
    call.press("1")
    assert call.heard == ["Menu."]


def test_a_takeover_forgets_what_is_unheard(call):
    """The call is elsewhere."""
    call.board.deliver("CA1", "pack", by="Ann")
    call.post("/call?nonce=1")
    assert call.record.unheard == []


def test_an_event_that_moves_nothing_does_not_swallow_a_key(call):
    """The document the caller hears keeps its number."""
    seq = call.record.seq
    assert not call.board.deliver("CA1", "ship")
    assert not call.board.deliver("CA1", "never_heard_of")
    assert not call.board.deliver("CA1", "recorded")
    assert call.record.seq == seq


def test_the_event_url_delivers_to_this_call_whoever_asks(call):
    """Another leg's request has another CallSid; its parameters come in snake_case."""
    url = call.heard[0].removeprefix("Menu. ")
    assert url == "https://ivr.example.com/ivr/event/pack?call=CA1"
    call.post("/ivr/event/pack?call=CA1", CallSid="CA2", By="Bob")
    assert call.status == 204
    assert call.record.data["by"] == "Bob"


def test_the_same_callback_twice_moves_nothing_twice(call):
    """Nor with another token, or by GET: it is known by what it says."""
    call.post("/ivr/event/pack?call=CA1", token="T1", By="Bob")
    before = call.record
    for token in ("T1", "", "T2"):
        call.post("/ivr/event/pack?call=CA1", token=token, By="Bob")
    told = "CallSid=CA1&From=%2B1&To=%2B2&CallStatus=in-progress"
    query = tuple(parse_qsl(f"call=CA1&{told}&By=Bob"))
    call.board.answer(Request(path="/ivr/event/pack", query=query))
    assert call.record == before


class Resending(MemoryStore):
    """A store whose answer to a save is lost once, and which then finds it done."""

    is_lost = False

    def save(self, call_sid, data, *, expected, ttl):
        revision = super().save(call_sid, data, expected=expected, ttl=ttl)
        if self.is_lost:
            self.is_lost = False
            raise StaleSessionError(call_sid, expected)
        return revision


@pytest.mark.parametrize(("event", "moves"), [("pack", True), ("unknown", False)])
def test_an_event_counts_once_though_its_save_looked_lost(line, event, moves):
    """It knows itself again, and what has come of it."""
    store = Resending()
    call = line(Order, store=store, base_url="https://ivr.example.com")
    call.dial()
    before = store.load("CA1")
    store.is_lost = True
    assert call.board.deliver("CA1", event, by="Ann") is moves
    after = store.load("CA1")
    assert before is not None
    assert after is not None
    assert after.revision == before.revision + 1


def test_a_delivered_no_match_counts_as_an_attempt(call):
    """Also the last one, which lets the caller go at the next request."""
    for _ in range(2):
        call.board.deliver("CA1", "no_match.unknown")
    assert call.record.attempts == 2
    assert call.record.seq == 1
    call.board.deliver("CA1", "no_match.unknown")
    call.press("1")
    assert call.heard == [Order.apology]
    assert call.xml.endswith("<Hangup /></Response>")
    assert call.record.ended


def test_a_terminal_status_is_the_end(call):
    """The chart hears of it, and every later request is hung up."""
    url = call.action
    call.post("/ivr/status", CallStatus="completed", CallDuration="42")
    assert call.status == 204
    assert call.record.ended
    assert call.record.data == {"duration": 42}
    assert call.record.call["status"] == "completed"
    call.post(url, Digits="1")
    assert call.xml.endswith("<Response><Hangup /></Response>")
    assert not call.board.deliver("CA1", "pack")


def test_other_statuses_are_nothing(call):
    """A call that rings or is answered has not ended."""
    for status in ("initiated", "ringing", "in-progress", "queued", ""):
        call.post("/ivr/status", CallStatus=status)
        assert call.status == 204
    assert not call.record.ended


def test_the_end_is_the_end_even_when_the_flow_raises(call, caplog):
    """The session stays as it was, and the call is over all the same."""
    call.post("/ivr/status", CallStatus="failed")
    assert call.record.ended
    assert "no such thing" in caplog.text or call.record.data


def test_a_final_state_takes_no_more_events(call):
    """The engine would raise."""
    call.board.deliver("CA1", "pack")
    call.board.deliver("CA1", "ship")
    assert not call.board.deliver("CA1", "pack")
    call.post("/ivr/status", CallStatus="completed")
    assert call.record.ended


def test_flow_code_that_raises_leaves_everything_as_it_was(call, caplog):
    """The traceback is logged with the call."""
    before = call.record
    assert not call.board.deliver("CA1", "lose")
    assert call.record == before
    assert "no such thing" in caplog.text


def test_a_test_may_ask_for_the_exceptions(call):
    """`Phone` raises them; everybody else finds them in the log."""
    token = flow_errors.set([])
    call.board.deliver("CA1", "lose")
    errors = flow_errors.get()
    flow_errors.reset(token)
    assert [str(error) for error in errors or ()] == ["no such thing"]


def test_an_event_for_a_call_that_is_not_known_is_ignored(call, caplog):
    """So is one for no call at all."""
    caplog.set_level(logging.INFO)
    assert not call.board.deliver("CA9", "pack")
    assert "pack for a call that is not known" in caplog.text
    call.post("/ivr/event/pack", CallSid="")
    assert call.status == 204
    assert "for no call" in caplog.text


def test_an_event_for_states_that_are_gone_is_dropped(line, caplog):
    """The next request starts the call again; until then nothing can move."""

    class Renamed(Order):
        pass

    call = line(Order, base_url="https://x.example")
    call.dial()
    stored = call.board.store.load("CA1")
    data = stored.data.replace(b'"conf":["menu"]', b'"conf":["gone"]')
    call.board.store.save("CA1", data, expected=stored.revision, ttl=60)
    assert not call.board.deliver("CA1", "pack")
    assert "no state gone; the event is dropped" in caplog.text
    other = line(Renamed, base_url="https://x.example", store=call.board.store)
    assert not other.board.deliver("CA1", "pack")


class Greedy(CallFlow):
    """Takes any event at all."""

    menu = State(initial=True)
    menu.to(menu, event="*")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")


@pytest.mark.parametrize("event", ["model", "send", "call", "menu"])
def test_ids_that_the_engine_would_take_for_attributes_are_never_sent(line, caplog, event):
    """Whatever stands in a URL, even where a wildcard would match it."""
    call = line(Greedy)
    call.dial()
    call.post(f"/ivr/event/{event}?call=CA1")
    assert call.status == 204
    assert "raised" not in caplog.text
    call.post("/ivr/event/anything.else?call=CA1")
    assert call.record.seq == 2


@pytest.mark.parametrize("name", ["state", "event", "key", "source"])
def test_names_that_the_engine_uses_itself_are_refused(call, name):
    """The message says what to write."""
    with pytest.raises(ValueError, match=f"write {name}_=…"):
        call.board.deliver("CA1", "pack", **{name: 1})


class BusyStore(MemoryStore):
    """Somebody else is always faster, or it is away."""

    failure: Exception | None = None

    def save(self, call_sid, data, *, expected, ttl):
        if self.failure:
            raise self.failure
        return super().save(call_sid, data, expected=expected, ttl=ttl)


@pytest.mark.parametrize("failure", [StaleSessionError("CA1", 1), StoreUnavailableError("away")])
def test_an_event_that_cannot_be_saved_is_reported(line, failure):
    """Nothing was delivered: the webhook gets 503, the program an exception."""
    store = BusyStore()
    call = line(Order, store=store, base_url="https://x.example")
    call.dial()
    store.failure = failure
    call.post("/ivr/event/pack?call=CA1", By="Ann")
    assert call.status == 503
    with pytest.raises(StoreUnavailableError):
        call.board.deliver("CA1", "pack")


def test_events_at_the_same_time_all_arrive(line):
    """Each is tried again on what the others saved."""
    call = line(Order, base_url="https://x.example")
    call.dial()
    call.board.deliver("CA1", "pack", by="0")
    with ThreadPoolExecutor(4) as pool:
        names = [str(number) for number in range(8)]
        done = list(pool.map(lambda by: call.board.deliver("CA1", "pack", by=by), names))
    assert all(done)
    assert call.record.seq == 1 + 9
