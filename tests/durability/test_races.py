"""Two webhooks of one call at the same moment, on two processes."""

from __future__ import annotations

import pytest

from tests.durability.races import SIZES, run
from tests.durability.races.racing import KINDS, run_races

pytestmark = [pytest.mark.server, pytest.mark.slow]


def test_one_moves_the_call_and_the_other_hears_what_came_out(store: str):
    """Each race comes to what its two webhooks come to one after the other."""
    figures = run(store, full=False)
    meeting, at_once = SIZES[False]
    assert figures.failures == []
    assert figures.counts["races"] == len(KINDS) * (meeting + at_once)
    assert figures.counts["on one revision"] == len(KINDS) * meeting
    assert figures.counts["saves that lost"] >= len(KINDS) * meeting
    assert all(figures.counts[kind.name] == meeting + at_once for kind in KINDS)


def test_a_store_that_does_not_compare_is_found_out(tmp_path):
    """Where both may save, no two webhooks that move a call in different ways come out right."""
    url = f"sqlite:///{tmp_path}/calls.db"
    figures = run_races(tmp_path, url, (1, 0), target="tests.durability.races.served:careless_app")
    assert [failure.partition(":")[0] for failure in figures.failures] == [k.name for k in KINDS]
    assert "two keys: both were saved; no order of the two comes to" in "".join(figures.failures)
