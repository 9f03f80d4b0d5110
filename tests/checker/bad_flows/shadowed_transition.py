"""A transition is never taken: the one before it takes all of its events."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Means two things by one event."""

    menu = State(initial=True)
    hours = State(final=True)
    goodbye = State(final=True)

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    menu.to(goodbye, event="no_match")
    menu.to(hours, event="no_match")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["We are open from nine to five.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Means one thing by it."""

    menu = State(initial=True)
    hours = State(final=True)
    goodbye = State(final=True)

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    menu.to(goodbye, event="no_match")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["We are open from nine to five.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("unreached-transition", "menu", "")]
