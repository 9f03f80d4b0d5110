"""A shop that never closes: its guard says "or" where "and" was meant."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Is open at all hours."""

    checking_clock = State(initial=True)
    menu = State()
    closed = State(final=True)
    goodbye = State(final=True)

    checking_clock.to(menu, cond="is_open")
    checking_clock.to(closed)
    menu.to(goodbye, event=key("1", say="To hang up, press 1."))

    def is_open(self) -> bool:
        return self.now().hour >= 9 or self.now().hour < 17

    @routable("/incoming-call", checking_clock)
    def incoming_call(self):
        """Nothing is to be kept of it."""

    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(closed)
    def say_closed(self):
        return ["We are closed.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Is open from nine to five."""

    checking_clock = State(initial=True)
    menu = State()
    closed = State(final=True)
    goodbye = State(final=True)

    checking_clock.to(menu, cond="is_open")
    checking_clock.to(closed)
    menu.to(goodbye, event=key("1", say="To hang up, press 1."))

    def is_open(self) -> bool:
        return 9 <= self.now().hour < 17

    @routable("/incoming-call", checking_clock)
    def incoming_call(self):
        """Nothing is to be kept of it."""

    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(closed)
    def say_closed(self):
        return ["We are closed.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [
    Seen("unreached-state", "closed", ""),
    Seen("one-sided-guard", "checking_clock", ""),
]
