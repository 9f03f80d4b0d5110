"""States are shared between a flow and the classes that inherit it: nobody may change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from statemachine import State
from statemachine.transition import Transition

from statechart_ivr.spec.chart import Chart, describe
from statechart_ivr.spec.model import FlowSpec
from statechart_ivr.spec.problems import Problems

_RULE = "a class that inherits states overrides methods and class attributes, nothing else"


def check_inherited(spec: FlowSpec, inherited: FlowSpec, problems: Problems) -> None:
    """Note what a class adds to states that it shares with its base.

    Args:
        spec: of the class.
        inherited: of the base that brings the states.
        problems: where to note what is wrong.
    """
    for state in spec.chart.tops:
        if state not in inherited.chart:
            problems.add(f"adds a state to the inherited ones; {_RULE}", state=state.id)
    known = {route.name for route in inherited.routes}
    for route in spec.routes:
        if route.name not in known:
            problems.add(f"adds the route {route.path}; {_RULE}", name=route.name)
    for kind, mine, theirs in (
        ("renderer", spec.renderers, inherited.renderers),
        ("waiting renderer", spec.waiting, inherited.waiting),
        ("handler", spec.handlers, inherited.handlers),
    ):
        for state_id in mine:
            if state_id not in theirs:
                problems.add(f"adds a {kind} to an inherited state; {_RULE}", state=state_id)
    work = {one.method for one in inherited.work}
    for one in spec.work:
        if one.method not in work:
            problems.add(f"adds background work; {_RULE}", name=one.method)


class Snapshot:
    """How the states of a flow were when its class was made.

    The body of a subclass writes into the states it inherits before anything can refuse it, and
    the engine adds more while it reads that body. So they are compared, and put back, afterwards.

    Args:
        flow: name of the class.
        chart: its states.
    """

    def __init__(self, flow: str, chart: Chart) -> None:
        self._flow = flow
        self._lists = [
            (state, what, live, list(live)) for state, what, live in _lists_in(chart.holders())
        ]

    def put_back(self, problems: Problems) -> None:
        """Take away what was added since, and note it."""
        for state, what, live, saved in self._lists:
            for added in live[len(saved) :]:
                text = describe(added) if isinstance(added, Transition) else str(added)
                problems.add(
                    f"adds the {what} {text} to a state it inherits, which would change "
                    f"{self._flow} too; declare it there",
                    state=state.id,
                )
            live[:] = saved


def _lists_in(holders: Iterable[State | Transition]) -> Iterator[tuple[State, str, list[Any]]]:
    """Go through all that a class body can add to, with the state it belongs to."""
    for holder in holders:
        if isinstance(holder, State):
            yield holder, "transition", holder.transitions.transitions
            yield holder, "callback", holder.enter.list.items
        else:
            yield holder.source, "callback", holder.cond.list.items
