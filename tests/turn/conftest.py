"""A caller who talks to a Switchboard directly, one request at a time."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.call import Answer, Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import RunnerError
from statechart_ivr.record import Job, Record
from statechart_ivr.runners import InlineRunner
from statechart_ivr.runners import base as runners
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import work


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


class Lookup(CallFlow):
    """Looks something up while the caller waits; ``services["work"]`` does it."""

    menu = State(initial=True)
    looking_up = State()
    told = State()
    sorry = State()
    menu.to(looking_up, event=key("1"))
    looking_up.to(told, event="found", on="keep")
    looking_up.to(sorry, event="background_failed", on="keep_error")
    looking_up.to(menu, event="leave")
    looking_up.to.itself(event="again")
    told.to(menu, event=key("*"))
    sorry.to(menu, event=key("*"))

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(looking_up)
    def say_wait(self):
        return "One moment."

    @background(looking_up, events=["found", "again"])
    def look_up(self):
        return self.services["work"](self)

    @renders(told)
    def tell(self):
        return gather(f"Found {self.session['name']}.")

    @renders(sorry)
    def apologize(self):
        return gather("Sorry.")

    def keep(self, name="nothing"):
        self.session["name"] = name

    def keep_error(self, error):
        self.session["error"] = error


class Deferred(InlineRunner):
    """Keeps jobs until it is told to carry them out; Twilio is asked at once.

    Attributes:
        jobs: not yet carried out.
        error: makes what `submit` raises, of a call's SID and a job's id; or None.
    """

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[runners.Job] = []
        self.error: Callable[[str, str], RunnerError] | None = None

    def submit(self, job: runners.Job) -> None:
        if self.error:
            raise self.error(job.call_sid, job.id)
        self.jobs.append(job)

    def work(self) -> None:
        """Carry out what there is, and what it leads to."""
        while self.jobs:
            self.jobs.pop(0).run()


class Twilio:
    """Notes what it is asked for, and does it, refuses it, or knows of no such call.

    Attributes:
        asked: what, and with what.
        error: what it raises, or None.
        knows_call: whether there is a call to redirect.
    """

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.error: Exception | None = None
        self.knows_call = True

    def redirect(self, call_sid: str, url: str, *, account_sid: str = "") -> bool:
        self._note("redirect", call_sid=call_sid, url=url, account_sid=account_sid)
        return self.knows_call

    def place_call(self, **options: Any) -> str:
        self._note("place_call", **options)
        return "CA9"

    def send_sms(self, body: str, **options: Any) -> str:
        self._note("send_sms", body=body, **options)
        return "SM1"

    @property
    def client(self) -> Any:
        return "twilio's own client"

    def _note(self, what: str, **options: Any) -> None:
        self.asked.append((what, options))
        if self.error:
            raise self.error


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
        self.board._sweeper.wait(60)  # of one that this request may have begun
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

    def poll(self, **parameters: str) -> str:
        """Come back from a wait document."""
        found = re.findall(r"<Redirect[^>]*>([^<]+)</Redirect>", self.xml)
        assert found, f"the document is not waited with: {self.xml}"
        return self.post(html.unescape(found[-1]), **parameters)

    def work(self) -> None:
        """Have a deferred runner do what there is to do."""
        runner = self.board.runner
        assert isinstance(runner, Deferred)
        runner.work()

    def change(self, **changes: Any) -> None:
        """Change what is stored of the call."""
        record = replace(self.record, **changes)
        stored = self.board.store.load(self.sid)
        assert stored is not None
        self.board.store.save(self.sid, record.to_bytes(), expected=stored.revision, ttl=86400)

    @property
    def job(self) -> Job:
        """The only work of the call that is not done."""
        (job,) = self.record.jobs
        return job

    @property
    def record(self) -> Record:
        """What is stored of the call."""
        record = self.board.peek(self.sid)
        assert record is not None
        return record


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have results delivered to a store that was away without a pause in between."""
    monkeypatch.setattr(work, "PAUSES", [0.0] * len(work.PAUSES))


@pytest.fixture
def line() -> Callable[..., Line]:
    """Return the class of callers."""
    return Line


@pytest.fixture
def counter() -> type[CallFlow]:
    """Return a flow that counts what it is told."""
    return Counter


@pytest.fixture
def lookup() -> type[CallFlow]:
    """Return a flow that looks something up."""
    return Lookup


@pytest.fixture
def deferred() -> Deferred:
    """Return a runner that waits to be told."""
    return Deferred()


@pytest.fixture
def twilio() -> Twilio:
    """Return what is asked in place of Twilio."""
    return Twilio()


@pytest.fixture
def looking(line, deferred) -> Callable[..., Line]:
    """Return what makes a call that waits for its work, not yet done; of a function of the flow."""

    def make(work: Callable[[Any], Any] = lambda _: "found", **options: Any) -> Line:
        call: Line = line(Lookup, **{"runner": deferred, "services": {"work": work}, **options})
        call.dial()
        call.press("1")
        return call

    return make
