"""Names: states, events and methods share one namespace, and must not get in each other's way."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from statemachine import Event, State
from statemachine.states import States
from statemachine.transition_list import TransitionList

from statechart_ivr import engine
from statechart_ivr.events import EVENTS, nearest, never_comes
from statechart_ivr.spec.chart import Chart, walk
from statechart_ivr.spec.problems import Problems
from statechart_ivr.spec.settings import RULES

_PLAIN = r"[\w~/-]+(\.[\w~/-]+)*"
_PLAIN_ID = re.compile(_PLAIN)
_EVENT_ID = re.compile(rf"\*|{_PLAIN}(\.\*?)?")
_HOOKS = ("before", "on", "after")


@dataclass(frozen=True)
class Names:
    """What `CallFlow` uses up.

    Attributes:
        base: that class.
        reserved: names no class body may use.
        settings: reserved class attributes that it may set.
        properties: reserved properties that guards may use.
    """

    base: type
    reserved: frozenset[str]
    settings: frozenset[str]
    properties: frozenset[str]

    @classmethod
    def of(cls, base: type) -> Names:
        """Read them off the class."""
        properties = {name for name, value in vars(base).items() if isinstance(value, property)}
        reserved = {*engine.ENGINE_NAMES, *dir(base), *dir(type(base)), "_context"}
        reserved |= type(base).__annotations__.keys()
        return cls(base, frozenset(reserved), frozenset(RULES), frozenset(properties))


def check_reserved(attributes: Mapping[str, Any], names: Names, problems: Problems) -> None:
    """Note names of a class body that would overwrite what `CallFlow` and the engine need.

    This is asked before the engine reads the class, because some of these names stop it.

    Args:
        attributes: the class body.
        names: what is used up.
        problems: where to note what is wrong.
    """
    ids = dict(_ids_in(attributes))
    for name, kind in ids.items():
        if name in names.reserved:
            problems.add(
                f"the {kind}'s id is a name of CallFlow or the engine; choose another", state=name
            )
    for name, value in attributes.items():
        method = value if inspect.isfunction(value) else None
        if name == "__init__":
            problems.add(
                "would run for every request, before the call is known; put what a call starts "
                "with into self.session, in a method with @routable(path, state)",
                name=name,
                method=method,
            )
        elif name in names.reserved and name not in ids and not _is_free(name, value, names):
            problems.add("the name is CallFlow's own; choose another", name=name, method=method)


def _is_free(name: str, value: object, names: Names) -> bool:
    # The engine puts a collection of the same states in the place of "states = States(…)".
    return name in names.settings or name.startswith("__") or isinstance(value, States)


def _ids_in(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Go through the ids that a class body declares, with what they are ids of."""
    yield from ((name, "event") for name, value in attributes.items() if is_event(value))
    tops = tops_in(attributes)
    yield from ((name, "state") for name in tops)
    for state in walk(tops.values()):
        yield from ((inner.id, "state") for inner in (*state.states, *state.history))
        yield from ((str(event), "event") for event in state.transitions.unique_events)


def tops_in(attributes: Mapping[str, Any]) -> dict[str, State]:
    """Return the outermost states of a class body; the engine has not told them their ids yet."""
    found: dict[str, State] = {}
    for name, value in attributes.items():
        if isinstance(value, State):
            found[name] = value
        elif isinstance(value, States):
            found |= value.items()  # type: ignore[no-untyped-call]  # the engine's
    return found


def is_event(value: object) -> bool:
    """Return whether an attribute's name becomes an event's id; methods can do that too."""
    return isinstance(value, Event | TransitionList) or getattr(value, "is_event", False)


def check_names(chart: Chart, layers: Iterable[Mapping[str, Any]], problems: Problems) -> None:
    """Note states, events and attributes of one name, of which one would hide the other.

    Args:
        chart: the states.
        layers: what the flow's classes define, the most derived first.
        problems: where to note what is wrong.
    """
    for state_id in chart.doubled:
        problems.add(
            "two states have this id; ids are unique in the whole flow, nested ones too: "
            "rename one of them",
            state=state_id,
        )
    for state_id, state in chart.states.items():
        first = chart.id_of(state.value)
        if first != state_id:
            problems.add(
                f"has the same value as {first}, {state.value!r}, and the engine could not tell "
                "them apart; leave value= out",
                state=state_id,
            )
    ids = dict.fromkeys((*chart.states, *chart.histories), "state")
    for event in chart.event_ids():
        _check_event(event, problems)
        if event in ids:
            problems.add("is a state and an event; rename one of them", state=event)
        ids.setdefault(event, "event")
    for layer in layers:
        for name, value in layer.items():
            if name in ids and not isinstance(value, State) and not is_event(value):
                _hidden(name, ids[name], value, problems)


def _check_event(event: str, problems: Problems) -> None:
    if not _EVENT_ID.fullmatch(event):
        hint = "; key() of one key is text: write it without * in front" if event == "." else ""
        problems.add(
            f"{event!r} is no event id: write letters, digits and - _ ~ /, "
            f"with single dots between parts{hint}"
        )
    elif never_comes(event):
        problems.add(
            f"a transition waits for {event!r}, which never comes; did you mean {nearest(event)!r}?"
        )


def why_never(event: str, chart: Chart) -> str:
    """Return why work for an event would never start; nothing where it may.

    Args:
        event: as ``@background`` names it.
        chart: the states.
    """
    if event in chart.states:
        return f"waits for an event {event!r}, which is a state; write it without quotes"
    if not _PLAIN_ID.fullmatch(event):
        return (
            f"waits for {event!r}, which is no event id: write letters, digits and - _ ~ /, with "
            "single dots between parts, and each id by itself; 'dial' stands for 'dial.busy', too"
        )
    if never_comes(event):
        return f"waits for {event!r}, which never comes; did you mean {nearest(event)!r}?"
    return ""


def _hidden(name: str, kind: str, value: object, problems: Problems) -> None:
    method = value if inspect.isfunction(value) else None
    what = "method" if method else "class attribute"
    article = "an" if kind == "event" else "a"
    problems.add(
        f"a {what} and {article} {kind} are both named {name!r}, and one would hide the other; "
        f"rename the {what}",
        name=name,
        method=method,
    )


def check_dotted(chart: Chart, functions: Mapping[str, Any], problems: Problems) -> None:
    """Note methods that look like callbacks of dotted events, which the engine never calls.

    Args:
        chart: the states.
        functions: all methods of the flow by name.
        problems: where to note what is wrong.
    """
    named = {name for holder in chart.holders() for name, _ in engine.callback_names(holder)}
    for suffix, why in _never_called(set(chart.event_ids())).items():
        for hook in _HOOKS:
            name = f"{hook}_{suffix}"
            if name in functions and name not in named:
                problems.add(
                    f"would never run: {why}; write {hook}={name!r} on the transition",
                    method=functions[name],
                    name=name,
                )
    for name, function in functions.items():
        if name not in named and (state_id := _unknown_state(name, chart)):
            problems.add(
                f"would never run: there is no state {state_id!r}; name one there is",
                method=function,
                name=name,
            )


def _unknown_state(name: str, chart: Chart) -> str | None:
    """Return the state that an ``on_enter_…`` or ``on_exit_…`` method is for, if there is none."""
    hook, _, state_id = name.removeprefix("on_").partition("_")
    if not name.startswith("on_") or hook not in {"enter", "exit"}:
        return None
    is_known = state_id in {"state", *chart.states} or f"{hook}_{state_id}" in chart.event_ids()
    return None if is_known else state_id


def _never_called(declared: set[str]) -> dict[str, str]:
    """Return by what names the engine calls no methods, though there are such events, and why."""
    known = [row.id for row in EVENTS]
    reasons = {}
    for event in sorted(event for event in {*declared, *known} if "." in event):
        suffix = event.replace(".", "_")
        if suffix not in declared:
            reasons[suffix] = f"the engine calls no method for the dotted event {event!r}"
        family = event.partition(".")[0]
        if event in known and family not in known:
            reasons[family] = f"{family!r} is never sent alone, but {event!r} and the like"
    return reasons
