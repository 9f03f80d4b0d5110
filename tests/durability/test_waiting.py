"""Callers who wait cost a process no thread."""

from __future__ import annotations

import pytest

from tests.durability.waiting import MOST_THREADS, SIZES, run, wait

pytestmark = [pytest.mark.slow, pytest.mark.server]


def test_many_callers_wait_at_one_process():
    """It has as many threads as it was told to have, and every call comes to its right end."""
    figures = run(full=False)
    assert figures.failures == []
    calls = SIZES[False].calls
    assert figures.counts["calls that ended as they should"] == calls
    assert figures.counts["polls"] == calls * SIZES[False].polls
    assert figures.counts["threads of the process"] <= MOST_THREADS < calls


def test_a_thread_for_each_caller_is_found_out():
    """The count can be too high."""
    figures = wait(SIZES[False], target="tests.durability.waiting.served:generous_app")
    assert [one for one in figures.failures if f"{MOST_THREADS} would do" in one]
