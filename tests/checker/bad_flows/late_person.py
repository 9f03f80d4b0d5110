"""Who wants a person has to hear out two menus first."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup, Pause

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.checker import Limits
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Offers a person in the second menu."""

    menu = State(initial=True)
    more = State()
    person = State()
    goodbye = State(final=True)

    menu.to(more, event=key("1", say="For everything else, press 1."))
    more.to(person, event=key("0", say="For a person, press 0."))
    more.to(menu, event=key("9", say="To go back, press 9."))
    person.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(Pause(length=20), *self.choices())

    @renders(more)
    def say_more(self):
        return gather(Pause(length=20), *self.choices())

    @renders(person, person=True)
    def call_person(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Offers a person in the first menu."""

    menu = State(initial=True)
    more = State()
    person = State()
    goodbye = State(final=True)

    menu.to(more, event=key("1", say="For everything else, press 1."))
    menu.to(person, event=key("0", say="For a person, press 0."))
    more.to(menu, event=key("9", say="To go back, press 9."))
    person.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(Pause(length=20), *self.choices())

    @renders(more)
    def say_more(self):
        return gather(Pause(length=20), *self.choices())

    @renders(person, person=True)
    def call_person(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("late-person", "person", "dial 1 0")]
OPTIONS = {"limits": Limits(seconds_to_person=30)}
OPTIONS_CODE = "limits=Limits(seconds_to_person=30)"
