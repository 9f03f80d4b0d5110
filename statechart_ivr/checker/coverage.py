"""What calls cover of a flow, and which call comes nearest to what they leave out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from statemachine.transition import Transition

from statechart_ivr.checker.graph import START, Exploration, innermost
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.seen import (
    ASKING,
    Key,
    Seen,
    What,
    guard_key,
    leaves_of,
    resting,
    seen_in,
)
from statechart_ivr.checker.wording import event_in_words, step_in_words, way
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.spec.chart import describe
from statechart_ivr.testing.working import FAILED

#: Moves after which there is no request of theirs to be sent twice.
_NO_REQUEST = frozenset({"work", "deliver", "at"})


@dataclass(frozen=True)
class Item:
    """One thing that calls can cover.

    Attributes:
        key: what tells it from all others.
        flow: name of the class.
        state: which has it.
        name: in a few words: ``menu -> hours on key.1``.
        steps: the first call that covers it; None where none does.
        nearest: where none does, the shortest known call up to the moment before; None if no known
            call comes near.
        then: what would have to happen after that.
    """

    key: Key
    flow: str
    state: str
    name: str
    steps: tuple[Step, ...] | None
    nearest: tuple[Step, ...] | None = None
    then: str = ""

    @property
    def what(self) -> What:
        """Of which kind it is."""
        return self.key[0]

    @property
    def is_covered(self) -> bool:
        """Whether a call covers it."""
        return self.steps is not None

    @property
    def call(self) -> str:
        """The first call that covers it, in the notation; or nothing."""
        return written(self.steps or ())

    @property
    def way(self) -> str:
        """What would cover it: ``dial 2, then say nothing``; nothing where a call does."""
        return "" if self.is_covered else way(self.nearest, self.then)


@dataclass(frozen=True)
class Coverage:
    """What calls cover.

    Attributes:
        items: everything that can be covered, by flow and state, in the order of the chart.
        broken: calls that could not be made as they stand, each with the reason; what they did
            until then counts.
        calls: how many calls were made; None for an exploration, which makes all there are.
        secrets: what was entered in calls from a list where a secret may be.
    """

    items: tuple[Item, ...]
    broken: tuple[tuple[str, str], ...] = ()
    calls: int | None = None
    secrets: frozenset[str] = frozenset()

    @property
    def uncovered(self) -> tuple[Item, ...]:
        """What no call covers."""
        return tuple(one for one in self.items if not one.is_covered)

    @property
    def counts(self) -> Mapping[What, tuple[int, int]]:
        """How many of each kind are covered, and how many there are; kinds that there are."""
        found = {}
        for what in What:
            them = [one for one in self.items if one.what is what]
            if them:
                found[what] = sum(one.is_covered for one in them), len(them)
        return found

    @property
    def percentages(self) -> Mapping[str, float]:
        """How much of each kind is covered, of 100; less than that as long as anything is not."""
        return {what.value: percent(*count) for what, count in self.counts.items()}

    def of(self, flow: str, state: str) -> tuple[Item, ...]:
        """Return what can be covered of one state."""
        return tuple(one for one in self.items if (one.flow, one.state) == (flow, state))

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values, for tools."""
        kinds = {
            what.value: {"covered": covered, "of": total, "percent": percent(covered, total)}
            for what, (covered, total) in self.counts.items()
        }
        uncovered = [
            {
                "what": one.what.value,
                "flow": one.flow,
                "state": one.state,
                "name": one.name,
                "nearest": None if one.nearest is None else written(one.nearest),
                "then": one.then,
            }
            for one in self.uncovered
        ]
        broken = [{"call": call, "why": why} for call, why in self.broken]
        return {"calls": self.calls, "kinds": kinds, "uncovered": uncovered, "broken": broken}

    def __str__(self) -> str:
        lines = [
            f"{what.value}: {covered} of {total}, {percent(covered, total):g} %"
            for what, (covered, total) in self.counts.items()
        ]
        for one in self.uncovered:
            lines.append(f"not covered: {one.flow}: {one.name}: {one.way}")
        return "\n".join([*lines, *(f"not made: {call}: {why}" for call, why in self.broken)])


def percent(covered: int, total: int) -> float:
    """Return a share of 100, cut off after one digit: only what is complete is 100."""
    return covered * 1000 // total / 10


def coverage_of(found: Exploration, seen: Seen | None = None) -> Coverage:
    """Return what is covered by the calls of an exploration, or by others.

    Args:
        found: knows what there is, and the shortest calls.
        seen: what other calls did.
    """
    known = seen_in(found)
    items = (
        item
        for flow in found.flows
        for item in _Countable(flow, found, known, known if seen is None else seen).items()
    )
    return Coverage(tuple(items))


class _Countable:
    """What there is to cover in one flow.

    Args:
        flow: whose calls they are.
        found: everything that can happen.
        known: what the calls in there did.
        seen: what the calls did that are looked at.
    """

    def __init__(self, flow: type[CallFlow], found: Exploration, known: Seen, seen: Seen) -> None:
        self._flow, self._found, self._known, self._seen = flow, found, known, seen
        self._name, self._chart = flow.__name__, spec_of(flow).chart

    def items(self) -> Iterator[Item]:
        works = {state: work for work in spec_of(self._flow).work for state in work.states[:1]}
        for state in self._chart.states:
            yield self._item(What.STATE, state, state, self._wish_for(state))
            for transition in self._chart.transitions(state):
                yield from self._of_transition(state, transition)
            if self._is_among(What.TIME_OUT, state, self._asking):
                yield self._item(What.TIME_OUT, state, f"silence in {state}", "say nothing")
            if state in works:
                yield self._failure(state, works[state].method)
            if self._is_among(What.HANG_UP, state, self._rests):
                yield self._item(What.HANG_UP, state, f"hang-up in {state}", "hang up")
            if self._is_among(What.RETRY, state, self._requested):
                name = f"a request sent twice in {state}"
                yield self._item(What.RETRY, state, name, "have the last request sent twice")

    def _is_among(self, what: What, state: str, states: set[str]) -> bool:
        return state in states or (what, self._name, state, "") in self._seen

    def _failure(self, state: str, method: str) -> Item:
        key = What.TIME_OUT, self._name, method, FAILED
        return self._item_of(key, state, f"{method}() fails", event_in_words(FAILED))

    def _of_transition(self, state: str, transition: Transition) -> Iterator[Item]:
        head = describe(transition).partition(" on ")[0]
        for event in list(map(str, transition.events)) or [""]:
            name = f"{head} on {event}" if event else head
            key: Key = (What.TRANSITION, self._name, id(transition), event)
            yield self._item_of(key, state, name, event_in_words(event))
        guards = ", ".join(map(str, transition.cond))
        for answer in (True, False) if guards else ():
            name = f"{guards}: {'so' if answer else 'not so'}, for {describe(transition)}"
            then = f"have it {'so' if answer else 'not so'}: {guards}"
            yield self._item_of(guard_key(self._flow, transition, answer=answer), state, name, then)

    def _item(self, what: What, state: str, name: str, then: str) -> Item:
        return self._item_of((what, self._name, state, ""), state, name, then)

    def _item_of(self, key: Key, state: str, name: str, then: str) -> Item:
        what = key[0]
        if key in self._seen:
            return Item(key, self._name, state, name, self._seen[key])
        if key in self._known:
            *before, last = self._known[key]
            return Item(key, self._name, state, name, None, tuple(before), step_in_words(last))
        nearest = self._nearest(state)
        is_known = (What.STATE, self._name, state, "") in self._known
        if what is not What.STATE and (nearest is None or not is_known):
            then = f"{state} has to be reached first"
        return Item(key, self._name, state, name, None, nearest, then)

    def _nearest(self, state: str) -> tuple[Step, ...] | None:
        """Return the shortest call that comes to a state, or to one that leads to it."""
        sources = {
            one.source.id
            for one in self._chart.all_transitions()
            if any(state in self._chart.paths.get(to.id, ()) for to in one.targets)
        }
        for wanted in ({state}, sources):
            for node in resting(self._found):
                if node.flow is self._flow and wanted & set(node.conf):
                    return self._found.steps_to(node.index)
        return None

    def _wish_for(self, state: str) -> str:
        """Return what would have to happen for a state to be entered."""
        for one in self._chart.all_transitions():
            if any(state in self._chart.paths.get(to.id, ()) for to in one.targets):
                return event_in_words(next(map(str, one.events), ""))
        return "have a call begin with it"

    @cached_property
    def _asking(self) -> set[str]:
        """The states in which a caller is asked something."""
        return {
            innermost(self._flow, node.record.conf)
            for node in resting(self._found)
            if node.flow is self._flow and node.waiting_for in ASKING
        }

    @cached_property
    def _rests(self) -> set[str]:
        """The states in which a call goes on."""
        nodes = (node for node in resting(self._found) if node.flow is self._flow)
        return {leaf for node in nodes for leaf in leaves_of(self._flow, node.record)}

    @cached_property
    def _requested(self) -> set[str]:
        """The states that a request leads to."""
        targets = (
            self._found.nodes[edge.target]
            for edge in self._found.edges
            if edge.target is not None
            and (edge.source == START or edge.move.step.verb not in _NO_REQUEST)
        )
        nodes = (node for node in targets if node.flow is self._flow)
        return {leaf for node in nodes for leaf in leaves_of(self._flow, node.record)}
