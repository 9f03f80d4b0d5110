"""A key is offered even when its guard refuses it."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Offers it always."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])
    menu.to(hours, event=key("2", say="For our hours, press 2."), cond="is_news")
    hours.to(menu)

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather("To end the call, press 1. For our hours, press 2.")

    @renders(hours)
    def say_hours(self):
        self.session["knows"] = True
        return "We are open from nine to five."

    def is_news(self):
        """Whether the caller does not know it yet."""
        return not self.session.get("knows")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Fixed(CallFlow):
    """Offers it when it leads somewhere."""

    menu = State(initial=True)
    hours = State()
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])
    menu.to(hours, event=key("2", say="For our hours, press 2."), cond="is_news")
    hours.to(menu)

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        self.session["knows"] = True
        return "We are open from nine to five."

    def is_news(self):
        """Whether the caller does not know it yet."""
        return not self.session.get("knows")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


SEEN = [Seen("dead-key-said", "menu", "dial 2 2")]
