"""No example is an order that is known."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import PASS, CallFlow, gather, on_input, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Has an example of one kind only."""

    order_number = State(initial=True)
    found = State(final=True)
    unknown = State(final=True)

    order_number.to(found, event="order_found")
    order_number.to(unknown, event=["order_unknown", "give_up"])

    @routable("/incoming-call")
    @renders(order_number)
    def ask_order(self):
        return gather("Enter the four digits of your order.", num_digits=4)

    @on_input(order_number, examples=["0000"])
    def take_order(self, caller_input):
        if len(caller_input.digits) != 4:
            return PASS
        return "order_found" if caller_input.digits == "1234" else "order_unknown"

    @renders(found)
    def say_found(self):
        return ["Your order is packed.", Hangup()]

    @renders(unknown)
    def say_unknown(self):
        return ["We do not know this order.", Hangup()]


class Fixed(CallFlow):
    """Has one of the other kind, too: the spare keys are tried anyway."""

    order_number = State(initial=True)
    found = State(final=True)
    unknown = State(final=True)

    order_number.to(found, event="order_found")
    order_number.to(unknown, event=["order_unknown", "give_up"])

    @routable("/incoming-call")
    @renders(order_number)
    def ask_order(self):
        return gather("Enter the four digits of your order.", num_digits=4)

    @on_input(order_number, examples=["1234"])
    def take_order(self, caller_input):
        if len(caller_input.digits) != 4:
            return PASS
        return "order_found" if caller_input.digits == "1234" else "order_unknown"

    @renders(found)
    def say_found(self):
        return ["Your order is packed.", Hangup()]

    @renders(unknown)
    def say_unknown(self):
        return ["We do not know this order.", Hangup()]


SEEN = [
    Seen("unreached-state", "found", ""),
    Seen("unreached-transition", "order_number", ""),
]
