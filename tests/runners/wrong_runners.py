"""Runners with one fault each, for the contract to find; and one to cut off that has none."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Barrier, Event

from statechart_ivr.errors import RunnerFullError, RunnerUnavailableError
from statechart_ivr.runners import InlineRunner, Job, ThreadRunner
from statechart_ivr.testing.runner_contract.submitting import THREADS

PID = os.getpid()


class Twice(ThreadRunner):
    """Carries out each job two times."""

    def submit(self, job: Job) -> None:
        """Submit both at once."""

        def run() -> None:
            job.run()
            job.run()

        super().submit(Job(job.call_sid, job.id, run))


class DropsOne(ThreadRunner):
    """Loses a job now and then."""

    def submit(self, job: Job) -> None:
        """Lose the tenth of ten."""
        if not job.id.endswith("0"):
            super().submit(job)


class EndsWithAnError(ThreadRunner):
    """Has threads that do not outlive a job that raises."""

    def _work(self) -> None:
        try:
            while job := self._next():
                job.run()
                self._running.remove(job)
        except ValueError:
            return


class Unlocked(ThreadRunner):
    """Lets other threads in while it takes a job on."""

    def __init__(self) -> None:
        super().__init__(threads=1)
        self._slot: list[Job] = []
        self._meeting = Barrier(THREADS, timeout=30)

    def submit(self, job: Job) -> None:
        """Put the job where others put theirs; when all have, take what lies there."""
        self._slot = [job]
        self._meeting.wait()
        super().submit(self._slot[0])


class Nested(InlineRunner):
    """Carries out what a job submits inside that job."""

    def submit(self, job: Job) -> None:
        """Run it, however deep it is; deeper than this is as deep as the interpreter goes."""
        if self._of_thread.taken == 50:
            raise RecursionError
        self._of_thread.taken += 1
        job.run()
        self._of_thread.taken -= 1


class Waits(ThreadRunner):
    """Comes back when the job is done."""

    def submit(self, job: Job) -> None:
        """Submit, and wait."""
        done = Event()

        def run() -> None:
            job.run()
            done.set()

        super().submit(Job(job.call_sid, job.id, run))
        done.wait()


class SwallowsTheRest(ThreadRunner):
    """Says nothing when it has no room."""

    def submit(self, job: Job) -> None:
        """Submit, or forget."""
        try:
            super().submit(job)
        except RunnerFullError:
            return


class HasRoomForMore(ThreadRunner):
    """Counts only those that wait."""

    def __init__(self, *, threads: int = 1, queue: int = 1) -> None:
        super().__init__(threads=threads, queue=queue + threads)


class RunsWhatItRefused(ThreadRunner):
    """Refuses what it has taken on."""

    def submit(self, job: Job) -> None:
        """Take one too many, and refuse it."""
        unfinished = len(self._waiting) + len(self._running)
        self._limit = 4
        super().submit(job)
        if unfinished == 3:
            raise RunnerFullError(job.call_sid, job.id, limit=3, advice="none")


class StaysFull(ThreadRunner):
    """Never has room again."""

    is_full = False

    def submit(self, job: Job) -> None:
        """Submit, until that was refused once."""
        if self.is_full:
            self._limit = 0
        try:
            super().submit(job)
        except RunnerFullError:
            self.is_full = True
            raise


class LeavesAtOnce(ThreadRunner):
    """Closes without a look at what is under way."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Wait for nobody, and tell of nothing."""
        super().close(patience=0.0)
        return ()


class WaitsForEver(ThreadRunner):
    """Closes when the last job is done, if ever."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Wait as long as it takes."""
        return super().close(patience=3600.0)


class ForgetsTheRest(ThreadRunner):
    """Tells of what is under way only."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Forget those that wait."""
        return tuple(self._running) if super().close(patience=patience) else ()


class LosesTheRest(ThreadRunner):
    """Tells of what waits the first time only."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Tell, and forget."""
        left = super().close(patience=patience)
        self._waiting.clear()
        return left


class TellsOfAll(ThreadRunner):
    """Tells of what was under way, and has been done since."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Look before the wait, not after it."""
        running = tuple(self._running)
        return (*running, *(job for job in super().close(patience=patience) if job not in running))


class NeverCloses(ThreadRunner):
    """Takes jobs on when it has been closed."""

    def close(self, *, patience: float = 0.0) -> tuple[Job, ...]:
        """Open again."""
        left = super().close(patience=patience)
        self._is_closed = False
        self._begin_afresh()
        return left


class IsNotForked(ThreadRunner):
    """Believes that a child has its parent's thread."""

    def __init__(self) -> None:
        super().__init__(threads=1)

    def _begin_afresh(self) -> None:
        if os.getpid() == PID:
            super()._begin_afresh()


class Remote(ThreadRunner):
    """Has a broker that can be away."""

    def __init__(self) -> None:
        super().__init__()
        self.is_away = False

    def submit(self, job: Job) -> None:
        """Submit, if the broker is there."""
        if self.is_away:
            self.refuse(job)
        else:
            super().submit(job)

    def refuse(self, job: Job) -> None:
        """Say that the broker is away."""
        raise RunnerUnavailableError(job.call_sid, job.id, "nobody there")


class LosesWhileAway(Remote):
    """Says nothing when the broker is away."""

    def refuse(self, job: Job) -> None:
        """Lose it."""


class HangsWhileAway(Remote):
    """Waits for the broker to come back."""

    hang: Callable[[], object] = staticmethod(Event().wait)

    def refuse(self, job: Job) -> None:
        """Wait for ever."""
        self.hang()


class StaysAway(Remote):
    """Does not notice that the broker is back."""

    was_away = False

    def submit(self, job: Job) -> None:
        """Refuse from the first time on."""
        self.was_away |= self.is_away
        self.is_away = self.was_away
        super().submit(job)
