"""Marked methods are found wherever they are defined, and can be overridden by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, background, key, on_input, renders, routable
from statechart_ivr.flow import spec_of
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]


class Apologies:
    """A mixin without states."""

    @renders("no_match", "no_input")
    def sorry(self) -> str:
        return "Sorry."


class Shop(Apologies, CallFlow):
    """A flow to inherit from."""

    class floor(State.Compound):
        menu = State(initial=True)
        hours = State()
        menu.to(hours, event=key("1"))

        @renders(menu)
        def say_menu(self) -> str:
            return "menu"

        class deep(State.Compound):
            prices = State(initial=True)

            @renders(prices)
            def say_prices(self) -> str:
                return "prices"

        menu.to(deep, event=key("2"))

    end = State(final=True)
    floor.to(end, event=key("9"))

    @renders(floor.hours)
    def say_hours(self) -> str:
        return "hours"

    @on_input(floor.hours)
    def take(self, caller_input): ...

    @background(end, timeout=5)
    def note(self): ...

    @routable("/call", floor)
    def arrive(self): ...


def test_nested_bodies_and_mixins_are_read() -> None:
    """At any depth."""
    spec = spec_of(Shop)
    assert spec.renderers == {"hours": "say_hours", "menu": "say_menu", "prices": "say_prices"}
    assert spec.prompts == {"no_match": "sorry", "no_input": "sorry"}


def test_an_override_without_marks_has_those_of_what_it_overrides() -> None:
    """By name; nested methods, mixins' methods, handlers, work and hooks alike."""

    class Quiet(Shop):
        def say_menu(self) -> str:
            return "quiet menu"

        def sorry(self) -> str:
            return "quiet sorry"

        def take(self, caller_input): ...

        def note(self): ...

        def arrive(self): ...

    mine, theirs = spec_of(Quiet), spec_of(Shop)
    assert (mine.renderers, mine.prompts, mine.handlers, mine.work, mine.routes) == (
        theirs.renderers,
        theirs.prompts,
        theirs.handlers,
        theirs.work,
        theirs.routes,
    )
    quiet: Any = Quiet
    assert quiet.say_menu(None) == "quiet menu"
    assert quiet.say_hours(None) == "hours"


def test_an_override_may_repeat_the_mark_with_other_options() -> None:
    """What counts is that it is about the same states and events."""

    class Loud(Shop):
        @renders(Shop.floor.menu, person=True)
        def say_menu(self) -> str:
            return "loud"

        @background(Shop.end, timeout=30)
        def note(self): ...

        @renders("no_match", "no_input")
        def sorry(self) -> str:
            return "loud"

        @routable("/call", Shop.floor)
        def arrive(self): ...

    assert spec_of(Loud).persons == {"menu"}
    assert spec_of(Shop).persons == set()
    assert spec_of(Loud).work[0].timeout == 30


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("say_menu", renders(Shop.floor)),
        ("sorry", renders("no_match")),
        ("arrive", routable("/other", Shop.floor)),
        ("arrive", routable("/call", Shop.end)),
        ("note", background("note")),
    ],
)
def test_an_override_may_not_be_about_something_else(
    problems: Listed, name: str, mark: Any
) -> None:
    """Then what the base says of it would silently no longer hold."""

    def method(self): ...

    body = {name: mark(method)}
    found = problems(lambda: CallFlowMeta("Odd", (Shop,), body))
    assert found[0] == (
        f"Odd.{name}: overrides a method that is marked differently; leave the marks out, they are "
        "inherited, or choose another name"
    )


def test_a_mixins_method_can_be_removed() -> None:
    """As Python does it: by None in its place."""

    class Silent(Apologies, CallFlow):
        menu = State(initial=True, final=True)
        sorry = None  # type: ignore[assignment]  # what is tested

        @routable("/call")
        @renders(menu)
        def say_menu(self): ...

    assert spec_of(Silent).prompts == {}


def test_parallel_and_history_charts_have_marks_as_well() -> None:
    """In the body of a region too."""

    class Regions(CallFlow):
        class both(State.Parallel):
            class talk(State.Compound):
                asking = State(initial=True)
                asked = State()
                back = HistoryState(type="deep")
                back.to(asking)
                asking.to(asked, event=key("1"))

                @renders(asking)
                def ask(self): ...

            class tape(State.Compound):
                off = State(initial=True)
                running = State()
                off.to(running, event="recorded")

        pause = State()
        both.to(pause, event=key("*"))
        pause.to(both.talk.back, event=key("*"))

        @routable("/call")
        @renders(both)
        def say_both(self): ...

        @renders(pause)
        def say_pause(self): ...

    assert spec_of(Regions).renderers == {
        "both": "say_both",
        "pause": "say_pause",
        "asking": "ask",
    }


@pytest.mark.parametrize(
    ("kind", "name"),
    [(staticmethod, "staticmethod"), (classmethod, "classmethod"), (property, "property")],
)
def test_marks_under_another_decorator_are_not_lost_in_silence(
    problems: Listed, kind: Any, name: str
) -> None:
    """The engine and this package call plain methods."""

    def define() -> None:
        class Wrapped(CallFlow):
            menu = State(initial=True, final=True)

            @routable("/call", menu)
            def arrive(self): ...

            @kind
            @renders(menu)
            def say_menu(self): ...

            @kind
            def helper(self): ...

    assert problems(define) == [
        (
            f"Wrapped.say_menu: is marked with @renders, and is a {name}; write a plain method: "
            "def say_menu(self)"
        )
    ]


def test_an_event_is_no_marked_method(problems: Listed) -> None:
    """The event takes the method's name."""

    def define() -> None:
        class Eventful(CallFlow):
            menu = State(initial=True)
            end = State(final=True)

            @routable("/call", menu)
            @renders(menu)
            def say_menu(self): ...

            @renders(end)
            @menu.to(end)
            def leave(self): ...

    assert problems(define) == [
        (
            "Eventful.leave: is marked with @renders, and is an event; write a plain method: def "
            "leave(self)"
        )
    ]


def test_marks_in_a_nested_body_are_read_though_the_engine_complains(problems: Listed) -> None:
    """Two methods of one name are one problem, not several."""

    def define() -> None:
        class Twice(CallFlow):
            class one(State.Compound):
                first = State(initial=True)

                @renders(first)
                def say_first(self): ...

                def helper(self): ...

            class two(State.Compound):
                second = State(initial=True)

                @renders(second)
                def say_second(self): ...

                def helper(self): ...

            one.to(two, event=key("1"))
            two.to(one, event=key("1"))

            @routable("/call", one)
            def arrive(self): ...

    assert problems(define) == [
        (
            "Twice: Callback 'helper' is declared in both the 'one' and the 'two' state bodies. "
            "Nested state bodies share the class namespace. Rename one of them."
        )
    ]
