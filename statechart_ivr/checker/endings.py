"""How calls end: for every caller, with a person if there is one, and not too early."""

from __future__ import annotations

from collections.abc import Iterator

from statechart_ivr.checker.callers import Caller, Circle, Wandering
from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import START, Edge, Exploration, Kind, Node, innermost
from statechart_ivr.checker.identity import last_played
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.settings import Limits
from statechart_ivr.flow import CallFlow, spec_of

#: What ends a call, or leads it elsewhere, though the flow itself does not.
_FROM_ELSEWHERE = frozenset({Kind.HANG_UP, Kind.TAKEOVER})


def endings(found: Exploration, limits: Limits) -> Iterator[Finding]:
    """Return findings about calls that never end, end too early, or end without a person."""
    yield from asks_nothing(found)
    endless = without_end(found)
    yield from no_end(found, endless)
    for flow in found.flows:
        if flow.max_turns > limits.turns:
            for caller in Caller:
                yield from never_let_go(found, flow, caller, limits, endless)
    yield from no_person(found)


def _is_own_way(edge: Edge) -> bool:
    return edge.move.kind not in _FROM_ELSEWHERE


# Calls that end with a document


def asks_nothing(found: Exploration) -> Iterator[Finding]:
    """Return a finding for each state whose document is the last one, though it is not final."""
    seen = set()
    for edge, node in cut_short(found):
        state = innermost(node.flow, node.conf)
        if (node.flow, state) not in seen:
            seen.add((node.flow, state))
            yield _asks_nothing(found, edge, node, state)


def cut_short(found: Exploration) -> Iterator[tuple[Edge, Node]]:
    """Go through what ends a call because a document is over, though the chart could go on."""
    for edge in found.edges:
        if edge.target is None or not _is_own_way(edge):
            continue
        is_afterwards = edge.source != START and found.nodes[edge.source].is_over
        if not is_afterwards and _ends_early(found.nodes[edge.target]):
            yield edge, found.nodes[edge.target]


def _ends_early(node: Node) -> bool:
    is_hung_up = last_played(node.script, node.position) in {"Hangup", "Reject"}
    is_final = spec_of(node.flow).chart.is_final(node.conf)
    return node.is_over and not is_hung_up and not is_final


def _asks_nothing(found: Exploration, edge: Edge, node: Node, state: str) -> Finding:
    before = (
        found.beginning(node.moment, edge.move)
        if edge.source == START
        else (*found.steps_to(edge.source), edge.move.step)
    )
    return Finding(
        "asks-nothing",
        node.flow.__name__,
        state,
        "the call ends where its document ends, in a state that is not final",
        "ask something, let the state move on by itself, or write State(final=True) and Hangup()",
        before,
        place_of(node.flow, state=state),
        (f'assert not report.having("asks-nothing", "{state}")',),
    )


# Calls that do not end


def without_end(found: Exploration) -> frozenset[int]:
    """Return the nodes from which a flow lets no call end, whatever the caller does.

    What was not looked at any more, and what ends with an error, may lead to an end.
    """
    ends = {node.index for node in found.nodes if node.is_over or node.index not in found.out}
    ends |= {edge.source for edge in found.edges if edge.target is None}
    ending = found.leading_to(ends, _is_own_way)
    return frozenset(range(len(found.nodes))) - ending


_ADVICE_FOR_END = {
    "": "let something lead to a final state: a key, or give_up with max_attempts",
    "loop": "let it be heard a few times, with loop=3, and not for ever",
}


def no_end(found: Exploration, endless: frozenset[int]) -> Iterator[Finding]:
    """Return a finding for each state with which a call comes to where it never ends."""
    seen = set()
    for index in sorted(endless):
        node = found.nodes[index]
        state = innermost(node.flow, node.conf)
        if (node.flow, state) in seen or node.arrived.source in endless:
            continue  # what lies behind it has no end either
        seen.add((node.flow, state))
        yield Finding(
            "no-end",
            node.flow.__name__,
            state,
            "from here the caller can only hang up; nothing else ends the call within "
            f"{node.flow.max_turns:,} turns",
            _ADVICE_FOR_END["loop" if node.waiting_for in {"say", "play"} else ""],
            found.steps_to(index),
            place_of(node.flow, state=state),
            (f'assert not report.having("no-end", "{state}")',),
        )


def never_let_go(
    found: Exploration,
    flow: type[CallFlow],
    caller: Caller,
    limits: Limits,
    endless: frozenset[int],
) -> Iterator[Finding]:
    """Return a finding if a caller can go on and on in a flow, with the shortest call."""
    circles = [
        circle
        for circle in Wandering(found, caller).circles()
        if circle.start.flow is flow and circle.start.index not in endless
    ]
    if not circles:
        return
    circle = min(circles, key=lambda one: one.start.index)
    places = {innermost(flow, one.start.conf) for one in circles}
    more = len(places) - 1
    also = f", or at {more} more question{'s' if more > 1 else ''}," if more else ""
    state = innermost(flow, circle.start.conf)
    lead = found.steps_to(circle.start.index)
    yield Finding(
        "never-let-go",
        flow.__name__,
        state,
        f"a caller who {caller.value} here{also} is let go only after {flow.max_turns:,} turns",
        _let_go(flow, caller, limits),
        (*lead, *(edge.move.step for edge in circle.edges)),
        place_of(flow, state=state),
        tuple(_goes_on(found, circle, limits)),
        lead=len(lead),
    )


def _let_go(flow: type[CallFlow], caller: Caller, limits: Limits) -> str:
    bound = f"set max_turns = {min(100, limits.turns)}"
    if caller in {Caller.MASHING, Caller.TYPING}:
        return f"{bound}, or let one of these keys not lead back"
    if flow.max_attempts is None:
        return f"set max_attempts = 3, or {bound}"
    event = "no_input" if caller is Caller.SILENT else "no_match"
    return f"let {event} not lead to another question, where attempts begin anew; or {bound}"


def _goes_on(found: Exploration, circle: Circle, limits: Limits) -> Iterator[str]:
    """Return Python that goes round and round, until the caller is let go, or for too long."""
    steps = [(found.nodes[edge.source].waiting_for, edge.move.step) for edge in circle.edges]
    if len(set(steps)) == 1:
        steps = steps[:1]
    yield f"for _ in range({max(1, limits.turns // len(steps))}):"
    for verb, step in steps:
        yield f'    if call.waiting_for == "{verb}":'
        yield f"        call.{step.code()}"
    yield f'assert call.waiting_for != "{circle.start.waiting_for}"'


# Calls without a person


def no_person(found: Exploration) -> Iterator[Finding]:
    """Return a finding for each entry from which no call gets to a person, at any time.

    It is asked only of flows that declare one, and of entries at which a caller can choose.
    """
    if not found.is_exhausted:
        return
    entries: dict[Step, list[int]] = {}
    for edge in found.out.get(START, ()):
        if edge.target is not None:
            entries.setdefault(edge.move.step, []).append(edge.target)
    for firsts in entries.values():
        reached = [found.nodes[one] for one in found.reached_from(firsts, _is_own_way)]
        first = found.nodes[firsts[0]]
        is_asked = any(node.waiting_for == "gather" for node in reached)
        if is_asked and spec_of(first.flow).persons and not any(map(_has_person, reached)):
            yield _no_person(found, first)


def _has_person(node: Node) -> bool:
    return not spec_of(node.flow).persons.isdisjoint(node.conf)


def _no_person(found: Exploration, first: Node) -> Finding:
    state = innermost(first.flow, first.conf)
    persons = ", ".join(sorted(spec_of(first.flow).persons))
    return Finding(
        "no-person",
        first.flow.__name__,
        state,
        f"no call that comes in here gets to a person, though there is {persons}",
        f"let a key, or give_up, lead to {persons}",
        found.steps_to(first.index),
        place_of(first.flow, state=state),
        (f'assert not report.having("no-person", "{state}")',),
    )
