"""What is said in the end takes a minute."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup, Pause

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.checker import Limits
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Has a lot to say."""

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Pause(length=60), Hangup()]


class Fixed(CallFlow):
    """Says it shortly."""

    menu = State(initial=True)
    hours = State(final=True)

    menu.to(hours, event=key("1", say="For our opening hours, press 1."))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(hours)
    def say_hours(self):
        return ["Nine to five.", Hangup()]


SEEN = [Seen("long-prompt", "hours", "dial 1")]
OPTIONS = {"limits": Limits(prompt_seconds=30)}
OPTIONS_CODE = "limits=Limits(prompt_seconds=30)"
