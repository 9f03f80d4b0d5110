"""A prompt offers a key that leads nowhere."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Offers 3."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1. For sales, press 3.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Offers what there is."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("dead-key-said", "menu", "dial 3")]
