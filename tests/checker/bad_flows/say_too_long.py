"""A Say that is repeated is not split, and over what the voice reads."""

from __future__ import annotations

from statemachine import State
from twilio.twiml.voice_response import Hangup, Say

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Has 3,900 characters in one Say."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return [Say("We thank you for calling. " * 150, voice="Polly.Joanna", loop=2), Hangup()]


class Fixed(CallFlow):
    """Has half of it."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=[key("1", say="To end the call, press 1."), "give_up"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(goodbye)
    def say_goodbye(self):
        return [Say("We thank you for calling. " * 75, voice="Polly.Joanna", loop=2), Hangup()]


SEEN = [Seen("document-too-long", "goodbye", "dial 1")]
