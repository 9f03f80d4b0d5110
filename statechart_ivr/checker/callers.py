"""Four callers who do nothing sensible, and the circles in which a flow lets them go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from statechart_ivr.checker.alphabet import declared_keys, examples_of
from statechart_ivr.checker.graph import Edge, Exploration, Kind, Node
from statechart_ivr.testing.holding import is_poll

#: The order in which a caller who types ahead presses keys.
TYPED = "1234567890*#"

_ANYBODYS_GUESS = frozenset({Kind.OUTCOME, Kind.WORK})


class Caller(Enum):
    """Somebody who does the same at every question, whatever it is."""

    SILENT = "is silent"
    WRONG = "is always wrong"
    MASHING = "mashes *"
    TYPING = "types ahead"


#: A node, and which key of `TYPED` is next; 0 for callers who do not type ahead.
Place = tuple[int, int]


@dataclass(frozen=True)
class Circle:
    """A way through a flow that leads back to where it began.

    Attributes:
        start: the question at which it begins; of all in the circle, it is reached first.
        edges: once around.
    """

    start: Node
    edges: tuple[Edge, ...]


def is_question(node: Node) -> bool:
    """Return whether a caller is asked something, and not merely kept waiting meanwhile."""
    return node.waiting_for in {"gather", "record"} and not is_poll(node.script.url)


class Wandering:
    """One caller on all ways through a flow.

    At a question this caller does what is this caller's way. How verbs and background work end is
    anybody's guess: that may go any way. Whoever waits in a queue, or is held, has not asked for
    it, so what is done there does not count.

    Args:
        found: everything that was explored.
        caller: who calls.
    """

    def __init__(self, found: Exploration, caller: Caller) -> None:
        self._found, self._caller = found, caller
        self._after: dict[Place, list[tuple[Edge, Place]]] = {}
        self._pressed: dict[int, dict[str, list[Edge]]] = {}

    def circles(self) -> Iterator[Circle]:
        """Go through the circles that this caller need not leave, one for each part of the flow."""
        starts = ((node.index, 0) for node in self._found.nodes)
        groups = strongly_connected(starts, lambda here: [to for _, to in self._steps(here)])
        for group in groups:
            nodes = (self._found.nodes[index] for index, typed in group if typed == 0)
            asked = [node for node in nodes if is_question(node)]
            start = min(asked, key=lambda node: node.index, default=None)
            edges = self._around((start.index, 0), group) if start else None
            if start and edges:
                yield Circle(start, edges)

    def _around(self, start: Place, group: frozenset[Place]) -> tuple[Edge, ...] | None:
        """Return the shortest way back to a place on which this caller is what keeps it going."""
        ways: dict[tuple[Place, bool], tuple[Edge, ...]] = {(start, False): ()}
        waiting = deque(ways)
        while waiting:
            here, is_own = waiting.popleft()
            for edge, place in self._steps(here):
                after = place, is_own or self._is_own(edge)
                if place not in group or after in ways:
                    continue
                ways[after] = (*ways[here, is_own], edge)
                if after == (start, True):
                    return ways[after]
                waiting.append(after)
        return None

    def _is_own(self, edge: Edge) -> bool:
        """Return whether nobody but this caller does it.

        Keys that are wrong lead in a circle for whoever is always wrong: that is told there.
        """
        if self._caller is Caller.SILENT:
            return edge.move.kind is Kind.SILENCE
        if self._caller is Caller.WRONG:
            return edge.move.is_wrong
        return edge.move.kind is Kind.KEYS and not edge.move.is_wrong

    def _steps(self, here: Place) -> list[tuple[Edge, Place]]:
        """Return what can happen next, and where it leads."""
        if here not in self._after:
            node, typed = self._found.nodes[here[0]], here[1]
            following = typed
            if is_question(node) and self._caller is Caller.TYPING:
                following = (typed + 1) % len(TYPED)
            self._after[here] = [
                (edge, (edge.target, following if edge.move.kind is not Kind.WORK else typed))
                for edge in self._edges(node, typed)
                if edge.target is not None
            ]
        return self._after[here]

    def _edges(self, node: Node, typed: int) -> Iterable[Edge]:
        out = self._found.out.get(node.index, ())
        if not is_question(node):
            return [edge for edge in out if edge.move.kind in _ANYBODYS_GUESS]
        works = [edge for edge in out if edge.move.kind is Kind.WORK]
        return [*self._answers(node, out, typed), *works]

    def _answers(self, node: Node, out: Sequence[Edge], typed: int) -> Iterable[Edge]:
        if self._caller is Caller.SILENT:
            return _of_kind(out, Kind.SILENCE)
        if node.waiting_for == "record":
            return _of_kind(out, Kind.OUTCOME)  # any key ends it, and there is a message
        if self._caller is Caller.WRONG:
            return [edge for edge in out if edge.move.is_wrong]
        if node.index not in self._pressed:
            self._pressed[node.index] = pressed(node, out)
        key = "*" if self._caller is Caller.MASHING else TYPED[typed]
        return self._pressed[node.index][key]


def pressed(node: Node, out: Sequence[Edge]) -> dict[str, list[Edge]]:
    """Return what each key does at a question.

    Of the keys that no state declares one was tried, which stands for all of them. Nobody hears
    keys where nobody listens for them.
    """
    known = {*declared_keys(node.flow, node.record), *examples_of(node.flow, node.record)}
    tried = {edge.move.step.what: edge for edge in _of_kind(out, Kind.KEYS)}
    spare = [edge for keys, edge in tried.items() if len(keys) == 1 and keys not in known]
    return {
        key: [tried[key]] if key in tried else spare[:1] or _of_kind(out, Kind.SILENCE)
        for key in TYPED
    }


def _of_kind(edges: Iterable[Edge], kind: Kind) -> list[Edge]:
    return [edge for edge in edges if edge.move.kind is kind]


def _popped(path: list[Place], last: Place) -> Iterator[Place]:
    """Take places off the end of a path, down to one of them."""
    while (place := path.pop()) != last:
        yield place
    yield last


def strongly_connected(
    starts: Iterable[Place], after: Callable[[Place], Sequence[Place]]
) -> list[frozenset[Place]]:
    """Return the groups of places that all lead to one another, and back to themselves.

    This is Tarjan's algorithm, without recursion: a call may be longer than Python's stack.
    """
    found: list[frozenset[Place]] = []
    order: dict[Place, int] = {}
    low: dict[Place, int] = {}
    path: list[Place] = []
    on_path: set[Place] = set()
    for start in starts:
        work = [] if start in order else [(start, iter(after(start)))]
        while work:
            here, rest = work[-1]
            if here not in order:
                order[here] = low[here] = len(order)
                path.append(here)
                on_path.add(here)
            following = next((one for one in rest if one not in order or one in on_path), None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[here])
                if low[here] == order[here]:
                    group = frozenset(_popped(path, here))
                    on_path -= group
                    if len(group) > 1 or here in after(here):
                        found.append(group)
            elif following in order:
                low[here] = min(low[here], order[following])
            else:
                work.append((following, iter(after(following))))
    return found
