"""Sessions whose time is over are removed now and then, and nobody waits for it."""

from __future__ import annotations

import logging
from threading import Event

import pytest

from statechart_ivr.clock import SimulatedClock
from statechart_ivr.stores import MemoryStore
from statechart_ivr.stores.purging import Purger


class Counting(MemoryStore):
    """A store that counts its purges, and takes its time for them."""

    def __init__(self) -> None:
        super().__init__()
        self.purges = 0
        self.go_on = Event()
        self.go_on.set()

    def purge(self) -> int:
        self.purges += 1
        assert self.go_on.wait(timeout=30)
        return 3


@pytest.fixture
def clock() -> SimulatedClock:
    """Return a clock that the tests move."""
    return SimulatedClock()


def test_once_an_hour(clock: SimulatedClock, caplog: pytest.LogCaptureFixture) -> None:
    """For the first time some minutes after the start; what is done stands in the log."""
    caplog.set_level(logging.INFO)
    store = Counting()
    purger = Purger(store, clock)
    found = []
    for _ in range(13):
        purger.now_and_then()
        purger.wait()
        found.append(store.purges)
        clock.advance(599)
    assert found == [0, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2]
    assert "purged 3 expired sessions" in caplog.text


def test_nobody_waits(clock: SimulatedClock) -> None:
    """However long it takes; and a second one does not begin meanwhile."""
    store = Counting()
    purger = Purger(store, clock)
    store.go_on.clear()
    clock.advance(300)
    purger.now_and_then()
    clock.advance(7200)
    purger.now_and_then()
    store.go_on.set()
    purger.wait()
    assert store.purges == 1
    purger.now_and_then()
    purger.wait()
    assert store.purges == 2


def test_who_waits_does_not_wait_for_ever(clock: SimulatedClock) -> None:
    """A process that is stopped ends, however much there is to remove."""
    store = Counting()
    purger = Purger(store, clock)
    store.go_on.clear()
    clock.advance(300)
    purger.now_and_then()
    purger.wait(0.01)
    store.go_on.set()
    purger.wait()
    assert store.purges == 1


def test_a_failure_is_a_warning(clock: SimulatedClock, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever the store raises: it is not the callers' business."""

    class Failing(MemoryStore):
        def purge(self) -> int:
            raise RuntimeError("no idea")

    purger = Purger(Failing(), clock)
    purger.wait()
    clock.advance(300)
    purger.now_and_then()
    purger.wait()
    assert "expired sessions are not purged: no idea" in caplog.text
