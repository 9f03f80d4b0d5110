"""A document over 64 kB: the caller would hear the apology."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Thanks too often."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["We thank you for calling. " * 3_000, Hangup()]


class Fixed(CallFlow):
    """Thanks often."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["We thank you for calling. " * 30, Hangup()]


SEEN = [Seen("document-too-long", "menu", "dial 1")]
