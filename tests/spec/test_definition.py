"""The class statement: the engine makes the class, and what it says is among the problems."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, key, renders, routable
from statechart_ivr.errors import FlowDefinitionError, FlowError
from statechart_ivr.flow import spec_of
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]


def test_a_flow_is_frozen_with_what_its_marks_say() -> None:
    """A base without states has nothing to say."""

    class Plain(CallFlow):
        menu = State(initial=True, final=True)

        @routable("/call")
        @renders(menu)
        def say_menu(self): ...

    class Base(CallFlow):
        """Nothing but a base."""

    assert isinstance(Plain, CallFlowMeta)
    assert spec_of(Plain).renderers == {"menu": "say_menu"}
    with pytest.raises(FlowError, match="Base has no states"):
        spec_of(Base)


def test_what_the_engine_complains_about_is_one_of_the_problems(problems: Listed) -> None:
    """It hides none of the others, and none hides it."""

    def define() -> None:
        class Complained(CallFlow):
            menu = State(initial=True)
            menu.to.itself(event=key("1"))
            listeners = [None]
            max_turns = 0

            @routable("/call")
            @renders(menu)
            def say_menu(self): ...

    assert problems(define) == [
        (
            "Complained: Invalid entry in 'listeners': None. Expected a class, callable, or "
            "listener instance."
        ),
        "Complained.max_turns: is 0; write a number from 1",
    ]


def test_it_complains_of_bases_without_states_too(problems: Listed) -> None:
    """There is nothing else to say of those."""

    def define() -> None:
        class Base(CallFlow):
            listeners = [None]

    assert problems(define)[0].startswith("Base: Invalid entry in 'listeners': None.")


def test_ways_are_not_judged_where_the_engine_did_not_come_to_the_initial_states(
    problems: Listed,
) -> None:
    """Everything inside would look unreachable."""

    def define() -> None:
        class Early(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                hours = State()
                menu.to(hours, event=key("1"))

            listeners = [None]

            @routable("/call", inner)
            @renders(inner)
            def say_menu(self): ...

    assert len(problems(define)) == 1


def test_whatever_else_stops_the_engine_is_a_problem_too(problems: Listed) -> None:
    """With the engine's exception as its cause."""

    def define() -> None:
        class Stopped(CallFlow):
            menu = State(initial=True, value=[])

    with pytest.raises(FlowDefinitionError) as caught:
        define()
    assert isinstance(caught.value.__cause__, TypeError)
    assert problems(define) == [
        "Stopped: the engine stops at this class: TypeError: unhashable type: 'list'"
    ]


def test_classes_can_be_made_without_a_class_statement() -> None:
    """As tools do that generate flows."""
    menu = State(initial=True, final=True)

    def say_menu(self: object) -> str:
        return "Hello."

    body: dict[str, Any] = {"menu": menu, "say_menu": routable("/call")(renders(menu)(say_menu))}
    made = CallFlowMeta("Made", (CallFlow,), body)
    assert spec_of(made).name == "Made"
