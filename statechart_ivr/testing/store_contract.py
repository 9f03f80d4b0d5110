"""What every session store must do, as tests for whoever writes one.

In a test module of pytest's, with a fresh file, database or key prefix for each store::

    import pytest

    pytest.register_assert_rewrite("statechart_ivr.testing.store_contract")
    from statechart_ivr.testing.store_contract import StoreContract


    class TestMyStore(StoreContract):
        def make_store(self, clock):
            return MyStore(clock=clock)
"""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from threading import Barrier

from statechart_ivr.clock import Clock, SimulatedClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import SessionStore, Stored

SID = "CA00000000000000000000000000000001"
ODD_SIDS = (
    SID,
    "",
    "ca",
    "CA",
    " CA",
    "CA ",
    "C A",
    "CA'; --",
    'CA"',
    "CA`",
    "C/A/../..",
    "C\\A",
    "C\nA",
    "C%A",
    "C_A",
    "C*A",
    "C:A",
    "C{A}",
    "Köln",
    "Ko\N{COMBINING DIAERESIS}ln",
    "☎🎄",
    "NULL",
    "0",
    "00",
    "C" * 500,
)

THREADS = 4
UPDATES = 25


class StoreContract:
    """The tests. Override `make_store`; and `make_second` if two handles can share data."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a fresh, empty store that goes by this clock."""
        raise NotImplementedError(f"{type(self).__name__} needs a make_store(self, clock)")

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another handle on the same data, such as a second process would have.

        Unless overridden it is the same one, for stores that live in one process.
        """
        return store

    def advance(self, seconds: float) -> None:
        """Let time pass. Override it if the store goes by a clock that is not ours."""
        self.clock.advance(seconds)

    @cached_property
    def clock(self) -> SimulatedClock:
        """The clock of this test."""
        return SimulatedClock()

    @cached_property
    def store(self) -> SessionStore:
        """The store of this test."""
        return self.make_store(self.clock)

    @cached_property
    def second(self) -> SessionStore:
        """The other handle of this test."""
        return self.make_second(self.store)

    def teardown_method(self) -> None:
        """Close what the test opened."""
        for name in ("second", "store"):
            if name in vars(self):
                getattr(self, name).close()

    def save(self, data: bytes = b"x", *, expected: int | None = None, ttl: float = 60) -> int:
        """Save the session most tests are about."""
        return self.store.save(SID, data, expected=expected, ttl=ttl)

    def assert_stale(self, expected: int | None) -> None:
        """Hold the store to refusing a save that is not based on what it has."""
        before = self.store.load(SID)
        refusal = None
        try:
            self.save(b"too late", expected=expected)
        except StaleSessionError as error:
            refusal = error
        assert refusal is not None, f"a save based on {expected} was accepted over {before}"
        assert (refusal.call_sid, refusal.expected) == (SID, expected)
        assert self.store.load(SID) == before

    def test_absent(self) -> None:
        """A call nobody saved has no session."""
        assert self.store.load(SID) is None
        assert list(self.store.calls()) == []

    def test_first_save(self) -> None:
        """The first save makes revision 1, and is read as it was written."""
        assert self.save(b"menu") == 1
        assert self.store.load(SID) == Stored(b"menu", 1)

    def test_further_saves(self) -> None:
        """Each further save adds one to the revision."""
        for revision in range(1, 6):
            data = b"turn %d" % revision
            assert self.save(data, expected=revision - 1 or None) == revision
            assert self.store.load(SID) == Stored(data, revision)

    def test_stale_revision(self) -> None:
        """A save based on an older or a future revision is refused and writes nothing."""
        self.save()
        self.save(b"newer", expected=1)
        for wrong in (1, 3, 0, -1):
            self.assert_stale(wrong)

    def test_none_expected_but_there(self) -> None:
        """A save that expects no session is refused where there is one."""
        self.save()
        self.assert_stale(None)

    def test_expected_but_absent(self) -> None:
        """A save that expects a session is refused where there is none."""
        self.assert_stale(1)
        assert list(self.store.calls()) == []

    def test_time_to_live(self) -> None:
        """A session is there until its time is over, and no longer."""
        self.save(ttl=60)
        self.advance(59)
        assert self.store.load(SID) == Stored(b"x", 1)
        self.advance(1)
        assert self.store.load(SID) is None

    def test_renewed_time_to_live(self) -> None:
        """Each save counts the time anew, from the moment of that save."""
        self.save(ttl=60)
        self.advance(59)
        self.save(expected=1, ttl=60)
        self.advance(59)
        assert self.store.load(SID) == Stored(b"x", 2)
        self.save(expected=2, ttl=10)
        self.advance(10)
        assert self.store.load(SID) is None

    def test_own_time_to_live(self) -> None:
        """Each session has a time of its own."""
        self.store.save("short", b"x", expected=None, ttl=10)
        self.store.save("long", b"x", expected=None, ttl=20)
        self.advance(10)
        assert self.store.load("short") is None
        assert self.store.load("long") == Stored(b"x", 1)

    def test_expired_is_absent(self) -> None:
        """A session whose time is over is neither listed nor in the way, purged or not."""
        self.save(ttl=60)
        self.save(expected=1, ttl=60)
        self.advance(60)
        assert list(self.store.calls()) == []
        self.assert_stale(2)
        self.store.delete(SID)
        assert self.store.load(SID) is None

    def test_save_over_expired(self) -> None:
        """Where a session's time is over, the next one starts at revision 1."""
        self.save(b"old", ttl=60)
        self.save(b"old", expected=1, ttl=60)
        self.advance(60)
        assert self.save(b"new", ttl=60) == 1
        assert self.store.load(SID) == Stored(b"new", 1)
        assert list(self.store.calls()) == [SID]

    def test_purge(self) -> None:
        """A purge removes what is over, all of it, nothing else, and counts it."""
        for number in range(5):
            self.store.save(f"short {number}", b"x", expected=None, ttl=10)
        self.store.save("long", b"x", expected=None, ttl=20)
        assert self.store.purge() == 0
        self.advance(10)
        assert self.store.purge() == 5
        assert self.store.purge() == 0
        assert list(self.store.calls()) == ["long"]

    def test_delete(self) -> None:
        """A deleted session is gone, whatever its revision, and the next one starts at 1."""
        self.save()
        self.save(expected=1)
        self.store.delete(SID)
        assert self.store.load(SID) is None
        self.assert_stale(2)
        assert self.save() == 1

    def test_delete_absent(self) -> None:
        """Deleting what is not there is no error, and touches no other session."""
        self.save()
        self.store.delete("CA-nobody")
        assert self.store.load(SID) == Stored(b"x", 1)

    def test_bytes(self) -> None:
        """Bytes come back as they were: none, all 256 values, what looks like text, a megabyte."""
        every = bytes(range(256))
        revision = None
        for data in (b"", every, b"\0", b"123", "Köln".encode("utf-16"), every * 4096):
            revision = self.save(data, expected=revision)
            stored = self.store.load(SID)
            assert stored is not None
            assert type(stored.data) is bytes
            assert stored == Stored(data, revision)

    def test_odd_call_sids(self) -> None:
        """Call SIDs that look alike, or mean something elsewhere, are kept apart."""
        for call_sid in ODD_SIDS:
            assert self.store.save(call_sid, call_sid.encode(), expected=None, ttl=60) == 1
        assert sorted(self.store.calls()) == sorted(ODD_SIDS)
        for call_sid in ODD_SIDS:
            assert self.store.load(call_sid) == Stored(call_sid.encode(), 1)
            self.store.delete(call_sid)
            assert self.store.load(call_sid) is None

    def test_saving_while_listing(self) -> None:
        """Every call is listed once, though each is saved, and others come, meanwhile."""
        there = {f"CA{number}" for number in range(50)}
        for call_sid in there:
            self.store.save(call_sid, b"x", expected=None, ttl=60)
        listed = []
        for call_sid in self.store.calls():
            if call_sid in there:
                listed.append(call_sid)
                self.store.save(call_sid, b"again", expected=1, ttl=60)
                self.store.save(f"CA-new-{call_sid}", b"x", expected=None, ttl=60)
        assert sorted(listed) == sorted(there)

    def test_deleting_while_listing(self) -> None:
        """Whoever deletes each call as it is listed has deleted all."""
        for number in range(50):
            self.store.save(f"CA{number}", b"x", expected=None, ttl=60)
        for call_sid in self.store.calls():
            self.store.delete(call_sid)
        assert list(self.store.calls()) == []

    def test_racing_threads(self) -> None:
        """Threads that count in one session, each loading and saving, lose no count."""
        self.save(b"0")
        starting = Barrier(THREADS, timeout=30)

        def count() -> None:
            starting.wait()
            for _ in range(UPDATES):
                self._add_one()

        with ThreadPoolExecutor(THREADS) as threads:
            jobs = [threads.submit(count) for _ in range(THREADS)]
        for job in jobs:
            job.result()
        total = THREADS * UPDATES
        assert self.store.load(SID) == Stored(b"%d" % total, total + 1)

    def test_racing_first_saves(self) -> None:
        """Of threads that all save a call's first session, one succeeds."""
        starting = Barrier(THREADS, timeout=30)

        def first(thread: int) -> bool:
            starting.wait()
            return self._is_saved(b"%d" % thread, expected=None)

        with ThreadPoolExecutor(THREADS) as threads:
            results = list(threads.map(first, range(THREADS)))
        winners = [thread for thread, has_won in enumerate(results) if has_won]
        assert len(winners) == 1
        assert self.store.load(SID) == Stored(b"%d" % winners[0], 1)

    def test_second_handle(self) -> None:
        """What one handle writes the other reads, and neither overwrites the other."""
        self.save(b"first")
        assert self.second.load(SID) == Stored(b"first", 1)
        assert list(self.second.calls()) == [SID]
        assert self.second.save(SID, b"second", expected=1, ttl=60) == 2
        self.assert_stale(1)
        assert self.store.load(SID) == Stored(b"second", 2)
        self.second.delete(SID)
        assert self.store.load(SID) is None

    def test_close_twice(self) -> None:
        """Closing a closed store does nothing."""
        self.save()
        self.store.close()
        self.store.close()

    def _add_one(self) -> None:
        """Add one to the number in the session, as often as it takes to be the first."""
        is_saved = False
        while not is_saved:
            stored = self.store.load(SID)
            assert stored is not None
            data = b"%d" % (int(stored.data) + 1)
            is_saved = self._is_saved(data, expected=stored.revision)

    def _is_saved(self, data: bytes, *, expected: int | None) -> bool:
        try:
            self.save(data, expected=expected)
        except StaleSessionError:
            return False
        return True
