"""A prompt offers any other key, and all others lead nowhere."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Promises a hang-up."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1, or any other key to hang up.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Promises what happens."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1, or any other key to hear this again.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("dead-key-said", "menu", "dial 9")]
