"""Whoever types ahead answers whatever is asked, and is asked again."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Goes on at any key."""

    rating = State(initial=True)
    thanks = State()

    rating.to(thanks, event="rated")
    thanks.to(rating, event=key(say="To rate something else, press any key."))

    @routable("/incoming-call")
    @renders(rating)
    def ask_rating(self):
        return gather("How do you like it, from 0 to 9?")

    @on_input(rating, examples=["5"])
    def take_rating(self, caller_input):
        return "rated" if caller_input.digits.isdecimal() else PASS

    @renders(thanks)
    def say_thanks(self):
        return gather("Thank you.", *self.choices())


class Fixed(CallFlow):
    """Goes on at one key."""

    rating = State(initial=True)
    thanks = State()

    rating.to(thanks, event="rated")
    thanks.to(rating, event=key("1", say="To rate something else, press 1."))

    @routable("/incoming-call")
    @renders(rating)
    def ask_rating(self):
        return gather("How do you like it, from 0 to 9?")

    @on_input(rating, examples=["5"])
    def take_rating(self, caller_input):
        return "rated" if caller_input.digits.isdecimal() else PASS

    @renders(thanks)
    def say_thanks(self):
        return gather("Thank you.", *self.choices())


SEEN = [Seen("never-let-go", "thanks", "dial 5 9 9 9 9 9 9 9 9 9 9 * 9")]
