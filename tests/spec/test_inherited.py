"""Inherited states are shared with the base: a subclass adds nothing to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from statemachine import HistoryState, State
from statemachine.states import States

from statechart_ivr import CallFlow, background, engine, key, on_input, renders, routable
from statechart_ivr.flow import spec_of
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]

RULE = "a class that inherits states overrides methods and class attributes, nothing else"
TEXT = "to a state it inherits, which would change Base too; declare it there"


class Base(CallFlow):
    """A flow with a state of every sort."""

    class inner(State.Compound):
        menu = State(initial=True)
        hours = State()
        back = HistoryState()
        back.to(menu)
        menu.to(hours, event=key("1"))

    away = State()
    end = State(final=True)
    inner.to(away, event=key("2"))
    away.to(inner.back, event=key("3"))
    away.to(end, event=key("4"))

    @routable("/call")
    @renders(inner)
    def say_menu(self) -> str:
        return "Hello."

    @renders(away)
    def say_away(self) -> str:
        return "Away."


def _shape() -> list[str]:
    chart = spec_of(Base).chart
    shape = []
    for holder in chart.holders():
        calls: Any = holder.enter if isinstance(holder, State) else holder.cond
        shape.append(f"{holder} {len(list(calls.list))}")
    return shape


@pytest.fixture(autouse=True)
def _unharmed() -> Iterator[None]:
    """Compare the base with what it was, and walk a call through it."""
    before = _shape()
    yield
    assert _shape() == before
    machine: Any = Base._trial()
    engine.place(machine, ["inner", "menu"])
    machine.send("key.1")
    machine.send("key.2")
    machine.send("key.3")
    assert [state.id for state in machine.configuration] == ["inner", "hours"]


def test_methods_and_class_attributes_may_be_overridden() -> None:
    """So may what the base does not have: prompts, callbacks, helpers."""

    class Sub(Base):
        max_attempts = 5

        def say_away(self) -> str:
            return "Gone."

        @renders("no_match")
        def sorry(self): ...

        def on_enter_hours(self): ...

        def helper(self): ...

    assert spec_of(Sub).renderers == spec_of(Base).renderers
    assert spec_of(Sub).chart.states["menu"] is spec_of(Base).chart.states["menu"]
    assert spec_of(Sub).prompts == {"no_match": "sorry"}


def test_a_subclass_can_be_inherited_from_again() -> None:
    """And two of them by one class: they have the same states."""

    class One(Base):
        max_turns = 10

    class Two(Base):
        def say_away(self) -> str:
            return "Gone."

    class Both(One, Two):
        pass

    assert spec_of(Both).renderers == spec_of(Base).renderers
    assert Both.max_turns == 10


def test_bases_without_states_are_free() -> None:
    """They may bring methods, settings and marks for events."""

    class Company(CallFlow):
        timezone = "Europe/Berlin"

        @renders("error")
        def sorry(self): ...

    class Line(Company):
        menu = State(initial=True, final=True)

        @routable("/call")
        @renders(menu)
        def say_menu(self): ...

    assert Company._flow_spec is None
    assert spec_of(Line).prompts == {"error": "sorry"}


def test_a_transition_is_refused(problems: Listed) -> None:
    """From an inherited state, whether nested or not, and from a history state."""

    def define() -> None:
        class Sub(Base):
            Base.inner.menu.to(Base.end, event="leave")
            Base.inner.back.to(Base.inner.hours)
            shut = Base.away.to(Base.end)

    assert problems(define) == [
        f"Sub.menu: adds the transition menu -> end on leave {TEXT}",
        f"Sub.back: adds the transition back -> hours {TEXT}",
        f"Sub.away: adds the transition away -> end on shut {TEXT}",
    ]


def test_a_transition_that_the_engine_adds_is_refused(problems: Listed) -> None:
    """``from_.any()`` is worked out while the engine reads the class."""

    def define() -> None:
        class Sub(Base):
            emergency = Base.end.from_.any()

    assert problems(define) == [
        f"Sub.inner: adds the transition inner -> end on emergency {TEXT}",
        f"Sub.away: adds the transition away -> end on emergency {TEXT}",
    ]


def test_a_callback_is_refused(problems: Listed) -> None:
    """On a state or on a transition."""

    def define() -> None:
        class Sub(Base):
            @Base.away.enter
            def note_away(self): ...

            @Base.away.transitions.on
            def note_leaving(self): ...

    assert problems(define) == [
        f"Sub.away: adds the callback note_away {TEXT}",
        f"Sub.away: adds the callback note_leaving {TEXT}",
    ]


@pytest.mark.parametrize("is_listed", [False, True])
def test_a_state_is_refused(problems: Listed, is_listed: bool) -> None:
    """On its own or in a collection."""
    late = State(final=True)
    body: Any = {"states": States({"late": late})} if is_listed else {"late": late}
    assert problems(lambda: CallFlowMeta("Sub", (Base,), body)) == [
        f"Sub.late: adds a state to the inherited ones; {RULE}",
        "Sub.late: no route leads to this state; add a transition to it, or remove it",
    ]


@pytest.mark.parametrize(
    ("mark", "where", "what"),
    [
        (renders(Base.inner.hours), "hours", "adds a renderer to an inherited state"),
        (
            renders(Base.away, waiting=True),
            "away",
            "adds a waiting renderer to an inherited state",
        ),
        (on_input(Base.away), "away", "adds a handler to an inherited state"),
        (background(Base.away), "method", "adds background work"),
        (routable("/x", Base.away), "method", "adds the route /x"),
    ],
)
def test_a_mark_on_an_inherited_state_is_refused(
    problems: Listed, mark: Any, where: str, what: str
) -> None:
    """The base's calls would not have it."""

    def method(self, caller_input=None): ...

    body = {"method": mark(method)}
    assert problems(lambda: CallFlowMeta("Sub", (Base,), body)) == [f"Sub.{where}: {what}; {RULE}"]


def test_two_flows_with_states_are_refused(problems: Listed) -> None:
    """Their charts would not be one."""

    class Second(CallFlow):
        other = State(initial=True, final=True)

        @routable("/other")
        @renders(other)
        def say_other(self): ...

    def define() -> None:
        class Sub(Base, Second):
            pass

    assert "Sub: inherits the states of two flows; inherit one" in problems(define)


def test_the_base_is_put_back_though_the_engine_stops(problems: Listed) -> None:
    """Whatever else is wrong with the subclass."""

    def define() -> None:
        class Sub(Base):
            late = State(initial=True)
            Base.away.to(late, event="late")

    def stop() -> None:
        class Broken(Base):
            Base.away.to(Base.end, event="states")

    found = problems(define)
    assert f"Sub.away: adds the transition away -> late on late {TEXT}" in found
    assert "Sub: inner, late are all initial; write initial=True on one of them" in found
    assert problems(stop)
