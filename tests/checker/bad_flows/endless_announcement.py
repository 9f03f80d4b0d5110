"""An announcement is repeated for ever."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup, Say

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Repeats itself until the caller hangs up."""

    menu = State(initial=True)
    closed = State(final=True)

    menu.to(closed, event=key("1", say="For our hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(closed)
    def say_closed(self):
        return [Say("We are closed today.", loop=0), Hangup()]


class Fixed(CallFlow):
    """Says it twice."""

    menu = State(initial=True)
    closed = State(final=True)

    menu.to(closed, event=key("1", say="For our hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(closed)
    def say_closed(self):
        return [Say("We are closed today.", loop=2), Hangup()]


SEEN = [Seen("no-end", "closed", "dial 1")]
