"""A key is declared in a state in which nobody listens for keys."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Waits for a key while it rings."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event=[key("*"), "dial"])

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900", timeout=20)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Waits for the end of the Dial."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event=["dial"])

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900", timeout=20)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("input-never-comes", "ringing", "dial")]
