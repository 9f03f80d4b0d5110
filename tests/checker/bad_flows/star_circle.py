"""Whoever mashes the star hears the menu again and again."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Has the patience of a thousand turns."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    menu.to.itself(event=key("*", say="To hear this again, press star."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Has the patience of a hundred turns."""

    max_turns = 100

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    menu.to.itself(event=key("*", say="To hear this again, press star."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("never-let-go", "menu", "dial *")]
