"""Processes may die, or stand still, anywhere in the way of background work."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.durability.jobs import run
from tests.durability.jobs.calling import Outcome, Scenario, Track
from tests.durability.jobs.places import Halt, Passed, Place
from tests.durability.jobs.seeded import (
    delivers_twice,
    drops_first,
    holds_for_ever,
    ignores_leases,
    submits_first,
)
from tests.durability.jobs.served import Setting
from tests.durability.jobs.sweeping import SCENARIOS, Trial, halts_of

pytestmark = [pytest.mark.slow, pytest.mark.server]

HELD, _, _, ASKED, _, OVER = SCENARIOS
_AT_WORK = Place("work", "effect", 0)
_KILLED = Halt(_AT_WORK, is_done=True, number=signal.SIGKILL)
_STOPPED = Halt(_AT_WORK, is_done=True, number=signal.SIGSTOP)


def test_every_caller_hears_of_the_work(store: str):
    """The result or its failure, in time; what was found was looked for; nothing moves twice."""
    figures = run(store, full=False)
    assert figures.failures == []
    for runner in ("threads", "workers") if store == "redis" else ("threads",):
        counts = {what: figures.counts[f"{what} ({runner})"] for what in ("calls", "results heard")}
        assert counts["calls"] >= 2 * len(SCENARIOS)
        assert counts["results heard"] >= len(SCENARIOS) - 1
    assert figures.counts["processes killed (threads)"] >= 6
    assert figures.counts["processes stopped for a while (threads)"] >= 4
    assert figures.counts["jobs done (threads)"] >= 6


@pytest.mark.parametrize("by_chance", [("renewal", "save", 2), ("work", "load", 2)])
def test_nobody_is_halted_where_nobody_may_come(by_chance: tuple[str, str, int]):
    """Leases are renewed now and then; a result is delivered again where that was in its way."""
    nothing = Outcome("", 0.0, 0, Counter(), 0, is_left=False, is_as_planned=True, trace=[])
    places = _AT_WORK, Place(*by_chance), Place("work", "save", 0)
    passed = [Passed(1, "begin", place) for place in places]
    undisturbed = Trial(HELD, (), nothing._replace(trace=passed))
    halts = [*halts_of(undisturbed, [signal.SIGKILL])]
    assert [halt.place for halt in halts[::2]] == [_AT_WORK, Place("work", "save", 0)]


@pytest.mark.parametrize(
    ("bug", "scenario", "halts", "found"),
    [
        (submits_first, HELD, (), "nothing befell it, and it hears the result after 6 polls"),
        (delivers_twice, ASKED, (_STOPPED,), "a result has moved it 2 times"),
        (ignores_leases, HELD, (_KILLED,), "it hears of a failure, although there was time"),
        (ignores_leases, OVER, (_KILLED._replace(is_done=False),), "its work is never done"),
        (drops_first, HELD, (_KILLED,), "after 1 polls it hears 'We are sorry"),
        (holds_for_ever, HELD, (_KILLED,), "after 40 polls it hears 'no end'"),
    ],
)
def test_a_bug_is_found_out(
    bug: Callable[[], None],
    scenario: Scenario,
    halts: tuple[Halt, ...],
    found: str,
    tmp_path: Path,
):
    """The sweep can fail."""
    setting = Setting(tmp_path, f"sqlite:///{tmp_path}/calls.db")
    with Track(setting) as track:
        assert Trial(scenario, halts, track.call(scenario, halts)).complaint == ""
    with Track(setting._replace(bug=bug)) as track:
        assert found in Trial(scenario, halts, track.call(scenario, halts)).complaint
