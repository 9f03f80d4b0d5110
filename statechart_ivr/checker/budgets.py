"""What takes a caller too long, against the limits that the author sets."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import START, Exploration, Node, innermost
from statechart_ivr.checker.quickest import Way, quickest_ways
from statechart_ivr.checker.settings import Limits
from statechart_ivr.flow import spec_of
from statechart_ivr.testing.script import seconds_to_hear

_ADVICE = {
    "late-choice": "say the first choice earlier: shorten what comes before it, or say it later on",
    "late-person": "bring the way to a person nearer to the beginning: a key of an outer state "
    "works everywhere inside it",
    "long-prompt": "say less at a time, and the rest in a state of its own",
}
#: Where nobody listens for the next question: callers who are held, or hear music.
_WAITING = frozenset({"redirect", "play", "say"})


def budgets(found: Exploration, limits: Limits) -> Iterator[Finding]:
    """Return what takes longer than an author allows."""
    if limits.seconds_to_choice is not None:
        yield from late_choices(found, limits.seconds_to_choice)
    if limits.seconds_to_person is not None:
        yield from late_persons(found, limits.seconds_to_person)
    if limits.prompt_seconds is not None:
        yield from long_prompts(found, limits.prompt_seconds)


def late_choices(found: Exploration, limit: float) -> Iterator[Finding]:
    """Return the questions that come first, where their first choice has been said too late."""
    ways = quickest_ways(found, lambda node: node.waiting_for == "gather")
    measured = (way._replace(seconds=way.seconds + first_prompt(way.node)) for way in ways)
    what = "the first choice has been said after"
    return _too_slow("late-choice", what, limit, measured, _innermost)


def _innermost(node: Node) -> str:
    return innermost(node.flow, node.conf)


def first_prompt(node: Node) -> float:
    """Return how many seconds the first prompt takes of the Gather that waits at a node."""
    gather = node.script.verbs[node.position - 1]
    seconds = seconds_to_hear(gather[0]) if len(gather) else 0.0
    return 0.0 if math.isinf(seconds) else seconds


def late_persons(found: Exploration, limit: float) -> Iterator[Finding]:
    """Return the states in which a person is reached, where that takes too long."""
    ways = quickest_ways(found, lambda node: bool(_person(node)))
    what = "the quickest caller reaches a person after"
    return _too_slow("late-person", what, limit, ways, _person)


def _person(node: Node) -> str:
    persons = spec_of(node.flow).persons
    return next((state for state in node.conf if state in persons), "")


def _too_slow(
    code: str, what: str, limit: float, ways: Iterator[Way], state_of: Callable[[Node], str]
) -> Iterator[Finding]:
    """Return one finding a state: that of the entry from which it takes longest."""
    slowest: dict[tuple[str, str], Way] = {}
    for way in ways:
        place = way.node.flow.__name__, state_of(way.node)
        if place not in slowest or slowest[place].seconds < way.seconds:
            slowest[place] = way
    for (_, state), way in slowest.items():
        if way.seconds > limit:
            yield _finding(code, what, limit, way, state)


def long_prompts(found: Exploration, limit: float) -> Iterator[Finding]:
    """Return the states in which a caller has to listen for too long at a stretch."""
    longest: dict[tuple[str, str], Way] = {}
    for node in found.nodes:
        if _is_heard_already(found, node):
            continue
        seconds, place = _stretch(node), (node.flow.__name__, _innermost(node))
        if seconds > max(limit, longest[place].seconds if place in longest else 0.0):
            longest[place] = Way(seconds, node, found.steps_to(node.index))
    for (_, state), way in longest.items():
        yield _finding("long-prompt", "the caller listens without a break for", limit, way, state)


def _is_heard_already(found: Exploration, node: Node) -> bool:
    """Return whether the document is that of the node before: of a caller who hung up."""
    source = node.arrived.source
    return source != START and found.nodes[source].script.text == node.script.text


def _stretch(node: Node) -> float:
    """Return how long the document is heard before somebody else has their turn."""
    verbs = node.script.verbs[: node.position]
    is_waiting_music = node.waiting_for == "enqueue" and verbs[-1].tag != "Enqueue"
    if node.waiting_for in _WAITING or is_waiting_music:
        return 0.0
    seconds = sum(map(seconds_to_hear, verbs))
    return 0.0 if math.isinf(seconds) else seconds


def _finding(code: str, what: str, limit: float, way: Way, state: str) -> Finding:
    return Finding(
        code,
        way.node.flow.__name__,
        state,
        f"{what} {way.seconds:.1f} s > {limit:g} s",
        _ADVICE[code],
        way.steps,
        place_of(way.node.flow, state=state),
        (f'assert not report.having("{code}", "{state}")',),
    )
