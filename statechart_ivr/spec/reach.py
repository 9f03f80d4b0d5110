"""What can come after what: which states a call can get to, and whether it can end."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from statemachine import HistoryState
from statemachine.transition import Transition

from statechart_ivr.spec.chart import Chart

#: ("in", state): the state is active. ("enter", state): it is entered by its own name, so that
#: its initial children are entered too. ("back", history): entered through a history state.
#: ("inside", state): one of the states inside it is active.
Node = tuple[str, str]


class Reach:
    """The chart as a graph of single states. It allows more than the chart does, never less.

    It takes any guard to pass and any two states to be active together.

    Args:
        chart: of the flow; its ids are unique, and its transitions lead to its own states.
    """

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._next: dict[Node, list[Node]] = defaultdict(list)
        # What a history state may bring back was active before: that makes nothing reachable,
        # but it is a way on.
        self._brought_back: dict[Node, list[Node]] = defaultdict(list)
        for state_id in chart.states:
            self._add_state(state_id)
        for history in chart.histories.values():
            self._add_history(history)

    def _add_state(self, state_id: str) -> None:
        state = self._chart.states[state_id]
        entered, active = ("enter", state_id), ("in", state_id)
        self._next[entered].append(active)
        self._next[entered] += [("enter", c) for c in self._chart.initial_children(state_id)]
        if state.parent is not None:
            self._next[active].append(("in", state.parent.id))
            inside = ("inside", state.parent.id)
            self._brought_back[inside] += [active, ("inside", state_id)]
            if state.parent.parallel:
                self._next[active] += [
                    ("enter", other.id) for other in state.parent.states if other is not state
                ]
        for transition in self._chart.transitions(state_id):
            self._next[active] += _targets(transition)

    def _add_history(self, history: HistoryState) -> None:
        node = ("back", history.id)
        for transition in history.transitions:
            self._next[node] += _targets(transition)
        if history.parent is not None:
            self._brought_back[node].append(("inside", history.parent.id))
            if not history.type.is_deep:
                for child in self._chart.children(history.parent.id):
                    self._next["in", child].append(("enter", child))

    def reachable(self, starts: Iterable[str]) -> set[str]:
        """Return the states that can become active when a call starts at one of some states."""
        return _states(_closure([("enter", state_id) for state_id in starts], self._next))

    def can_reach(self, goals: Iterable[str]) -> set[str]:
        """Return the states from which one of the goals can be reached.

        A state around others has only the ways of its own, and of those around it: ask of leaves.
        """
        backwards: dict[Node, list[Node]] = defaultdict(list)
        for edges in (self._next, self._brought_back):
            for node, following in edges.items():
                for after in following:
                    backwards[after].append(node)
        return _states(_closure([("in", state_id) for state_id in goals], backwards))


def _targets(transition: Transition) -> Iterator[Node]:
    for target in transition.targets:
        yield ("back" if isinstance(target, HistoryState) else "enter", target.id)


def _closure(starts: list[Node], edges: Mapping[Node, list[Node]]) -> set[Node]:
    found: set[Node] = set()
    waiting = list(starts)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += edges.get(node, ())
    return found


def _states(nodes: set[Node]) -> set[str]:
    return {state_id for kind, state_id in nodes if kind == "in"}
