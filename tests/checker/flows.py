"""What tests of the checker have in common: an exploration in one line, and a look at it."""

from __future__ import annotations

from typing import Any

from statechart_ivr import CallFlow
from statechart_ivr.checker.explore import explore
from statechart_ivr.checker.graph import Edge, Exploration, Trouble
from statechart_ivr.checker.settings import Settings
from statechart_ivr.switchboard import Switchboard


def explored(
    *flows: type[CallFlow], like: Switchboard | None = None, **settings: Any
) -> Exploration:
    """Return what there is to be found in some flows."""
    return explore(flows, Settings(**settings), like=like)


def edges_from(found: Exploration, call: str) -> dict[str, Edge]:
    """Return the edges from the node that a call comes to, by what happens."""
    index = next(node.index for node in found.nodes if found.call_to(node.index) == call)
    return {str(edge.move.step): edge for edge in found.out[index]}


def moves_at(found: Exploration, call: str) -> list[str]:
    """Return what is tried where a call comes to."""
    return list(edges_from(found, call))


def calls_to(found: Exploration, state: str) -> list[str]:
    """Return the shortest calls to all records in a state."""
    return [found.call_to(node.index) for node in found.nodes if state in node.record.conf]


def troubles(found: Exploration) -> list[tuple[Trouble, str]]:
    """Return what went wrong, each with its call."""
    return [(one.trouble, " ".join(str(step) for step in one.steps)) for one in found.incidents]
