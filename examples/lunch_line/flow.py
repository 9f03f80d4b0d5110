"""A diner's phone: what is for lunch, when it is open, and somebody to talk to until noon.

::

    statechart-ivr serve examples/lunch_line/flow.py --no-validate
"""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup, Record

from statechart_ivr import CallFlow, gather, key, renders, routable


class LunchLine(CallFlow):
    """Two menus, a goodbye, a branch by the time of day, and an emergency exit with a URL."""

    timezone = "America/Chicago"

    welcome = State(initial=True)
    specials = State()
    hours = State()
    checking_clock = State()  # says nothing: branches at once
    counter = State()
    voicemail = State(final=True)
    out_of_order = State(final=True)
    goodbye = State(final=True)

    welcome.to(specials, event=key("1", say="To hear our lunch specials, press 1."))
    welcome.to(hours, event=key("2", say="For our hours, press 2."))
    welcome.to(checking_clock, event=key("0", say="To talk to us, press 0."))
    welcome.to(goodbye, event="give_up")
    specials.to(hours, event=key("1", say="For our hours, press 1."))
    specials.to(goodbye, event=[key(say="To hang up, press any other key."), "no_input"])
    hours.to(goodbye)  # moves on by itself: both are heard in one document
    checking_clock.to(counter, cond="is_morning")  # tried in this order
    checking_clock.to(voicemail)
    counter.to(goodbye, event=["dial.completed", "dial.answered"])
    counter.to(voicemail, event="dial")  # whatever else became of it

    @routable("/incoming-call")
    @renders(welcome)
    def say_welcome(self):
        return gather("Welcome to the Blue Plate diner.", *self.choices())

    @renders("no_match")  # said before the menu is heard again
    def sorry(self):
        return "That key leads nowhere."

    @renders(specials)
    def say_specials(self):
        return gather("Today we serve onion soup, and apple pie.", *self.choices())

    @renders(hours)
    def say_hours(self):
        return "We are open every day from seven to three."

    def is_morning(self) -> bool:
        """Whether lunch is still ahead, in the diner's time zone; a guard of the chart."""
        return self.now().hour < 12

    @renders(counter, person=True)
    def ring_counter(self):
        return Dial("+12345678900", timeout=20)

    @renders(voicemail)
    def take_message(self):
        return ["The kitchen is busy. Tell us your number after the tone.", Record(max_length=120)]

    @routable("/unknown-error")
    @renders(out_of_order)
    def say_out_of_order(self):
        """Take a running call over when something outside of it has failed.

        Whoever notices points the live call here, with Twilio's REST client:
        ``client.calls(sid).update(url="https://…/unknown-error")``.
        """
        return ["Something broke on our side. Leave us a message.", Record(max_length=120)]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Thank you for calling. Goodbye.", Hangup()]
