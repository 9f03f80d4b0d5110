"""A flow while it runs: what is on ``self``, and what outlives the request."""

from __future__ import annotations

import ast
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, background, gather, key, renders, routable, said
from statechart_ivr.call import Request
from statechart_ivr.engine import TRIES
from statechart_ivr.errors import (
    ConfigurationError,
    FlowError,
    LostAttributeError,
    SessionValueError,
    UnknownUrlError,
)
from statechart_ivr.flow import spec_of
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone


class Shop(CallFlow):
    """A menu whose choices depend on guards, inside a line that has choices of its own."""

    timezone = "Europe/Berlin"

    class line(State.Compound):
        menu = State(initial=True)
        offers = State()
        staff = State()
        back = HistoryState()

        menu.to(offers, event=key("1", say="For offers, press 1."))
        menu.to(staff, event=key("2", say="For staff, press 2."), cond="is_staff")
        menu.to(offers, event=key("3", "4", say="For more offers, press 3 or 4."))
        menu.to(offers, event=said("offers", say="Or say: offers."))
        offers.to(menu, event=key("0", say="For the menu, press 0."))
        staff.to(menu, event=key())
        back.to(menu)

    aside = State()
    over = State(final=True)
    line.to(over, event=key("0", say="To hang up, press 0."))
    line.to(aside, event=[key("9", say="For more, press 9."), "give_up"])
    line.to(line, event=key("1", say="Never heard: the menu takes 1."))
    aside.to(line.back, event=key("9", say="For more, press 9."))

    @routable("/call", line)
    def begin(self):
        self.session["by"] = self.call.from_
        self.session["campaign"] = self.call.parameters.get("campaign")

    @renders(line.menu, line.offers, line.staff, aside)
    def ask(self):
        return gather(*self.choices())

    @renders(over)
    def bye(self):
        return f"{self.now():%H:%M}. {self.url_for('/bye.mp3')} {self.url_for('begin')}"

    def is_staff(self):
        return self.services.get("staff", False)


def test_choices_are_the_prompts_of_what_leads_somewhere_now():
    """Inner states first, a shared prompt once, without what a guard or an inner state takes."""
    call = Phone(Shop).dial("/call")
    assert call.heard == (
        "For offers, press 1. For more offers, press 3 or 4. Or say: offers. "
        "To hang up, press 0. For more, press 9."
    )


def test_choices_ask_the_guards():
    """What a guard allows is listed; the application's services are at hand."""
    call = Phone(Shop, services={"staff": True}).dial("/call")
    assert "For staff, press 2." in call.heard


def test_an_inner_key_hides_an_outer_one():
    """In the offers 0 is the menu; outside it hangs up. A wildcard hides all keys."""
    call = Phone(Shop, services={"staff": True}).dial("/call")
    call.press("1")
    assert call.heard.startswith("For the menu, press 0.")
    assert "hang up" not in call.heard
    call.press("0").press("2")
    assert call.heard == ""


class Picky(CallFlow):
    """Its guards want to know what was pressed or said."""

    menu = State(initial=True)
    done = State(final=True)
    menu.to(done, event=key("1", say="One."), cond="is_even")
    menu.to(done, event=key("2", say="Two."), cond="is_even")
    menu.to(done, event=said("yes", say="Say yes."), cond="is_yes")
    menu.to(done, event="dial", cond="was_bridged")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather(*self.choices())

    def is_even(self, digits):
        return int(digits) % 2 == 0

    def is_yes(self, speech):
        return speech == "yes"

    def was_bridged(self, bridged):
        return bridged


def test_guards_get_what_the_key_would_bring():
    """So that those which look at it can be asked beforehand; others are not asked at all."""
    assert Phone(Picky).dial("/call").heard == "Two. Say yes."


def test_history_outlives_requests():
    """Back is where the caller was."""
    call = Phone(Shop).dial("/call").press("1").press("9")
    assert call.state == "aside"
    assert call.press("9").state == "offers"


def test_the_call_and_the_query_are_at_hand():
    """Also in arrival hooks, which run before the chart moves."""
    call = Phone(Shop, from_="+4930123456").dial("/call?campaign=7")
    assert call.session == {"by": "+4930123456", "campaign": "7"}


def test_now_is_the_clock_of_the_application_in_the_flows_time_zone():
    """10:00 UTC in January is 11:00 in Berlin; routes' URLs carry a nonce, files' none."""
    call = Phone(Shop, at="2026-01-05T10:00").dial("/call").press("0")
    assert call.transcript
    assert "11:00. /bye.mp3 /call?nonce=2" in call.heard


class Careless(CallFlow):
    """Tries what it must not."""

    menu = State(initial=True)
    menu.to(menu, event=key())
    done = State(final=True)
    menu.to(done, event="dial")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.", str(self.services["do"](self)))


def _assign(name, value):
    return lambda flow: setattr(flow, name, value)


@pytest.mark.parametrize("name", ["caller", "_cache", "session", "call", "attempts", "max_turns"])
def test_attributes_that_would_be_lost_are_refused(name):
    """The message says where to keep things."""
    call = Phone(Careless, services={"do": _assign(name, 1)})
    with pytest.raises(LostAttributeError, match=rf"write self.session\['{name}'\] = …"):
        call.dial("/call")


class Working(CallFlow):
    """Does in a background method whatever a test says."""

    working = State(initial=True)
    over = State(final=True)
    working.to(over, event=["done", "background_failed"])

    @routable("/call")
    @renders(working)
    def say_wait(self):
        return "One moment."

    @background(working, events=["done"])
    def work(self):
        self.services["do"](self)
        return "done"


@pytest.mark.parametrize(
    ("do", "error", "advice"),
    [
        (_assign("seen", 1), LostAttributeError, r"return \(event id, \{'seen': …\}\)"),
        (
            lambda flow: flow.send_sms("Hello.", to="+14155550100", from_="+14155550199"),
            ConfigurationError,
            "pass client=RestClient.* where the application is made",
        ),
    ],
)
def test_advice_for_background_methods(do, error, advice):
    """What cannot be done there is refused with what to write instead, and the call goes on."""
    call = Phone(Working, services={"do": do})
    with pytest.raises(error, match=advice):
        call.dial("/call")
    assert call.state == "over"


@pytest.mark.parametrize(
    ("do", "advice"),
    [
        (lambda flow: flow.job, "in @background methods only; elsewhere, self.call.sid"),
        (lambda flow: flow.client, "in a @background method, or .*: app.switchboard.client"),
        (
            lambda flow: flow.place_call("ask", to="+14155550100", from_="+14155550199"),
            "in a @background method, or from outside: app.switchboard.place_call",
        ),
    ],
)
def test_effects_on_the_world_in_a_renderer(do, advice):
    """What may run again has none; the message says where they belong."""
    with pytest.raises(FlowError, match=advice):
        Phone(Careless, services={"do": do}).dial("/call")


def test_a_state_cannot_be_replaced():
    """The engine's own objects are not the flow's to set."""
    call = Phone(Careless, services={"do": _assign("menu", 1)})
    with pytest.raises(LostAttributeError):
        call.dial("/call")


def test_a_language_is_text_or_none():
    """Twilio would warn about anything else in the middle of a call."""
    call = Phone(Careless, services={"do": _assign("language", 49)})
    with pytest.raises(TypeError, match="language is text such as 'en-GB', or None, not 49"):
        call.dial("/call")


def test_a_session_value_that_is_not_json_is_refused():
    """At once, with key and type."""
    call = Phone(Careless, services={"do": lambda flow: flow.session.update(x=object())})
    with pytest.raises(SessionValueError, match=r"session\['x'\] is of type object"):
        call.dial("/call")


def test_an_unknown_route_has_no_url():
    """The nearest one is named."""
    call = Phone(Careless, services={"do": lambda flow: flow.url_for("asc")})
    with pytest.raises(UnknownUrlError, match="no route is named 'asc'; did you mean 'ask'"):
        call.dial("/call")


@pytest.mark.parametrize(
    ("do", "heard"),
    [
        (lambda flow: flow.turn_url, "/ivr/turn?at=%2Fcall&seq=1"),
        (lambda flow: flow.event_url("x.y"), "https://ivr.example.com/ivr/event/x.y?call=CA"),
        (lambda flow: flow.url_for("/a b.mp3", query={"q": "1 2"}), "/a%20b.mp3?q=1%202"),
        (lambda flow: flow.url_for("ask", absolute=True), "https://ivr.example.com/call?nonce=1"),
    ],
)
def test_urls_for_hand_made_verbs(do, heard):
    """They carry the call on, deliver events, or lead to files and routes."""
    call = Phone(Careless, services={"do": do}, base_url="https://ivr.example.com").dial("/call")
    assert heard in call.heard


def test_a_flow_is_nobodys_call_without_a_phone():
    """A test that builds one by hand is told what to write."""
    with pytest.raises(FlowError, match=r"use Phone\(Careless\), or serve it"):
        Careless()


def test_a_base_without_states_is_no_flow():
    """It can be inherited from, and not be called."""

    class Shared(CallFlow):
        max_attempts = 5

    with pytest.raises(FlowError, match="Shared has no states"):
        spec_of(Shared)


def test_the_engines_diagrams_need_nothing_else():
    """``format`` on the class, as python-statemachine documents it."""
    assert "menu" in f"{Shop:mermaid}"


class Guarded(CallFlow):
    """A flow whose guard is an expression, which the engine parses."""

    asking = State(initial=True)
    done = State(final=True)
    asking.to(done, event=key("1"), cond="attempts >= 1 and !is_early")
    asking.to(done, event=key("2"))

    @routable("/call", asking)
    @renders(asking)
    def ask(self):
        return gather("Which?")

    @renders(done)
    def thank(self):
        return "Thanks."

    def is_early(self):
        return False


def test_no_two_threads_parse_guards_at_once(monkeypatch):
    """In Python 3.11 one of them may fail; the engine parses while a machine is built."""
    parse = ast.parse
    meeting, met = Barrier(2), []

    def parse_with_another(*args: Any, **options: Any) -> Any:
        with suppress(BrokenBarrierError):
            met.append(meeting.wait(timeout=0.2))
        return parse(*args, **options)

    with monkeypatch.context() as patched, ThreadPoolExecutor(2) as pool:
        patched.setattr(ast, "parse", parse_with_another)
        calls = [pool.submit(lambda: Phone(Guarded).dial("/call").heard) for _ in range(2)]
        assert [call.result() for call in calls] == ["Which?", "Which?"]
    assert not met
    assert meeting.broken


@pytest.mark.parametrize(("failures", "heard"), [(TRIES - 1, "Which?"), (TRIES, CallFlow.apology)])
def test_a_guard_that_python_fails_to_parse_is_parsed_again(monkeypatch, failures, heard):
    """What prints tracebacks parses too, in other threads, whenever it likes."""
    parse, errors = ast.parse, [SystemError("AST constructor recursion depth mismatch")] * failures
    board = Switchboard(Guarded, store=MemoryStore())
    request = Request(path="/call", form=(("CallSid", "CA1"),))

    def parse_or_fail(*args: Any, **options: Any) -> Any:
        if errors:
            raise errors.pop()
        return parse(*args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(ast, "parse", parse_or_fail)
        answer = board.answer(request)
    assert heard in answer.body.decode()
