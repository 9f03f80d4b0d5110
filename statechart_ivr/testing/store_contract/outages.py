"""What a store does while its server is away, and afterwards."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDoneError
from contextlib import suppress
from functools import cached_property, partial
from queue import SimpleQueue
from threading import Event, Thread

from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores.base import SessionStore, Stored
from statechart_ivr.testing.store_contract.hooks import SID, StoreHooks

THREADS = 4
KEPT, CHANGED, DELETED, NEW = "CA-kept", "CA-changed", "CA-deleted", "CA-new"
BEFORE, AFTER = b"before" * 10_000, b"after" * 10_000

# Longer than the outages of all tests together: the time a store goes by may be real.
_TTL = 3600.0

# Seconds that a busy machine may take for what takes no time: no promise of the store's.
_GRACE = 60.0

Job = tuple[Callable[[], object], "Future[object]"]


class Helper(Thread):
    """A thread that does one thing after the other, and that nobody waits for without end.

    It is one thread, so that a connection it has is the same before, during and after an outage.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self.start()

    def do(self, operation: Callable[[], object]) -> Future[object]:
        """Have something done."""
        outcome: Future[object] = Future()
        self._jobs.put((operation, outcome))
        return outcome

    def stop(self, *, patience: float) -> None:
        """End when all is done; if that takes too long, some time later."""
        self._jobs.put(None)
        self.join(patience)

    def run(self) -> None:
        """Do what is to be done."""
        while job := self._jobs.get():
            operation, outcome = job
            try:
                outcome.set_result(operation())
            except Exception as error:  # noqa: BLE001 - whoever asked gets it
                outcome.set_exception(error)


class OutageContract(StoreHooks):
    """What a store does while its server is away, and afterwards.

    The tests need `take_away` and `bring_back`, and handles of their own from `make_second`. They
    are part of the whole contract; a store that can be away in several ways can be held to them
    once for each.
    """

    @cached_property
    def helpers(self) -> list[Helper]:
        """The other threads of this test."""
        return [Helper() for _ in range(THREADS)]

    def teardown_method(self) -> None:
        """End what the test started."""
        for helper in vars(self).get("helpers", []):
            helper.stop(patience=self.patience)
        super().teardown_method()

    def test_away(self) -> None:
        """While the store is away every operation says so; afterwards all is whole."""
        for call_sid in (KEPT, CHANGED, DELETED):
            self.store.save(call_sid, BEFORE, expected=None, ttl=_TTL)
        assert self.helpers[0].do(lambda: self.store.load(KEPT)).result() == Stored(BEFORE, 1)
        with self.outage():
            for name, operation in operations(self.store):
                self.assert_away(name, operation)
        # Where only the answer was lost, the write was not: both are whole.
        assert self.store.load(CHANGED) in (Stored(BEFORE, 1), Stored(AFTER, 2))
        assert self.store.load(DELETED) in (Stored(BEFORE, 1), None)
        assert self.store.load(NEW) in (Stored(AFTER, 1), None)
        assert {KEPT, CHANGED} <= set(self.store.calls()) <= {KEPT, CHANGED, DELETED, NEW}
        assert self.store.save(KEPT, AFTER, expected=1, ttl=_TTL) == 2
        assert self.helpers[0].do(lambda: self.store.load(KEPT)).result() == Stored(AFTER, 2)

    def test_away_again(self) -> None:
        """One outage is like the next."""
        for revision in range(1, 4):
            assert self.save(b"before", expected=revision - 1 or None, ttl=_TTL) == revision
            with self.outage():
                self.assert_away("load", lambda: self.store.load(SID))
            assert self.store.load(SID) == Stored(b"before", revision)

    def test_away_while_listing(self) -> None:
        """Who goes through the calls is told, and never takes a part for the whole."""
        sids = self.save_many("there", ttl=_TTL)
        listing = self.store.calls()
        listed = [next(listing)]
        with self.outage():
            rest = self.helpers[0].do(lambda: listed.extend(listing))
            error = self.error_of(rest, "calls in mid-iteration")
        if error is None:  # the store had them all by then
            assert sorted(listed) == sorted(sids)
        else:
            assert isinstance(error, StoreUnavailableError), f"calls: {error!r}"
        assert sorted(self.store.calls()) == sorted(sids)

    def test_made_while_away(self) -> None:
        """A store can be made while there is none, and works when there is."""
        self.save(b"before", ttl=_TTL)
        with self.outage():
            assert self.error_of(self.helpers[0].do(lambda: self.second), "making one") is None
            self.assert_away("load", lambda: self.second.load(SID))
        assert self.second.load(SID) == Stored(b"before", 1)
        assert self.second.save(SID, b"after", expected=1, ttl=_TTL) == 2

    def test_closing_while_away(self) -> None:
        """A store that is away can be closed, and what it had is there for the next."""
        self.save(b"before", ttl=_TTL)
        other = self.make_second(self.store)
        assert other.load(SID) == Stored(b"before", 1)
        with self.outage():
            assert self.error_of(self.helpers[0].do(other.close), "close") is None
        assert self.second.load(SID) == Stored(b"before", 1)

    def test_outage_under_load(self) -> None:
        """Threads that go on saving through an outage lose nothing, and do nothing twice."""
        self.save(json.dumps([0] * THREADS).encode(), ttl=_TTL)
        saved, refused, is_over = Event(), Event(), Event()

        def work(thread: int) -> int:
            count = 0
            try:
                while not is_over.is_set():
                    count += 1
                    self._count(thread, count, refused)
                    saved.set()
            finally:
                for awaited in (saved, refused):  # not of a thread that has failed
                    awaited.set()
            return count

        jobs = [helper.do(partial(work, thread)) for thread, helper in enumerate(self.helpers)]
        try:
            saved.wait(self.patience + _GRACE)
            with self.outage():
                refused.clear()  # of what was refused before, for whatever reason
                was_noticed = refused.wait(self.patience + _GRACE)
        finally:
            is_over.set()
        counts = [job.result(4 * self.patience + _GRACE) for job in jobs]
        stored = self.store.load(SID)
        assert stored is not None
        assert json.loads(stored.data) == counts
        assert was_noticed, "no operation said that the store was away"

    def assert_away(self, name: str, operation: Callable[[], object]) -> None:
        """Hold an operation to saying in time that the store is away."""
        outcome = self.helpers[0].do(operation)
        error = self.error_of(outcome, name)
        assert error is not None, f"{name} returned {outcome.result()!r} while away"
        assert isinstance(error, StoreUnavailableError), f"{name} raised {error!r}"

    def error_of(self, outcome: Future[object], name: str) -> BaseException | None:
        """Return what an operation raised, if it did, within the time there is."""
        try:
            return outcome.exception(self.patience)
        except NotDoneError:
            message = f"{name} had no answer after {self.patience} s while the store was away"
            raise AssertionError(message) from None

    def _count(self, thread: int, count: int, refused: Event) -> None:
        """Make a thread's number in the session the next one, as often as it takes."""
        deadline = time.monotonic() + 4 * self.patience
        is_saved = False
        while not is_saved:
            try:
                with suppress(StaleSessionError):
                    self._save_count(thread, count)
                    is_saved = True
            except StoreUnavailableError:
                refused.set()
                if time.monotonic() >= deadline:
                    raise

    def _save_count(self, thread: int, count: int) -> None:
        stored = self.store.load(SID)
        assert stored is not None, "the session is lost"
        counts = json.loads(stored.data)
        # It is the next one already where only the answer to a save was lost.
        assert counts[thread] in (count - 1, count), f"{counts}, not {count} of thread {thread}"
        counts[thread] = count
        self.save(json.dumps(counts).encode(), expected=stored.revision, ttl=_TTL)


def operations(store: SessionStore) -> Iterator[tuple[str, Callable[[], object]]]:
    """Go through all that can be asked of a store that is away."""
    yield "load", lambda: store.load(KEPT)
    yield "save", lambda: store.save(CHANGED, AFTER, expected=1, ttl=_TTL)
    yield "a first save", lambda: store.save(NEW, AFTER, expected=None, ttl=_TTL)
    yield "delete", lambda: store.delete(DELETED)
    yield "purge", store.purge
    yield "calls", lambda: list(store.calls())
