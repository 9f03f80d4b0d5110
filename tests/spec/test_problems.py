"""All that is wrong with a class is said at once, each with its place."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
from statemachine import State

from statechart_ivr import CallFlow, key, renders, routable
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.spec.problems import Problems, location

Listed = Callable[[Callable[[], object]], list[str]]


def say_menu() -> None:
    """A method, so to speak."""


def test_a_problem_names_flow_state_and_method_with_file_and_line() -> None:
    """The method's own line if it is about a method, the class statement's if not."""
    problems = Problems("FrontDesk", "flow.py:7")
    problems.add("is odd")
    problems.add("is odd", state="menu")
    problems.add("is odd", state="menu", method=say_menu)
    problems.add("is odd", method=say_menu, name="alias")
    place = f"{__file__}:{inspect.getsourcelines(say_menu)[1]}"
    assert problems == [
        "FrontDesk (flow.py:7): is odd",
        "FrontDesk.menu (flow.py:7): is odd",
        f"FrontDesk.menu.say_menu ({place}): is odd",
        f"FrontDesk.alias ({place}): is odd",
    ]


def test_a_problem_found_in_two_ways_is_listed_once() -> None:
    """The same place and the same words are the same problem."""
    problems = Problems("FrontDesk", "flow.py:7")
    problems.add("is odd", state="menu")
    problems.add("is odd", state="menu")
    assert len(problems) == 1


def test_what_has_no_source_has_no_line() -> None:
    """Functions that are not written in Python."""
    assert location(len) == "?:0"


def test_the_lines_are_those_of_the_class_statement_and_of_the_methods() -> None:
    """A decorated method begins with its first decorator."""
    line = inspect.stack()[0].lineno

    def define() -> None:
        class Placed(CallFlow):
            menu = State(initial=True, final=True)

            @routable("incoming-call")
            @renders(menu)
            def say_menu(self): ...

            max_attempts = 0

    with pytest.raises(FlowDefinitionError) as caught:
        define()
    assert caught.value.problems == (
        (
            f"Placed.say_menu ({__file__}:{line + 6}): the path 'incoming-call' is not made of "
            "A-Z a-z 0-9 . _ ~ / - with a slash in front; write a path such as '/incoming-call'"
        ),
        f"Placed.max_attempts ({__file__}:{line + 3}): is 0; write a number from 1, or None",
    )


def test_everything_wrong_is_listed_at_once(problems: Listed) -> None:
    """Names, marks, guards, chart and settings, with what the engine stops at among them."""

    def define() -> None:
        class Wrong(CallFlow):
            class shop(State.Compound):
                hours = State(initial=True)
                prices = State(initial=True)

            menu = State(initial=True)
            other = State(initial=True)
            menu.to(shop, event=key("1"), cond="is_opne")
            shop.to(other, event=key("*"))
            max_attempts = 0

            @routable("/call", menu)
            def arrive(self, call): ...

            @renders(menu)
            def say_menu(self): ...

            @renders(menu)
            def say_again(self): ...

            async def on_enter_menu(self): ...

            def on_key_1(self): ...

            def is_open(self): ...

    assert problems(define) == [
        "Wrong.arrive: is called with (self); write def arrive(self)",
        "Wrong.menu.say_again: menu is rendered by say_menu (here) already; remove one mark",
        (
            "Wrong.on_key_1: would never run: the engine calls no method for the dotted event "
            "'key.1'; write on='on_key_1' on the transition"
        ),
        (
            "Wrong.on_enter_menu: is a coroutine, and there is no event loop; write def, and do "
            "slow work in a @background method"
        ),
        (
            "Wrong.menu: the guard 'is_opne' of menu -> shop on key.1 resolves to nothing; "
            "did you mean 'is_open'?"
        ),
        "Wrong: menu, other are all initial; write initial=True on one of them",
        "Wrong.shop: hours, prices are all initial; write initial=True on one of them",
        (
            "Wrong.other: is a dead end: nothing leads out of it; add a transition, or write "
            "State(final=True) where the call ends"
        ),
        "Wrong.hours: a call can rest here and nothing is said; mark a method with @renders(hours)",
        (
            "Wrong.prices: a call can rest here and nothing is said; mark a method with "
            "@renders(prices)"
        ),
        "Wrong.other: a call can rest here and nothing is said; mark a method with @renders(other)",
        "Wrong.max_attempts: is 0; write a number from 1, or None",
    ]


def test_the_text_of_the_error_lists_the_problems_too() -> None:
    """It is what one sees in a traceback."""
    with pytest.raises(FlowDefinitionError) as caught:

        class Shown(CallFlow):
            menu = State(initial=True)

    lines = str(caught.value).split("\n  ")
    assert lines[0] == "3 problems in the definition of a flow:"
    assert tuple(lines[1:]) == caught.value.problems
