"""A request may come twice, late, or at the wrong moment: the call moves once."""

from __future__ import annotations

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable


class Other(CallFlow):
    """Another flow of the same application."""

    elsewhere = State(initial=True)
    gone = State(final=True)
    elsewhere.to(gone, event=key())

    @routable("/elsewhere")
    @renders(elsewhere)
    def ask(self):
        return gather("Elsewhere.")


def test_the_same_token_gets_the_same_bytes(line, counter):
    """Twilio sends a request again when it got no answer."""
    call = line(counter)
    call.dial()
    url = call.action
    first = call.post(url, token="T1", Digits="1")
    before = call.record
    assert call.post(url, token="T1", Digits="1") == first
    assert call.record == before


@pytest.mark.parametrize("token", ["", "T2"])
def test_the_same_parameters_get_the_same_bytes_without_the_token(line, counter, token):
    """The token may be another one, or missing, on a retry."""
    call = line(counter)
    call.dial()
    url = call.action
    first = call.post(url, token="T1" if token else "", Digits="1")
    assert call.post(url, token=token, Digits="1") == first
    assert call.record.data["count"] == 1


def test_an_entry_that_comes_twice_starts_the_call_once(line, counter):
    """Its first answer never left, perhaps."""
    call = line(counter)
    first = call.dial()
    assert call.dial() == first
    assert call.record.data["begun"] == 1


def test_an_entry_that_comes_late_moves_nothing(line, counter):
    """The call is elsewhere by now: that is what is heard."""
    call = line(counter)
    call.dial()
    call.press("1")
    before = call.record
    call.dial()
    assert call.heard == ["1."]
    assert call.record == before
    call.press("1")
    assert call.heard == ["2."]


def test_a_late_request_moves_nothing_and_the_next_key_works(line, counter):
    """An action URL of an older document is answered with where the call is now."""
    call = line(counter)
    call.dial()
    old = call.action
    call.press("1")
    before = call.record
    call.post(old, Digits="9")
    assert call.heard == ["1."]
    assert call.record == before
    call.press("1")
    assert call.heard == ["2."]


def test_a_document_the_store_forgot_is_a_late_request_too(line, counter, caplog):
    """A store that went back in time: the caller hears where the call is."""
    call = line(counter)
    call.dial()
    call.post("/ivr/turn?at=%2Fcall&seq=7", Digits="1")
    assert call.heard == ["Menu."]
    assert "the store forgot" in caplog.text


def test_a_number_nobody_wrote_is_no_crash(line, counter):
    """The URL is signed, and may be odd all the same."""
    call = line(counter)
    call.dial()
    call.post(f"/ivr/turn?at=%2Fcall&seq={'9' * 5000}&again=x", Digits="1")
    assert call.heard == ["Menu."]


def test_a_live_call_is_taken_over_at_a_routable_state(line, counter):
    """Session and call stay; the chart starts at the route's state."""
    call = line(counter)
    call.dial()
    call.press("1")
    call.post("/sorry")
    assert call.heard[0] == "Sorry."
    assert call.record.conf == ["sorry"]
    assert call.record.data["count"] == 1
    assert call.record.entry == "/call"


def test_a_takeover_that_comes_late_moves_nothing(line, counter):
    """A copy of it may be under way while the caller presses on."""
    call = line(counter)
    call.dial()
    call.post("/sorry")
    call.press("5")
    call.post("/sorry")
    assert call.heard == ["Menu."]


def test_a_route_followed_from_a_later_document_is_a_new_takeover(line, counter):
    """``url_for`` adds a nonce to routes."""
    call = line(counter)
    call.dial()
    call.post("/sorry")
    first = call.heard[1]
    call.press("5")
    call.post(first)
    assert call.heard[0] == "Sorry."
    assert call.heard[1] != first


def test_a_call_may_be_taken_over_by_another_flow(line, counter):
    """The session goes along; the other flow's entry is where it would start again."""
    call = line(counter, Other)
    call.dial()
    call.post("/elsewhere")
    assert call.heard == ["Elsewhere."]
    assert (call.record.flow, call.record.entry) == ("Other", "/elsewhere")
    assert call.record.data["begun"] == 1
    call.press("1")
    assert call.record.conf == ["gone"]


def test_a_takeover_works_in_a_final_state(line, counter):
    """The call is not over before it is hung up."""
    call = line(counter)
    call.dial()
    call.press("9")
    assert call.heard == ["Message."]
    call.post("/sorry")
    assert call.heard[0] == "Sorry."


def test_a_poll_moves_nothing(line, counter):
    """The wait URL says where the call is, and writes nothing."""
    call = line(counter)
    call.dial()
    before = call.record
    call.post("/ivr/wait?at=%2Fcall&seq=1&wait=1", Digits="1")
    assert call.heard == ["Menu."]
    assert call.record == before


class Ticking(CallFlow):
    """Asks in one region, and in the other keeps an eye on the clock."""

    class both(State.Parallel):
        class talk(State.Compound):
            menu = State(initial=True)
            bar = State()
            menu.to(bar, event=key("1"))
            bar.to(menu, event=key("1"))

        class watch(State.Compound):
            early = State(initial=True)
            late = State()
            early.to(late, cond="is_late")
            late.to(early, event="never")

    done = State(final=True)
    both.to(done, event=key("0"))

    @routable("/call", both)
    def begin(self):
        """Start in both regions."""

    @renders(both.talk.menu, both.talk.bar)
    def ask(self):
        return gather("Menu." if self.menu.is_active else "Bar.")

    @renders(both.watch.late)
    def say_late(self):
        return "It is late."

    def is_late(self):
        return self.now().hour >= 17


def test_a_key_for_a_question_that_is_still_open_counts(line):
    """Something else has moved by itself meanwhile; both are heard."""
    call = line(Ticking)
    call.dial()
    call.clock.advance(7 * 3600)
    call.press("1")
    assert call.heard == ["It is late.", "Bar."]


class Clockwork(CallFlow):
    """Closes while a caller is in the menu."""

    menu = State(initial=True)
    bar = State()
    closed = State(final=True)
    menu.to(closed, cond="is_late")
    menu.to(bar, event=key("1"))
    bar.to(menu, event="dial")
    closing = False

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(bar)
    def ask_bar(self):
        return gather("Bar.")

    @renders(closed)
    def say_closed(self):
        return "Closed."

    def is_late(self):
        return self.now().hour >= 17


def test_a_key_for_a_question_that_is_gone_is_no_answer_to_the_next(line):
    """The chart has moved on by itself since the question was asked."""
    call = line(Clockwork)
    call.dial()
    call.clock.advance(7 * 3600)
    call.press("1")
    assert call.heard == ["Closed."]
    assert call.record.conf == ["closed"]
