"""The support line: waiting, leaving, being called back, and the agents' side of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.support_queue.flow import (
    AgentLine,
    CallBack,
    DemoCallBacks,
    SupportLine,
    Whisper,
)
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from examples.conftest import Serving
    from tests.rest.server import TwilioApi

MESSAGE = "https://api.twilio.com/message"
AGENT = "+12345678900"


@pytest.fixture
def call_backs() -> DemoCallBacks:
    """Return a list with nobody on it."""
    return DemoCallBacks()


@pytest.fixture
def caller(call_backs: DemoCallBacks) -> Phone:
    """Return the phone of somebody who waits in the queue."""
    return Phone(SupportLine, services={"call_backs": call_backs}).dial("/support")


def test_waiting(caller: Phone):
    """Callers hear how things stand, again and again."""
    assert caller.heard == (
        "Welcome to support. You are number 1 in the queue. "
        "The average wait is less than 1 minute. To be called back instead, press 1."
    )
    caller.wait(QueuePosition=3, AvgQueueTime=150)
    assert caller.heard.startswith(
        "You are number 3 in the queue. The average wait is less than 3 minutes."
    )


def test_other_keys(caller: Phone):
    """A key that means nothing loses nobody their place."""
    for key in "23456":
        caller.press(key)
    assert caller.waiting_for == "gather"
    assert caller.state == "waiting"


def test_leaving(caller: Phone, call_backs: DemoCallBacks):
    """1 leaves the queue for a message, which puts the caller on the list once."""
    caller.press("1")
    assert caller.heard == "Tell us after the tone what it is about."
    caller.record(seconds=10)
    assert caller.heard == "Thank you. We will call you back."
    listed = call_backs.take("any")
    assert listed is not None
    assert listed.number == "+14155550100"
    assert call_backs.take("another") is None


def test_hung_up_in_mid_message(caller: Phone, call_backs: DemoCallBacks):
    """Who hangs up while telling it is called back, too."""
    caller.press("1").wait(3).hang_up()
    assert call_backs.take("any") is not None


@pytest.mark.parametrize("result", ["queue-full", "error", "system-error", "leave"])
def test_no_queue(caller: Phone, result: str):
    """When there is no queue to wait in, a message can be left at once."""
    assert caller.queue_result(result).state == "message"


@pytest.mark.parametrize("result", ["bridged", "bridging-in-process"])
def test_after_the_talk(caller: Phone, result: str):
    """When an agent has taken the caller on, there is nothing more to say than goodbye."""
    assert caller.queue_result(result).heard == "Thank you for calling. Goodbye."


def test_agent():
    """An agent is put through to one caller after the other."""
    agent = Phone(AgentLine).dial("/agent")
    assert "<Queue>support</Queue>" in agent.twiml
    assert agent.dial_result("completed").heard.startswith("For the next caller, press 1.")
    assert agent.press("1").waiting_for == "dial"


def test_nobody_to_call_back():
    """An agent who wants to call somebody back hears when nobody is left."""
    agent = Phone(AgentLine, services={"call_backs": DemoCallBacks()}).dial("/agent")
    agent.dial_result().press("2")
    assert "There is nobody to call back just now. For the next caller" in agent.heard


def test_whisper():
    """The agent's leg hears what it is about; 1 answers with the empty document, which bridges."""
    leg = whisper()
    assert leg.heard.startswith(f"A customer who wanted to be called back said: <Play {MESSAGE}>")
    assert leg.press("1").twiml.endswith("<Response />")


@pytest.mark.parametrize("key", ["2", "*", ""])
def test_declined(key: str):
    """Any other key hangs the leg up, as does silence: a machine presses nothing."""
    leg = whisper()
    leg.press(key) if key else leg.wait()
    assert leg.twiml.endswith("<Response><Hangup /></Response>")


def whisper() -> Phone:
    """Return an agent's phone on a leg that was dialled, which has a SID of its own."""
    return Phone(Whisper, prefix=None).dial(f"/whisper?message={MESSAGE}", ParentCallSid="CA1")


@pytest.mark.server
class TestCallingBack:
    """All three flows in one application, with a Twilio that places calls."""

    @pytest.fixture
    def customer(self, serving: Serving, twilio: TwilioApi, call_backs: DemoCallBacks) -> Phone:
        """Return the phone of a customer who is being called back."""
        call_backs.add("J1", CallBack("+14155550123", MESSAGE))
        board = serving(SupportLine, AgentLine, Whisper, call_backs=call_backs)
        agent = Phone(board, from_=AGENT).dial("/agent").dial_result().press("2")
        assert agent.heard.endswith("Hang up, and your phone will ring.")
        [placed] = [one.form for one in twilio.asked if one.path.endswith("/Calls.json")]
        assert placed["To"] == "+14155550123"
        return Phone(board, to="+14155550123").dial(placed["Url"])

    def test_put_through(self, customer: Phone):
        """The customer hears who it is while the agent's phone rings."""
        assert customer.heard == "This is support, calling you back. One moment, please."
        assert f">{AGENT}</Number>" in customer.twiml
        assert '<Number url="/whisper?message=https%3A%2F%2Fapi.twilio.com' in customer.twiml
        assert customer.dial_result("completed").heard == "Thank you for calling. Goodbye."

    def test_missed(self, customer: Phone, call_backs: DemoCallBacks):
        """An agent who does not accept has answered the phone, and yet talked to nobody."""
        customer.dial_result("completed", bridged=False)
        assert customer.heard == "We have missed each other. We will try again."
        assert call_backs.take("next") == CallBack("+14155550123", MESSAGE)

    @pytest.mark.parametrize("status", ["busy", "no-answer", "failed"])
    def test_not_reached(
        self, serving: Serving, twilio: TwilioApi, call_backs: DemoCallBacks, status: str
    ):
        """A customer whose phone nobody picks up is on the list again."""
        call_backs.add("J1", CallBack("+14155550123", MESSAGE))
        board = serving(SupportLine, AgentLine, Whisper, call_backs=call_backs)
        Phone(board, from_=AGENT).dial("/agent").dial_result().press("2")
        [placed] = [one.form for one in twilio.asked if one.path.endswith("/Calls.json")]
        told = Phone(board).dial("/agent")
        about = {"CallSid": "CA7", "CallStatus": status, "To": "+14155550123"}
        told.callback(placed["StatusCallback"], **about)
        assert call_backs.take("next") == CallBack("+14155550123", MESSAGE)

    @pytest.mark.parametrize(("status", "code", "is_kept"), [(429, 20429, 1), (400, 21211, 0)])
    def test_refused(
        self,
        serving: Serving,
        twilio: TwilioApi,
        call_backs: DemoCallBacks,
        status: int,
        code: int,
        is_kept: int,
    ):
        """So is one whom Twilio has no time to call; not one whom nobody can call."""
        call_backs.add("J1", CallBack("+14155550123", MESSAGE))
        board = serving(SupportLine, AgentLine, Whisper, call_backs=call_backs)
        twilio.refuse_next(status, code, times=9)
        agent = Phone(board, from_=AGENT, raise_errors=False).dial("/agent").dial_result()
        assert "There is nobody to call back just now." in agent.press("2").heard
        assert (call_backs.take("next") is not None) == bool(is_kept)
