"""Attempts are not counted, so neither silence nor wrong keys have an end."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Asks for ever."""

    max_attempts = None

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Asks three times."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [
    Seen("never-let-go", "menu", "dial ."),
    Seen("never-let-go", "menu", "dial 9"),
]
