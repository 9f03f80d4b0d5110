"""Flow code that fails: the caller hears an apology, the session stays as it was."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable


class Faulty(CallFlow):
    """Has bugs of several kinds."""

    menu = State(initial=True)
    bad_verb = State()
    bad_session = State()
    bad_attribute = State()
    too_much = State()
    loop_one = State()
    loop_two = State()
    menu.to(bad_verb, event=key("1"))
    menu.to(bad_session, event=key("2"), on="forget")
    menu.to(bad_attribute, event=key("3"), on="remember")
    menu.to(too_much, event=key("4"))
    menu.to(loop_one, event=key("5"))
    menu.to(menu, event=key("6"), on="append")
    loop_one.to(loop_two, cond="always")
    loop_two.to(loop_one, cond="always")
    bad_verb.to(menu, event=key())
    bad_session.to(menu, event=key())
    bad_attribute.to(menu, event=key())
    too_much.to(menu, event=key())
    loop_two.to(menu, event=key())

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(bad_verb)
    def say_bad(self):
        return {"say": "hello"}

    @renders(bad_session, bad_attribute, loop_one, loop_two)
    def say_it(self):
        return gather("It.")

    @renders(too_much)
    def say_too_much(self):
        return gather(*["blah " * 200] * 80)

    def always(self):
        return True

    def forget(self):
        self.session["x"] = (1, 2)

    def remember(self):
        self.caller = "me"

    def append(self):
        self.session["list"] = []
        self.session["list"].append({1})

    @renders("error")
    def own_apology(self):
        return "Our mistake."


@pytest.mark.parametrize(
    ("pressed", "complaint"),
    [
        ("1", "Faulty.bad_verb.say_bad: cannot say {'say': 'hello'} of type dict"),
        ("2", "session['x'] is of type tuple, which is not JSON; write a list"),
        ("3", "self.caller = … would be lost"),
        ("4", "too_much is 8"),
        ("5", "more than 50 eventless transitions in one turn"),
        ("6", "session['list'][0] is of type set"),
    ],
)
def test_a_bug_leaves_the_session_as_it_was(line, caplog, pressed, complaint):
    """The error rendering and a hang-up for the caller, the traceback for the operator."""
    call = line(Faulty)
    call.dial()
    before = call.record
    call.press(pressed)
    assert (call.status, call.heard) == (200, ["Our mistake."])
    assert call.xml.endswith("<Hangup /></Response>")
    assert complaint in caplog.text
    assert caplog.records[-1].call_sid == "CA1"
    assert call.record == before


class Dizzy(CallFlow):
    """Is done at once, over and over, for as long as a guard lets it."""

    class task(State.Compound):
        finished = State(initial=True, final=True)

    menu = State(initial=True)
    menu.to(task, event=key("1"))
    task.to(task, event="done.state.task", cond="is_tireless")
    task.to(menu, event=key("2"))

    @routable("/call", menu)
    @renders(menu, task)
    def ask(self):
        return gather("Menu.")

    def is_tireless(self):
        return True


def test_what_the_engine_sends_itself_cannot_go_in_a_circle_for_ever(line, caplog):
    """``done.state`` counts like a transition without event."""
    call = line(Dizzy)
    call.dial()
    call.press("1")
    assert call.heard == [Dizzy.apology]
    assert "more than 50 eventless transitions" in caplog.text


class Hopeless(CallFlow):
    """Fails from the first moment on, and in its error rendering too."""

    language = "de-DE"
    apology = "Entschuldigung."
    menu = State(initial=True)
    done = State(final=True)
    menu.to(done, event=key())

    @routable("/call", menu)
    def begin(self):
        raise RuntimeError("in the hook")

    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders("error")
    def own_apology(self):
        raise RuntimeError("in the error rendering")


def test_the_apology_is_left_when_the_error_rendering_fails_too(line, caplog):
    """In the flow's language."""
    call = line(Hopeless)
    call.dial()
    assert '<Say language="de-DE">Entschuldigung.</Say>' in call.xml
    assert "in the hook" in caplog.text
    assert call.board.peek("CA1") is None


class Slow(CallFlow):
    """Does slow work where the caller has to wait for it."""

    menu = State(initial=True, final=True)

    @routable("/call")
    @renders(menu)
    def ask(self):
        self.services["clock"].advance(12.5)
        return "At last."


def test_a_slow_answer_is_warned_about(line, caplog):
    """Twilio gives up at 15 seconds."""
    services: dict[str, Any] = {}
    call = line(Slow, services=services)
    services["clock"] = call.clock
    call.dial()
    assert call.heard == ["At last."]
    assert "an answer took 12.5 s" in caplog.text
