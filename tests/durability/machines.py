"""Equal machines: a call that is stored at every turn, against one that never left memory.

The charts, and what happens to the calls, are Hypothesis's: a difference is told as the smallest
flow and the shortest call that show it. At CI size the same ones come each time, so that a red
build is red again at home; a full run makes up new ones each time, which finds more.
"""

from __future__ import annotations

import itertools
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from examples.catalogue import EXAMPLES
from statechart_ivr import CallFlow
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import FlowDefinitionError
from statechart_ivr.flow import spec_of
from statechart_ivr.stores import MemoryStore, SessionStore, SqliteStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import flow_errors
from tests.durability.figures import Figures
from tests.durability.lines import DOINGS, Line, StoredCall
from tests.durability.living import LivingCall, Snapshot
from tests.durability.random_flows import (
    FlowPlan,
    build_flow,
    calls_taken_down,
    flow_plans,
)

#: Charts at CI size, and of a full run.
CHARTS, ALL_CHARTS = 200, 5000
THREADS = 8
#: Calls that the threads take turns at, and how much happens in each.
CALLS, LENGTH = 100, 4
#: Times that this is done at CI size, each time with other flows, and in a full run.
ROUNDS, ALL_ROUNDS = 1, 10
#: Random flows on the switchboard of one round, beside an example.
FLOWS = 4


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
    board = switchboard(flow, store=store)
    return list(_play(Line(StoredCall(board, "CA1"), flow, "CA1"), board, doings))


def living_call(flow: type[CallFlow], doings: Sequence[str]) -> list[Outcome]:
    """Play a call that never leaves memory, until the flow raises or the call is over."""
    board = switchboard(flow, store=MemoryStore())
    call = LivingCall(flow, board.environment, "CA1")
    return list(_play(Line(call, flow, "CA1"), board, doings))


def _play(line: Line, board: Switchboard, doings: Sequence[str]) -> Iterator[Outcome]:
    ran = board.environment.services["ran"]["CA1"]
    for doing in ["enter", *doings]:
        ran.clear()
        heard, error = _heard(line, doing)
        if error is not None:
            # What is stored is as it was; a machine in memory is half-way through. Both end here.
            yield Outcome(b"", [], error, None)
            return
        now = line.call.snapshot()
        yield Outcome(heard, list(ran), None, now)
        if now is not None and now.ended:
            return


def _heard(line: Line, doing: str) -> tuple[bytes, type[BaseException] | None]:
    errors: list[BaseException] = []
    token = flow_errors.set(errors)
    try:
        heard = line.do(doing)
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


@dataclass(frozen=True)
class Dialogue:
    """A call, with what came of it.

    Attributes:
        line: who does it.
        doings: what is still to be done, first comes last.
        heard: what came of what was done.
    """

    line: Line
    doings: list[str]
    heard: list[bytes]


def dialogues(board: Switchboard, many: int, *, seed: int) -> dict[str, Dialogue]:
    """Return calls that have not begun, of all flows of a switchboard in turns, by call SID."""
    random = Random(seed)  # noqa: S311 - the same for both switchboards is what is wanted
    made = {}
    for number, flow in zip(range(many), itertools.cycle(board.flows), strict=False):
        sid = f"CA{number}"
        doings = [*random.choices(DOINGS, k=LENGTH), "enter"]
        made[sid] = Dialogue(Line(StoredCall(board, sid), flow, sid), doings, [])
    return made


def take_turns(calls: Mapping[str, Dialogue], *, threads: int) -> None:
    """Play calls, one doing of each at a time, in several threads."""
    waiting: SimpleQueue[Dialogue] = SimpleQueue()
    for call in calls.values():
        waiting.put(call)

    def work() -> None:
        while True:
            try:
                call = waiting.get_nowait()
            except Empty:
                return
            call.heard.append(call.line.do(call.doings.pop()))
            if call.doings:
                waiting.put(call)

    with _quick_switches(), ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()


@contextmanager
def _quick_switches() -> Iterator[None]:
    """Have threads take turns much more often than usual: in the middle of every turn."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def compare_threads(
    flows: Sequence[type[CallFlow]], *stores: SessionStore, calls: int = CALLS, seed: int = 0
) -> Figures:
    """Compare calls that many threads take turns at with the same ones in one thread.

    Args:
        flows: what is called, in turns.
        *stores: empty ones, each for the same calls.
        calls: how many on each store.
        seed: of what is done in them.
    """
    quiet = switchboard(*flows, store=MemoryStore())
    wanted = dialogues(quiet, calls, seed=seed)
    for sid, call in wanted.items():  # one after the other: nothing can come between
        take_turns({sid: call}, threads=1)
    failures, turns = [], 0
    for store in stores:
        busy = switchboard(*flows, store=store)
        got = dialogues(busy, calls, seed=seed)
        take_turns(got, threads=THREADS)
        turns += sum(len(call.heard) for call in got.values())
        for sid, call in wanted.items():
            alone = [call.heard, _ran(quiet, sid), quiet.store.load(sid)]
            together = [got[sid].heard, _ran(busy, sid), store.load(sid)]
            failures += [
                f"{type(store).__name__}, {sid}: {many} in threads, {one} in one"
                for many, one in zip(together, alone, strict=True)
                if many != one
            ]
    counts = {"threads": THREADS, "calls": calls * len(stores), "turns": turns}
    return Figures("threads", counts, failures)


def _ran(board: Switchboard, call_sid: str) -> list[str]:
    ran: list[str] = board.environment.services["ran"][call_sid]
    return ran


def run(*, full: bool) -> Figures:
    """Do the whole experiment."""
    with _without_logs():
        charts = compare_charts(ALL_CHARTS if full else CHARTS, repeatable=not full)
        rounds = [
            _round(number, repeatable=not full) for number in range(ALL_ROUNDS if full else ROUNDS)
        ]
    counts = {
        **charts.counts,
        "threads": THREADS,
        "calls in threads": sum(one.counts["calls"] for one in rounds),
        "turns in threads": sum(one.counts["turns"] for one in rounds),
    }
    failures = [failure for one in (charts, *rounds) for failure in one.failures]
    return Figures("machines", counts, failures)


def _round(number: int, *, repeatable: bool) -> Figures:
    """Have threads play calls of one example and of flows at random, on two stores."""
    example = EXAMPLES[number % len(EXAMPLES)]
    flows = [example.flow, *some_flows(FLOWS, repeatable=repeatable)]
    with TemporaryDirectory() as folder, closing(SqliteStore(Path(folder, "calls.db"))) as sqlite:
        return compare_threads(flows, MemoryStore(), sqlite, seed=number)


@contextmanager
def _without_logs() -> Iterator[None]:
    """Keep quiet what the package has to say of flows that no one would write."""
    logger, handler = logging.getLogger("statechart_ivr"), logging.NullHandler()
    usual, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = usual
