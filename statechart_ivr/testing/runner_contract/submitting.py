"""What a runner does with the jobs that it is handed, and with those that it has no room for."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from select import select
from signal import SIGKILL
from threading import Barrier, Event

from statechart_ivr.errors import RunnerFullError, RunnerUnavailableError
from statechart_ivr.runners.base import Job
from statechart_ivr.testing.runner_contract.hooks import JOBS, SID, RunnerHooks

THREADS = 10

# Seconds: for threads that begin at the same time, and between two attempts.
_START = 60.0
_PAUSE = 0.005


class Submitting(RunnerHooks):
    """What a runner does with the jobs that it is handed."""

    def test_each_once(self) -> None:
        """Every job is carried out, and none twice."""
        jobs = [self.job() for _ in range(JOBS)]
        self.submit_all(jobs)
        self.assert_once(jobs)

    def test_submitted_by_threads(self) -> None:
        """So it is when many threads submit at once."""
        jobs = [[self.job() for _ in range(JOBS // THREADS)] for _ in range(THREADS)]
        starting = Barrier(THREADS, timeout=_START)
        runner = self.runner

        def submit(own: Sequence[Job]) -> None:
            starting.wait()
            for job in own:
                runner.submit(job)

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(submit, jobs))
        self.assert_once([job for own in jobs for job in own])

    def test_submitted_by_jobs(self) -> None:
        """A job may lead to the next, and that to another, many times over."""
        jobs = [self.job()]
        for _ in range(JOBS):
            jobs.append(self.job(partial(self.runner.submit, jobs[-1])))
        self.submit(jobs[-1])
        self.assert_once(jobs)

    def test_jobs_that_raise(self) -> None:
        """A job that raises keeps none from being carried out that come after it."""
        jobs = [self.job(_fail) for _ in range(JOBS - 1)]
        jobs.append(self.job())
        self.submit_all(jobs)
        self.assert_once(jobs)

    def test_does_not_wait(self) -> None:
        """To submit a job takes no longer, however long that takes."""
        self.skip_inline()
        jobs = [self.held_job() for _ in range(JOBS)]
        self.submit_all(jobs)
        self.gate.set()
        self.wait_done(jobs)

    def test_full(self) -> None:
        """What there is no room for is refused at once; what was taken on is carried out."""
        room = 3
        self.runner = self.make_small(room)
        taken, refusal = self._fill()
        assert len(taken) == room, f"{len(taken)} were taken on, and there is room for {room}"
        self.gate.set()
        self.wait_done(taken)
        later = self.job()
        self._submit_when_there_is_room(later)
        self.assert_once([*taken, later])
        assert (refusal.call_sid, refusal.limit) == (SID, room)
        assert refusal.job_id not in {job.id for job in [*taken, later]}

    def test_forked(self) -> None:
        """A process that is forked off while there is work has its own carried out."""
        if not self.is_inline:
            held = self.held_job()
            self.submit(held)
            self.ledger.wait(self.ledger.begun, [held], self.grace)
        listening, telling = os.pipe()
        job = self.job(partial(os.write, telling, b"done"))
        with forked(lambda: self.runner.submit(job)):
            is_done, *_ = select([listening], [], [], self.grace)
        os.close(listening)
        os.close(telling)
        assert is_done, f"what a forked process submitted was not done in {self.grace:g} s"

    def test_away(self) -> None:
        """While the broker is away, to submit a job says so; afterwards all is as before."""
        jobs = [self.job() for _ in range(3)]
        self.submit(jobs[0])
        self.wait_done(jobs[:1])
        self.take_away()
        try:
            refusal = self.refusal_of(jobs[1])
        finally:
            self.bring_back()
        assert isinstance(refusal, RunnerUnavailableError), f"while away: {refusal!r}"
        assert (refusal.call_sid, refusal.job_id) == (SID, jobs[1].id)
        self.submit(jobs[2])
        self.wait_done(jobs[2:])

    def _fill(self) -> tuple[list[Job], RunnerFullError]:
        taken: list[Job] = []
        while len(taken) < JOBS:
            job = self.held_job()
            try:
                self.submit(job)
            except RunnerFullError as error:
                return taken, error
            taken.append(job)
        raise AssertionError(f"{JOBS} jobs were taken on where there is no room for so many")

    def _submit_when_there_is_room(self, job: Job) -> None:
        # A runner learns that a job is done a little after the job does.
        deadline = time.monotonic() + self.grace
        while True:
            try:
                return self.submit(job)
            except RunnerFullError:
                assert time.monotonic() < deadline, "there is no room when all is done"
                time.sleep(_PAUSE)  # nothing tells when there is room again


@contextmanager
def forked(work: Callable[[], object]) -> Iterator[None]:
    """Have a process of its own do something meanwhile; in the end it is killed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks with threads
        pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        try:
            work()
            Event().wait()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        os.kill(pid, SIGKILL)
        os.waitpid(pid, 0)


def _fail() -> None:
    raise ValueError("a job fails")
