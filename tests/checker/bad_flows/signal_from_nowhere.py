"""A transition waits for an event that nothing is known to send."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Waits for something that nobody says."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event=["dial", "agent_gone"])

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Waits for what becomes of the Dial."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("unreached-transition", "ringing", "")]
