"""What is written where a state belongs, and is none."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable, said


def _flow_with(target: Any, *more: Any) -> None:
    class Misled(CallFlow):
        menu = State(initial=True)
        bye = State(final=True)
        menu.to(target, *more)

        @routable("/call", menu)
        @renders(menu)
        def say(self):
            return gather("Menu.")


class Sub(State):
    """A state made as if it were a compound one."""


@pytest.mark.parametrize(
    ("targets", "problem"),
    [
        (["bye"], "leads to the text 'bye'; write bye without quotes, or event='bye'"),
        (["key.1"], "takes 'key.1' for a state; write state.to(target, event='key.1')"),
        ([Sub], "leads to the class Sub; write class Sub(State.Compound)"),
        ([7], "leads to 7, which is not a state"),
    ],
)
def test_transitions_lead_to_states(problems, targets, problem):
    """The engine would stumble over anything else, far from where it was written."""
    assert problems(lambda: _flow_with(*targets)) == [f"Misled.menu: menu.to(…) {problem}"]


def test_a_state_with_states_inside_is_a_compound(problems):
    """A plain subclass of State makes no state at all, and vanishes in silence."""

    def define() -> None:
        class Plain(CallFlow):
            class inside(State):
                a = State()

            menu = State(initial=True, final=True)

            @routable("/call")
            @renders(menu)
            def say(self):
                return "Menu."

    text = "class inside(State) makes no state; write class inside(State.Compound)"
    assert problems(define) == [f"Plain.inside: {text}"]


class Base(CallFlow):
    """Has states for others to inherit."""

    menu = State(initial=True)
    bye = State(final=True)
    menu.to(bye, event=[key("1", "2"), said("yes", "sure"), "give_up"])

    @routable("/call", menu)
    @renders(menu)
    def say(self):
        return gather("Menu.")


def test_several_keys_need_not_be_unpacked():
    """``key("1", "2")`` inside a list is what it looks like."""
    events = [str(event) for event in Base.menu.transitions[0].events]
    assert events == ["key.1", "key.2", "speech.yes", "speech.sure", "give_up"]


def test_a_base_is_left_unharmed(problems):
    """What a subclass hangs on an inherited state is taken away again."""

    def define() -> None:
        class Derived(Base):
            Base.menu.to("bye")

    text = "menu.to(…) leads to the text 'bye'; write bye without quotes, or event='bye'"
    assert f"Derived.menu: {text}" in problems(define)
    assert len(Base.menu.transitions) == 1
