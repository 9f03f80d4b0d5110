"""A Dial that calls nobody is refused."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Calls nobody."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial(timeout=20)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Calls somebody."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900", timeout=20)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("twiml-refused", "ringing", "dial")]
