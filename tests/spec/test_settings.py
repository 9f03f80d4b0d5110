"""Class attributes of a wrong kind are found when the class is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, renders, routable
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]


def _flow(**attributes: Any) -> Any:
    menu = State(initial=True, final=True)

    def say_menu(self): ...

    body = {"menu": menu, "say_menu": routable("/call")(renders(menu)(say_menu))}
    return CallFlowMeta("Set", (CallFlow,), {**body, **attributes})


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("max_attempts", 0, "write a number from 1, or None"),
        ("max_attempts", "3", "write a number from 1, or None"),
        ("max_attempts", True, "write a number from 1, or None"),
        ("max_turns", None, "write a number from 1"),
        ("max_turns", 0.5, "write a number from 1"),
        ("timezone", "Europe/Atlantis", "write a name such as 'Europe/Berlin'"),
        ("timezone", "/etc/passwd", "write a name such as 'Europe/Berlin'"),
        ("timezone", "Europe", "write a name such as 'Europe/Berlin'"),
        ("timezone", None, "write a name such as 'Europe/Berlin'"),
        ("apology", None, "write text"),
        ("language", 7, "write text such as 'en-GB', or None"),
        ("voice", 7, "write a name, {language: name}, or None"),
        ("voice", {"de": 7}, "write a name, {language: name}, or None"),
    ],
)
def test_what_would_fail_in_mid_call_is_refused(
    problems: Listed, name: str, value: object, hint: str
) -> None:
    """With what to write."""
    assert problems(lambda: _flow(**{name: value})) == [f"Set.{name}: is {value!r}; {hint}"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_attempts", None),
        ("max_attempts", 1),
        ("max_turns", 1),
        ("timezone", "Europe/Berlin"),
        ("apology", ""),
        ("language", None),
        ("language", "de"),
        ("voice", None),
        ("voice", "alice"),
        ("voice", {"de": "Polly.Vicki"}),
    ],
)
def test_all_others_are_fine(name: str, value: object) -> None:
    """None stands for never, or for nothing of one's own."""
    assert getattr(_flow(**{name: value}), name) == value
