"""Where a chart comes to rest: what moves on by itself, what goes round, what stays silent.

No guard is run here. What depends on one counts neither as certain to move nor as going round
for ever, so that nothing is reported which cannot happen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

from statemachine import State
from statemachine.transition import Transition

from statechart_ivr.spec.chart import Chart


def never_rests(chart: Chart, leaf: str) -> bool:
    """Return whether the chart always moves on from a leaf by itself."""
    if _is_certain(_eventless(chart, leaf)):
        return True
    parent = chart.states[leaf].parent
    return chart.states[leaf].final and parent is not None and _leaves_done(chart, parent)


def circles(chart: Chart) -> Iterator[list[str]]:
    """Go through the rounds of leaves in which the chart moves for ever, whatever happens."""
    restless = chart.anywhere_inside(_moves_by_itself)
    leaves = chart.leaves(chart.states)
    after = {leaf: _next_leaves(chart, leaf, restless) for leaf in leaves}
    rank = {leaf: number for number, leaf in enumerate(leaves)}
    while circle := _a_circle(after):
        start = circle.index(min(circle, key=rank.__getitem__))
        yield circle[start:] + circle[:start]
        for leaf in circle:
            after[leaf] = []


def _a_circle(after: Mapping[str, list[str]]) -> list[str]:
    try:
        TopologicalSorter(after).prepare()
    except CycleError as error:
        backwards: list[str] = error.args[1]  # its last is its first again
        return backwards[:0:-1]
    return []


def silent_leaves(chart: Chart, speaking: Collection[str]) -> Iterator[str]:
    """Go through the leaves in which the chart can rest while no active state speaks.

    Args:
        chart: of the flow.
        speaking: ids of states in which something is said, or that are never active.
    """
    silence = _Silence(chart, speaking)
    for top in chart.tops:
        if top.id in chart.states:
            yield from silence.leaves(top, {_OPEN, _DONE})


_OPEN = "open"
_DONE = "done"  # a final child is active: what the engine reports as done.state.…


class _Silence:
    """In which ways each state can rest in silence: done, or not done yet."""

    def __init__(self, chart: Chart, speaking: Collection[str]) -> None:
        self._chart = chart
        self._ways: dict[str, set[str]] = {}
        for state_id in reversed(chart.states):  # children before parents
            state = chart.states[state_id]
            self._ways[state_id] = set() if state_id in speaking else self._ways_of(state)

    def _ways_of(self, state: State) -> set[str]:
        if state.final and state.parent is None:
            return set()  # the end of the chart: nothing more needs to be said
        if state.is_atomic:
            way = _DONE if state.final else _OPEN
            return set() if never_rests(self._chart, state.id) else {way}
        if not state.parallel:
            inner = (child for child in state.states if self._ways[child.id])
            return {_DONE if child.final else _OPEN for child in inner}
        regions = [self._ways[region.id] for region in state.states]
        found = {_OPEN} if all(regions) and any(_OPEN in one for one in regions) else set()
        ends = state.parent is None or _leaves_done(self._chart, state)
        return found if ends or not all(_DONE in one for one in regions) else found | {_DONE}

    def leaves(self, state: State, wanted: set[str]) -> Iterator[str]:
        """Go through the leaves that are active while a state rests in a wanted way."""
        ways = wanted & self._ways[state.id]
        if ways and state.is_atomic:
            yield state.id
        for child in state.states:
            if state.parallel:
                yield from self.leaves(child, self._beside(child, state.states, ways))
            elif (_DONE if child.final else _OPEN) in ways:
                yield from self.leaves(child, {_OPEN, _DONE})

    def _beside(self, region: State, regions: Iterable[State], ways: set[str]) -> set[str]:
        """Return how a region can rest while all regions together rest in these ways."""
        others = (self._ways[other.id] for other in regions if other is not region)
        if _OPEN in ways and any(_OPEN in other for other in others):
            return {_OPEN, _DONE}
        return ways


def _eventless(chart: Chart, leaf: str) -> list[Transition]:
    around = (t for state_id in chart.paths[leaf] for t in chart.transitions(state_id))
    return [transition for transition in around if transition.is_eventless]


def _on_done(chart: Chart, state: State) -> list[Transition]:
    around = (t for state_id in chart.paths[state.id] for t in chart.transitions(state_id))
    return [t for t in around if not t.is_eventless and t.match(f"done.state.{state.id}")]


def _leaves_done(chart: Chart, state: State) -> bool:
    return _is_certain(_on_done(chart, state))


def _is_certain(transitions: Iterable[Transition]) -> bool:
    """Return whether one of some transitions is taken, whatever the guards say."""
    wanted: dict[Any, set[bool]] = {}
    for transition in transitions:
        guards = list(transition.cond)
        if not transition.targets or any(transition.validators) or len(guards) > 1:
            continue
        if not guards:
            return True
        # cond="is_open" here and unless="is_open" there: an if with its else.
        guard, value = _positive(guards[0].func, guards[0].expected_value is not False)
        wanted.setdefault(guard, set()).add(value)
    return any(len(values) == 2 for values in wanted.values())


def _positive(guard: Any, value: bool) -> tuple[Any, bool]:
    """Return a guard without the ``not`` in front of it, and the value it is to have."""
    negated = re.fullmatch(r"(?:not\s|!)\s*(\w+)", guard) if isinstance(guard, str) else None
    return (negated[1], not value) if negated else (guard, value)


def _moves_by_itself(transition: Transition) -> bool:
    return transition.is_eventless or any(event.startswith("done.") for event in transition.events)


def _next_leaves(chart: Chart, leaf: str, restless: Mapping[str, bool]) -> list[str]:
    """Return the leaves that are sure to be entered next from a leaf, though nothing happens."""
    state = chart.states[leaf]
    transitions = _eventless(chart, leaf)
    if not transitions and state.final and state.parent is not None:
        transitions = _on_done(chart, state.parent)
    if not transitions or _has_hurdle(transitions[0]) or _is_beside(chart, leaf, restless):
        return []
    targets = transitions[0].targets or [state]
    return [entered for target in targets for entered in _entered_leaves(chart, target)]


def _has_hurdle(transition: Transition) -> bool:
    return bool([*transition.cond, *transition.validators])


def _is_beside(chart: Chart, leaf: str, restless: Mapping[str, bool]) -> bool:
    """Return whether another region may move by itself, and so take the chart elsewhere."""
    path = chart.paths[leaf]
    return any(
        chart.states[outer].parallel
        and any(restless[region] for region in chart.children(outer) if region != inner)
        for inner, outer in pairwise(path)
    )


def _entered_leaves(chart: Chart, state: State) -> Iterator[str]:
    """Go through the leaves that are entered with a state; none for a history state."""
    children = chart.initial_children(state.id) if state.id in chart.states else []
    if state.id in chart.states and not children:
        yield state.id
    for child in children:
        yield from _entered_leaves(chart, chart.states[child])
