"""A set is put into the session, which keeps JSON."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Keeps a set."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))
    hours.to(menu, event=key("9", say="To go back, press 9."))
    menu.to(goodbye, event="give_up")
    hours.to(goodbye, event="give_up")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        self.session["heard"] = {"hours"}
        return gather("Nine to five.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Keeps a list."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))
    hours.to(menu, event=key("9", say="To go back, press 9."))
    menu.to(goodbye, event="give_up")
    hours.to(goodbye, event="give_up")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        self.session["heard"] = ["hours"]
        return gather("Nine to five.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("not-json", "menu", "dial 1")]
