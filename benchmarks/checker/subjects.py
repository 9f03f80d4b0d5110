"""What is checked: generated trees, and the examples as they are."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.checker.trees import tree
from statechart_ivr import CallFlow
from statechart_ivr.checker import Entry

_REMINDED = {"appointment": "A-17", "when": "Monday"}
#: What examples need to be told, besides their flows.
_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "reminder": {
        "entries": [
            Entry("/reminder", _REMINDED, {"AnsweredBy": who}) for who in ("human", "machine_start")
        ]
    }
}


class Subject(NamedTuple):
    """Something to check.

    Attributes:
        flows: of one application.
        options: more arguments of `check_flow`.
    """

    flows: tuple[type[CallFlow], ...]
    options: Mapping[str, Any]

    @property
    def states(self) -> int:
        """How many states the flows have."""
        return sum(len(flow.states_map) for flow in self.flows)


def examples() -> list[str]:
    """Return the names of the examples."""
    folder = Path(__file__).parents[2] / "examples"
    return sorted(file.parent.name for file in folder.glob("*/flow.py"))


def subject(name: str) -> Subject:
    """Return what is checked under a name.

    Args:
        name: ``tree:300`` for a tree of 300 states, or the name of an example.
    """
    kind, _, states = name.partition(":")
    if kind == "tree":
        return Subject((tree(int(states)),), {})
    module = import_module(f"examples.{name}.flow")
    flows = tuple(
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, CallFlow) and one.__module__ == module.__name__
    )
    return Subject(flows, _OPTIONS.get(name, {}))
