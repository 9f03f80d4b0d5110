"""What a class body names as a state and what is none: the engine would stumble over it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from statemachine import State

from statechart_ivr.spec.chart import walk
from statechart_ivr.spec.problems import Problems


def check_targets(
    attributes: Mapping[str, Any], tops: Mapping[str, State], problems: Problems
) -> bool:
    """Note transitions that lead to something other than a state, and classes that are no states.

    Args:
        attributes: the class body.
        tops: the outermost states it can reach, its own and inherited ones, by name.
        problems: where to note what is wrong.

    Returns:
        Whether all is well; if not, nothing else can be checked.
    """
    before = len(problems)
    for name, value in attributes.items():
        if _is_state_class(value):
            problems.add(
                f"class {name}({_base(value)}) makes no state; write class {name}(State.Compound)",
                state=name,
            )
    names = {id(state): name for name, state in tops.items()}
    for state in walk(tops.values()):
        source = names.get(id(state), state.id)
        for target in (target for transition in state.transitions for target in transition.targets):
            if not isinstance(target, State):
                problems.add(f"{source}.to(…) {_mistaken(target)}", state=source)
    return len(problems) == before


def _mistaken(target: object) -> str:
    if isinstance(target, str) and not target.isidentifier():
        return f"takes {target!r} for a state; write state.to(target, event={target!r})"
    if isinstance(target, str):
        return f"leads to the text {target!r}; write {target} without quotes, or event={target!r}"
    if _is_state_class(target):
        name = getattr(target, "__name__", "")
        return f"leads to the class {name}; write class {name}(State.Compound)"
    return f"leads to {target!r}, which is not a state"


def _is_state_class(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, State)


def _base(kind: type) -> str:
    return kind.__bases__[0].__name__
