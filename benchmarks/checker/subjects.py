"""What is checked: generated trees, and the examples as they are proved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.checker.trees import tree
from examples.proofs import PROOFS
from statechart_ivr import CallFlow


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
    module = f"examples.{name}.flow"
    proof = next(one for one in PROOFS if one.flows[0].__module__ == module)
    return Subject(proof.flows, {"entries": proof.entries})
