"""The process may die at any moment of any turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.calls import recorded_calls, turns_of
from tests.durability.crashes import STRIDES, run, sweep
from tests.durability.seeded import DeletesFirst, ForgetsHistory, WritesBehind
from tests.durability.workers import MortalStore

pytestmark = [pytest.mark.slow, pytest.mark.server]


def test_a_killed_process_loses_no_call(store: str):
    """What Twilio's retry gets, and the rest of the call, is as if nothing had happened."""
    figures = run(store, full=False)
    assert figures.failures == []
    assert figures.counts["turns"] >= 900 // STRIDES[store]
    # A turn loads and saves; an entry may purge as well.
    assert figures.counts["operations"] >= 2 * figures.counts["turns"]
    assert figures.counts["kills"] >= 5 * figures.counts["turns"]


@pytest.mark.parametrize(
    ("bug", "when"),
    [
        (DeletesFirst, "killed after delete"),
        (DeletesFirst, "killed before save"),
        (WritesBehind, "killed after answer"),
        (ForgetsHistory, "something else is in the store"),
    ],
)
def test_a_store_with_a_bug_is_found_out(bug: type[MortalStore], when: str, tmp_path: Path):
    """The sweep can fail."""
    back_from_reception = [
        turn
        for turn in turns_of(recorded_calls())
        if turn.call.example.flow.__name__ == "PhoneTree" and turn.call.doings == "3, 0, dial busy"
    ]
    assert back_from_reception
    figures = sweep(back_from_reception, f"sqlite:///{tmp_path}/calls.db", bug)
    assert any(when in failure for failure in figures.failures)
