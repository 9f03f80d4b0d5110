"""TwiML that was written by hand, and is none."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallFlow, document, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Leaves an element open."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return document("<Response><Say>Goodbye.</Response>")


class Fixed(CallFlow):
    """Closes it."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return document("<Response><Say>Goodbye.</Say><Hangup/></Response>")


SEEN = [Seen("twiml-refused", "menu", "dial 1")]
