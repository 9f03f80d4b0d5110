"""Two keys were swapped, and their prompts were not."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Tells who wants to hear the opening hours to press what ends the call."""

    menu = State(initial=True)
    hours = State(final=True)
    goodbye = State(final=True)

    menu.to(hours, event=key("2", say="For our opening hours, press 1."))
    menu.to(goodbye, event=[key("1", say="To end the call, press 2."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Names each key in its own prompt."""

    menu = State(initial=True)
    hours = State(final=True)
    goodbye = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))
    menu.to(goodbye, event=[key("2", say="To end the call, press 2."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("wrong-key-said", "menu", "dial 1"), Seen("wrong-key-said", "menu", "dial 2")]
