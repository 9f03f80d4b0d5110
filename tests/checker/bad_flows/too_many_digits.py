"""A Gather that waits on when everything is keyed in."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import PASS, CallFlow, gather, on_input, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Waits for a sixth digit after all five: each caller sits through a silence."""

    zip_code = State(initial=True)
    goodbye = State(final=True)

    zip_code.to(goodbye, event=["zip_entered", "give_up"])

    @routable("/incoming-call")
    @renders(zip_code)
    def ask(self):
        return gather("Enter your zip code.", num_digits=6, finish_on_key="")

    @on_input(zip_code, examples=["94103"])
    def take(self, caller_input):
        return "zip_entered" if caller_input.digits.isdecimal() else PASS

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Ends after five."""

    zip_code = State(initial=True)
    goodbye = State(final=True)

    zip_code.to(goodbye, event=["zip_entered", "give_up"])

    @routable("/incoming-call")
    @renders(zip_code)
    def ask(self):
        return gather("Enter your zip code.", num_digits=5, finish_on_key="")

    @on_input(zip_code, examples=["94103"])
    def take(self, caller_input):
        return "zip_entered" if caller_input.digits.isdecimal() else PASS

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("too-many-digits", "zip_code", "dial")]
