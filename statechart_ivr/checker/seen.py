"""What calls did, each thing with the first call that did it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from statemachine.transition import Transition

from statechart_ivr.checker.graph import Exploration, Kind, Node, innermost
from statechart_ivr.checker.notation import Step
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.testing.working import FAILED


class What(str, Enum):
    """What calls can cover of a flow."""

    STATE = "states"
    TRANSITION = "transitions"
    """Once for each event that takes them."""
    GUARD = "guard outcomes"
    TIME_OUT = "time-outs"
    """Silence at each question, and background work that fails."""
    HANG_UP = "hang-ups"
    """One in each state in which calls rest."""
    RETRY = "requests sent twice"
    """One in each state that a request leads to."""


#: What it is, of which flow, where (a state, a method, or ``id()`` of a transition), and which of
#: several: the event, or what the guard said.
Key = tuple[What, str, str | int, str]

#: Each thing that calls did, with the first call that did it.
Seen = dict[Key, tuple[Step, ...]]

#: Verbs at which a caller is waited for.
ASKING = frozenset({"gather", "record"})


def seen_in(found: Exploration) -> Seen:
    """Return what the calls of an exploration did, each thing with the shortest of them."""
    seen: Seen = {}
    for (name, state), steps in found.entered.items():
        seen[What.STATE, name, state, ""] = steps
    for flow in found.flows:
        for transition in spec_of(flow).chart.all_transitions():
            place = flow.__name__, id(transition)
            for event, steps in found.taken.get(place, {}).items():
                for key in taken_keys(flow, transition, event):
                    seen.setdefault(key, steps)
            for answer, steps in found.guards.get(place, {}).items():
                seen[guard_key(flow, transition, answer=answer)] = steps
    for name, state in found.repeated:
        seen[What.RETRY, name, state, ""] = found.repeated[name, state]
    for edge in found.edges:
        if edge.move.kind in {Kind.SILENCE, Kind.HANG_UP, Kind.WORK}:
            node = found.nodes[edge.source]
            for key in done_keys(node.flow, node.record, node.waiting_for, edge.move.step):
                if key not in seen:
                    seen[key] = (*found.steps_to(node.index), edge.move.step)
    return seen


def taken_keys(flow: type[CallFlow], transition: Transition, event: str) -> Iterator[Key]:
    """Return what of a transition is covered when an event, or nothing, takes it."""
    place = flow.__name__, id(transition)
    if not list(transition.events):
        yield (What.TRANSITION, *place, "")
    for one in transition.events:
        if event and one.match(event):
            yield (What.TRANSITION, *place, str(one))


def guard_key(flow: type[CallFlow], transition: Transition, *, answer: bool) -> Key:
    """Return what is covered when the guards of a transition give an answer."""
    return What.GUARD, flow.__name__, id(transition), "yes" if answer else "no"


def done_keys(
    flow: type[CallFlow], record: Record, waiting_for: str | None, step: Step
) -> Iterator[Key]:
    """Return what is covered by a step, at a record, besides what the chart makes of it."""
    if step.verb == "wait" and waiting_for in ASKING:
        yield What.TIME_OUT, flow.__name__, innermost(flow, record.conf), ""
    elif step.verb == "hang_up":
        for leaf in leaves_of(flow, record):
            yield What.HANG_UP, flow.__name__, leaf, ""
    elif step.verb == "work" and step.what == FAILED and record.jobs:
        yield What.TIME_OUT, flow.__name__, record.jobs[0].method, FAILED


def leaves_of(flow: type[CallFlow], record: Record) -> list[str]:
    """Return the innermost active states: several where regions are parallel."""
    return spec_of(flow).chart.leaves(list(record.conf)) if record.conf else []


def resting(found: Exploration) -> Iterator[Node]:
    """Go through the nodes at which a call goes on."""
    return (node for node in found.nodes if not node.is_over)
