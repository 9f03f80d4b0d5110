"""The store is away, or others are faster; and what is a secret stays one."""

from __future__ import annotations

import logging
import re

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Gather

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.turn.outage import TRIES


class AwayStore(MemoryStore):
    """A store that can be switched off, wholly or for writing, or that others are faster on.

    Or whose answers are lost on the way, after it has written.
    """

    away = read_only = answers_are_lost = False
    races = 0

    def load(self, call_sid):
        if self.away:
            raise StoreUnavailableError("switched off")
        return super().load(call_sid)

    def save(self, call_sid, data, *, expected, ttl):
        if self.away or self.read_only:
            raise StoreUnavailableError("switched off")
        if self.races:
            self.races -= 1
            raise StaleSessionError(call_sid, expected)
        revision = super().save(call_sid, data, expected=expected, ttl=ttl)
        if self.answers_are_lost:
            raise StoreUnavailableError("no answer in 5 s")
        return revision


def test_a_key_pressed_during_an_outage_is_not_lost(line, counter, caplog):
    """The caller is asked for patience, and the key goes along in the URL."""
    store = AwayStore()
    call = line(counter, store=store)
    call.dial()
    store.away = True
    call.press("1")
    assert call.heard == [CallFlow.one_moment]
    assert '<Pause length="2" />' in call.xml
    assert "the store is away: switched off" in caplog.text
    call.go_on()
    assert call.heard == []
    store.away = False
    call.go_on()
    assert call.heard == ["1."]
    assert call.record.data["count"] == 1


def test_an_outage_at_the_entry_starts_the_call_when_it_is_over(line, counter):
    """The route is asked again, once, however often it was in vain."""
    store = AwayStore()
    call = line(counter, store=store)
    store.away = True
    call.dial("/call?campaign=7")
    assert "/call?campaign=7&again=1" in call.action
    store.away = False
    call.go_on(CallStatus="in-progress")
    assert call.heard == ["Menu."]


def test_an_entry_saved_in_an_outage_is_not_entered_twice(line, counter):
    """The store wrote, and could not say so: the call is in progress by now."""

    class Forgetful(AwayStore):
        def save(self, call_sid, data, *, expected, ttl):
            super().save(call_sid, data, expected=expected, ttl=ttl)
            if expected is None:
                raise StoreUnavailableError("no answer")
            return expected + 1

    call = line(counter, store=Forgetful())
    call.dial()
    assert re.fullmatch(r"/call\?again=1&was=[0-9a-f]{32}", call.action)
    call.go_on(CallStatus="in-progress")
    assert call.heard == ["Menu."]
    assert call.record.data["begun"] == 1


def test_an_outage_keeps_the_query_and_all_that_was_told(line, counter):
    """Names of the flow's own, and whatever Twilio said of the event."""
    store = AwayStore()
    call = line(counter, store=store)
    call.dial()
    store.away = True
    call.go_on(Result="success", PaymentToken="tok_1", FromCity="Ulm")
    assert "Result=success&PaymentToken=tok_1&again=1" in call.action
    assert "FromCity" not in call.action
    call.post("/sorry?Tenant=acme&lang=de")
    assert call.action.startswith("/sorry?Tenant=acme&lang=de&again=1&was=")


def test_an_outage_of_a_get_request_does_not_double_twilios_parameters(line, counter):
    """They come again with the redirect."""
    store = AwayStore()
    call = line(counter, store=store)
    store.away = True
    query = (("CallSid", "CA1"), ("From", "+1"), ("lang", "de"), ("Digits", "1"))
    xml = call.board.answer(Request(path="/call", query=query)).body.decode()
    assert ">/call?lang=de&amp;Digits=1&amp;again=1&amp;was=" in xml


def test_an_outage_is_bounded(line, counter, caplog):
    """After ten tries the caller is let go with the apology."""
    store = AwayStore()
    call = line(counter, store=store)
    call.dial()
    store.read_only = True
    call.press("1")
    for _ in range(TRIES - 1):
        call.go_on()
        assert "<Redirect>" in call.xml
    call.go_on()
    assert call.heard == [counter.apology]
    assert "away for too long" in caplog.text


# Long enough to stand in no time stamp and no digest by chance.
PIN, OTHER_PIN = "480217936524", "480217936525"


class Secretive(CallFlow):
    """Asks for a secret."""

    asking = State(initial=True)
    inside = State(final=True)
    asking.to(inside, event="right")

    @routable("/call")
    @renders(asking)
    def ask(self):
        return gather("PIN?", num_digits=len(PIN))

    @on_input(asking, secret=True)
    def check(self, caller_input):
        return "right" if caller_input.digits == PIN else "no_match"


def test_a_secret_pressed_during_an_outage_is_asked_for_again(line, caplog):
    """It stands in no URL, no log and no record."""
    caplog.set_level(logging.DEBUG, "statechart_ivr")
    store = AwayStore()
    call = line(Secretive, store=store)
    call.dial()
    assert call.action.endswith("&s=1")
    store.away = True
    call.press(PIN)
    assert PIN not in call.xml
    call.go_on()
    store.away = False
    call.go_on()
    assert call.heard == ["PIN?"]
    call.press(PIN)
    assert call.record.conf == ["inside"]
    logged = "".join(str(vars(record)) for record in caplog.records)
    assert PIN not in logged + store.load("CA1").data.decode()


class Leaky(CallFlow):
    """Asks for a secret, and is careless with it."""

    asking = State(initial=True)
    inside = State(final=True)
    asking.to(inside, event="right")

    @routable("/call")
    @renders(asking)
    def ask(self):
        return Gather(action=self.url_for("take_it"))

    @routable("/taken", inside)
    def take_it(self):
        """A route of its own takes what was keyed in."""

    @on_input(asking, secret=True)
    def check(self, caller_input):
        return caller_input.digits

    @renders(inside)
    def say(self):
        return "In."


def test_a_secret_is_in_no_message_and_no_url(line, caplog):
    """Not in that of an exception, nor where a route takes it during an outage."""
    store = AwayStore()
    call = line(Leaky, store=store)
    call.dial()
    call.post("/ivr/turn?at=%2Fcall&seq=1&s=1", Digits=PIN)
    assert call.heard == [Leaky.apology]
    assert "UnknownEventError" in caplog.text
    assert "in _checked" in caplog.text
    call.dial()
    call.post("/ivr/turn?at=%2Fcall&seq=1", Digits=OTHER_PIN)  # of a document from before a deploy
    assert OTHER_PIN not in caplog.text
    call.dial()
    assert "s=1" in call.action
    store.away = True
    call.press(PIN)
    assert "<Redirect>/taken?s=1&amp;nonce=1&amp;again=1" in call.xml
    assert PIN not in caplog.text + call.xml


def test_a_single_digit_of_a_secret_is_not_in_the_log(line, caplog):
    """``key.4`` would give it away."""
    caplog.set_level(logging.INFO)
    call = line(Secretive)
    call.dial()
    call.press("4")
    events = [getattr(record, "event", "") for record in caplog.records]
    assert "key" in events
    assert "key.4" not in events


def test_a_store_that_wrote_and_could_not_say_so(line, counter):
    """What was saved counts once: the request that comes back gets the answer that was saved."""
    call = line(counter, store=(store := AwayStore()))
    call.dial()
    store.answers_are_lost = True
    call.press("1")
    assert call.heard == [CallFlow.one_moment]
    assert call.record.data["count"] == 1
    store.answers_are_lost = False
    call.go_on()
    assert call.heard == ["1."]
    assert call.record.data["count"] == 1


def test_a_call_that_came_in_while_the_store_could_not_say_so(line, counter):
    """Entries too: the caller hears the first document, and the hook has run once."""
    call = line(counter, store=(store := AwayStore()))
    store.answers_are_lost = True
    call.dial()
    store.answers_are_lost = False
    call.go_on()
    assert call.heard == ["Menu."]
    assert call.record.data["begun"] == 1


@pytest.mark.parametrize(
    "url", ["/call?SipDomain=a.example", "/call?tag=a&tag=b", "/call?Tag=a", "/call?again=x&was=y"]
)
def test_whatever_stands_in_the_query_of_an_entry(line, counter, url):
    """It comes back as the same request, though the URL says more now."""
    call = line(counter, store=(store := AwayStore()))
    store.answers_are_lost = True
    call.post(url, CallStatus="ringing", SipCallId="1@a.example", MachineDetectionDuration="9")
    for _ in range(2):
        call.go_on()
    store.answers_are_lost = False
    call.go_on()
    assert call.heard == ["Menu."]
    assert call.record.data["begun"] == 1


class Guarded(CallFlow):
    """Takes a secret anywhere, and dials meanwhile."""

    class inside(State.Compound):
        asking = State(initial=True)
        dialling = State()
        asking.to(dialling, event=key("1"))

    done = State(final=True)
    inside.to(done, event=["dial", "right"])

    @routable("/call")
    @renders(inside.asking)
    def ask(self):
        return gather("PIN?")

    @renders(inside.dialling)
    def ring(self):
        return Dial("+14155550100")

    @on_input(inside, secret=True)
    def check(self, caller_input):
        return PASS

    @renders(done)
    def bye(self):
        return "Goodbye."


def test_what_became_of_a_dial_is_no_secret(line):
    """It comes back after an outage, and nobody is dialled a second time."""
    call = line(Guarded, store=(store := AwayStore()))
    call.dial()
    call.press("1")
    assert "s=1" in call.action
    store.away = True
    call.go_on(DialCallStatus="completed", Digits=PIN)
    assert "DialCallStatus=completed" in call.action
    assert PIN not in call.action
    store.away = False
    call.go_on()
    assert call.heard == ["Goodbye."]


def test_a_message_of_a_caller_who_has_hung_up(line, counter, caplog):
    """Nobody follows the Redirect: the log names the recording, so that somebody looks for it."""
    call = line(counter, store=(store := AwayStore()))
    call.dial()
    store.away = True
    call.go_on(RecordingSid="RE1", RecordingUrl="https://x.example/RE1", CallStatus="in-progress")
    assert "RE1" not in caplog.text
    call.go_on(RecordingSid="RE1", RecordingUrl="https://x.example/RE1", CallStatus="completed")
    assert "RE1 is not delivered, and its caller is gone" in caplog.text


def test_a_secret_that_was_saved_although_the_store_could_not_say_so(line):
    """It is not sent again: the caller hears where it has led."""
    call = line(Secretive, store=(store := AwayStore()))
    call.dial()
    store.answers_are_lost = True
    call.press(PIN)
    store.answers_are_lost = False
    call.go_on()
    assert call.record.conf == ["inside"]
    assert "<Hangup" in call.xml


class German(Secretive):
    """Has words of its own for an outage."""

    language = "de-DE"
    voice = "Polly.Vicki"
    one_moment = "Einen Moment, bitte."


def test_patience_is_asked_for_in_the_flow_s_own_words(line):
    """Language and voice included; all that is known of the call is its entry."""
    call = line(German, store=(store := AwayStore()))
    store.away = True
    call.dial()
    said = '<Say language="de-DE" voice="Polly.Vicki">Einen Moment, bitte.</Say>'
    assert said in call.xml or '<Say voice="Polly.Vicki" language="de-DE">' in call.xml
    store.away = False
    call.go_on()
    assert call.heard == ["PIN?"]


def test_who_loses_a_race_is_answered_from_what_came_out(line, counter):
    """The turn is tried again on the record that the other one saved."""
    store = AwayStore()
    call = line(counter, store=store)
    call.dial()
    store.races = 3
    call.press("1")
    assert call.heard == ["1."]
    assert call.record.data["count"] == 1


def test_who_loses_every_race_is_asked_for_patience(line, counter):
    """Bounded, like everything."""
    store = AwayStore()
    call = line(counter, store=store)
    call.dial()
    store.races = 5
    call.press("1")
    assert call.heard == [CallFlow.one_moment]
    call.go_on()
    assert call.heard == ["1."]
