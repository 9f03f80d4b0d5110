"""Machines that are used again do what new ones do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from statemachine import State, StateMachine

from statechart_ivr import CallFlow, engine, renders, routable
from statechart_ivr.call import Call
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.flow import Context, Pool, bring_back, context_of, pooled
from statechart_ivr.record import Session
from statechart_ivr.stores import MemoryStore
from statechart_ivr.urls import Links
from tests.durability.machines.callers import DOINGS
from tests.durability.machines.charts import EVERYTHING, Outcome, difference, playing, stored_call
from tests.durability.machines.random_flows import FlowPlan, build_flow, flow_plans
from tests.durability.records import without_chance

CHARTS = 40
CALLS = st.lists(
    st.lists(st.sampled_from(DOINGS), min_size=4, max_size=8), min_size=2, max_size=3
)  # fmt: skip
Renew = Callable[[Any, Mapping[str, Any]], None]


class Hello(CallFlow):
    """Two states."""

    first = State(initial=True)
    last = State(final=True)
    first.to(last, event="give_up")

    @routable("/incoming-call")
    @renders(first)
    def say_hello(self):
        return "Hello."


class Heard:
    """An object that callbacks go to, besides the machine."""

    def on_give_up(self) -> None: ...


def context(sid: str = "CA1") -> Context:
    """Return what a machine is told of its turn."""
    return Context(Call(sid=sid), Session({}), Links(call_sid=sid), language="de")


def wake(sid: str = "CA1") -> CallFlow:
    """Return a machine in its first state."""
    return bring_back(Hello, context(sid), conf=["first"], hist={})


def test_a_machine_is_new_unless_there_is_a_pool():
    """The plain way; and it is so again when the pool is gone."""
    with pooled() as pool:
        one = wake()
        pool.take_back()
        assert wake() is one
        pool.take_back()
    assert wake() is not one


def test_a_machine_that_is_out_is_not_given_to_another():
    """However many are wanted at a time; all come back."""
    with pooled() as pool:
        out = [wake(f"CA{number}") for number in range(3)]
        assert [context_of(one).call.sid for one in out] == ["CA0", "CA1", "CA2"]
        pool.take_back()
        again = [wake(f"CA{number}") for number in range(3)]
        assert {id(one) for one in again} == {id(one) for one in out}
        assert [context_of(one).call.sid for one in again] == ["CA0", "CA1", "CA2"]


def test_nothing_of_the_turn_before_is_left():
    """Not even what went around the refusal of attributes, as ``cached_property`` does."""
    with pooled() as pool:
        machine = wake()
        vars(machine)["remembered"] = "something"
        machine.language = "fr"
        pool.take_back()
        again = wake()
        assert again is machine
        assert "remembered" not in vars(again)
        assert again.language == "de"


def test_a_machine_that_has_ended_lives_again():
    """Its next turn takes events."""
    with pooled() as pool:
        for _ in range(2):
            machine = wake()
            machine.send("give_up")
            assert machine.is_terminated
            pool.take_back()


def test_machines_with_which_something_went_wrong_are_dropped():
    """They come no more."""
    with pooled() as pool:
        machine = wake()
        pool.drop()
        assert wake() is not machine


def test_a_machine_with_listeners_is_dropped():
    """They would be told of the next turn, too."""
    with pooled() as pool:
        machine = wake()
        machine.add_listener(Heard())
        pool.take_back()
        assert wake() is not machine


def difference_of_pool(charts: int, counts: Counter[str]) -> str:
    """Compare calls of flows at random, with new machines and with those of a pool.

    Several calls share the pool of a flow; machines come back to it whatever has happened to them.

    Returns:
        What differs first; nothing if they are equal.
    """

    @settings(
        max_examples=charts,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(flow_plans(), CALLS)
    def calls_are_equal(plan: FlowPlan, calls: list[list[str]]) -> None:
        try:
            flow = build_flow(plan)
        except FlowDefinitionError:
            assume(False)
        with pooled() as pool:
            got = [pooled_call(flow, doings, pool, counts) for doings in calls]
        for (outcomes, kept), doings in zip(got, calls, strict=True):
            store = MemoryStore()
            found = difference(outcomes, stored_call(flow, store, doings), EVERYTHING)
            assert not found, found
            assert kept == without_chance(store, "CA1")

    try:
        calls_are_equal()
    except AssertionError as error:
        return str(error)
    return ""


def pooled_call(
    flow: type[CallFlow], doings: Sequence[str], pool: Pool, counts: Counter[str]
) -> tuple[list[Outcome], object]:
    """Play a call with machines of a pool, which has them back after each turn."""
    store, outcomes = MemoryStore(), []
    for outcome in playing(flow, store, doings):
        pool.take_back()
        outcomes.append(outcome)
        counts.update(turns=1, errors=outcome.error is not None)
    return outcomes, without_chance(store, "CA1")


@pytest.mark.slow
def test_calls_are_equal(monkeypatch: pytest.MonkeyPatch):
    """Documents, callbacks, errors and records, whatever happened to the machines before."""
    counts: Counter[str] = Counter()
    renew = engine.renew

    def counting(machine: StateMachine, parts: Mapping[str, Any]) -> None:
        counts.update(renewed=1)
        renew(machine, parts)

    monkeypatch.setattr(engine, "renew", counting)
    assert difference_of_pool(CHARTS, counts) == ""
    assert counts["turns"] > 10 * CHARTS
    assert counts["renewed"] > 10 * CHARTS
    assert counts["errors"] < counts["turns"] / 20


def same_engine(machine: StateMachine, parts: Mapping[str, Any]) -> None:
    """Keep the engine, with whatever it knows."""
    known = machine._engine
    RENEW(machine, parts)
    vars(machine)["_engine"] = known


def same_history(machine: StateMachine, parts: Mapping[str, Any]) -> None:
    """Keep what history states remember."""
    known = machine.history_values
    RENEW(machine, parts)
    vars(machine)["history_values"] = known


RENEW = engine.renew


@pytest.mark.slow
@pytest.mark.parametrize("bug", [same_engine, same_history])
def test_what_a_machine_keeps_of_the_turn_before_is_noticed(
    bug: Renew, monkeypatch: pytest.MonkeyPatch
):
    """Within these charts."""
    monkeypatch.setattr(engine, "renew", bug)
    assert difference_of_pool(CHARTS, Counter()) != ""
