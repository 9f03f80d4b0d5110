"""Which experiments are run with which stores."""

from __future__ import annotations

from tests.durability.__main__ import EXPERIMENTS, plan
from tests.durability.backends import BACKENDS


def test_unless_told_all_are_run_with_all_stores():
    """What keeps no calls in a store runs once."""
    runs = plan((), "all")
    assert {name for name, _ in runs} == {*EXPERIMENTS}
    assert [store for name, store in runs if name == "crashes"] == [*BACKENDS]
    assert [store for name, store in runs if name == "machines"] == [""]
    assert len(runs) == len({*runs})


def test_with_one_store_only_what_is_for_it_is_run():
    """SQLite has no server that can be killed."""
    assert [name for name, _ in plan((), "sqlite")] == [
        "retries", "races", "crashes", "outages", "jobs"
    ]  # fmt: skip
    assert plan(("restarts",), "sqlite") == []


def test_what_is_named_is_run():
    """Whatever the store."""
    runs = plan(("machines", "races"), "redis")
    assert runs == [("machines", ""), ("races", "redis")]
