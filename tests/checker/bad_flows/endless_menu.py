"""A menu has no end at all: no state is final, and attempts are not counted."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Leaves the end to the caller."""

    max_attempts = None

    menu = State(initial=True)
    hours = State()

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    hours.to(menu, event=key("1", say="For the menu, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return gather("We are open from nine to five.", *self.choices())


class Fixed(CallFlow):
    """Ends when the attempts are over."""

    menu = State(initial=True)
    hours = State()

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    hours.to(menu, event=key("1", say="For the menu, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return gather("We are open from nine to five.", *self.choices())


SEEN = [Seen("no-end", "menu", "dial")]
