"""The phone tree of a small shop: opening hours, orders, and a person by day; voicemail by night.

::

    statechart-ivr serve examples/front_desk/flow.py --no-validate
"""

from __future__ import annotations

from typing import Protocol

from statemachine import State
from twilio.twiml.voice_response import Dial, Record

from statechart_ivr import PASS, CallerInput, CallFlow, gather, key, on_input, renders, routable


class Warehouse(Protocol):
    """Whoever knows what became of an order."""

    def status(self, order: str) -> str | None:
        """Return where an order of six digits is, as the end of a sentence; None if unknown."""
        ...


class DemoWarehouse:
    """Knows two orders by heart; stands in when the application passes no warehouse."""

    def status(self, order: str) -> str | None:
        """Return where an order is."""
        return {"123456": "packed", "654321": "on its way to you"}.get(order)


class FrontDesk(CallFlow):
    """Opening hours, orders, and a person at reception while the shop is open.

    The application may pass the shop's own `Warehouse` as ``services={"warehouse": …}``.
    """

    max_turns = 100  # "*" leads to the menu as often as it is pressed

    class open_line(State.Compound):
        menu = State(initial=True)
        opening_hours = State()
        order_number = State()
        order_status = State()

        menu.to(opening_hours, event=key("1", say="For our opening hours, press 1."))
        menu.to(order_number, event=key("2", say="To ask about an order, press 2."))
        order_number.to(order_status, event="order_found")
        order_number.to(order_number, event="no_match.unknown_order")

    checking_clock = State(initial=True)  # says nothing: branches at once
    reception = State()
    voicemail = State(final=True)

    checking_clock.to(open_line, cond="is_open")  # eventless transitions, tried in this order
    checking_clock.to(voicemail)
    open_line.to(open_line, event=key("*"))  # "main menu", from anywhere inside
    open_line.to(reception, event=[key("0", say="For a person, press 0."), "give_up"])
    reception.to(voicemail, event="dial")  # whatever became of the dial

    @routable("/incoming-call", checking_clock)
    def incoming_call(self):
        """Remember which of the shop's numbers was called, before the chart moves."""
        self.session["dialled"] = self.call.to

    def is_open(self) -> bool:
        """Whether somebody is in, from nine to five; a guard of the chart."""
        return 9 <= self.now().hour < 17

    @renders(open_line.menu)
    def say_menu(self):
        """Offer the keys that lead somewhere right now, those of ``open_line`` included."""
        return gather(*self.choices())

    @renders(open_line.opening_hours)
    def say_hours(self):
        return gather("We are open from nine to five.", "For the menu, press star.")

    @renders(open_line.order_number)
    def ask_order(self):
        return gather("Enter your order number, then pound.", num_digits=None, finish_on_key="#")

    @on_input(
        open_line.order_number, examples=["123456", "000000"]
    )  # one that is known, one that is not
    def take_order_number(self, caller_input: CallerInput):
        """Take six digits for an order; leave "*" and "0" to the states outside."""
        if len(caller_input.digits) != 6:
            return PASS
        warehouse: Warehouse = self.services.get("warehouse", DemoWarehouse())
        status = warehouse.status(caller_input.digits)
        if status is None:
            return "no_match.unknown_order"
        self.session["status"] = status
        return "order_found"

    @renders(open_line.order_status)
    def say_status(self):
        return gather(f"Your order is {self.session['status']}.", "For the menu, press star.")

    @renders(reception, person=True)
    def call_reception(self):
        return Dial("+12345678900", timeout=20)

    @renders(voicemail)
    def take_message(self):
        return ["Please leave a message after the tone.", Record(max_length=120)]

    @renders("no_match")  # said before the state is rendered again
    def sorry(self):
        return "Sorry, that did not work."

    @renders("no_match.unknown_order")  # of several that fit, the closest
    def sorry_unknown_order(self):
        return "Sorry, we do not know this order."
