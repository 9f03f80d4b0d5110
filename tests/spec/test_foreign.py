"""States are told apart by identity: a flow speaks of its own alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, background, key, on_input, renders, routable

Listed = Callable[[Callable[[], object]], list[str]]


class Other(CallFlow):
    """A flow with states of common names."""

    menu = State(initial=True)
    reception = State()
    end = State(final=True)
    menu.to(reception, event=key("1"))
    reception.to(end, event="dial")

    @routable("/call")
    @renders(menu)
    def say_menu(self): ...

    @renders(reception)
    def say_reception(self): ...


@pytest.mark.parametrize(
    ("mark", "decorator"),
    [
        (renders, "renders"),
        (on_input, "on_input"),
        (background, "background"),
        (lambda state: routable("/x", state), "routable"),
    ],
    ids=["renders", "on_input", "background", "routable"],
)
def test_one_of_another_flow_is_refused(problems: Listed, mark: Any, decorator: str) -> None:
    """Though to the engine a menu equals every other menu."""

    def define() -> None:
        class Foreign(CallFlow):
            menu = State(initial=True, final=True)

            @routable("/call")
            @renders(menu)
            def say_menu(self): ...

            @mark(Other.menu)
            def odd(self, caller_input=None): ...

    assert problems(define) == [
        (
            f"Foreign.odd: @{decorator} names a state that is not in this flow; name one of "
            "its own instead of menu"
        )
    ]


def test_a_method_that_took_the_name_of_its_state_is_recognized(problems: Listed) -> None:
    """The state is gone, and so is what leads to it."""

    def define():
        class Replaced(CallFlow):
            menu = State(initial=True)
            voicemail = State(final=True)
            menu.to(voicemail, event=key("1"))

            @routable("/call")
            @renders(menu)
            def say_menu(self): ...

            @renders(voicemail)  # type: ignore[no-redef]  # what is tested
            def voicemail(self): ...

    hint = (
        "it looks like a method or a second State() took its name (def voicemail replaces "
        "voicemail = State()); rename one of the two"
    )
    assert problems(define) == [
        f"Replaced.voicemail: @renders names a state that is not in this flow; {hint}",
        (
            "Replaced.menu: the transition menu -> ? on key.1 leads to a state that is not in "
            f"this flow; {hint}"
        ),
    ]


def test_a_transition_to_another_flow_is_refused(problems: Listed) -> None:
    """From a state or from a history's default."""

    def define() -> None:
        class Away(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                back = HistoryState()
                back.to(Other.end)
                menu.to(Other.reception, event=key("1"))

            @routable("/call")
            @renders(inner)
            def say_menu(self): ...

    found = problems(define)
    assert found[-2:] == [
        (
            "Away.menu: the transition menu -> reception on key.1 leads to a state that is "
            "not in this flow; name one of its own instead of reception"
        ),
        (
            "Away.back: the transition back -> end leads to a state that is not in this flow; "
            "name one of its own instead of end"
        ),
    ]


@pytest.mark.parametrize("decorator", ["renders", "background"])
def test_a_history_state_is_never_active(problems: Listed, decorator: str) -> None:
    """So nothing can be said or done in it."""
    mark: Any = {"renders": renders, "background": background}[decorator]

    def define() -> None:
        class Back(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                back = HistoryState()
                back.to(menu)

            inner.to(inner.back, event=key("1"))

            @routable("/call")
            @renders(inner)
            def say_menu(self): ...

            @mark(inner.back)
            def say_back(self): ...

    assert problems(define) == [
        (
            f"Back.say_back: @{decorator} names the history state back, which is never active "
            "itself; name a state beside it"
        )
    ]
