"""The private details of python-statemachine 3.2 that this package relies on, all of them.

`tests/test_engine.py` pins each, so that a new version of the engine fails there first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from threading import RLock
from typing import Any, Protocol

from statemachine import Event, State, StateMachine
from statemachine.callbacks import CallbackGroup, CallbackPriority, SpecReference
from statemachine.event_data import EventData, TriggerData
from statemachine.factory import StateMachineMetaclass
from statemachine.orderedset import OrderedSet
from statemachine.spec_parser import names_in_boolean_expr
from statemachine.transition import Transition

#: What the engine sets on its instances by plain assignment.
INSTANCE_ATTRIBUTES = frozenset(
    "model history_values state_field start_configuration_values configuration "
    "_callbacks _config _listeners _engine".split()
)

#: What the engine's own classes use up as attribute names: no state, event or method may.
ENGINE_NAMES = (
    frozenset(dir(StateMachine)) | INSTANCE_ATTRIBUTES | frozenset(dir(StateMachineMetaclass))
)

#: How often a machine is built before Python's failure to parse is taken for one of the flow's.
TRIES = 10


class Building:
    """Who builds a machine holds the lock."""

    lock = RLock()

    @classmethod
    def unlock(cls) -> None:
        """Forget, in a process that was forked, that a thread of its parent held it."""
        cls.lock = RLock()


os.register_at_fork(after_in_child=Building.unlock)


def nested_functions(states: Iterable[State]) -> Iterator[tuple[str, Any]]:
    """Go through what nested state bodies define, as long as the engine has not moved it.

    The engine moves it to the class at the end of its work, which it does not reach when it
    finds the chart wrong.
    """
    for state in states:
        yield from (state._callbacks or {}).items()


def callback_names(holder: State | Transition) -> Iterator[tuple[str, bool]]:
    """Go through the names that ``cond="…"``, ``on="…"`` and the like refer to.

    Yields:
        The name, and whether it is used as a guard. Names that only follow the engine's naming
        convention are left out, and functions given as objects.
    """
    for spec in holder._specs:
        if spec.is_convention or spec.reference is not SpecReference.NAME:
            continue
        is_guard = spec.group is CallbackGroup.COND
        if is_guard:
            for name in sorted(names_in_boolean_expr(spec.attr_name)):
                yield name, True
        else:
            yield spec.attr_name, False


def callback_functions(holder: State | Transition) -> Iterator[Any]:
    """Go through the callbacks given as objects: functions and properties."""
    for spec in holder._specs:
        if spec.reference is not SpecReference.NAME:
            yield spec.func


def uses_invoke(state: State) -> bool:
    """Return whether a state was given ``invoke=``."""
    return any(not spec.is_convention for spec in state.invoke)


def call_last_on_entry(state: State, method: str) -> None:
    """Have a method of the machine called when a state is entered, after the flow's own."""
    state.enter.add(method, priority=CallbackPriority.AFTER)


def call_before(transition: Transition, method: str) -> None:
    """Have a method of the machine called before a transition is taken."""
    transition.before.add(method, priority=CallbackPriority.GENERIC)


def guards_pass(
    machine: StateMachine, transition: Transition, event: Event, data: Mapping[str, Any]
) -> bool:
    """Return whether a transition would be taken now, if the event came with this data."""
    trigger = TriggerData(machine, event, kwargs=dict(data))
    injected = EventData(trigger, transition).extended_kwargs
    return bool(machine._callbacks.all(transition.cond.key, **injected))


def place(machine: StateMachine, values: Iterable[Any]) -> None:
    """Put a machine into a configuration; no callback runs."""
    machine._config.value = OrderedSet(values)


def unplace(machine: StateMachine, start: Any) -> None:
    """Take a machine out of every state; `StateMachine.activate_initial_state` enters ``start``."""
    machine._config.value = None
    machine.start_configuration_values = [start]


class Watcher(Protocol):
    """Is told what a machine does while it does it."""

    def on_entered(self, state: State) -> None:
        """Take note that a state is entered."""
        ...

    def on_taken(self, transition: Transition, event: str) -> None:
        """Take note that an event, or nothing, has a transition taken."""
        ...

    def on_guard(self, transition: Transition, ask: Callable[[], bool]) -> bool:
        """Return what a transition's guards say, which ``ask`` finds out."""
        ...


def watch(machine: StateMachine, watcher: Watcher) -> None:
    """Have somebody told what a machine does."""
    own = machine._engine
    add, step, match = (
        own._add_state_to_configuration,
        own.microstep,
        own._conditions_match,
    )

    def add_and_tell(target: State) -> None:
        watcher.on_entered(target)
        add(target)

    def step_and_tell(transitions: Iterable[Transition], trigger_data: TriggerData) -> Any:
        taken = list(transitions)
        for transition in taken:
            watcher.on_taken(transition, str(trigger_data.event or ""))
        return step(taken, trigger_data)

    def match_and_tell(transition: Transition, trigger_data: TriggerData) -> bool:
        if not has_guard(transition):
            return bool(match(transition, trigger_data))
        return watcher.on_guard(transition, lambda: bool(match(transition, trigger_data)))

    vars(own).update(
        _add_state_to_configuration=add_and_tell,
        microstep=step_and_tell,
        _conditions_match=match_and_tell,
    )


def has_guard(transition: Transition) -> bool:
    """Return whether a transition is taken only if something says so."""
    return any(spec.group is CallbackGroup.COND for spec in transition._specs)


def refuse_events(machine: StateMachine, refuse: Callable[[], None]) -> None:
    """Have a function called, which raises, in place of everything that sends an event."""

    def put(*_: Any, **__: Any) -> None:
        refuse()

    set_attribute(machine, "_put_nonblocking", put)


def set_attribute(machine: StateMachine, name: str, value: Any) -> None:
    """Set an instance's attribute around the flow's own refusal."""
    vars(machine)[name] = value


def parts_of(machine: StateMachine) -> dict[str, Any]:
    """Return what a machine consists of that has just been built, for `renew`."""
    return dict(vars(machine))


def renew(machine: StateMachine, parts: Mapping[str, Any]) -> None:
    """Make a machine again what it was when it had just been built.

    Only its callbacks stay as they are, which are what takes long; whatever else it came to hold
    is gone. It is in no state until it is placed.

    Args:
        machine: any, also one that has ended or raised.
        parts: what it consisted of, from `parts_of`.
    """
    own = vars(machine)
    own.clear()
    own.update(parts, history_values={})
    machine._config.value = None
    own["_engine"] = type(parts["_engine"])(machine)


def has_listeners(machine: StateMachine) -> bool:
    """Return whether there are objects besides it that callbacks go to, and that hold their own."""
    return bool(machine._listeners)


def has_coroutines(machine: StateMachine) -> bool:
    """Return whether the engine found a coroutine among the callbacks."""
    return machine._callbacks.has_async_callbacks


def build(initialise: Callable[[], None]) -> None:
    """Build a machine: the engine parses its guards, each time anew.

    Python 3.11 fails to parse in one thread while another one parses, guards or, to print a
    traceback, source code (python/cpython#106905). So machines wait for one another here, and
    what fails for that reason is done again; it has no effects but on the machine.

    Args:
        initialise: the engine's ``__init__``.
    """
    failures = 0
    while True:
        try:
            with Building.lock:
                return initialise()
        except SystemError:
            failures += 1
            if failures == TRIES:
                raise
