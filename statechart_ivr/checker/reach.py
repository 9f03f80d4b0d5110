"""What no call comes to: states, transitions, and answers of guards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from statemachine import Event, HistoryState
from statemachine.transition import Transition

from statechart_ivr import engine
from statechart_ivr.checker.constants import parts_of
from statechart_ivr.checker.endings import cut_short
from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration, Kind, innermost
from statechart_ivr.checker.inputs import in_words, refusals
from statechart_ivr.checker.settings import Limits
from statechart_ivr.events import EVENTS
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.spec.chart import describe

#: Events of the table that no explored call brings about by itself.
_UNTRIED = frozenset(
    "queue.redirected_from_bridged hang_up.busy hang_up.no_answer hang_up.failed "
    "hang_up.canceled".split()
)
_REFERRED = frozenset({"refer.completed", "refer.failed"})
#: Families whose ids the engine, the flow or Twilio makes up, and that are tried as declared.
_OPEN_FAMILIES = frozenset({"done", "speech", "pay", "connect"})

_OTHER_CALLS = "name the calls in which it is otherwise, in entries=, event_data= or services="


def unreached(found: Exploration, limits: Limits) -> Iterator[Finding]:
    """Return a finding for whatever no call comes to, as far as nothing else explains it.

    Nothing is said where the walk has not come to its end, or where an error cut a call short:
    there is more behind.
    """
    del limits
    if not found.is_exhausted or any(edge.target is None for edge in found.edges):
        return
    for flow in found.flows:
        yield from _Reached(found, flow).findings()


class _Reached:
    """What calls have come to in one flow.

    Args:
        found: everything that was explored.
        flow: one of its flows.
    """

    def __init__(self, found: Exploration, flow: type[CallFlow]) -> None:
        self._found, self._flow = found, flow
        self._chart = spec_of(flow).chart
        self._entered = {state for name, state in found.entered if name == flow.__name__}
        self._refusals = refusals(found)
        self._cut_short = {
            innermost(flow, node.conf) for _, node in cut_short(found) if node.flow is flow
        }

    def findings(self) -> Iterator[Finding]:
        if not self._entered:
            message = "no call comes in at any of its routes"
            advice = f'add Entry("{spec_of(self._flow).routes[0].path}") to entries='
            yield self._finding("unreached-state", "", message, advice)
            return
        for state_id in self._chart.states:
            if state_id in self._entered:
                for transition in self._chart.transitions(state_id):
                    yield from self._of_transition(transition)
            elif not self._is_behind_another(state_id):
                yield self._of_state(state_id)

    def _is_behind_another(self, state_id: str) -> bool:
        """Return whether only states lead to it that no call reaches either, which say so."""
        if self._routes_to(state_id):
            return False
        parent = self._chart.states[state_id].parent
        if parent is not None and parent.id not in self._entered:
            return True
        sources = self._sources[state_id]
        return bool(sources) and sources.isdisjoint(self._entered)

    @cached_property
    def _sources(self) -> Mapping[str, set[str]]:
        """By state: those outside it with a transition to it, or to a state inside it.

        A history state leads to the state around it; what it leads to by default has no source.
        """
        paths = self._chart.paths
        found: dict[str, set[str]] = defaultdict(set)
        for transition in self._chart.all_transitions():
            source = transition.source.id
            for target in transition.targets:
                inner = target.parent if isinstance(target, HistoryState) else target
                for state_id in paths[inner.id] if inner else ():
                    if state_id not in paths[source]:
                        found[state_id].add(source)
        return found

    def _routes_to(self, state_id: str) -> list[str]:
        return [route.path for route in spec_of(self._flow).routes if route.state == state_id]

    def _finding(
        self, code: str, state: str, message: str, advice: str, *, method: str = ""
    ) -> Finding:
        place = place_of(self._flow, state=state, method=method)
        check = f'assert not report.having("{code}", "{state}")'
        if code == "unreached-state" and state:
            check = f'assert "{state}" in report.reached'
        name = self._flow.__name__
        return Finding(code, name, state, message, advice, place=place, checks=(check,))

    def _of_state(self, state_id: str) -> Finding:
        inner = ", nor any state inside it" if self._chart.children(state_id) else ""
        advice = "let something lead to it, or remove it; or " + _OTHER_CALLS
        if routes := self._routes_to(state_id):
            advice = f'add Entry("{routes[0]}") to entries='
        return self._finding("unreached-state", state_id, f"no call reaches it{inner}", advice)

    def _of_transition(self, transition: Transition) -> Iterator[Finding]:
        """Return what is wrong with a transition whose source is reached: one thing at most."""
        key = self._flow.__name__, id(transition)
        answers = self._answers(transition)
        came = self._found.taken.get(key, {})
        events = [one for one in transition.events if not self._is_refused(transition, one)]
        if list(transition.events) and not events:
            return  # another finding says so
        idle = [one for one in events if not any(map(one.match, came))]
        if not came and set(answers) == {False}:
            yield self._of_guard(transition, answer=False)
        elif not came or idle:
            if not self._is_explained(transition, idle):
                yield self._never_taken(transition, idle, is_taken=bool(came))
        elif set(answers) == {True}:
            yield self._of_guard(transition, answer=True)

    def _is_refused(self, transition: Transition, event: Event) -> bool:
        """Return whether it is the caller's input that cannot come."""
        wanted = self._flow, transition.source.id, in_words(str(event))
        return wanted in self._refusals

    def _is_explained(self, transition: Transition, idle: Sequence[Event]) -> bool:
        """Return whether something else is found that keeps a transition from being taken."""
        rival = self._rival(transition, idle)
        answers = self._answers(rival) if rival is not None else {}
        return transition.source.id in self._cut_short or set(answers) == {True}

    def _answers(self, transition: Transition) -> Mapping[bool, object]:
        return self._found.guards.get((self._flow.__name__, id(transition)), {})

    def _of_guard(self, transition: Transition, *, answer: bool) -> Finding:
        guard = ", ".join(map(str, transition.cond))
        names = [name for name, is_guard in engine.callback_names(transition) if is_guard]
        said = describe(transition)
        message = f"{guard}: is never so, and {said} never taken"
        advice = f"remove the transition, or {_OTHER_CALLS}"
        if answer:
            message = f"{guard}: is always so when {said} is at issue"
            advice = f"leave the guard out, or {_OTHER_CALLS}"
        return self._finding(
            "one-sided-guard",
            transition.source.id,
            message,
            advice,
            method=names[0] if names else "",
        )

    def _never_taken(
        self, transition: Transition, idle: Sequence[Event], *, is_taken: bool
    ) -> Finding:
        message = f"{describe(transition)} is never taken"
        if is_taken:
            way = describe(transition).partition(" on ")[0]
            message = f"{way} is never taken on {', '.join(map(str, idle))}"
        advice = self._advice(transition, idle)
        return self._finding("unreached-transition", transition.source.id, message, advice)

    def _advice(self, transition: Transition, idle: Sequence[Event]) -> str:
        outside = [one for one in idle if not self._comes(one)]
        if outside:
            example = ", ".join(f'"{one}": {{}}' for one in outside)
            return (
                f"if it comes from outside, name it: check_flow(event_data={{{example}}}); "
                "otherwise remove it"
            )
        rival = self._rival(transition, idle)
        if rival is not None:
            return f"remove one of the two: {describe(rival)} is taken instead"
        if any(str(one) in self._said_by_handlers for one in idle):
            return "add an input for which the handler returns it to its examples=, or remove it"
        return f"let something bring it about, or remove it; or {_OTHER_CALLS}"

    def _rival(self, transition: Transition, idle: Sequence[Event]) -> Transition | None:
        """Return the transition of the same state that comes before this one."""
        own = self._chart.transitions(transition.source.id)
        earlier = own[: own.index(transition)]
        for other in own:
            is_same = other.is_eventless == transition.is_eventless
            is_first = other in earlier and (not idle or any(other.match(one) for one in idle))
            is_sooner = other.is_eventless and not is_same  # gone before any event can come
            is_taken = (self._flow.__name__, id(other)) in self._found.taken
            if is_taken and (is_sooner or (is_same and is_first)):
                return other
        return None

    # Which events come

    def _comes(self, event: Event) -> bool:
        """Return whether something is known to send an event, in some call or other."""
        is_open = event.partition(".")[0] in _OPEN_FAMILIES
        return is_open or any(map(event.match, self._known | self._said_by_handlers))

    @cached_property
    def _known(self) -> frozenset[str]:
        tried = {edge.move.step.what for edge in self._found.edges if edge.move.kind is Kind.SIGNAL}
        works = {event for work in spec_of(self._flow).work for event in work.events}
        table = {row.id for row in EVENTS if "<" not in row.id} - _UNTRIED
        return frozenset(table | _REFERRED | works | tried)

    @cached_property
    def _said_by_handlers(self) -> frozenset[str]:
        """All texts in the code of handlers: what they return is among them, as a rule."""
        methods = (handler.method for handler in spec_of(self._flow).handlers.values())
        parts = (part for name in methods for part in parts_of(getattr(self._flow, name)))
        return frozenset(part for part in parts if isinstance(part, str))
