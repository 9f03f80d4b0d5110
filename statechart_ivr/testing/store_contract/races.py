"""What a store does for two writers: threads, handles, processes."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from threading import Barrier

from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import SessionStore, Stored
from statechart_ivr.testing.store_contract.counting import UPDATES, add, add_elsewhere
from statechart_ivr.testing.store_contract.hooks import SID, StoreHooks

THREADS = 4
PROCESSES = ("process-a", "process-b")


class Races(StoreHooks):
    """What a store does for two writers."""

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

    def test_racing_threads(self) -> None:
        """Threads that count in one session, each loading and saving, lose no count."""
        self._race([self.store] * THREADS)

    def test_racing_handles(self) -> None:
        """Nor do threads that have not even the handle in common."""
        self._race([self.store, self.second] * (THREADS // 2))

    def test_racing_first_saves(self) -> None:
        """Of threads that all save a call's first session, one succeeds."""
        assert self.store.load(SID) is None
        starting = Barrier(THREADS, timeout=30)

        def first(thread: int) -> bool:
            starting.wait()
            try:
                self.save(b"%d" % thread)
            except StaleSessionError:
                return False
            return True

        with ThreadPoolExecutor(THREADS) as threads:
            results = list(threads.map(first, range(THREADS)))
        winners = [thread for thread, has_won in enumerate(results) if has_won]
        assert len(winners) == 1
        assert self.store.load(SID) == Stored(b"%d" % winners[0], 1)

    def test_racing_processes(self) -> None:
        """Processes that count in one session, from its first save on, lose no count."""
        opener = self.make_opener(self.store)
        # Nothing is inherited: no client library survives a fork with its connections open.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(len(PROCESSES), mp_context=context) as processes:
            jobs = [processes.submit(add_elsewhere, opener, me, PROCESSES) for me in PROCESSES]
        for job in jobs:
            job.result()
        total = UPDATES * len(PROCESSES)
        with closing(opener()) as store:  # which goes by the same clock as theirs
            assert store.load(SID) == Stored(b"%d" % total, total)

    def _race(self, handles: list[SessionStore]) -> None:
        """Count in one session, each thread with its handle."""
        self.save(b"0")
        starting = Barrier(len(handles), timeout=30)

        def count(handle: SessionStore) -> None:
            handle.load(SID)
            starting.wait()
            add(handle, times=UPDATES, others=UPDATES * (len(handles) - 1))

        with ThreadPoolExecutor(len(handles)) as threads:
            jobs = [threads.submit(count, handle) for handle in handles]
        for job in jobs:
            job.result()
        total = UPDATES * len(handles)
        for handle in handles:
            assert handle.load(SID) == Stored(b"%d" % total, total + 1)
