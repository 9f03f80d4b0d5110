"""A caller who talks to a Switchboard directly, one request at a time."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.call import Answer, Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.record import Record
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard


class Counter(CallFlow):
    """Counts what it is told."""

    menu = State(initial=True)
    counted = State()
    sorry = State()
    message = State(final=True)
    menu.to(counted, event=key("1"), on="count")
    counted.to(counted, event=key("1"), on="count")
    counted.to(menu, event=key("*"))
    sorry.to(menu, event=key())
    menu.to(message, event=key("9"))

    @routable("/call", menu)
    def begin(self):
        self.session.setdefault("count", 0)
        self.session["begun"] = self.session.get("begun", 0) + 1

    def count(self):
        self.session["count"] += 1

    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(counted)
    def tell(self):
        return gather(f"{self.session['count']}.")

    @routable("/sorry")
    @renders(sorry)
    def apologize(self):
        return gather("Sorry.", self.url_for("apologize"))

    @renders(message)
    def take_message(self):
        return gather("Message.")


class Line:
    """One call on a switchboard: sends what Twilio would, and keeps the last answer."""

    def __init__(self, *flows: type[CallFlow], sid: str = "CA1", **options: Any) -> None:
        self.clock = SimulatedClock("2026-01-05T10:00")
        options.setdefault("store", MemoryStore(clock=self.clock))
        self.board = Switchboard(*flows, clock=self.clock, **options)
        self.sid = sid
        self.xml = ""
        self.status = 0

    def request(self, url: str, /, token: str = "", **parameters: str) -> Request:
        """Return the request that Twilio would send."""
        parts = urlsplit(url)
        standard = {"CallSid": self.sid, "From": "+1", "To": "+2", "CallStatus": "in-progress"}
        return Request(
            path=parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            form=tuple({**standard, **parameters}.items()),
            token=token,
        )

    def post(self, url: str, /, token: str = "", **parameters: str) -> str:
        """Send a request, and return the TwiML."""
        answer: Answer = self.board.answer(self.request(url, token, **parameters))
        self.status, self.xml = answer.status, answer.body.decode()
        return self.xml

    def dial(self, path: str = "/call", **parameters: str) -> str:
        """Start the call at a route."""
        return self.post(path, **{"CallStatus": "ringing", **parameters})

    def go_on(self, **parameters: str) -> str:
        """Answer the action URL of the last document."""
        return self.post(self.action, **parameters)

    def press(self, digits: str) -> str:
        """Press keys."""
        return self.go_on(Digits=digits)

    def say(self, words: str, confidence: str = "0.9") -> str:
        """Say words."""
        return self.go_on(SpeechResult=words, Confidence=confidence)

    def wait(self) -> str:
        """Say nothing."""
        return self.go_on()

    @property
    def action(self) -> str:
        """The URL on which the last document goes on."""
        found = re.search(r'action="([^"]+)"', self.xml) or re.search(
            r"<Redirect[^>]*>([^<]+)", self.xml
        )
        assert found, f"the document goes nowhere: {self.xml}"
        return html.unescape(found[1])

    @property
    def heard(self) -> list[str]:
        """The texts of the last document, in order."""
        return [html.unescape(text) for text in re.findall(r"<Say[^>]*>([^<]*)</Say>", self.xml)]

    @property
    def record(self) -> Record:
        """What is stored of the call."""
        record = self.board.peek(self.sid)
        assert record is not None
        return record


@pytest.fixture
def line() -> Callable[..., Line]:
    """Return the class of callers."""
    return Line


@pytest.fixture
def counter() -> type[CallFlow]:
    """Return a flow that counts what it is told."""
    return Counter
