"""The key that ends the input is none of the choices."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Takes # for the end of the digits."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("#", say="To end the call, press pound."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices(), num_digits=None)

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Takes it for a key."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("#", say="To end the call, press pound."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("input-never-comes", "menu", "dial")]
