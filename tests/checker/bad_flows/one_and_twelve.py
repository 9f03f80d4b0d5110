"""1 and 12 in one menu, and nothing but a silence to tell them apart."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Does not say how to end the number."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "room", "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices(), "Or enter the number of a room.", num_digits=None)

    @on_input(menu, examples=["12"])
    def take(self, caller_input):
        return "room" if caller_input.digits == "12" else PASS

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Says how."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "room", "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(
            *self.choices(), "Or enter the number of a room, then pound.", num_digits=None
        )

    @on_input(menu, examples=["12"])
    def take(self, caller_input):
        return "room" if caller_input.digits == "12" else PASS

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("ambiguous-keys", "menu", "dial")]
