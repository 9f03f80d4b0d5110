"""A webhook may come twice, or late."""

from __future__ import annotations

from pathlib import Path

import pytest

from statechart_ivr.call import Request
from tests.durability.calls import recorded_calls, turns_of
from tests.durability.retries import STRIDES, repeat, run, ways_to_repeat
from tests.durability.seeded import ForgetsAnswers, ForgetsEntries
from tests.durability.workers import MortalStore

pytestmark = [pytest.mark.slow, pytest.mark.server]


def test_no_webhook_moves_a_call_twice(store: str):
    """Again, it gets the same bytes; late, it hears where the call is; and the next key works."""
    figures = run(store, full=False)
    assert figures.failures == []
    assert figures.counts["turns"] > 800 // STRIDES[store]
    assert figures.counts["retries"] == 4 * figures.counts["turns"]
    assert figures.counts["late requests"] > 2 * figures.counts["turns"]


def test_what_a_retry_may_look_like():
    """The token may be another, or none; by GET everything is in the query."""
    request = Request(path="/call", query=(("a", "1"),), form=(("CallSid", "CA1"),), token="T")
    same, without, other, get = ways_to_repeat(request).values()
    assert same == request
    assert (without.form, without.token) == (request.form, "")
    assert other.token not in ("", "T")
    assert (get.query, get.form) == ((("a", "1"), ("CallSid", "CA1")), ())


@pytest.mark.parametrize(
    ("bug", "what"),
    [
        (ForgetsAnswers, "with its token: answered with something else"),
        (ForgetsEntries, "late /incoming-call: something else is in the store"),
    ],
)
def test_a_store_with_a_bug_is_found_out(bug: type[MortalStore], what: str, tmp_path: Path):
    """The experiment can fail."""
    turns = [turn for turn in turns_of(recorded_calls()) if turn.number == 2][:5]
    figures = repeat(turns, f"sqlite:///{tmp_path}/calls.db", bug)
    assert any(what in failure for failure in figures.failures)
