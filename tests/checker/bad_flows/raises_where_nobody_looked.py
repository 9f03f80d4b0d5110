"""A rendering looks up what nobody has put there."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Says the day, which no state has kept."""

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
        return gather(f"Open on {self.session['day']}.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Knows what to say without it."""

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
        return gather(f"Open on {self.session.get('day', 'Mondays')}.", *self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("raises", "menu", "dial 1")]
