"""Help for tests of flows and of stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statechart_ivr.checker.playing import play
    from statechart_ivr.testing.case import always, eventually, flow_test_case, never
    from statechart_ivr.testing.phone import Phone
    from statechart_ivr.testing.strategies import calls, keypad_sequences

__all__ = [
    "Phone",
    "always",
    "calls",
    "eventually",
    "flow_test_case",
    "keypad_sequences",
    "never",
    "play",
]

#: Loaded when it is asked for: pytest imports this package for its plugin, whatever it tests.
_HOMES = {
    "Phone": "testing.phone",
    "always": "testing.case",
    "calls": "testing.strategies",
    "eventually": "testing.case",
    "flow_test_case": "testing.case",
    "keypad_sequences": "testing.strategies",
    "never": "testing.case",
    "play": "checker.playing",
}


def __getattr__(name: str) -> Any:
    """Load what is not there yet.

    Raises:
        MissingExtraError: Hypothesis is needed, and not installed.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"statechart_ivr.{_HOMES[name]}"), name)
