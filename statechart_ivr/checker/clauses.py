"""A call in words: which callers hear something else now."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from statechart_ivr.checker.notation import Step

_CLAUSES = {
    "wait": "do nothing",
    "record": "leave a message",
    "hang_up": "hang up",
    "redirect": "are taken over at {what}",
    "work": "are there when background work comes to {what}",
    "deliver": "are there when {what} comes",
}


def callers_who(steps: Sequence[Step]) -> str:
    """Return in words who makes a call.

    >>> from statechart_ivr.checker.notation import parse_call
    >>> callers_who(parse_call("dial 2 1 . dial.busy"))
    'callers who press 2, 1, then do nothing, then get dial.busy'

    Args:
        steps: the call.
    """
    dialled = next(i for i, step in enumerate(steps) if step.verb == "dial")
    clauses = [_entry(steps[: dialled + 1])] if _is_worth_telling(steps, dialled) else []
    for verb, group in groupby(steps[dialled + 1 :], key=lambda step: step.verb):
        them = list(group)
        if verb == "press":
            clauses.append(f"press {', '.join(step.what for step in them)}")
        else:
            clauses += [_clause(step) for step in them]
    return f"callers who {', then '.join(clauses)}"


def _is_worth_telling(steps: Sequence[Step], dialled: int) -> bool:
    dial = steps[dialled]
    return bool(dialled or dial.what or dial.data or len(steps) == 1)


def _entry(steps: Sequence[Step]) -> str:
    *before, dial = steps
    where = "".join(f" {part}" for part in (dial.what, dial.data) if part)
    return f"call{where}" + "".join(f" at {step.what}" for step in before)


def _clause(step: Step) -> str:
    if step.verb == "say":
        return f'say "{step.what}"'
    if step.verb == "at":
        return f"are still there at {step.what}"
    if step.verb in _CLAUSES:
        return _CLAUSES[step.verb].format(what=step.what)
    return f"get {step}"
