"""A state is only the default of a history state, which remembers another one every time."""

from __future__ import annotations

from statemachine import HistoryState, State
from twilio.twiml.voice_response import Dial

from statechart_ivr import CallFlow, gather, key, renders, routable
from tests.checker.bad_flows import Seen


class Bad(CallFlow):
    """Tells its news to whoever comes back, had they been nowhere before."""

    class tree(State.Compound):
        menu = State(initial=True)
        news = State()
        back = HistoryState()

        news.to(menu)
        back.to(news)

    desk = State()

    tree.menu.to(desk, event=key("1", say="To talk to us, press 1."))
    desk.to(tree.back, event="dial")

    @routable("/incoming-call", tree)
    def incoming_call(self):
        """Nothing is to be kept of it."""

    @renders(tree.menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(tree.news)
    def say_news(self):
        return "We have moved."

    @renders(desk)
    def ring_desk(self):
        return Dial("+12345678900")


class Fixed(CallFlow):
    """Tells its news to whoever wants them."""

    class tree(State.Compound):
        menu = State(initial=True)
        news = State()
        back = HistoryState()

        menu.to(news, event=key("2", say="For our news, press 2."))
        news.to(menu)
        back.to(news)

    desk = State()

    tree.menu.to(desk, event=key("1", say="To talk to us, press 1."))
    desk.to(tree.back, event="dial")

    @routable("/incoming-call", tree)
    def incoming_call(self):
        """Nothing is to be kept of it."""

    @renders(tree.menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(tree.news)
    def say_news(self):
        return "We have moved."

    @renders(desk)
    def ring_desk(self):
        return Dial("+12345678900")


SEEN = [Seen("unreached-state", "news", "")]
