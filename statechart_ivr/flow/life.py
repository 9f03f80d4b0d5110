"""Bringing a call's machine to life, and back to life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from statemachine import State

from statechart_ivr import engine
from statechart_ivr.errors import DetachedError, SessionMismatchError
from statechart_ivr.flow.callflow import CallFlow, spec_of
from statechart_ivr.flow.context import Context
from statechart_ivr.flow.pool import machine_for
from statechart_ivr.spec import Route


def history_of(flow: CallFlow) -> dict[str, list[str]]:
    """Return the ids of the states that each history state remembers."""
    return {name: [state.id for state in states] for name, states in flow.history_values.items()}


def bring_back(
    flow: type[CallFlow],
    context: Context,
    *,
    conf: Sequence[str],
    hist: Mapping[str, Sequence[str]],
) -> CallFlow:
    """Bring a call's machine back to life; no callback runs.

    Args:
        flow: its class.
        context: of this turn.
        conf: ids of its active states.
        hist: ids of what its history states remember; states that are gone are forgotten.

    Raises:
        SessionMismatchError: this version of the flow cannot be in ``conf``.
    """
    chart = spec_of(flow).chart
    whole = chart.legal(conf)
    machine = machine_for(flow, context)
    engine.place(machine, chart.values(whole))
    machine.history_values.update(_known_history(flow, hist))
    return machine


def detach(
    flow: type[CallFlow],
    context: Context,
    *,
    conf: Sequence[str],
    hist: Mapping[str, Sequence[str]],
) -> CallFlow:
    """Build a machine for background work: it knows its call, and cannot move it.

    Args:
        flow: its class.
        context: with the job.
        conf: ids of the active states; none of them is active where this version of the flow
            does not know them, for the work may be about a call that is over.
        hist: ids of what its history states remember.
    """
    try:
        machine = bring_back(flow, context, conf=conf, hist=hist)
    except SessionMismatchError:
        machine = machine_for(flow, context)
        engine.place(machine, ())
    engine.refuse_events(machine, _refuse_event)
    return machine


def _refuse_event() -> None:
    raise DetachedError("sending an event", "return its id")


def start(
    flow: type[CallFlow],
    context: Context,
    route: Route,
    *,
    hist: Mapping[str, Sequence[str]],
) -> CallFlow:
    """Bring a machine to life at the state of a route: hook first, then the states are entered.

    Args:
        flow: its class.
        context: of this turn.
        route: where the call comes in.
        hist: what history states remember from before.
    """
    machine = machine_for(flow, context)
    machine.history_values.update(_known_history(flow, hist))
    engine.unplace(machine, spec_of(flow).chart.states[route.state].value)
    if route.hook is not None:
        getattr(machine, route.hook)()
    machine.activate_initial_state()
    return machine


def _known_history(
    flow: type[CallFlow], hist: Mapping[str, Sequence[str]]
) -> dict[str, list[State]]:
    chart = spec_of(flow).chart
    return {
        name: [chart.states[state_id] for state_id in remembered]
        for name, remembered in hist.items()
        if chart.may_remember(name, remembered)
    }
