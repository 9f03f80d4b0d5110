"""How long the ways are that callers have in a flow, for comparing two versions of it."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from statechart_ivr.checker.budgets import first_prompt
from statechart_ivr.checker.graph import START, Edge, Exploration, Node
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.quickest import NO_WAY
from statechart_ivr.flow import spec_of


class Length(NamedTuple):
    """Of the shortest call to somewhere.

    Attributes:
        amount: of turns, or of seconds.
        steps: the call.
        through: the states that it comes through, the last one included.
    """

    amount: float
    steps: tuple[Step, ...]
    through: tuple[str, ...]


def turns_to_states(found: Exploration) -> dict[str, Length]:
    """Return after how many turns callers are in each innermost state, by its id."""
    ways = _Ways(found, found.out.get(START, ()), _one_turn)
    return _shortest((node.state, ways.to(node)) for node in ways.nodes())


def _one_turn(_: Edge) -> float:
    return 1.0


def persons(found: Exploration) -> dict[str, Length]:
    """Return after how many seconds the quickest callers reach a person, by state."""
    ways = _Ways(found, found.out.get(START, ()), lambda edge: edge.seconds)
    return _shortest(
        (state, ways.to(node))
        for node in ways.nodes()
        for state in node.conf
        if state in spec_of(node.flow).persons
    )


def first_choices(found: Exploration) -> dict[str, Length]:
    """Return after how many seconds the first choice has been said, by the path of the entry."""
    entries: dict[str, list[Edge]] = {}
    for edge in found.out.get(START, ()):
        entries.setdefault(edge.move.step.what, []).append(edge)
    measured: list[tuple[str, Length]] = []
    for path, edges in entries.items():
        ways = _Ways(found, edges, lambda edge: edge.seconds)
        for node in ways.nodes():
            if node.waiting_for == "gather":
                way = ways.to(node)
                measured.append((path, way._replace(amount=way.amount + first_prompt(node))))
    return _shortest(measured)


def _shortest(measured: Iterable[tuple[str, Length]]) -> dict[str, Length]:
    shortest: dict[str, Length] = {}
    for name, way in measured:
        if name not in shortest or way.amount < shortest[name].amount:
            shortest[name] = way
    return shortest


class _Ways:
    """The shortest ways from some entries to all nodes, by what an edge costs."""

    def __init__(
        self, found: Exploration, entries: Iterable[Edge], cost: Callable[[Edge], float]
    ) -> None:
        self._found = found
        self._arrivals: dict[int, tuple[float, Edge]] = {}
        pushed = 0  # of two ways that cost as much, the one found first
        waiting: list[tuple[float, int, Edge]] = []
        for edge in entries:
            pushed += 1
            heapq.heappush(waiting, (cost(edge), pushed, edge))
        while waiting:
            amount, _, edge = heapq.heappop(waiting)
            if edge.target is None or edge.target in self._arrivals:
                continue
            self._arrivals[edge.target] = amount, edge
            for following in found.out.get(edge.target, ()):
                if following.move.kind not in NO_WAY:
                    pushed += 1
                    heapq.heappush(waiting, (amount + cost(following), pushed, following))

    def nodes(self) -> Iterator[Node]:
        """Go through the nodes that are reached, the nearest first."""
        return (self._found.nodes[index] for index in self._arrivals)

    def to(self, node: Node) -> Length:
        """Return the way to a node."""
        amount, edge = self._arrivals[node.index]
        steps, through = [edge.move.step], [node.state]
        while edge.source != START:
            node = self._found.nodes[edge.source]
            edge = self._arrivals[node.index][1]
            steps.append(edge.move.step)
            through.append(node.state)
        beginning = self._found.beginning(node.moment, edge.move)
        return Length(amount, (*beginning, *reversed(steps[:-1])), tuple(reversed(through)))
