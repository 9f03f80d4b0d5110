"""What a Gather brings, and what the chart and its handlers wait for."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Play

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable, said
from statechart_ivr.checker import check_flow
from statechart_ivr.checker.findings import Finding


def menu_with(question: Any, events: list[Any], examples: tuple[str, ...] = ()) -> type[CallFlow]:
    """Return a flow that asks one question and waits for some events."""

    class Menu(CallFlow):
        menu = State(initial=True)
        goodbye = State(final=True)

        menu.to(goodbye, event=[*events, "give_up"])

        @routable("/incoming-call")
        @renders(menu)
        def ask(self):
            return question

        @on_input(menu, examples=examples)
        def take(self, caller_input):
            return PASS

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    return Menu


def findings(flow: type[CallFlow], code: str, **options: Any) -> list[Finding]:
    """Return what is said of a flow under a code."""
    return list(check_flow(flow, **options).having(code))


@pytest.mark.parametrize(
    ("question", "events", "examples", "what"),
    [
        (gather("Press pound."), [key("#")], (), None),
        (gather("Press pound.", num_digits=2), [key("#")], (), "key #"),
        (gather("Press 0.", num_digits=2, finish_on_key="0"), [key("0")], (), "key 0"),
        (gather("Press 1.", num_digits=2, finish_on_key=""), [key("1")], (), None),  # by silence
        (gather("Say it.", input="speech"), [key("1")], (), "key 1"),
        (gather("Say it.", input="speech"), [key()], (), "keys"),
        (gather("Say it.", input="speech"), ["digits"], (), "keys"),
        (gather("Press.", input="dtmf"), ["digits"], (), None),
        (gather("Press.", input="dtmf"), [said("yes")], (), "'yes'"),
        (gather("Press.", input="dtmf"), [said()], (), "words"),
        (gather("Say it."), [said()], (), None),
        (gather("?", num_digits=4), [], ("1234",), None),
        (gather("?", num_digits=4), [], ("123",), None),  # by silence, or with the finish key
        (gather("?", num_digits=4), [], ("1234#",), None),
        (gather("?", num_digits=4), [], ("12345",), "the example '12345'"),
        (gather("?", num_digits=None), [], ("1*2",), None),
        (gather("?", num_digits=None), [], ("1#2",), "the example '1#2'"),
        (gather("?", num_digits=None, finish_on_key="*"), [], ("1#2",), None),
        (gather("?", input="speech"), [], ("12",), "the example '12'"),
        (gather("?", input="dtmf"), [], ("a letter",), "the example 'a letter'"),
        (gather("?", input="dtmf speech"), [], ("a letter",), None),
        (Dial("+14155550100"), [key("*"), "dial"], (), "key *"),
    ],
)
def test_what_never_comes(
    question: Any, events: list[Any], examples: tuple[str, ...], what: str | None
) -> None:
    """What the verb that waits can never bring is said; what takes a silence is not."""
    found = findings(menu_with(question, events, examples), "input-never-comes")
    said_of = [one.message.split(" waits for ")[1].split(", which")[0] for one in found]
    assert said_of == ([] if what is None else [what])


def test_an_outer_state_waits_for_something_that_comes_somewhere() -> None:
    """Where digits are asked for, pound ends them; it is a choice elsewhere, and that is enough."""

    class Line(CallFlow):
        class line(State.Compound):
            menu = State(initial=True)
            number = State()

            menu.to(number, event=key("1", say="To enter a number, press 1."))

        goodbye = State(final=True)

        line.to(goodbye, event=[key("#", say="To end, press pound."), "give_up"])

        @routable("/incoming-call")
        @renders(line.menu)
        def say_menu(self):
            return gather(*self.choices())

        @renders(line.number)
        def ask(self):
            return gather("Enter it, then pound.", num_digits=None)

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    assert check_flow(Line).findings == ()


def test_what_was_not_explored_may_ask_for_it() -> None:
    """Of an outer state, nothing is said before all of it was explored."""

    class Line(CallFlow):
        class line(State.Compound):
            number = State(initial=True)
            more = State()

            number.to(more, event="digits")

        goodbye = State(final=True)

        line.to(goodbye, event=[key("#"), "give_up"])

        @routable("/incoming-call", line.number)
        @renders(line.number, line.more)
        def ask(self):
            return gather("Enter a number, then pound.", num_digits=None)

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    assert [one.state for one in findings(Line, "input-never-comes")] == ["line"]
    assert not findings(Line, "input-never-comes", max_records=1)


@pytest.mark.parametrize(
    ("question", "events", "examples", "pairs"),
    [
        (gather("Press 1.", num_digits=None), [key("1")], ("12",), ["1 12"]),
        (gather("Press 1.", num_digits=2, finish_on_key=""), [key("1")], ("12",), ["1 12"]),
        (gather("Enter it, then pound.", num_digits=None), [key("1")], ("12",), []),
        (gather("Enter it, then star.", num_digits=None, finish_on_key="*"), [], ("1", "12"), []),
        (gather("Enter it.", num_digits=None), [], ("1", "12", "123"), ["1 12", "1 123", "12 123"]),
        (gather("Enter it.", num_digits=2), [key("1")], ("22",), []),
        (gather("Enter it.", num_digits=None), [], ("12", "12#"), []),
        (gather("Press 1."), [key("1")], ("12",), []),  # 12 does not come at all
        # Who knows what it says?
        (gather(Play("/a.mp3"), num_digits=None), [key("1")], ("12",), []),
    ],
)
def test_what_is_ambiguous(
    question: Any, events: list[Any], examples: tuple[str, ...], pairs: list[str]
) -> None:
    """A choice that is the beginning of another has to be ended by something callers know of."""
    found = findings(menu_with(question, events, examples), "ambiguous-keys")
    said = (one.message.partition(":")[0].replace(" is the beginning of ", " ") for one in found)
    assert sorted(said) == pairs


@pytest.mark.parametrize(
    ("question", "events", "examples", "count"),
    [
        (gather("Your zip code?", num_digits=6), [], ("94103",), 1),
        (gather("Your zip code?", num_digits=6), [], ("94103", "94103-1"), 1),  # no key
        (gather("Your zip code?", num_digits=5), [], ("94103",), 0),
        (gather("Your zip code?", num_digits=None), [], ("94103",), 0),  # as long as they like
        (gather("Your zip code, then pound?", num_digits=6), [], ("94103",), 0),
        (gather("Your zip code?", num_digits=6, finish_on_key=""), [], ("94103",), 1),
        (gather("Press 1.", num_digits=2), [key("1")], ("2",), 1),
        (gather("Press 1.", num_digits=2), [key("1")], (), 0),  # the handler takes who knows what
        (gather("Press 1.", num_digits=2), [key("1"), "digits"], ("2",), 0),
    ],
)
def test_a_gather_that_waits_on(
    question: Any, events: list[Any], examples: tuple[str, ...], count: int
) -> None:
    """Where nobody is told how to end it, each caller sits through a silence."""
    found = findings(menu_with(question, events, examples), "too-many-digits")
    assert [one.call for one in found] == ["dial"] * count
