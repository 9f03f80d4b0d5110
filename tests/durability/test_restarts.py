"""The server of the store may be killed between any two turns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.durability.backends.servers import RedisBackend
from tests.durability.calls import recorded_calls
from tests.durability.restarts import go_through, run

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.service]


@pytest.mark.parametrize("store", ["redis", "postgresql"], indirect=True)
def test_what_was_answered_is_kept(store: str):
    """And a process whose connections are broken answers as if nothing had happened."""
    figures = run(store, full=False)
    assert figures.failures == []
    assert figures.counts["calls"] > 100
    assert figures.counts["restarts"] >= 6
    assert figures.counts["webhooks"] > 3 * figures.counts["calls"]


@pytest.mark.parametrize("store", ["redis"], indirect=True)
def test_a_server_that_keeps_nothing_is_found_out(store: str, tmp_path: Path):
    """A Redis that writes nothing to its file forgets all calls when it is killed."""
    backend = RedisBackend(tmp_path, {"appendonly": "no"})
    backend.start()
    try:
        failures = go_through(recorded_calls()[:1], backend).failures
    finally:
        backend.stop()
    assert any("in the store after the restart" in failure for failure in failures)
