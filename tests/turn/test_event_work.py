"""Work that an event starts, whether or not the chart moves; also after the end of the call."""

from __future__ import annotations

import json
import logging

import pytest
from statemachine import State
from twilio.twiml.voice_response import Record

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.errors import SessionValueError

BASE = "https://ivr.example.com"
RECORDED = {"RecordingSid": "RE1", "RecordingUrl": "https://api/RE1", "RecordingDuration": "7"}


class Mailbox(CallFlow):
    """Takes a message, and files what comes of it; ``services["filed"]`` is where."""

    message = State(initial=True)
    thanks = State(final=True)
    message.to(thanks, event="recorded")
    message.to(message, event=key("1"))
    message.to.itself(event="hang_up.failed", internal=True, on="stumble")

    @routable("/call")
    @renders(message)
    def take_message(self):
        return Record(transcribe=True, transcribe_callback=self.event_url("transcribed"))

    @renders(thanks)
    def say_thanks(self):
        return "Thank you."

    @background("recorded")
    def file_recording(self, recording_sid, duration):
        self.services["filed"].append((recording_sid, duration))

    @background("transcribed", "noted")
    def file_text(self, **data):
        self.services["filed"].append(data)

    @background("hang_up")
    def file_end(self, duration):
        self.services["filed"].append((self.job.on, duration))

    def stumble(self):
        raise RuntimeError("no such thing")


@pytest.fixture
def filed():
    """What was filed."""
    return []


@pytest.fixture
def call(line, deferred, filed):
    """A call that is to leave a message."""
    made = line(Mailbox, runner=deferred, services={"filed": filed}, base_url=BASE)
    made.dial()
    return made


def transcribed(call, **parameters):
    """Send what Twilio does when it has understood a message."""
    form = {"TranscriptionText": "Call me.", "RecordingSid": "RE1", **parameters}
    call.post("/ivr/event/transcribed?call=CA1", **form)


def test_an_event_that_moves_the_chart_starts_its_work(call, filed):
    """With those of the event's data that the method takes."""
    call.go_on(**RECORDED)
    assert call.heard == ["Thank you."]
    call.work()
    assert filed == [("RE1", 7)]


@pytest.mark.parametrize("status", ["in-progress", "completed"])
def test_a_recording_of_somebody_who_has_hung_up_is_filed(call, filed, status):
    """Twilio tells of it before or after the end of the call."""
    action = call.action
    call.post("/ivr/status", CallStatus="completed")
    call.post(action, CallStatus=status, **RECORDED)
    assert "<Hangup" in call.xml
    call.work()
    assert filed == [("hang_up.completed", 0), ("RE1", 7)]


def test_a_transcription_is_filed_minutes_after_the_call(call, filed):
    """The record outlives the call."""
    call.go_on(**RECORDED)
    call.post("/ivr/status", CallStatus="completed", CallDuration="12")
    call.work()
    call.clock.advance(600)
    transcribed(call)
    assert call.status == 204
    call.work()
    assert filed[:2] == [("RE1", 7), ("hang_up.completed", 12)]
    assert filed[2]["transcription_text"] == "Call me."


def test_duplicates_start_nothing(call, filed):
    """Twilio sends again what it thinks was lost."""
    action = call.action
    call.go_on(**RECORDED)
    for _ in range(3):
        transcribed(call)
        call.post("/ivr/status", CallStatus="completed")
        call.post(action, CallStatus="completed", **RECORDED)
    call.work()
    assert len(filed) == 3


def test_a_late_recording_is_filed_once(call, filed):
    """Also when Twilio comes twice with it, after the end."""
    action = call.action
    call.post("/ivr/status", CallStatus="completed")
    for _ in range(2):
        call.post(action, CallStatus="completed", **RECORDED)
    call.work()
    assert filed == [("hang_up.completed", 0), ("RE1", 7)]


def test_an_outcome_that_nobody_claims_starts_its_work_and_ends_the_call(line, deferred):
    """What was recorded is not lost because the chart has no transition for it."""
    filed = []

    class Careless(CallFlow):
        message = State(initial=True)
        message.to(message, event=key("1"))

        @routable("/call")
        @renders(message)
        def take_message(self):
            return Record()

        @background("recorded")
        def file_recording(self, recording_sid):
            filed.append(recording_sid)

    call = line(Careless, runner=deferred)
    call.dial()
    call.go_on(**RECORDED)
    assert "<Hangup" in call.xml
    call.work()
    assert filed == ["RE1"]


def test_an_ignored_outcome_starts_its_work_once(line, deferred):
    """A queue left by redirect means nothing to the chart, and may mean something to others."""
    noted = []

    class Noting(CallFlow):
        menu = State(initial=True)
        menu.to(menu, event=key("1"))

        @routable("/call")
        @renders(menu)
        def ask(self):
            return gather("Menu.")

        @background("queue")
        def note(self, queue_time):
            noted.append(queue_time)

    call = line(Noting, runner=deferred)
    call.dial()
    for _ in range(2):
        call.post("/ivr/turn?at=/call&seq=1", QueueResult="redirected", QueueTime="9")
        assert call.xml.endswith("<Response />")
    call.work()
    assert noted == [9]
    assert call.record.seq == 1


def test_an_event_that_moves_nothing_starts_its_work(call, filed):
    """And does not touch the document that is heard."""
    assert not call.board.deliver("CA1", "noted", by="Ann")
    assert call.record.seq == 1
    call.work()
    assert filed == [{"by": "Ann"}]


def test_work_for_an_event_goes_on_wherever_the_call_is(call, filed):
    """It is about the event, not about a state."""
    call.board.deliver("CA1", "noted", by="Ann")
    call.post("/call?nonce=1")
    call.work()
    assert filed == [{"by": "Ann"}]


def test_the_end_starts_its_work_though_the_chart_stumbles_over_it(call, filed, caplog):
    """A status comes once; what has to be filed is filed."""
    call.post("/ivr/status", CallStatus="failed")
    assert "no such thing" in caplog.text
    assert call.record.ended
    call.work()
    assert filed == [("hang_up.failed", 0)]


def test_data_that_cannot_be_kept_starts_nothing(call, filed, caplog):
    """It would have to lie in the record until the work is done."""
    assert not call.board.deliver("CA1", "noted", by={1, 2})
    assert SessionValueError.__name__ in caplog.text
    assert call.record.jobs == []


def test_an_event_for_a_flow_that_is_gone_starts_nothing(call, deferred):
    """Nobody knows any more what was to be done."""
    call.change(flow="Gone")
    transcribed(call)
    assert call.record.jobs == []


def test_work_for_a_flow_that_is_not_known_here_is_left_to_others(call, filed, caplog):
    """During a deploy, processes of two versions have one store."""
    call.board.deliver("CA1", "noted", by="Ann")
    call.change(flow="Newer")
    before = call.record
    call.work()
    assert "there is no flow Newer here" in caplog.text
    assert call.record == before


class Elsewhere(CallFlow):
    """Another flow of the same application, which files texts in its own way."""

    desk = State(initial=True)
    desk.to(desk, event="background_failed", on="complain")

    @routable("/desk")
    @renders(desk)
    def ask(self):
        return gather("Desk.")

    @background("transcribed")
    def file_text(self, **data):
        self.services["filed"].append("elsewhere")

    def complain(self, error):
        self.session["error"] = error


@pytest.mark.parametrize("path", ["/desk", "/call"])
def test_a_takeover_ends_the_work_of_states_and_what_nobody_can_do_there(line, deferred, path):
    """What another flow's methods are for is of no use to this one, nor is their failure."""

    class Busy(CallFlow):
        looking_up = State(initial=True)
        looking_up.to(looking_up, event=["found", key("1")])

        @routable("/call")
        @renders(looking_up)
        def say_wait(self):
            return "One moment."

        @background(looking_up)
        def look_up(self):
            self.services["filed"].append("looked up")
            return "found"

        @background("recorded")
        def file_recording(self):
            self.services["filed"].append("recording")

        @background("noted")
        def file_text(self):
            self.services["filed"].append("text")

    filed: list[str] = []
    call = line(Busy, Elsewhere, runner=deferred, services={"filed": filed})
    call.dial()
    call.board.deliver("CA1", "noted")
    call.board.deliver("CA1", "recorded")
    call.post(f"{path}?nonce=1")
    methods = [job.method for job in call.record.jobs]
    assert methods == (
        ["file_text"] if path == "/desk" else ["file_text", "file_recording", "look_up"]
    )
    deferred.jobs = deferred.jobs[:3]  # of what was begun before
    call.work()
    assert filed == (["elsewhere"] if path == "/desk" else ["text", "recording"])
    assert "error" not in call.record.data


class Safe(CallFlow):
    """Asks for a secret, and fails."""

    pin = State(initial=True)
    checking = State()
    pin.to(checking, event="digits")
    pin.to(pin, event="background_failed", on="keep")
    checking.to(pin, event="wrong")

    @routable("/call")
    @renders(pin)
    def ask(self):
        return gather("Your PIN.", num_digits=6)

    @on_input(pin, secret=True)
    def check(self, caller_input):
        return "digits"

    @background("digits")
    def note(self, **data):
        self.services["noted"].append(data)
        if self.services["fails"]:
            raise ValueError(f"there is no account with {self.services['pin']}")

    @renders(checking)
    def say_wait(self):
        return gather("One moment.")

    def keep(self, error):
        self.session["error"] = error


@pytest.mark.parametrize("fails", [False, True])
def test_secrets_stay_out_of_records_and_logs(line, deferred, caplog, fails):
    """Work for the event of a secret is told that it came, and not what."""
    caplog.set_level(logging.DEBUG)
    noted: list[object] = []
    call = line(Safe, runner=deferred, services={"noted": noted, "fails": fails, "pin": "135790"})
    call.dial()
    call.press("135790")
    assert call.job.data == {}
    call.post("/call?nonce=1")
    call.work()
    assert noted == [{}]
    everything = json.dumps(call.record.to_bytes().decode()) + caplog.text
    assert "135790" not in everything
    assert call.record.data == ({"error": "ValueError"} if fails else {})


@pytest.mark.parametrize("end", ["/ivr/status", "/ivr/event/cancelled?call=CA1"])
def test_a_secret_that_comes_after_the_end_stays_out_of_the_record(line, deferred, caplog, end):
    """The call is over, or in a final state; the key pressed before that was late."""

    class Cancelled(CallFlow):
        pin = State(initial=True)
        over = State(final=True)
        pin.to(over, event=["digits", "cancelled"])

        @routable("/call")
        @renders(pin)
        def ask(self):
            return gather("Your PIN.", num_digits=6)

        @on_input(pin, secret=True)
        def check(self, caller_input):
            return "digits"

        @background("digits")
        def note(self, **data):
            pass

        @renders(over)
        def say_goodbye(self):
            return "Goodbye."

    caplog.set_level(logging.DEBUG)
    call = line(Cancelled, runner=deferred, base_url=BASE)
    call.dial()
    action = call.action
    call.post(end, CallStatus="completed")
    call.post(action)  # hears what there is to be heard
    call.post(action, Digits="135790")
    assert call.job.data == {}
    assert "135790" not in call.record.to_bytes().decode() + caplog.text


def test_an_event_for_no_call_in_particular_is_for_the_one_it_is_about(call, filed):
    """The URL of a placed call's recordings is made before the call has a SID."""
    call.post("/ivr/event/transcribed", RecordingSid="RE1")
    call.work()
    assert filed[0]["recording_sid"] == "RE1"


class Clumsy(Mailbox):
    """Files messages right, and says thank you wrong."""

    def say_thanks(self):
        raise RuntimeError("no words")


@pytest.mark.parametrize("times", [1, 2])
def test_a_message_is_filed_though_the_chart_fails_over_it(line, deferred, filed, caplog, times):
    """Once, however often it is told; the caller hears the apology."""
    call = line(Clumsy, runner=deferred, base_url=BASE, services={"filed": filed})
    call.dial()
    action = call.action
    for _ in range(times):
        call.post(action, **RECORDED)
        assert call.heard == [CallFlow.apology]
    call.work()
    assert filed == [("RE1", 7)]
    assert "no words" in caplog.text
