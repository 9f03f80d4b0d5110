"""Words are declared, and only keys are listened for."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable, said
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Listens for keys only."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), said("goodbye"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1 or just say goodbye.", input="dtmf")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Listens for both."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1"), said("goodbye"), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1 or just say goodbye.", input="dtmf speech")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("input-never-comes", "menu", "dial")]
