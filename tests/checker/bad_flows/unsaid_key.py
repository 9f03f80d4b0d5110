"""A key leads somewhere, and no prompt says so."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Does not say 2."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[*key("1", "2"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Says it."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[*key("1", "2"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1 or 2.")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("unsaid-key", "menu", "dial 2")]
