"""What a runner does when its process is about to end."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from functools import partial
from threading import Event

from statechart_ivr.errors import RunnerClosedError
from statechart_ivr.testing.runner_contract.hooks import JOBS, SID, RunnerHooks, in_time


class Closing(RunnerHooks):
    """What a runner does when it is closed."""

    def test_close_waits(self) -> None:
        """What is under way is finished before the runner is closed."""
        self.skip_remote()
        is_closed = Event()
        job = self.job(lambda: is_closed.wait(self.working))
        self.submit(job)
        self.ledger.wait(self.ledger.begun, [job], self.grace)
        left = self.runner.close(patience=self.grace + self.working)
        is_done = bool(self.ledger.done[job.id])
        is_closed.set()
        assert is_done, "close returned while a job was under way"
        assert not left, f"close told of {left}, and all was done"

    def test_close_does_not_wait_for_ever(self) -> None:
        """A job that is stuck does not keep its runner from being closed, and is told of."""
        self.skip_remote()
        job = self.held_job()
        self.submit(job)
        self.ledger.wait(self.ledger.begun, [job], self.grace)
        close = partial(self.runner.close, patience=0.0)
        left = in_time(close, self.grace, "close")
        assert list(left) == [job], f"close told of {left}, not of the job that is under way"

    def test_close_tells_what_is_left(self) -> None:
        """A runner that is closed tells which jobs are not done, and so they stay."""
        self.skip_remote()
        jobs = [self.held_job() for _ in range(JOBS)]
        self.submit_all(jobs)
        told = {job.id for job in self.runner.close(patience=0.0)}
        assert told == {job.id for job in jobs}, f"{JOBS} jobs were left, and close told of {told}"
        self.gate.set()
        left = {job.id for job in self.runner.close(patience=self.grace)}
        done = self.ledger.done.keys()
        assert left | done == told, f"neither done nor told of: {sorted(told - left - done)}"
        assert not left & done, f"done, and told of as left: {sorted(left & done)}"

    def test_closed(self) -> None:
        """A runner that has been closed, even twice, takes nothing on."""
        job = self.job()
        self.runner.close(patience=self.grace)
        self.runner.close(patience=self.grace)
        refusal = self.refusal_of(job)
        assert isinstance(refusal, RunnerClosedError), f"submit after close: {refusal!r}"
        assert (refusal.call_sid, refusal.job_id) == (SID, job.id)
        assert job.id not in self.ledger.begun
