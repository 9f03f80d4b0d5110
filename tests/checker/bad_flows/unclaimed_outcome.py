"""A Dial that nobody answers ends the call: only what happens when it is answered is declared."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Forgets everything but success."""

    ringing = State(initial=True)
    goodbye = State(final=True)

    ringing.to(goodbye, event=["dial.completed", "dial.answered"])

    @routable("/incoming-call")
    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Takes whatever becomes of the Dial."""

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


SEEN = [
    Seen("unclaimed-outcome", "ringing", f"dial dial.{result}")
    for result in ("busy", "canceled", "failed", "no_answer")
]
