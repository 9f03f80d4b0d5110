"""Whoever calls one of two numbers cannot get to a person."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Has a person by day only."""

    day_menu = State(initial=True)
    night_menu = State()
    desk = State()
    goodbye = State(final=True)

    day_menu.to(desk, event=key("0", say="For a person, press 0."))
    night_menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    desk.to(goodbye, event="dial")

    @routable("/day")
    @renders(day_menu)
    def say_day_menu(self):
        return gather(*self.choices())

    @routable("/night")
    @renders(night_menu)
    def say_night_menu(self):
        return gather("We are closed.", *self.choices())

    @renders(desk, person=True)
    def ring_desk(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Has a person for emergencies, too."""

    day_menu = State(initial=True)
    night_menu = State()
    desk = State()
    goodbye = State(final=True)

    day_menu.to(desk, event=key("0", say="For a person, press 0."))
    night_menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    night_menu.to(desk, event=key("0", say="In an emergency, press 0."))
    desk.to(goodbye, event="dial")

    @routable("/day")
    @renders(day_menu)
    def say_day_menu(self):
        return gather(*self.choices())

    @routable("/night")
    @renders(night_menu)
    def say_night_menu(self):
        return gather("We are closed.", *self.choices())

    @renders(desk, person=True)
    def ring_desk(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("no-person", "night_menu", "dial /night")]
