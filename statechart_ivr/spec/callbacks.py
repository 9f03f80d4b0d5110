"""What transitions and states call: guards and callbacks, by name or as they are."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection
from typing import Any

from statemachine import State, StateMachine
from statemachine.exceptions import InvalidDefinition
from statemachine.transition import Transition

from statechart_ivr import engine
from statechart_ivr.spec.chart import Chart, describe
from statechart_ivr.spec.methods import Layers, Methods
from statechart_ivr.spec.problems import Problems

_NOTHING = object()
_BY_CONVENTION = ("before_", "on_", "after_", "prepare_")


class CallbackCheck:
    """Looks up what the transitions and states of one flow refer to.

    Args:
        cls: the class of the flow.
        layers: what its classes define.
        properties: properties of `CallFlow` that guards may use.
        problems: where to note what is wrong.
    """

    def __init__(
        self, cls: type, layers: Layers, properties: Collection[str], problems: Problems
    ) -> None:
        self._cls = cls
        self._properties = properties
        self._problems = problems
        self._names = [name for layer in layers for name, one in layer.items() if callable(one)]
        self._listeners = [one for layer in layers for one in layer.get("listeners", ())]

    def check(self, chart: Chart) -> bool:
        """Note names that resolve to nothing, and what cannot be called during a turn.

        Returns:
            Whether there are none, so that the engine can be asked to resolve them too.
        """
        before = len(self._problems)
        for holder in chart.holders():
            for name, is_guard in sorted(engine.callback_names(holder)):
                if name.lower() != "in":  # In('menu') is the one function of the guard language
                    self._check_name(holder, name, "guard" if is_guard else "callback")
            for function in engine.callback_functions(holder):
                if isinstance(function, property):
                    self._note_property(holder, function)
        return len(self._problems) == before

    def _check_name(self, holder: State | Transition, name: str, kind: str) -> None:
        found = inspect.getattr_static(self._cls, name, _NOTHING)
        if isinstance(found, property) and name not in self._properties:
            self._note_property(holder, found)
        elif isinstance(found, State):
            self._note(holder, f"the {kind} {name!r}", f"is a state; write \"In('{name}')\"")
        elif found is _NOTHING and not any(_may_have(one, name) for one in self._listeners):
            near = difflib.get_close_matches(name, self._names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"write def {name}(self)"
            self._note(holder, f"the {kind} {name!r}", f"resolves to nothing; {hint}")

    def _note_property(self, holder: State | Transition, found: property) -> None:
        name = getattr(found.fget, "__name__", "")
        text = "is a property, which is read while the machine is built; write it as a method"
        self._note(holder, f"{name!r}", text, method=found.fget)

    def _note(
        self,
        holder: State | Transition,
        what: str,
        text: str,
        *,
        method: Callable[..., Any] | None = None,
    ) -> None:
        if isinstance(holder, State):
            self._problems.add(f"{what} {text}", state=holder.id, method=method)
        else:
            where = f"of {describe(holder)}"
            self._problems.add(f"{what} {where} {text}", state=holder.source.id, method=method)


def _may_have(listener: object, name: str) -> bool:
    """Whether a listener has a callback; what a factory returns is for the engine to find out."""
    return hasattr(listener, name) or (callable(listener) and not isinstance(listener, type))


def check_coroutines(chart: Chart, methods: Methods, problems: Problems) -> None:
    """Note ``async def``: a turn is answered by one thread, without an event loop.

    Args:
        chart: the states.
        methods: of the flow; those that neither this package nor the engine calls are free.
        problems: where to note what is wrong.
    """
    named = {name for holder in chart.holders() for name, _ in engine.callback_names(holder)}
    for name, function in methods.functions.items():
        is_called = name in methods.marks or name in named or name.startswith(_BY_CONVENTION)
        plain = inspect.unwrap(function)
        if is_called and (inspect.iscoroutinefunction(plain) or inspect.isasyncgenfunction(plain)):
            problems.add(
                "is a coroutine, and there is no event loop; write def, and do slow work "
                "in a @background method",
                method=function,
                name=name,
            )


def try_engine(build: Callable[[], StateMachine], problems: Problems) -> None:
    """Build one machine, which is when the engine resolves callbacks, and note its complaint.

    Args:
        build: makes the machine, in a state, so that no callback runs.
        problems: where to note what is wrong.
    """
    try:
        machine = build()
    except InvalidDefinition as error:
        problems.add(f"{error}")
        return
    has_said_so = any("coroutine" in problem for problem in problems)
    if engine.has_coroutines(machine) and not has_said_so:
        problems.add("a callback of a transition or state is a coroutine; write def")
