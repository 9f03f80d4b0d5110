"""What is wrong with a chart as a phone tree: dead ends, silence, circles."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise
from typing import Any

from statemachine import HistoryState, State

from statechart_ivr import engine
from statechart_ivr.spec.chart import Chart, describe, lost_state_hint
from statechart_ivr.spec.model import FlowSpec
from statechart_ivr.spec.problems import Problems
from statechart_ivr.spec.reach import Reach
from statechart_ivr.spec.rest import circles, silent_leaves


def check_chart(spec: FlowSpec, functions: Mapping[str, Any], problems: Problems) -> None:
    """Note what would leave a caller stuck or in silence.

    Args:
        spec: marks and chart, as far as they could be read.
        functions: the class's methods by name.
        problems: where to note what is wrong.
    """
    chart = spec.chart
    _check_tree(chart, problems)
    _check_events(chart, problems)
    _check_invoke(chart, functions, problems)
    _check_histories(chart, problems)
    _check_handlers(spec, functions, problems)
    if _leads_outside(chart, problems) or chart.doubled or not chart.is_complete():
        return  # whatever else could be said of the ways through such a chart would mislead
    _check_circles(chart, problems)
    reach = Reach(chart)
    reachable = _check_reachable(spec, reach, problems)
    _check_ends(chart, reach, problems)
    _check_silence(spec, reachable, problems)


def says_better(chart: Chart) -> bool:
    """Return whether what stops the engine at this chart is noted here, with what to write."""
    initials = [state for state in chart.tops if state.initial]
    bad_ends = [top for top in chart.tops if top.final and not top.states and top.transitions]
    events = [event for top in chart.tops for t in top.transitions for event in t.events]
    return len(initials) > 1 or bool(bad_ends) or any(map(_is_nameless, events))


def _is_nameless(event: str) -> bool:
    """Whether an event has only the id that the engine invents for an Event() without one."""
    return event.startswith("__event__")


def _check_tree(chart: Chart, problems: Problems) -> None:
    _check_initials(None, chart.tops, problems)
    for state_id, state in chart.states.items():
        if not state.parallel:
            _check_initials(state_id, state.states, problems)
        if state.final and chart.transitions(state_id):
            problems.add(
                "is final, so its transitions are never taken; remove them, or leave final=True "
                "out",
                state=state_id,
            )


def _check_initials(parent: str | None, states: Collection[State], problems: Problems) -> None:
    initials = [state.id for state in states if state.initial]
    if len(initials) > 1:
        problems.add(
            f"{', '.join(initials)} are all initial; write initial=True on one of them",
            state=parent,
        )


def _check_invoke(chart: Chart, functions: Mapping[str, Any], problems: Problems) -> None:
    for state_id, state in chart.states.items():
        if engine.uses_invoke(state):
            problems.add(
                "invoke= starts a thread that outlives the request; mark a method with "
                f"@background({state_id}) instead",
                state=state_id,
            )
    for name in (f"on_invoke_{suffix}" for suffix in ("state", *chart.states)):
        if name in functions:
            problems.add(
                "the engine runs it in a thread that outlives the request; mark it with "
                "@background, under another name",
                method=functions[name],
                name=name,
            )


def _check_events(chart: Chart, problems: Problems) -> None:
    for transition in chart.all_transitions():
        for event in transition.events:
            if _is_nameless(event):
                problems.add(
                    "an event has no id, so nothing could ever send it; write "
                    "Event('order_found', name=…)",
                    state=transition.source.id,
                )
            if event.delay:
                problems.add(
                    f"the event {str(event)!r} has a delay=, which would sleep inside the "
                    "request; leave it out",
                    state=transition.source.id,
                )


def _check_histories(chart: Chart, problems: Problems) -> None:
    for history in chart.histories.values():
        for message in _history_faults(chart, history):
            problems.add(message, state=history.id)


def _history_faults(chart: Chart, history: HistoryState) -> Iterator[str]:
    if history.parent is None:
        yield "is a history state outside of any state; put it into the body of a State.Compound"
        return
    example = next(iter(chart.children(history.parent.id)), "a_state")
    write = f"write {history.id}.to({example})"
    if not history.transitions:
        yield f"the history state has no default for the first time; {write}"
    for target in (target for t in history.transitions for target in t.targets):
        if isinstance(target, HistoryState):
            yield f"the history state's default is a history state, {target.id}; {write}"
        elif history.parent not in target.ancestors():
            yield (
                f"the history state's default, {target.id}, lies outside of "
                f"{history.parent.id}; {write}"
            )


def _check_handlers(spec: FlowSpec, functions: Mapping[str, Any], problems: Problems) -> None:
    rendered = {*spec.renderers, *spec.waiting}
    around = {outer for state_id in rendered for outer in spec.chart.paths[state_id]}
    for state_id, handler in spec.handlers.items():
        if state_id not in around and rendered.isdisjoint(spec.chart.paths[state_id]):
            problems.add(
                "@on_input on a state where nothing is said: neither it, nor a state around or "
                f"inside it, has a renderer; mark a method with @renders({state_id})",
                state=state_id,
                method=functions[handler.method],
                name=handler.method,
            )


def _leads_outside(chart: Chart, problems: Problems) -> bool:
    """Note transitions to states of other flows, or to lost ones, and return whether there are."""
    lost = [
        (transition, target)
        for holder in (*chart.states.values(), *chart.histories.values())
        for transition in holder.transitions
        for target in transition.targets
        if target not in chart
    ]
    for transition, target in lost:
        problems.add(
            f"the transition {describe(transition)} leads to a state that is not in this flow; "
            + lost_state_hint(target),
            state=transition.source.id,
        )
    return bool(lost)


def _check_circles(chart: Chart, problems: Problems) -> None:
    for circle in circles(chart):
        problems.add(
            f"eventless transitions go in a circle for ever: {' -> '.join([*circle, circle[0]])}; "
            "give one of them a guard, or an event that comes from outside",
            state=circle[0],
        )


def _check_reachable(spec: FlowSpec, reach: Reach, problems: Problems) -> set[str]:
    """Note states no call can get into, and return the others."""
    chart = spec.chart
    if not spec.routes:
        return set(chart.states)  # which is a problem already
    reachable = reach.reachable(route.state for route in spec.routes)
    for state_id, state in chart.states.items():
        if state_id not in reachable and (state.parent is None or state.parent.id in reachable):
            inner = " and those inside it" if state.states else ""
            problems.add(
                f"no route leads to this state{inner}; add a transition to it, or remove it",
                state=state_id,
            )
    return reachable


def _check_ends(chart: Chart, reach: Reach, problems: Problems) -> None:
    ends = {state_id for state_id in chart.states if _is_end(chart, state_id)}
    ending = reach.can_reach(ends)
    stirs = chart.anywhere_inside(bool)
    for state_id in chart.leaves(chart.states):
        if state_id in ends:
            continue
        if not _has_way_out(chart, state_id, stirs):
            problems.add(_dead_end(chart.states[state_id]), state=state_id)
        elif ends and state_id not in ending:
            problems.add("no final state can be reached from here; add a way out", state=state_id)


def _is_end(chart: Chart, state_id: str) -> bool:
    """Whether reaching a state can end the chart: final, at the top, or in a region of the top."""
    state = chart.states[state_id]
    top = chart.states[chart.paths[state_id][-1]]
    return state.final and (state is top or top.parallel)


def _has_way_out(chart: Chart, leaf: str, stirs: Mapping[str, bool]) -> bool:
    """Whether anything can move while a leaf is active: it, a state around it, another region."""
    path = chart.paths[leaf]
    if any(chart.transitions(state_id) for state_id in path):
        return True
    return any(
        stirs[region]
        for inner, outer in pairwise(path)
        if chart.states[outer].parallel
        for region in chart.children(outer)
        if region != inner
    )


def _dead_end(leaf: State) -> str:
    if leaf.final and leaf.parent is not None:
        parent = leaf.parent.id
        return (
            f"is a dead end: it ends {parent} alone, not the call, and nothing leads on; "
            f'write {parent}.to(…, event="done.state.{parent}")'
        )
    return (
        "is a dead end: nothing leads out of it; add a transition, or write State(final=True) "
        "where the call ends"
    )


def _check_silence(spec: FlowSpec, reachable: Collection[str], problems: Problems) -> None:
    """Note configurations in which the chart can rest, and nothing is said."""
    speaking = {*spec.renderers, *spec.waiting, *(s for work in spec.work for s in work.states)}
    never_active = spec.chart.states.keys() - set(reachable)
    for leaf in silent_leaves(spec.chart, speaking | never_active):
        problems.add(
            f"a call can rest here and nothing is said; mark a method with @renders({leaf})",
            state=leaf,
        )
