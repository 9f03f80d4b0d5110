"""Two questions send a caller with wrong keys back and forth: at each, attempts begin anew."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Asks in turn, until somebody answers."""

    coffee = State(initial=True)
    tea = State()
    ordered = State(final=True)

    coffee.to(ordered, event=key("1", say="For coffee, press 1."))
    coffee.to(tea, event="no_match")
    tea.to(ordered, event=key("1", say="For tea, press 1."))
    tea.to(coffee, event="no_match")

    @routable("/incoming-call", coffee)
    @renders(coffee, tea)
    def say_choices(self):
        return gather(*self.choices())

    @renders(ordered)
    def say_ordered(self):
        return ["It is on its way.", Hangup()]


class Fixed(CallFlow):
    """Asks each once, then the second one until attempts are over."""

    coffee = State(initial=True)
    tea = State()
    ordered = State(final=True)

    coffee.to(ordered, event=key("1", say="For coffee, press 1."))
    coffee.to(tea, event="no_match")
    tea.to(ordered, event=key("1", say="For tea, press 1."))

    @routable("/incoming-call", coffee)
    @renders(coffee, tea)
    def say_choices(self):
        return gather(*self.choices())

    @renders(ordered)
    def say_ordered(self):
        return ["It is on its way.", Hangup()]


SEEN = [Seen("never-let-go", "coffee", "dial 9 9")]
