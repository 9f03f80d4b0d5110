"""Mistakes in a chart: states and transitions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

from tests.mutations.source import Edit, Source, Transition, without

#: Where a mistake is made, what it is, and what has to be written for it.
Made = tuple[str, str, Sequence[Edit]]
Operator = Callable[[Source, ast.ClassDef], Iterator[Made]]


def _in_words(transition: Transition) -> str:
    event = transition.keyword("event") or transition.keyword("cond")
    return f"to {ast.unparse(transition.target)}" + (f", {_short(event)}" if event else "")


def _short(keyword: ast.keyword) -> str:
    text = ast.unparse(keyword.value)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _is_history(source: str, flow: ast.ClassDef) -> bool:
    return any(
        isinstance(one, ast.Assign)
        and ast.unparse(one.targets[0]) == source
        and ast.unparse(one.value).startswith("HistoryState")
        for one in ast.walk(flow)
    )


def drop_transition(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Leave a transition out."""
    for one in source.transitions(flow):
        if not _is_history(one.source, flow):
            yield one.source, f"no transition {_in_words(one)}", [Edit(one.statement, "pass")]


def drop_history_default(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Leave out where a history state leads to the first time."""
    for one in source.transitions(flow):
        if _is_history(one.source, flow):
            yield one.source, "no default", [Edit(one.statement, "pass")]


def drop_event(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Leave out one of several events of a transition."""
    for one in source.transitions(flow):
        for event in one.events if len(one.events) > 1 else ():
            keyword = one.keyword("event")
            assert keyword is not None
            edit = Edit(keyword.value, without(keyword.value, event))
            yield one.source, f"{_in_words(one)}, without {ast.unparse(event)}", [edit]


def swap_keys(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Mix up the keys of two transitions of one state; what is said of them stays."""
    for first, second in combinations(source.transitions(flow), 2):
        if first.source == second.source:
            for one in _keys(first):
                for other in _keys(second):
                    edits = [Edit(one, ast.unparse(other)), Edit(other, ast.unparse(one))]
                    yield first.source, f"{ast.unparse(one)} for {ast.unparse(other)}", edits


def _keys(transition: Transition) -> Iterator[ast.expr]:
    for event in transition.events:
        if isinstance(event, ast.Call) and ast.unparse(event.func) == "key":
            yield from event.args[:1]


def retarget(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Have a transition lead to another state that stands next to its target."""
    for one in source.transitions(flow):
        prefix, _, target = ast.unparse(one.target).rpartition(".")
        body = _body_of(prefix, flow) or one.body
        for state in _states_in(body):
            if state != target:
                written = f"{prefix}.{state}" if prefix else state
                edits = [Edit(one.target, written)]
                yield one.source, f"{_in_words(one)}, leads to {written}", edits


def _body_of(name: str, flow: ast.ClassDef) -> list[ast.stmt]:
    inner = (one for one in ast.walk(flow) if isinstance(one, ast.ClassDef))
    return next((one.body for one in inner if name and one.name == name), [])


def _states_in(body: Sequence[ast.stmt]) -> Iterator[str]:
    for one in body:
        if isinstance(one, ast.ClassDef):
            yield one.name
        elif isinstance(one, ast.Assign) and "State(" in ast.unparse(one.value):
            yield ast.unparse(one.targets[0])


def swap_order(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Try two transitions of a state in the other order, where that makes a difference."""
    for one, other in combinations(source.transitions(flow), 2):
        if one.source == other.source and _is_ordered(one, other):
            first, second = ast.unparse(one.statement), ast.unparse(other.statement)
            edits = [Edit(one.statement, second), Edit(other.statement, first)]
            yield one.source, f"{_in_words(other)} before {_in_words(one)}", edits


def _is_ordered(one: Transition, other: Transition) -> bool:
    """Return whether one event can be for both: it is the first that is taken."""
    if not one.events or not other.events:
        return not one.events and not other.events
    return any(_covers(a, b) or _covers(b, a) for a in one.events for b in other.events)


def _covers(wide: ast.expr, narrow: ast.expr) -> bool:
    return f"{_id_of(narrow)}.".startswith(f"{_id_of(wide)}.")


def _id_of(event: ast.expr) -> str:
    if isinstance(event, ast.Constant):
        return str(event.value)
    assert isinstance(event, ast.Call)
    words = [str(arg.value) for arg in event.args if isinstance(arg, ast.Constant)]
    return ".".join([ast.unparse(event.func), *words])


def not_final(source: Source, flow: ast.ClassDef) -> Iterator[Made]:
    """Forget that a state is the end."""
    for one in ast.walk(flow):
        if isinstance(one, ast.Call) and ast.unparse(one) == "State(final=True)":
            yield _named(one, flow), "not final", [Edit(one, "State()")]


def _named(value: ast.expr, flow: ast.ClassDef) -> str:
    assigned = (one for one in ast.walk(flow) if isinstance(one, ast.Assign))
    return next(ast.unparse(one.targets[0]) for one in assigned if one.value is value)


OPERATORS: Mapping[str, Operator] = {
    "drop a transition": drop_transition,
    "drop an event": drop_event,
    "drop a history default": drop_history_default,
    "swap two keys": swap_keys,
    "retarget": retarget,
    "swap the order": swap_order,
    "not final": not_final,
}
