"""Keys pressed while a caller is held."""

from __future__ import annotations

import pytest
from statemachine import State
from twilio.twiml.voice_response import Pause

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable


class Patient(CallFlow):
    """Has something to say, and to choose, while its caller waits."""

    menu = State(initial=True)
    looking_up = State()
    told = State()
    menu.to(looking_up, event=key("1"))
    looking_up.to(menu, event=key("9"))
    looking_up.to(told, event="found")
    told.to(menu, event=key("*"))

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(looking_up)
    def say_wait(self):
        return "One moment."

    @renders(looking_up, waiting=True)
    def say_still(self):
        return gather(f"Still looking, {self.call.caller_name or 'whoever'}."), Pause(length=3)

    @on_input(looking_up)
    def understand(self, caller_input):
        if caller_input.digits == "5":
            self.session["fives"] = self.session.get("fives", 0) + 1
            return None
        return f"key.{caller_input.digits}" if caller_input.digits == "9" else "no_match.unknown"

    @background(looking_up)
    def look_up(self):
        return "found"

    @renders(told)
    def tell(self):
        return gather("Found.")


@pytest.fixture
def patient(line, deferred):
    """A call that hears something while it waits."""
    call = line(Patient, runner=deferred)
    call.dial()
    call.press("1")
    return call


def test_a_waiting_rendering_is_heard_until_the_work_is_done(patient):
    """In every wait document, and in the first one behind what the state says."""
    assert patient.heard == ["One moment.", "Still looking, whoever."]
    patient.poll(CallerName="Ann")
    assert patient.heard == ["Still looking, Ann."]
    assert '<Pause length="3" />' in patient.xml
    assert "actionOnEmptyResult" not in patient.xml
    patient.work()
    patient.poll()
    assert patient.heard == ["Found."]


def test_a_key_pressed_while_waiting_leads_on(patient):
    """And the work of the state it leaves is dropped."""
    patient.poll()
    assert "wait=2" in patient.action
    patient.press("9")
    assert patient.heard == ["Menu."]
    assert patient.record.jobs == []


def test_a_key_pressed_twice_leads_on_once(patient):
    """The same request again gets the same bytes."""
    patient.poll()
    action = patient.action
    assert patient.post(action, Digits="9") == patient.post(action, Digits="9")
    assert patient.record.turns == 3


def test_a_key_that_leads_nowhere_is_no_attempt(patient):
    """The caller goes on waiting; nothing is written."""
    before = patient.record
    for _ in range(5):
        patient.press("7")
        assert patient.heard == ["Still looking, whoever."]
    assert patient.record == before


def test_a_key_that_a_handler_deals_with_is_kept(patient):
    """What the handler has written counts, and the work goes on."""
    job = patient.job
    patient.press("5")
    assert patient.record.data == {"fives": 1}
    assert patient.job == job
    assert patient.heard == ["One moment.", "Still looking, whoever."]


def test_a_key_pressed_while_the_result_arrives_means_nothing(patient):
    """It was meant for what the caller heard, and that is over."""
    patient.poll()
    action = patient.action
    patient.work()
    patient.post(action, Digits="9")
    assert patient.heard == ["Found."]
    assert patient.record.conf == ["told"]


def test_a_poll_that_races_with_the_result_is_late_and_says_it(patient, deferred):
    """Whoever comes second finds what the first has saved."""
    patient.work()
    poll = patient.record.seq - 1
    for _ in range(2):
        patient.post(f"/ivr/wait?at=%2Fcall&seq={poll}&wait=1")
        assert patient.heard == ["Found."]
    assert patient.record.seq == poll + 2
