"""The quickest calls: how many seconds a caller needs to come somewhere."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import NamedTuple

from statechart_ivr.checker.graph import START, Edge, Exploration, Kind, Node
from statechart_ivr.checker.notation import Step

#: What is no part of a caller's own way: somebody else does it, or a day goes by.
NO_WAY = frozenset({Kind.ENTRY, Kind.TAKEOVER, Kind.SIGNAL, Kind.CLOCK})


class Way(NamedTuple):
    """The quickest call to a node.

    Attributes:
        seconds: it takes.
        node: where it leads.
        steps: the call.
    """

    seconds: float
    node: Node
    steps: tuple[Step, ...]


def quickest_ways(found: Exploration, is_there: Callable[[Node], bool]) -> Iterator[Way]:
    """Go through the entries from which callers come somewhere: the quickest way from each.

    Prompts are heard out before a key is pressed; what other people and background work do takes
    no time.
    """
    for entry in found.out.get(START, ()):
        if entry.target is not None and (way := _quickest(found, entry, is_there)):
            yield way


def _quickest(found: Exploration, entry: Edge, is_there: Callable[[Node], bool]) -> Way | None:
    arrivals: dict[int, Edge] = {}
    waiting = [(entry.seconds, 0, entry)]
    pushed = 0  # of two ways that take as long, the one found first
    while waiting:
        seconds, _, edge = heapq.heappop(waiting)
        index = edge.target
        if index is None or index in arrivals:
            continue
        arrivals[index] = edge
        if is_there(found.nodes[index]):
            return Way(seconds, found.nodes[index], _steps(found, entry, arrivals, index))
        for following in found.out.get(index, ()):
            if following.move.kind not in NO_WAY:
                pushed += 1
                heapq.heappush(waiting, (seconds + following.seconds, pushed, following))
    return None


def _steps(
    found: Exploration, entry: Edge, arrivals: dict[int, Edge], index: int
) -> tuple[Step, ...]:
    moment = found.nodes[entry.target or 0].moment
    steps: list[Step] = []
    while (edge := arrivals[index]) is not entry:
        steps.append(edge.move.step)
        index = edge.source
    return (*found.beginning(moment, entry.move), *reversed(steps))
