"""There is nothing to choose before half a minute is over."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup, Pause

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.checker import Limits
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Keeps callers waiting for its choices."""

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return ["Welcome.", Pause(length=30), gather(*self.choices())]

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]


class Fixed(CallFlow):
    """Comes to the point."""

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return ["Welcome.", Pause(length=3), gather(*self.choices())]

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]


SEEN = [Seen("late-choice", "menu", "dial")]
OPTIONS = {"limits": Limits(seconds_to_choice=10)}
OPTIONS_CODE = "limits=Limits(seconds_to_choice=10)"
