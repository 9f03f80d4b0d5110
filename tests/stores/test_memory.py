"""Sessions in memory."""

from __future__ import annotations

import pytest

from statechart_ivr.clock import Clock
from statechart_ivr.stores import MemoryStore, SessionStore, Stored
from statechart_ivr.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    """`MemoryStore` keeps the contract."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a fresh store."""
        return MemoryStore(clock=clock)


def test_goes_by_the_system_clock() -> None:
    """Unless told otherwise the store goes by real time."""
    store = MemoryStore()
    store.save("CA1", b"x", expected=None, ttl=3600)
    store.save("CA2", b"x", expected=None, ttl=-1)
    assert store.load("CA1") == Stored(b"x", 1)
    assert store.load("CA2") is None


def test_is_read_after_closing() -> None:
    """A test may look at the sessions of an application it has closed."""
    store = MemoryStore()
    store.save("CA1", b"x", expected=None, ttl=3600)
    store.close()
    assert store.load("CA1") == Stored(b"x", 1)


def test_stores_share_nothing() -> None:
    """Two stores in one process are two stores."""
    MemoryStore().save("CA1", b"x", expected=None, ttl=3600)
    assert MemoryStore().load("CA1") is None


@pytest.mark.parametrize("ttl", [0, -1])
def test_no_time_to_live(ttl: float) -> None:
    """A session without time is over at once."""
    store = MemoryStore()
    assert store.save("CA1", b"x", expected=None, ttl=ttl) == 1
    assert list(store.calls()) == []
    assert store.purge() == 1
