"""Help for tests of flows and of stores."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statechart_ivr.testing.phone import Phone

__all__ = ["Phone"]

#: Loaded when it is asked for: pytest imports this package for its plugin, whatever it tests.
_HOMES = {"Phone": "testing.phone"}


def __getattr__(name: str) -> Any:
    """Load what is not there yet."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"statechart_ivr.{_HOMES[name]}"), name)
