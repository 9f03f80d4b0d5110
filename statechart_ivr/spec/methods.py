"""The methods of a flow, wherever they are defined, and the marks on them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from statemachine import State

from statechart_ivr import engine
from statechart_ivr.decorators import Mark, Routable, marks_of
from statechart_ivr.spec.chart import walk
from statechart_ivr.spec.names import is_event, tops_in
from statechart_ivr.spec.problems import Problems

Layers = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Methods:
    """What a flow's own classes define.

    Attributes:
        functions: by name; the most derived class decides.
        marks: of each marked method; an override without marks has those of what it overrides.
    """

    functions: Mapping[str, Any]
    marks: Mapping[str, tuple[Mark, ...]]


def body_of(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a class body together with the methods in the bodies of its states.

    This is asked before the engine reads the class: it puts events over methods of their name,
    and forgets nested methods when it finds two of one name.

    Args:
        attributes: of the class body.
    """
    nested = engine.nested_functions(walk(tops_in(attributes).values()))
    return {**attributes, **dict(nested), **attributes}


def layers_of(cls: type, body: Mapping[str, Any], base: type) -> Layers:
    """Return what the classes of a flow define, the most derived first.

    Args:
        cls: the class.
        body: of the class, as `body_of` returns it.
        base: the class that all flows have in common; it and its bases are left out.
    """
    return [body, *(vars(one) for one in cls.__mro__[1:] if one not in base.__mro__)]


def read_methods(layers: Layers, problems: Problems) -> Methods:
    """Find the methods and their marks, and note marks that would get lost.

    Args:
        layers: what the flow's classes define, the most derived first.
        problems: where to note what is wrong.
    """
    functions: dict[str, Any] = {}
    for layer in reversed(layers):
        for name, value in layer.items():
            functions.pop(name, None)
            if inspect.isfunction(value) and not is_event(value):
                functions[name] = value
            else:
                _check_lost_marks(value, problems)
    marks = {name: _marks(name, layers, problems) for name in functions}
    return Methods(functions, {name: found for name, found in marks.items() if found})


def _check_lost_marks(value: object, problems: Problems) -> None:
    """Note a marked function that is no method: inside of something else, or an event."""
    inside = (getattr(value, name, None) for name in ("__func__", "fget", "func"))
    function: Any = value if is_event(value) else next(filter(None, inside), None)
    if marks := marks_of(function):
        kind = "an event" if function is value else f"a {type(value).__name__}"
        problems.add(
            f"is marked with @{marks[0].decorator}, and is {kind}; write a plain method: "
            f"def {function.__name__}(self)",
            method=function,
        )


def _marks(name: str, layers: Layers, problems: Problems) -> tuple[Mark, ...]:
    """Return the marks of a method; an override without any has those of what it overrides."""
    versions = [layer[name] for layer in layers if name in layer]
    marked = [marks for marks in map(marks_of, versions) if marks]
    if not marked:
        return ()
    if any(_targets(one) != _targets(marked[0]) for one in marked):
        problems.add(
            "overrides a method that is marked differently; leave the marks out, they are "
            "inherited, or choose another name",
            method=versions[0],
            name=name,
        )
    return marked[0]


def _targets(marks: tuple[Mark, ...]) -> list[object]:
    """Return what marks are about, in a form to compare: states by identity."""
    found: list[object] = []
    for mark in marks:
        named = (mark.path, mark.state) if isinstance(mark, Routable) else mark.targets
        found.append(mark.decorator)
        found += [id(one) if isinstance(one, State) else one for one in named]
    return found
