"""Flows at random: a call that is stored at every turn, against one that never left memory."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from statechart_ivr import CallFlow
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.flow import spec_of
from statechart_ivr.stores import MemoryStore, SessionStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import flow_errors
from tests.durability.figures import Figures
from tests.durability.machines.callers import DOINGS, Caller, StoredCall
from tests.durability.machines.living import LivingCall, Snapshot
from tests.durability.machines.random_flows import (
    FlowPlan,
    build_flow,
    calls_taken_down,
    flow_plans,
)


@dataclass(frozen=True)
class Outcome:
    """What came of one doing.

    Attributes:
        heard: TwiML, or whether a signal moved the chart.
        ran: the callbacks that ran, in order.
        error: type of what the flow raised; None if it did not.
        now: what the call has become; None after an error.
    """

    heard: bytes
    ran: list[str]
    error: type[BaseException] | None
    now: Snapshot | None


EVERYTHING = tuple(one.name for one in fields(Outcome))


def switchboard(*flows: type[CallFlow], store: SessionStore) -> Switchboard:
    """Return a switchboard on which flows at random can run."""
    return Switchboard(
        *flows, store=store, clock=SimulatedClock(), services=calls_taken_down(), base_url=""
    )


def stored_call(flow: type[CallFlow], store: SessionStore, doings: Sequence[str]) -> list[Outcome]:
    """Play a call that is stored at every turn, until the flow raises or the call is over."""
    return list(playing(flow, store, doings))


def playing(flow: type[CallFlow], store: SessionStore, doings: Sequence[str]) -> Iterator[Outcome]:
    """Play a call that is stored at every turn, one doing after the other."""
    board = switchboard(flow, store=store)
    return _play(Caller(StoredCall(board, "CA1"), flow, "CA1"), board, doings)


def living_call(flow: type[CallFlow], doings: Sequence[str]) -> list[Outcome]:
    """Play a call that never leaves memory, until the flow raises or the call is over."""
    board = switchboard(flow, store=MemoryStore())
    call = LivingCall(flow, board.environment, "CA1")
    return list(_play(Caller(call, flow, "CA1"), board, doings))


def _play(caller: Caller, board: Switchboard, doings: Sequence[str]) -> Iterator[Outcome]:
    ran = board.environment.services["ran"]["CA1"]
    for doing in ["enter", *doings]:
        ran.clear()
        heard, error = _heard(caller, doing)
        if error is not None:
            # What is stored is as it was; a machine in memory is half-way through. Both end here.
            yield Outcome(b"", [], error, None)
            return
        now = caller.call.snapshot()
        yield Outcome(heard, list(ran), None, now)
        if now is not None and now.ended:
            return


def _heard(caller: Caller, doing: str) -> tuple[bytes, type[BaseException] | None]:
    errors: list[BaseException] = []
    token = flow_errors.set(errors)
    try:
        heard = caller.do(doing)
    except Exception as error:  # noqa: BLE001 - a flow at random may raise anything
        errors.append(error)
    finally:
        flow_errors.reset(token)
    return (b"", type(errors[0])) if errors else (heard, None)


def difference(stored: Sequence[Outcome], living: Sequence[Outcome], seen: Sequence[str]) -> str:
    """Return what differs first between two calls; nothing if they are equal."""
    for number, (one, other) in enumerate(itertools.zip_longest(stored, living)):
        for name in seen:
            got, wanted = getattr(one, name, None), getattr(other, name, None)
            if got != wanted:
                return f"after doing {number}, {name} is {got} if stored, and {wanted} in memory"
    return ""


def compare_charts(
    charts: int,
    *,
    store: Callable[[], SessionStore] = MemoryStore,
    seen: Sequence[str] = EVERYTHING,
    repeatable: bool = True,
    shrink: bool = True,
) -> Figures:
    """Compare calls of flows at random, turn by turn.

    Args:
        charts: how many flows.
        store: makes the store of one call.
        seen: which attributes of an `Outcome` to compare.
        repeatable: whether the same flows come each time.
        shrink: whether to look for the smallest flow that shows a difference.
    """
    counts: Counter[str] = Counter(charts=0, refused=0, turns=0)
    doings = st.lists(st.sampled_from(DOINGS), min_size=6, max_size=12)

    @_settings(charts, repeatable=repeatable, shrink=shrink)
    @given(flow_plans(), doings)
    def calls_are_equal(plan: FlowPlan, doings: list[str]) -> None:
        flow = _flow(plan, counts)
        stored, living = stored_call(flow, store(), doings), living_call(flow, doings)
        counts.update(_counted(flow, living))
        found = difference(stored, living, seen)
        assert not found, f"{found}; {doings}; {plan}"

    return Figures("charts", counts, _failures_of(calls_are_equal))


def _counted(flow: type[CallFlow], outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Count what a call has shown: a comparison of what never happens is none."""
    chart = spec_of(flow).chart
    turns = [one.now for one in outcomes if one.now is not None]
    return {
        "charts": 1,
        "turns": len(outcomes),
        "callbacks": sum(len(one.ran) for one in outcomes),
        "turns in regions": sum(len(chart.leaves(now.conf)) > 1 for now in turns),
        "turns with history": sum(bool(now.hist) for now in turns),
        "turns with unheard": sum(bool(now.unheard) for now in turns),
        "takeovers": sum("come_over" in one.ran for one in outcomes),
        "errors": sum(one.error is not None for one in outcomes),
    }


def _flow(plan: FlowPlan, counts: Counter[str]) -> type[CallFlow]:
    try:
        return build_flow(plan)
    except FlowDefinitionError:
        counts["refused"] += 1
        assume(False)
        raise


def _settings(many: int, *, repeatable: bool, shrink: bool) -> settings:
    phases = [Phase.generate, *([Phase.shrink] if shrink else [])]
    # A busy machine is no fault of the flow's, and the share of refused charts is counted.
    return settings(
        max_examples=many,
        derandomize=repeatable,
        database=None,
        deadline=None,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )


def _failures_of(experiment: Callable[[], None]) -> list[str]:
    try:
        experiment()
    except AssertionError as error:
        return [str(error)]
    return []


def some_flows(many: int, *, repeatable: bool = True) -> list[type[CallFlow]]:
    """Return flows at random, of middle size."""
    flows: list[type[CallFlow]] = []

    @_settings(20 * many, repeatable=repeatable, shrink=False)
    @given(flow_plans())
    def look_at(plan: FlowPlan) -> None:
        if len(plan.chart.states) in range(6, 11) and len(flows) < many:
            flows.append(_flow(plan, Counter()))

    look_at()
    return flows
