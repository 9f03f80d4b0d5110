"""A state says something, asks nothing, and the call ends with it."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Waits for a silence at which nobody listens."""

    menu = State(initial=True)
    hours = State()

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    hours.to(menu, event="no_input")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return "We are open from nine to five."


class Fixed(CallFlow):
    """Goes back to the menu by itself."""

    menu = State(initial=True)
    hours = State()

    menu.to(hours, event=key("1", say="For our hours, press 1."))
    hours.to(menu)

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return "We are open from nine to five."


SEEN = [Seen("asks-nothing", "hours", "dial 1")]
