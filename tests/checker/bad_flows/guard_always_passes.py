"""A guard is always so: the attempt is counted before it is asked."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Means to give the caller another chance, and gives none."""

    menu = State(initial=True)
    helped = State(final=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    menu.to(helped, event="no_match", cond="attempts >= 1")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(helped)
    def say_helped(self):
        return ["It looks like you need help. Please visit our website.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Gives the caller another chance."""

    menu = State(initial=True)
    helped = State(final=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1", say="To hang up, press 1."))
    menu.to(helped, event="no_match", cond="attempts >= 2")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(helped)
    def say_helped(self):
        return ["It looks like you need help. Please visit our website.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("one-sided-guard", "menu", "")]
