"""A company's phone tree: a greeting, a menu, three departments and a receptionist.

::

    statechart-ivr serve examples/phone_tree/flow.py --no-validate
"""

from __future__ import annotations

from statemachine import HistoryState, State
from twilio.twiml.voice_response import Dial, Enqueue, Pause, Record

from statechart_ivr import CallFlow, gather, key, renders, routable, said


class PhoneTree(CallFlow):
    """Sales, support, hours and reception, by key or by name."""

    max_turns = 100  # "*" leads to the menu as often as it is pressed

    class tree(State.Compound):
        menu = State(initial=True)
        invalid_choice = State()
        hours = State()
        last_heard = HistoryState()

        invalid_choice.to(menu)  # moves on by itself: the error, then the menu
        last_heard.to(menu)  # only if nothing was heard yet

    greeting = State(initial=True)
    sales = State(final=True)
    support = State()
    reception = State()
    nobody_free = State()
    goodbye = State(final=True)

    greeting.to(tree)
    tree.menu.to(sales, event=[key("1", say="For sales, press 1."), said("sales")])
    tree.menu.to(support, event=[key("2", say="For support, press 2."), said("support")])
    tree.menu.to(tree.hours, event=[key("3", say="For our hours, press 3."), said("hours")])
    tree.menu.to(tree.menu, event=key("9", say="To hear these options again, press 9."))
    tree.menu.to(tree.invalid_choice, event="no_match")  # whatever nothing else claims
    tree.hours.to(tree.hours, event=key("1", say="To hear this again, press 1."))
    tree.hours.to(tree.menu, event="no_match")
    tree.to(reception, event=key("0", say="For the receptionist, press 0."))  # from all inside
    tree.to(tree, event=key("*"))  # "main menu", from all inside
    tree.to(goodbye, event="give_up")
    support.to(nobody_free, event=["queue.queue_full", "queue.error", "queue.system_error"])
    support.to(goodbye, event=["queue.bridged", "queue.bridging_in_process"])
    support.to(goodbye, event=["queue.leave", "queue.hangup"])
    reception.to(goodbye, event=["dial.completed", "dial.answered"])
    reception.to(nobody_free, event="dial")  # whatever else became of it
    nobody_free.to(tree.last_heard)  # back to where the caller was

    @routable("/incoming-call")
    @renders(greeting)
    def say_greeting(self):
        return "Welcome to Acme."

    @renders(tree.menu)
    def say_menu(self):
        return gather(*self.choices(), "Or say sales, support, or hours.", input="dtmf speech")

    @renders(tree.invalid_choice)
    def say_invalid_choice(self):
        return "That is not one of the options."

    @renders(tree.hours)
    def say_hours(self):
        return gather(
            "We are here Monday to Friday, from nine to six.",
            Pause(length=1),
            *self.choices(),
            "For the menu, press star, or any other key.",
        )

    @renders(sales)
    def take_message(self):
        return [
            "Everybody in sales is on the phone. Leave a message, and we will call you back.",
            Record(max_length=120),
        ]

    @renders(support, person=True)
    def queue_for_support(self):
        return ["We are putting you through to support.", Enqueue("support")]

    @renders(reception, person=True)
    def call_reception(self):
        return Dial("+12345678900", timeout=20)

    @renders(nobody_free)
    def say_nobody_free(self):
        return "Nobody is free just now."

    @renders(goodbye)
    def say_goodbye(self):
        return "Thank you for calling. Goodbye."
