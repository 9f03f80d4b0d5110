"""A value that Twilio does not take, in what is heard on one of two ways to the same end."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup, Pause

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Pauses for no time at all."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])
    menu.to(hours, event=key("2", say="For our hours, press 2."))
    hours.to(goodbye)  # moves on by itself: both are heard in one document

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["We are open from nine to five.", Pause(length=0)]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Pauses for a second."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])
    menu.to(hours, event=key("2", say="For our hours, press 2."))
    hours.to(goodbye)  # moves on by itself: both are heard in one document

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["We are open from nine to five.", Pause(length=1)]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("twiml-warning", "goodbye", "dial 2")]
