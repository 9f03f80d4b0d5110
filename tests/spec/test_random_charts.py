"""What is worked out from a chart, against what the engine does with random ones."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from statemachine import StateMachine

from statechart_ivr.spec.chart import Chart
from statechart_ivr.spec.reach import Reach
from statechart_ivr.spec.rest import circles, never_rests, silent_leaves
from tests.random_charts import Plan, states_of, trees

EVENTS = ("a", "b", "c")
STEPS = 30
_numbers = itertools.count()


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a chart: nesting to depth 3, regions, both kinds of history, guards, done events."""
    plan = draw(trees())
    done = [f"done.state.{one}" for one in plan.sources]
    arrow = st.tuples(
        st.sampled_from(plan.sources),
        st.sampled_from(list(plan.kinds)),
        st.sampled_from([*EVENTS, *EVENTS, *done, None]),
        st.sampled_from([None, None, "maybe", "!maybe"]),
    )
    many = len(plan.states)
    plan.arrows = draw(st.lists(arrow, min_size=many // 2, max_size=2 * many))
    return plan


def build(plan: Plan) -> type[StateMachine]:
    """Make the machine of a plan, with the switches that flows have."""
    states, body = states_of(plan)
    for source, target, event, guard in plan.arrows:
        states[source].to(states[target], event=event, cond=guard)
    switches = dict.fromkeys(
        ("validate_disconnected_states", "validate_trap_states", "validate_final_reachability"),
        False,
    )
    body |= {**switches, "enable_self_transition_entries": True}
    body |= {"allow_event_without_transition": True}
    # The engine remembers signatures by the name of the class.
    name = f"Machine{next(_numbers)}"
    metaclass: Any = type(StateMachine)
    made: type[StateMachine] = metaclass(name, (Playing,), body)
    return made


class LoopError(Exception):
    """The machine moves on and on without any event."""


class Playing(StateMachine):
    """A machine whose guards say yes or no at random, and the same until the next event."""

    yes: bool
    moves: int

    def maybe(self) -> bool:
        return self.yes

    def before_transition(self) -> None:
        self.moves += 1
        if self.moves > 60:
            raise LoopError


def play(machine_class: type[StateMachine], start: str, seed: int) -> Iterator[StateMachine]:
    """Start a machine at a state, send it random events, and show it whenever it rests."""
    random = Random(seed)  # noqa: S311  # the same each time is what is wanted
    machine: Any = machine_class.__new__(machine_class)
    machine.yes, machine.moves = random.random() < 0.5, 0
    try:
        machine.__init__(start_value=start)
        yield machine
        for _ in range(STEPS):
            if machine.is_terminated:
                return
            machine.yes, machine.moves = random.random() < 0.5, 0
            machine.send(random.choice(EVENTS))
            yield machine
    except LoopError:
        return


def conf_of(machine: StateMachine) -> list[str]:
    """Return the ids of the active states, in the engine's order."""
    return [state.id for state in machine.configuration]


runs = settings(max_examples=60, deadline=None)


@runs
@given(plans(), st.integers(), st.data())
def test_no_state_that_the_engine_enters_is_called_unreachable(
    plan: Plan, seed: int, data: st.DataObject
) -> None:
    """Whatever guards say, and wherever the call starts, a state that is entered is reachable."""
    machine_class = build(plan)
    chart = Chart(machine_class.states)
    start = data.draw(st.sampled_from(list(chart.states)))
    reachable = Reach(chart).reachable([start])
    for machine in play(machine_class, start, seed):
        assert set(conf_of(machine)) <= reachable


@runs
@given(plans(), st.integers())
def test_a_state_with_a_way_to_the_end_is_known_to_have_one(plan: Plan, seed: int) -> None:
    """All leaves on a way that ended the chart can reach an end."""
    machine_class = build(plan)
    chart = Chart(machine_class.states)
    start = next(iter(chart.states))
    seen: set[str] = set()
    for machine in play(machine_class, start, seed):
        seen |= set(chart.leaves(conf_of(machine)))
        if machine.is_terminated:
            ends = [one for one in conf_of(machine) if chart.states[one].final]
            assert seen <= Reach(chart).can_reach(ends)


@runs
@given(plans(), st.integers())
def test_every_configuration_of_the_engine_is_legal(plan: Plan, seed: int) -> None:
    """A record of it is accepted as it is, when it names the leaves alone, and with its history."""
    machine_class = build(plan)
    chart = Chart(machine_class.states)
    for machine in play(machine_class, next(iter(chart.states)), seed):
        conf = conf_of(machine)
        assert chart.legal(conf) == conf
        assert sorted(chart.legal(chart.leaves(conf))) == sorted(conf)
        for history, states in machine.history_values.items():
            assert chart.may_remember(history, [state.id for state in states])


@runs
@given(plans(), st.integers())
def test_the_chart_has_ended_exactly_when_the_engine_says_so(plan: Plan, seed: int) -> None:
    """The configuration alone tells whether the engine has stopped."""
    machine_class = build(plan)
    chart = Chart(machine_class.states)
    for machine in play(machine_class, next(iter(chart.states)), seed):
        assert chart.is_final(conf_of(machine)) == machine.is_terminated


@runs
@given(plans(), st.integers(), st.data())
def test_where_the_engine_rests_in_silence_a_leaf_is_named(
    plan: Plan, seed: int, data: st.DataObject
) -> None:
    """No silent configuration goes unnoticed, and no leaf that moves on by itself is one."""
    machine_class = build(plan)
    chart = Chart(machine_class.states)
    speaking = data.draw(st.sets(st.sampled_from(list(chart.states)), max_size=4))
    silent = set(silent_leaves(chart, speaking))
    going_round = {leaf for circle in circles(chart) for leaf in circle}
    for machine in play(machine_class, next(iter(chart.states)), seed):
        conf = set(conf_of(machine))
        if machine.is_terminated:
            continue
        assert not conf & going_round
        assert not any(never_rests(chart, leaf) for leaf in chart.leaves(conf))
        assert conf & speaking or silent.issuperset(chart.leaves(conf))
