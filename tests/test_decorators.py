"""The four decorators check their arguments, mark the function, and leave it as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from statemachine import State

from statechart_ivr.decorators import (
    PASS,
    Background,
    OnInput,
    Renders,
    Routable,
    background,
    marks_of,
    on_input,
    renders,
    routable,
)

MENU, HOURS = State(), State()


@pytest.mark.parametrize(
    "decorator",
    [renders(MENU), on_input(MENU), background(MENU), routable("/call", MENU)],
    ids=["renders", "on_input", "background", "routable"],
)
def test_the_function_itself_is_returned(decorator: Callable[[Any], Any]) -> None:
    """What was decorated can be called and overridden like any other method."""

    def method() -> str:
        return "as ever"

    assert decorator(method) is method
    assert method() == "as ever"
    assert len(marks_of(method)) == 1


def test_a_function_without_marks_has_none() -> None:
    """So has anything else that is asked about."""
    assert marks_of(len) == ()
    assert marks_of(None) == ()


def test_renders_keeps_states_and_options() -> None:
    """States by identity, events by id."""

    @renders(MENU, "no_match.too_short", waiting=True, person=True)
    def say() -> str:
        return ""

    (mark,) = marks_of(say)
    assert isinstance(mark, Renders)
    assert mark.targets == (MENU, "no_match.too_short")
    assert mark.targets[0] is MENU
    assert (mark.waiting, mark.person) == (True, True)


def test_on_input_keeps_states_and_options() -> None:
    """Examples may come as any list of texts."""

    @on_input(MENU, HOURS, secret=True, examples=["123456"])
    def take(caller_input: object) -> None: ...

    (mark,) = marks_of(take)
    assert isinstance(mark, OnInput)
    assert mark.targets == (MENU, HOURS)
    assert (mark.secret, mark.examples) == (True, ("123456",))


def test_background_keeps_states_events_and_options() -> None:
    """The timeout is in seconds, a minute if nothing is said."""

    @background(MENU, "recorded", timeout=5, events=("found",))
    def work() -> None: ...

    (mark,) = marks_of(work)
    assert isinstance(mark, Background)
    assert mark.targets == (MENU, "recorded")
    assert (mark.timeout, mark.events) == (5.0, ("found",))
    assert marks_of(background(MENU)(lambda self: None))[0].timeout == 60.0  # type: ignore[union-attr]  # as above


def test_marks_stack_with_the_nearest_first() -> None:
    """A function can have a renderer's mark and a route's."""

    @routable("/call", name="front")
    @renders(MENU)
    def say() -> str:
        return ""

    nearest, farther = marks_of(say)
    assert isinstance(nearest, Renders)
    assert isinstance(farther, Routable)
    assert (farther.path, farther.state, farther.name) == ("/call", None, "front")


def test_pass_is_shown_by_its_name() -> None:
    """It turns up in messages about handlers."""
    assert repr(PASS) == "PASS"


def _method(self: object) -> None: ...


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        (renders, "@renders() names no state; write @renders(menu)"),
        (on_input, "@on_input() names no state; write @on_input(menu)"),
        (background, "@background() names no state; write @background(menu)"),
        (lambda: renders(7), "@renders takes states, not 7"),
        (lambda: renders(_method), f"@renders takes states, not {_method!r}; write @renders(menu)"),
        (
            lambda: on_input("no_match"),
            "@on_input is for states only, not for the event 'no_match'",
        ),
        (
            lambda: on_input(MENU, examples="123"),
            "@on_input(examples='123') is text; write examples=['123']",
        ),
        (
            lambda: on_input(MENU, examples=[cast(str, 123)]),
            "@on_input(examples=…) takes texts, not 123; write ['123']",
        ),
        (
            lambda: on_input(MENU, examples=123),
            "@on_input(examples=…) takes texts, not 123; write ['123']",
        ),
        (
            lambda: background(MENU, events="found"),
            "@background(events='found') is text; write events=['found']",
        ),
        (
            lambda: routable(_method),
            f"@routable needs a path such as '/incoming-call', not {_method!r}",
        ),
        (lambda: routable("/call", "menu"), "@routable('/call', …) takes a state, not 'menu'"),
    ],
)
def test_other_arguments_are_refused(mark: Callable[[], object], message: str) -> None:
    """The message says what to write instead, also for a decorator without parentheses."""
    with pytest.raises(TypeError) as caught:
        mark()
    assert str(caught.value) == message


def test_background_says_what_comes_with_its_events() -> None:
    """A mapping of ids to their data, for example; a list of ids says nothing of it."""
    events = {"found": {"status": "packed"}, "no_match.unknown": {}}
    mark = marks_of(background(MENU, events=events)(lambda self: None))[0]
    assert isinstance(mark, Background)
    assert mark.events == ("found", "no_match.unknown")
    assert mark.data == events
    other = marks_of(background(MENU, events=["found"])(lambda self: None))[0]
    assert isinstance(other, Background)
    assert other.data == {}


@pytest.mark.parametrize("data", ["packed", None, ["status"], 7])
def test_the_data_of_an_event_is_a_mapping(data: Any) -> None:
    """Anything else is an error that shows what was written."""
    with pytest.raises(TypeError) as caught:
        background(MENU, events={"found": data})
    assert str(caught.value) == (
        f"@background(events={{'found': {data!r}}}): an event's data is a mapping of names to JSON "
        "values"
    )


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), None, "60"])
def test_background_work_needs_a_positive_time(timeout: Any) -> None:
    """It would fail before it has begun."""
    with pytest.raises(ValueError, match="give a number of seconds above 0") as caught:
        background(MENU, timeout=timeout)
    assert str(caught.value).startswith(f"@background(timeout={timeout!r})")


@pytest.mark.parametrize("kind", [staticmethod, classmethod, property])
def test_only_plain_functions_can_be_marked(kind: Callable[[Any], Any]) -> None:
    """Anything else would not be found among the methods of the class."""
    wrapped = kind(_method)
    with pytest.raises(TypeError) as caught:
        renders(MENU)(wrapped)
    assert str(caught.value) == (
        f"@renders marks methods, and {wrapped!r} is none; write it above a plain def name(self)"
    )
