"""Callers in a queue: what they hear there, and how they leave it."""

from __future__ import annotations

import html
import re

import pytest
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Pause, Record

from statechart_ivr import CallFlow, gather, key, on_input, renders, routable
from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.turn import flow_errors

BASE = "https://ivr.example.com"
RESULTS = (
    "bridged bridging-in-process error hangup leave redirected redirected-from-bridged queue-full "
    "system-error"
).split()


class Support(CallFlow):
    """A queue that says how long it is, and can be left for a message."""

    menu = State(initial=True)
    in_line = State()
    message = State()
    bye = State(final=True)
    menu.to(in_line, event=key("1"))
    in_line.to(message, event=key("1"))
    in_line.to(in_line, event="again")
    in_line.to(message, event="closing")
    in_line.to(bye, event="queue", on="note")
    message.to(bye, event="recorded")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @routable("/line")
    @renders(in_line)
    def enqueue(self):
        return "Somebody will be with you.", Enqueue("support")

    @renders(in_line, waiting=True)
    def announce(self):
        position = self.call.parameters.get("QueuePosition", "?")
        if position == "0":
            raise ValueError("nobody waits")
        return gather(f"You are number {position}."), Pause(length=20)

    @on_input(in_line)
    def count(self, caller_input):
        if caller_input.digits == "5":
            self.session["fives"] = self.session.get("fives", 0) + 1
            return None
        return "key.1" if caller_input.digits == "1" else "no_match.unknown"

    @renders(message)
    def take_message(self):
        return "Leave a message.", Record()

    @renders(bye)
    def say_bye(self):
        return "Goodbye."

    def note(self, queue_sid, queue_time):
        self.session["queue"] = [queue_sid, queue_time]


def wait_url(call):
    """Return where the last document has its wait documents."""
    found = re.search(r'waitUrl="([^"]+)"', call.xml)
    assert found, f"no queue: {call.xml}"
    return html.unescape(found[1])


@pytest.fixture
def waiting(line):
    """A call in the queue, its Enqueue's action kept as ``left``; the first document is heard."""
    call = line(Support, base_url=BASE)
    call.dial()
    call.press("1")
    call.left = call.action
    call.post(wait_url(call), QueuePosition="3")
    return call


def test_a_queue_is_entered_with_its_wait_url(line):
    """Where the flow says what is heard there."""
    call = line(Support)
    call.dial()
    call.press("1")
    assert call.heard == ["Somebody will be with you."]
    assert call.action == "/ivr/turn?at=%2Fcall&seq=2"
    assert wait_url(call) == "/ivr/wait?at=%2Fcall&seq=2&wait=1&q=1"


@pytest.mark.parametrize("own", [None, "/music"])
def test_without_a_waiting_rendering_the_wait_url_is_the_flows_affair(line, own):
    """Twilio has music of its own."""

    class Plain(CallFlow):
        in_line = State(initial=True)
        in_line.to(in_line, event="queue")

        @routable("/call")
        @renders(in_line)
        def enqueue(self):
            return Enqueue("support", wait_url=own)

    call = line(Plain)
    call.dial()
    assert re.findall(r'waitUrl="([^"]+)"', call.xml) == ([own] if own else [])


def test_a_wait_url_of_its_own_stays(line):
    """The flow has said where."""

    class Own(CallFlow):
        in_line = State(initial=True)
        in_line.to(in_line, event="queue")

        @routable("/call")
        @renders(in_line)
        def enqueue(self):
            return Enqueue("support", wait_url="/music")

        @renders(in_line, waiting=True)
        def announce(self):
            return "Wait."

    call = line(Own)
    call.dial()
    assert wait_url(call) == "/music"


def test_wait_documents_follow_one_another(waiting):
    """Each with the position of the moment; none writes anything."""
    before = waiting.board.store.load("CA1")
    assert waiting.heard == ["You are number 3."]
    assert waiting.xml.endswith("wait=2&amp;q=1</Redirect></Response>")
    assert "actionOnEmptyResult" not in waiting.xml
    for position in "211":
        waiting.poll(QueuePosition=position)
        assert waiting.heard == [f"You are number {position}."]
    assert waiting.xml.endswith("wait=5&amp;q=1</Redirect></Response>")
    assert waiting.board.store.load("CA1") == before


def test_a_key_that_leaves_is_heard_outside(waiting):
    """In a queue nobody can record: what there is to say waits for the queue's action."""
    waiting.press("1")
    assert waiting.xml.endswith("<Response><Leave /></Response>")
    assert waiting.record.conf == ["message"]
    waiting.post(waiting.left, QueueResult="leave", QueueTime="40")
    assert waiting.heard == ["Leave a message."]
    assert "<Record" in waiting.xml
    waiting.go_on(RecordingSid="RE1")
    assert waiting.heard == ["Goodbye."]


def test_a_key_that_leaves_leaves_once(waiting):
    """The same request again gets the same bytes; the queue's action, too."""
    action = waiting.action
    assert waiting.post(action, Digits="1") == waiting.post(action, Digits="1")
    assert waiting.record.turns == 3
    first = waiting.post(waiting.left, QueueResult="leave")
    assert waiting.post(waiting.left, QueueResult="leave") == first


def test_keys_that_lead_nowhere_are_no_attempts(waiting):
    """However many there are."""
    before = waiting.record
    for _ in range(5):
        waiting.post(waiting.action, Digits="7", QueuePosition="2")
        assert waiting.heard == ["You are number 2."]
    assert waiting.record == before


def test_a_key_that_a_handler_deals_with_is_kept_once(waiting):
    """And the caller stays where they are in the queue."""
    action = waiting.action
    first = waiting.post(action, Digits="5", QueuePosition="2")
    assert waiting.post(action, Digits="5", QueuePosition="1") == first
    assert waiting.heard == ["You are number 2."]
    assert waiting.record.data == {"fives": 1}
    assert waiting.record.seq == 2
    waiting.press("5")
    assert waiting.record.data == {"fives": 2}


def test_a_key_from_before_an_event_means_nothing(waiting):
    """It was pressed at something else; the wait goes on with the numbers of now."""
    waiting.post("/ivr/wait?at=%2Fcall&seq=1&wait=2&q=1", Digits="1")
    assert waiting.heard == ["You are number ?."]
    assert "seq=2&" in html.unescape(waiting.xml)
    assert waiting.record.conf == ["in_line"]


@pytest.mark.parametrize("result", RESULTS)
def test_every_end_of_a_queue_is_an_event(waiting, result):
    """With how long it took."""
    waiting.post(waiting.left, QueueResult=result, QueueSid="QU1", QueueTime="40")
    assert waiting.heard == ["Goodbye."]
    assert waiting.record.data == {"queue": ["QU1", 40]}


@pytest.mark.parametrize("result", RESULTS)
def test_an_end_that_nobody_claims_ends_the_call(line, result):
    """But for those that precede a takeover."""

    class Plain(CallFlow):
        in_line = State(initial=True)
        in_line.to(in_line, event=key("1"))

        @routable("/call")
        @renders(in_line)
        def enqueue(self):
            return Enqueue("support")

    call = line(Plain)
    call.dial()
    call.go_on(QueueResult=result)
    assert call.record.ended == (not result.startswith("redirected"))
    assert ("<Hangup />" in call.xml) == call.record.ended


def test_an_event_that_leaves_is_heard_outside(waiting):
    """The next wait document takes the caller out of the queue."""
    waiting.board.deliver("CA1", "closing")
    for _ in range(2):
        waiting.post("/ivr/wait?at=%2Fcall&seq=2&wait=2&q=1")
        assert waiting.xml.endswith("<Response><Leave /></Response>")
    waiting.post(waiting.left, QueueResult="leave")
    assert waiting.heard == ["Leave a message."]


def test_entering_the_queue_again_is_a_new_place_in_it(waiting):
    """A state that is entered is said, and what it says is an Enqueue."""
    waiting.board.deliver("CA1", "again")
    waiting.poll()
    assert waiting.xml.endswith("<Response><Leave /></Response>")
    waiting.post(waiting.left, QueueResult="leave")
    assert waiting.heard == ["Somebody will be with you."]
    assert "seq=4&" in wait_url(waiting)


@pytest.mark.parametrize("comes_first", ["action", "redirect"])
def test_a_redirect_out_of_a_queue_is_heard_at_the_wait_url(line, deferred, twilio, comes_first):
    """Twilio asks the queue's action too, and nobody hears what is answered there."""
    call = line(Support, runner=deferred, client=twilio, base_url=BASE)
    call.dial()
    call.press("1")
    action = call.action
    call.board.deliver("CA1", "closing")
    ((_, options),) = twilio.asked
    if comes_first == "action":
        call.post(action, QueueResult="redirected")
        assert call.xml.endswith("<Response />")
    call.post(options["url"])
    assert call.heard == ["Leave a message."]
    if comes_first == "redirect":
        before = call.record
        call.post(action, QueueResult="redirected")
        assert call.xml.endswith("<Response />")
        assert call.record == before


def test_a_takeover_takes_the_call_out_of_its_queue(waiting):
    """The queue's own requests, which may come later, get nothing that matters."""
    waiting.post("/call?nonce=1")
    assert waiting.heard == ["Menu."]
    before = waiting.record
    waiting.post("/ivr/wait?at=%2Fcall&seq=2&wait=2&q=1", Digits="1")
    assert waiting.xml.endswith("<Response><Leave /></Response>")
    waiting.post(waiting.left, QueueResult="redirected")
    assert waiting.xml.endswith("<Response />")
    assert waiting.record == before


def test_a_call_that_has_ended_is_hung_up_in_its_queue(waiting):
    """Whatever asks."""
    waiting.post("/ivr/status", CallStatus="completed")
    waiting.post("/ivr/wait?at=%2Fcall&seq=2&wait=2&q=1")
    assert waiting.xml.endswith("<Response><Hangup /></Response>")


def test_an_error_in_a_queue_costs_nobody_their_place(waiting, caplog):
    """There is silence instead of what was to be said, and the next document comes."""
    found: list[BaseException] = []
    errors = flow_errors.set(found)
    waiting.poll(QueuePosition="0")
    flow_errors.reset(errors)
    assert waiting.heard == []
    assert '<Pause length="10" /><Redirect>/ivr/wait?' in waiting.xml
    assert [str(error) for error in found] == ["nobody waits"]
    waiting.poll(QueuePosition="0")
    assert "nobody waits" in caplog.text


def test_an_outage_is_waited_out_in_the_queue(waiting):
    """With the key that was pressed in the midst of it."""
    store = waiting.board.store

    def refuse(call_sid):
        raise StoreUnavailableError("switched off")

    vars(store)["load"] = refuse
    waiting.press("1")
    assert waiting.heard == [CallFlow.one_moment]
    del vars(store)["load"]
    waiting.poll()
    assert waiting.xml.endswith("<Response><Leave /></Response>")


class Last(CallFlow):
    """Ends in a queue."""

    in_line = State(initial=True, final=True)

    @routable("/call")
    @renders(in_line)
    def enqueue(self):
        return Enqueue("support")

    @renders(in_line, waiting=True)
    def announce(self):
        return gather("Wait.")


def test_a_queue_in_a_final_state_is_waited_in_like_any_other(line):
    """Until somebody answers; keys lead nowhere, and what ends it ends the call."""
    call = line(Last)
    call.dial()
    action = call.action
    call.post(wait_url(call))
    assert call.heard == ["Wait."]
    call.press("1")
    assert call.heard == ["Wait."]
    assert not call.record.ended
    call.post(action, QueueResult="bridged")
    assert call.xml.endswith("<Response><Hangup /></Response>")
    assert call.record.ended
