"""Background work in threads of the process that answers the calls."""

from __future__ import annotations

import atexit
import os
import time
from collections import deque
from threading import Condition, Thread, current_thread
from weakref import WeakSet

from statechart_ivr.errors import (
    ConfigurationError,
    RunnerClosedError,
    RunnerFullError,
    RunnerUnavailableError,
)
from statechart_ivr.runners.base import PATIENCE, Job, log_failure


class ThreadRunner:
    """Carries out jobs in a few threads of its own, which start when there is work for them.

    What a process has under way when it ends is finished for up to 10 seconds, or those that
    `close` was told, unless the process is killed. That is also what SIGTERM does to a Python
    program that has not arranged for it; ``statechart-ivr serve``, gunicorn and uWSGI have.

    >>> from threading import Event
    >>> looked_up = Event()
    >>> runner = ThreadRunner(threads=2)
    >>> runner.submit(Job("CA1", "job-1", run=looked_up.set))
    >>> looked_up.wait(timeout=30)
    True
    >>> runner.close()
    ()

    Args:
        threads: how many jobs may be under way at a time. Most work waits for others: threads
            cost little.
        queue: how many more may wait. The caller of each waits too: fewer than the threads can
            carry out in the time of the calls.

    Raises:
        ConfigurationError: no threads, or less than no queue.
    """

    def __init__(self, *, threads: int = 8, queue: int = 1000) -> None:
        if threads < 1 or queue < 0:
            raise ConfigurationError(
                f"threads is at least 1 and queue at least 0, not {threads} and {queue}"
            )
        self._most_threads = threads
        self._limit = threads + queue
        self._is_closed = False
        self._begin_afresh()
        _ALL.add(self)

    def submit(self, job: Job) -> None:
        """Take a job on, and do not wait for it to be carried out.

        One that waits already is not taken twice: its lease may run out meanwhile, and then its
        caller's next poll submits it again.

        Raises:
            RunnerFullError: all threads are busy, and as many jobs wait as may.
            RunnerUnavailableError: the system gives the process no thread.
            RunnerClosedError: after `close`.
        """
        with self._changed:
            if self._is_closed:
                raise RunnerClosedError(job.call_sid, job.id)
            if job in self._waiting:
                return
            unfinished = len(self._waiting) + len(self._running)
            if unfinished >= self._limit:
                advice = "raise threads or queue, or start more processes"
                raise RunnerFullError(job.call_sid, job.id, limit=self._limit, advice=advice)
            if len(self._threads) < min(unfinished + 1, self._most_threads):
                self._start_thread(job)
            self._waiting.append(job)
            self._changed.notify()

    def close(self, *, patience: float = PATIENCE) -> tuple[Job, ...]:
        """Take on nothing more, finish what is under way, and begin nothing.

        Args:
            patience: seconds to wait at most.

        Returns:
            The jobs that are not finished: under way still, and never begun.
        """
        deadline = time.monotonic() + patience
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            threads = [thread for thread in self._threads if thread is not current_thread()]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        atexit.unregister(self.close)
        with self._changed:
            return (*self._running, *self._waiting)

    def _begin_afresh(self) -> None:
        # The lock of one who was forked off may be held by a thread that it has not got.
        self._changed = Condition()
        self._threads: list[Thread] = []
        self._waiting: deque[Job] = deque()
        self._running: list[Job] = []

    def _start_thread(self, job: Job) -> None:
        # Not joined at the end of the process, or one that is stuck would hold it for ever;
        # close() is called instead, and has an end.
        name = f"ivr-runner-{len(self._threads) + 1}"
        thread = Thread(target=self._work, name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if not self._threads:
                raise RunnerUnavailableError(job.call_sid, job.id, str(error)) from error
            return  # those there are will do it, later
        if not self._threads:
            atexit.register(self.close)
        self._threads.append(thread)

    def _work(self) -> None:
        while job := self._next():
            try:
                job.run()
            except BaseException as error:  # noqa: BLE001 - nobody is there to catch it
                log_failure(job, error)
            with self._changed:
                self._running.remove(job)

    def _next(self) -> Job | None:
        """Wait for a job and take it; None when there is to be no other."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            if self._is_closed:
                return None
            job = self._waiting.popleft()
            self._running.append(job)
            return job


_ALL: WeakSet[ThreadRunner] = WeakSet()


def _begin_all_afresh() -> None:
    for runner in list(_ALL):
        runner._begin_afresh()


os.register_at_fork(after_in_child=_begin_all_afresh)
