"""A key that works everywhere is said nowhere; in one of the states inside is enough."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Says it nowhere."""

    class line(State.Compound):
        menu = State(initial=True)
        hours = State()

        menu.to(hours, event=key("1", say="For our hours, press 1."))

    goodbye = State(final=True)

    line.to(goodbye, event=[key("*"), "give_up"])

    @routable("/incoming-call")
    @renders(line.menu)
    def say_menu(self):
        return gather("Welcome.", "For our hours, press 1.")

    @renders(line.hours)
    def say_hours(self):
        return gather("We are open from nine to five.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Says it in one place."""

    class line(State.Compound):
        menu = State(initial=True)
        hours = State()

        menu.to(hours, event=key("1", say="For our hours, press 1."))

    goodbye = State(final=True)

    line.to(goodbye, event=[key("*", say="To end the call, press star."), "give_up"])

    @routable("/incoming-call")
    @renders(line.menu)
    def say_menu(self):
        return gather("Welcome.", "For our hours, press 1.")

    @renders(line.hours)
    def say_hours(self):
        return gather("We are open from nine to five.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("unsaid-key", "line", "dial *")]
