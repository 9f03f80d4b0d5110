"""Coverage: what calls did of a flow, and which call comes nearest to what they left out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup, Play, Record

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.checker import Entry, Verdict, check_flow
from statechart_ivr.checker.coverage import coverage_of, percent
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.checker.played import coverage_of_calls
from statechart_ivr.checker.seen import What
from statechart_ivr.checker.wording import event_in_words, step_in_words
from statechart_ivr.errors import NotationError


class Line(CallFlow):
    """A line with a question, a guard, background work, and a state nothing leads to."""

    apology = "Bye."

    menu = State(initial=True)
    number = State()
    looking = State()
    told = State(final=True)
    ringing = State()
    message = State()
    goodbye = State(final=True)

    menu.to(number, event=key("1", say="For your order, press 1."))
    menu.to(ringing, event=key("0", say="For a person, press 0."))
    number.to(looking, event="entered")
    looking.to(told, event="found", cond="is_known")
    looking.to(goodbye, event="found")
    looking.to(goodbye, event="background_failed")
    ringing.to(message, event="dial")
    message.to(goodbye, event=["recorded", "no_input"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(number)
    def ask(self):
        return gather("Your number?", num_digits=2)

    @on_input(number, examples=["12", "34"])
    def take(self, caller_input):
        if caller_input.digits == "66":
            raise RuntimeError("a broken line")
        self.session["number"] = caller_input.digits
        return "entered"

    @background(looking, events=["found"])
    def look_up(self):
        self.services["table"][self.session["number"]]
        return "found"

    def is_known(self) -> bool:
        return bool(self.session["number"] == "12")

    @renders(looking)
    def wait(self):
        return "One moment."

    @renders(told)
    def tell(self):
        return ["It is on its way.", Hangup()]

    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(message)
    def take_message(self):
        return ["Leave a message.", Record()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


KNOWN = check_flow(Line).found
SERVICES = {"table": {"12": "on its way"}}


def ways(*calls: str, **options: Any) -> dict[str, str]:
    """Return what some calls leave out, each with what would cover it."""
    made = coverage_of_calls(Line, calls, known=KNOWN, **options)
    return {one.name: one.way for one in made.uncovered}


def test_an_exploration_covers_all_that_there_is() -> None:
    """What is proved is covered: every state, answer, silence, hang-up and repetition."""
    report = check_flow(Line)
    assert report.verdict is Verdict.PROVED, str(report)
    assert not report.coverage.uncovered
    assert report.coverage.counts == {
        What.STATE: (7, 7),
        What.TRANSITION: (9, 9),
        What.GUARD: (2, 2),
        What.TIME_OUT: (4, 4),
        What.HANG_UP: (5, 5),
        What.RETRY: (6, 6),
    }


def test_calls_cover_what_they_do() -> None:
    """One call covers states, transitions, silence and a repetition, with itself up to there."""
    made = coverage_of_calls(Line, ["dial 1 again . 12 hangup"], known=KNOWN)
    covered = {one.name: one.call for one in made.items if one.is_covered}
    assert covered == {
        "menu": "dial",
        "menu -> number on key.1": "dial 1",
        "number": "dial 1",
        "silence in number": "dial 1 again .",
        "a request sent twice in number": "dial 1 again",
        "number -> looking on entered": "dial 1 again . 12",
        "looking": "dial 1 again . 12",
        "hang-up in looking": "dial 1 again . 12 hangup",
    }
    assert made.calls == 1
    assert made.broken == ()


def test_what_is_left_out_comes_with_the_nearest_call() -> None:
    """It is the shortest call that the exploration knows, and what it does next."""
    left = ways("dial 1")
    assert left["silence in menu"] == "dial, then say nothing"
    assert left["silence in number"] == "dial 1, then say nothing"
    assert left["hang-up in ringing"] == "dial 0, then hang up"
    assert left["look_up() fails"] == "dial 1 12, then have the background work fail"
    assert left["message -> goodbye on recorded"] == "dial 0 dial.completed, then leave a message"
    assert left["is_known: not so, for looking -> told on found"] == (
        "dial 1 34, then have the background work end with found"
    )
    assert left["ringing -> message on dial"] == "dial 0, then have the Dial end with completed"
    first = ways()
    assert first["menu"] == "call"


def test_work_is_done_with_services() -> None:
    """A call that says nothing of the work has it done; one that does says what it comes to."""
    left = ways("dial 1 12", services=SERVICES)
    assert "looking -> told on found" not in left
    assert "look_up() fails" in left
    failed = ways("dial 1 34", services=SERVICES)
    assert "look_up() fails" not in failed
    assert "look_up() fails" not in ways("dial 1 12 work background_failed", services=SERVICES)
    assert "looking -> told on found" in ways("dial 1 12")


def test_a_call_that_cannot_be_made_says_where() -> None:
    """What it did until then counts, and so does the step at which the flow raises."""
    made = coverage_of_calls(Line, ["dial 0 5", "dial 1 66", "at 2026-02-02T02:00 dial"])
    assert [call for call, _ in made.broken] == ["dial 0 5", "dial 1 66"]
    assert made.broken[0][1].startswith("step 3 of 3: press() is not possible")
    assert made.broken[1][1] == "step 3 of 3: RuntimeError: a broken line"
    assert {"ringing", "number"} <= {one.name for one in made.items if one.is_covered}
    assert "not made: dial 1 66: step 3 of 3: RuntimeError" in str(made)


def test_a_call_that_does_not_come_in_covers_nothing() -> None:
    """A route that does not exist is told as the reason."""
    made = coverage_of_calls([Line], ["dial /nowhere 1"], known=KNOWN)
    assert [call for call, _ in made.broken] == ["dial /nowhere 1"]
    assert not any(one.is_covered for one in made.items)


def test_a_call_that_is_misspelt() -> None:
    """Nothing is made of a list with a call that cannot be read."""
    with pytest.raises(NotationError, match="means nothing in a call"):
        coverage_of_calls(Line, ["dial one"], known=KNOWN)


class Lost(CallFlow):
    """Two states that no explored call comes to."""

    menu = State(initial=True)
    hidden = State()
    deeper = State(final=True)
    other = State()

    menu.to(hidden, event="signal")
    hidden.to(deeper, event=key("2", say="Press 2."), cond="never")
    other.to(deeper)

    @routable("/lost")
    @renders(menu)
    def say_menu(self):
        return gather("Hello.")

    @routable("/other")
    @renders(other)
    def say_other(self):
        return "Hello."

    @renders(hidden)
    def say_hidden(self):
        return gather(*self.choices())

    @renders(deeper)
    def say_deeper(self):
        return ["Hello.", Hangup()]

    def never(self) -> bool:
        return False


def test_what_no_known_call_reaches() -> None:
    """The nearest call comes to a state that leads there, or there is none."""
    made = check_flow(Lost, entries=[Entry("/lost")]).coverage
    left = {one.name: one.way for one in made.uncovered}
    assert left == {
        "menu -> hidden on signal": "dial, then have signal come",
        "hidden": "dial, then have signal come",
        "hidden -> deeper on key.2": "dial; hidden has to be reached first",
        "never: so, for hidden -> deeper on key.2": "dial; hidden has to be reached first",
        "never: not so, for hidden -> deeper on key.2": "dial; hidden has to be reached first",
        "deeper": "no known call comes near; press 2",
        "other": "no known call comes near; have a call begin with it",
        "other -> deeper": "no known call comes near; other has to be reached first",
    }
    reached = check_flow(Lost, entries=[Entry("/lost")], event_data={"signal": {}}).coverage
    assert "never: so, for hidden -> deeper on key.2" in {one.name for one in reached.uncovered}


class Polling(CallFlow):
    """Asks again and again, and plays a sound meanwhile."""

    beginning = State(initial=True)
    polling = State()
    goodbye = State(final=True)

    beginning.to(polling)
    polling.to(polling, event="not_yet")
    polling.to(goodbye, event="background_failed")

    @routable("/polling", beginning)
    def come_in(self):
        self.session["calls"] = 1

    @background(polling, events=["not_yet"])
    def ask(self):
        return "not_yet"

    @renders(polling)
    def hold(self):
        return Play(self.url_for("/static/music.wav"))

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


def test_work_that_never_ends(tmp_path: Path) -> None:
    """Work that starts again whenever it is done leaves time for the rest of the call."""
    (tmp_path / "music.wav").touch()
    made = coverage_of_calls(Polling, ["dial hangup"], services={"any": 1}, sounds=tmp_path)
    assert made.broken == ()
    assert [one.name for one in made.uncovered] == [
        "polling -> goodbye on background_failed",
        "ask() fails",
        "a request sent twice in polling",
        "goodbye",
    ]
    assert What.GUARD not in made.counts


def test_percentages_and_json() -> None:
    """Only what is complete is 100 per cent; the JSON has what is left out, and nothing else."""
    made = coverage_of_calls(Line, ["dial hangup"], known=KNOWN)
    assert made.percentages["states"] == percent(1, 7) == 14.2
    assert percent(999, 1000) == 99.9
    assert percent(9999, 10000) == 99.9
    content = json.loads(json.dumps(made.to_json()))
    assert content["calls"] == 1
    assert content["kinds"]["hang-ups"] == {"covered": 1, "of": 5, "percent": 20.0}
    assert content["uncovered"][0] == {
        "what": "transitions",
        "flow": "Line",
        "state": "menu",
        "name": "menu -> number on key.1",
        "nearest": "dial",
        "then": "press 1",
    }
    assert str(made).startswith("states: 1 of 7, 14.2 %\n")
    assert "not covered: Line: silence in menu: dial, then say nothing" in str(made)
    assert [one.name for one in made.of("Line", "told")] == ["told"]


def test_everything_has_words() -> None:
    """Each step of the notation, and each kind of event, is said as somebody's deed."""
    call = (
        "at 2026-01-05T17:00 dial 2 . say yes record dial.busy queue.leave pay.success connect "
        "refer.failed hangup again late go /x work found work background_failed work - deliver it"
    )
    assert [step_in_words(step) for step in parse_call(call)] == [
        "wait until 2026-01-05T17:00", "call", "press 2", "say nothing", "say yes",
        "leave a message", "have the Dial end with busy", "have the Enqueue end with leave",
        "have the Pay end with success", "have the Connect end",
        "have the Refer end with failed", "hang up", "have the last request sent twice",
        "have the request before it come late", "be taken over at /x",
        "have the background work end with found", "have the background work fail",
        "have the background work end", "have it come from outside",
    ]  # fmt: skip
    assert step_in_words(parse_call("dial /agent")[0]) == "call at /agent"
    assert [event_in_words(one) for one in (
        "", "key.pound", "key", "digits", "speech.yes", "speech", "no_input.busy", "give_up",
        "dial", "dial.*", "queue.queue_full", "order_found", "done.state.menu",
    )] == [
        "have it move on by itself", "press #", "press keys", "press keys", "say 'yes'",
        "say something", "say nothing", "be silent or wrong until the attempts are used up",
        "have the Dial end", "have the Dial end", "have the Enqueue end with queue-full",
        "have order_found come", "have done.state.menu come",
    ]  # fmt: skip


def test_other_calls_are_counted_by_the_same_rules() -> None:
    """All shortest calls of an exploration, played one by one, cover what it covers itself."""
    calls = {one.call for one in coverage_of(KNOWN).items}
    assert not coverage_of_calls(Line, sorted(calls), known=KNOWN).uncovered
