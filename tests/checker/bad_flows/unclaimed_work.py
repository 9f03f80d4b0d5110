"""Work that fails leads nowhere: the caller who waits for it is hung up on."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, background, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Counts on the work."""

    looking_up = State(initial=True)
    found = State(final=True)

    looking_up.to(found, event="order_found")

    @routable("/incoming-call")
    @renders(looking_up)
    def say_one_moment(self):
        return "One moment."

    @background(looking_up, events={"order_found": {}})
    def look_up(self):
        return "order_found"

    @renders(found)
    def say_found(self):
        return ["Your order is packed.", Hangup()]


class Fixed(CallFlow):
    """Says so when it fails."""

    looking_up = State(initial=True)
    found = State(final=True)
    out_of_order = State(final=True)

    looking_up.to(found, event="order_found")
    looking_up.to(out_of_order, event="background_failed")

    @routable("/incoming-call")
    @renders(looking_up)
    def say_one_moment(self):
        return "One moment."

    @background(looking_up, events={"order_found": {}})
    def look_up(self):
        return "order_found"

    @renders(found)
    def say_found(self):
        return ["Your order is packed.", Hangup()]

    @renders(out_of_order)
    def say_out_of_order(self):
        return ["We cannot see your order just now.", Hangup()]


SEEN = [Seen("unclaimed-work", "looking_up", "dial work background_failed")]
