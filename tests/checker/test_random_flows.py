"""Flows at random: whatever the explorer finds can be called, by the shortest call there is."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Record

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.checker.graph import START, Exploration
from statechart_ivr.checker.notation import parse_call, written
from statechart_ivr.checker.settings import Settings
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.spec import CallFlowMeta
from statechart_ivr.testing import Phone
from tests.checker.flows import explored
from tests.random_charts import Plan, states_of, trees

EVENTS = ("key 1", "key 2", "key *", "dial", "recorded", "no_match", "give_up")
ACTIONS = ("nothing", "toggle", "toggle", "count")
GUARDS = (None, None, None, "is_even", "!is_even", "is_late")
SAYINGS = ("question", "question", "dial", "record")
_numbers = itertools.count()


class Toggling(CallFlow):
    """Has a session of few values, and guards that look at it, and at the time."""

    def on_toggle(self) -> None:
        self.session["even"] = not self.session.get("even", False)

    def on_count(self) -> None:
        self.session["count"] = (self.session.get("count", 0) + 1) % 3

    def on_nothing(self) -> None:
        """Leave everything as it is."""

    def is_even(self) -> bool:
        return bool(self.session.get("even"))

    def is_late(self) -> bool:
        return self.now().hour >= 17

    def say_question(self) -> Any:
        return gather(f"{self.session.get('count', 0)}", *self.choices())

    def say_dial(self) -> Any:
        return Dial("+12025550123")

    def say_record(self) -> Any:
        return Record()


@st.composite
def flows(draw: st.DrawFn) -> type[CallFlow] | None:
    """Draw a flow that can be called; None for one that cannot."""
    plan = draw(trees(many=6))
    arrow = st.tuples(
        st.sampled_from(plan.sources),
        st.sampled_from(list(plan.kinds)),
        st.sampled_from(EVENTS),
        st.sampled_from(GUARDS),
        st.sampled_from(ACTIONS),
    )
    plan_arrows = draw(st.lists(arrow, min_size=len(plan.states), max_size=3 * len(plan.states)))
    leaves = [one for one in plan.sources if not plan.children(one)]
    sayings = {one: draw(st.sampled_from(SAYINGS)) for one in leaves}
    return _built(plan, plan_arrows, sayings)


def _built(plan: Plan, arrows: list[Any], sayings: dict[str, str]) -> type[CallFlow] | None:
    states, body = states_of(plan)
    for source, target, event, guard, action in [*_ways(plan), *arrows]:
        declared = key(event[4:]) if event.startswith("key ") else event
        states[source].to(states[target], event=declared, cond=guard, on=f"on_{action}")
    # The engine remembers signatures by the name of the class.
    name = f"Toggling{next(_numbers)}"
    body["come_in"] = routable("/in", states["s0"])(lambda self: None)
    for state_id, saying in sayings.items():
        body[f"say_{state_id}"] = renders(states[state_id])(_renderer(saying))
    try:
        return cast("type[CallFlow]", CallFlowMeta(name, (Toggling,), body))
    except FlowDefinitionError:
        return None


def _ways(plan: Plan) -> list[tuple[str, str, str, str | None, str]]:
    """Return ways from each state to the one beside it, and out of the outermost to the last."""
    ways: list[tuple[str, str, str, str | None, str]] = []
    for parent in plan.inside:
        inner = plan.children(parent)
        for source, target in itertools.pairwise(inner):
            if plan.kinds[source] != "final" and plan.kinds.get(parent or "") != "parallel":
                ways.append((source, target, "key 1", None, "nothing"))
    tops = plan.children(None)
    outwards = ((one, tops[-1], "give_up", None, "nothing") for one in tops[:-1])
    return [*ways, *outwards]


def _renderer(saying: str) -> Any:
    return lambda self: getattr(self, f"say_{saying}")()


def replayed(flow: type[CallFlow], found: Exploration, index: int) -> Phone:
    """Return a phone that has made the shortest call to a node, as it is written down."""
    steps = parse_call(found.call_to(index))
    at = steps.pop(0).what if steps[0].verb == "at" else Settings().at
    call = Phone(flow, at=at, by_hand=True, strict=False)
    for step in steps:
        step.apply(call)
    return call


def distances(found: Exploration) -> dict[int, int]:
    """Return for each node how many moves lead to it at least, over all edges."""
    far: dict[int, int] = {}
    waiting = deque([(START, 0)])
    while waiting:
        source, so_far = waiting.popleft()
        for edge in found.out.get(source, ()):
            if edge.target is not None and edge.target not in far:
                far[edge.target] = so_far + 1
                waiting.append((edge.target, so_far + 1))
    return far


@settings(max_examples=20, deadline=None)
@given(flows())
def test_every_record_is_where_its_shortest_call_comes_to(flow: type[CallFlow] | None) -> None:
    """Written down, read again, and made by another phone: states and session are the same."""
    if flow is None:
        return
    found = explored(flow, max_records=25)
    far = distances(found)
    for node in found.nodes:
        steps = found.steps_to(node.index)
        assert written(parse_call(written(steps))) == found.call_to(node.index)
        assert far[node.index] == len(steps) - (steps[0].verb == "at")
        call = replayed(flow, found, node.index)
        assert call.session == node.record.data, found.call_to(node.index)
        if not node.is_over:
            assert call.waiting_for == node.waiting_for
        assert sorted(call.states) == sorted(node.record.conf)


def test_most_of_them_can_be_called() -> None:
    """Otherwise the test before would say little."""
    built: list[bool] = []

    @settings(max_examples=40, database=None, derandomize=True)
    @given(flows())
    def draw(flow: type[CallFlow] | None) -> None:
        built.append(flow is not None)

    draw()
    assert sum(built) >= len(built) / 3
