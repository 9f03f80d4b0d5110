"""A prompt asks for words that nothing understands."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable, said
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Asks for others."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), said("goodbye"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To say goodbye, press 1, or say stop.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Asks for those it knows."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), said("goodbye"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To say goodbye, press 1, or say goodbye.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("dead-key-said", "menu", "dial")]
