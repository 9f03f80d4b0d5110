"""Calls that are stored at every turn are equal to calls that never left memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from statechart_ivr.stores import MemoryStore
from statechart_ivr.stores.base import Stored
from tests.durability.machines import CHARTS, run
from tests.durability.machines.charts import compare_charts, some_flows
from tests.durability.machines.threads import CALLS, THREADS, compare_threads

Fields = dict[str, Any]


class DoctoredStore(MemoryStore):
    """Keeps records of which something has been lost or changed.

    Args:
        doctor: changes the fields of a record before it is written.
    """

    def __init__(self, doctor: Callable[[Fields], None]) -> None:
        super().__init__()
        self._doctor = doctor

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write what is left of a session."""
        fields = json.loads(data)
        self._doctor(fields)
        return super().save(call_sid, json.dumps(fields).encode(), expected=expected, ttl=ttl)


class SharingStore(MemoryStore):
    """Gives all calls the session that was saved last, whoever's it was."""

    last: Fields = {}

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, and remember its data."""
        revision = super().save(call_sid, data, expected=expected, ttl=ttl)
        self.last = json.loads(data)["data"]
        return revision

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call with the data of any."""
        stored = super().load(call_sid)
        if stored is None:
            return None
        fields = {**json.loads(stored.data), "data": self.last}
        return Stored(json.dumps(fields).encode(), stored.revision)


def _losing(field: str, empty: Any) -> Callable[[Fields], None]:
    return lambda fields: fields.update({field: empty})


def _in_document_order(fields: Fields) -> None:
    """What is left of a configuration when only its leaves are stored."""
    order: Mapping[str, int] = {f"s{number}": number for number in range(1000)}
    fields["conf"].sort(key=lambda state: order.get(state, len(order)))


BUGS = {
    "history is not stored": _losing("hist", {}),
    "the session is not stored": _losing("data", {}),
    "the language is not stored": _losing("lang", None),
    "attempts are not stored": _losing("attempts", 0),
    "what is asked is not stored": _losing("asking", []),
    "what is unheard is not stored": _losing("unheard", []),
    "only leaves are stored": _in_document_order,
    "the end is not stored": _losing("ended", False),
}


@pytest.mark.slow
def test_stored_calls_are_equal_and_threads_change_nothing() -> None:
    """All charts are usable, most of what charts can do has happened, and nothing differs."""
    figures = run(full=False)
    assert figures.failures == []
    counts = figures.counts
    assert counts["charts"] + counts["refused"] == CHARTS
    assert counts["refused"] <= CHARTS / 10
    assert counts["errors"] <= CHARTS / 20
    assert counts["turns"] >= 5 * CHARTS
    assert counts["turns in regions"] >= CHARTS
    assert counts["turns with history"] >= CHARTS
    assert counts["turns with unheard"] >= CHARTS / 4
    assert counts["takeovers"] >= CHARTS / 20
    assert counts["threads"] == THREADS
    assert counts["calls in threads"] == 2 * CALLS


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_whatever_is_lost_is_noticed(bug: str) -> None:
    """In the record itself, within the charts of CI."""
    store = partial(DoctoredStore, BUGS[bug])
    assert compare_charts(CHARTS, store=store, shrink=False).failures


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bug", "seen"),
    [
        ("history is not stored", "heard"),
        ("attempts are not stored", "heard"),
        ("only leaves are stored", "ran"),
        ("what is unheard is not stored", "heard"),
    ],
)
def test_what_is_lost_is_noticed_by_what_follows_from_it(bug: str, seen: str) -> None:
    """Also by who only listens, or watches callbacks run, and does not look at the record."""
    store = partial(DoctoredStore, BUGS[bug])
    assert compare_charts(CHARTS, store=store, seen=[seen], shrink=False).failures


@pytest.mark.slow
def test_a_session_that_calls_share_is_noticed() -> None:
    """By the calls that threads take turns at."""
    assert compare_threads(some_flows(2), SharingStore(), calls=20).failures
