"""Background work at once, for tests."""

from __future__ import annotations

from collections import deque
from threading import local

from statechart_ivr.errors import ConfigurationError, RunnerClosedError, RunnerFullError
from statechart_ivr.runners.base import PATIENCE, Job, log_failure


class InlineRunner:
    """Carries out each job in the thread that submits it, before `submit` returns.

    For tests: when a turn has been answered its background work is done, and what that raised is
    raised. Jobs that are submitted by a job, as when a result leads to a state with work of its
    own, come after it and not inside it.

    >>> runner = InlineRunner()
    >>> runner.submit(Job("CA1", "job-1", lambda: print("looked up")))
    looked up

    Args:
        re_raise: whether `submit` raises what the work raised, when all that it led to has been
            done too; the first error of several. Otherwise it is logged, as other runners do.
        limit: how many jobs one submission may lead to. A flow whose work leads to more and more
            work, which the time that passes holds back in production, would never end here.

    Raises:
        ConfigurationError: a limit less than 1.
    """

    def __init__(self, *, re_raise: bool = True, limit: int = 1000) -> None:
        if limit < 1:
            raise ConfigurationError(f"limit is at least 1, not {limit}")
        self._re_raise = re_raise
        self._limit = limit
        self._is_closed = False
        self._of_thread = _OfThread()

    def submit(self, job: Job) -> None:
        """Carry out a job, and those that it submits.

        Raises:
            RunnerFullError: in a job, when too many were submitted before.
            RunnerClosedError: after `close`.
            Exception: what the work raised, if that is wanted.
        """
        if self._is_closed:
            raise RunnerClosedError(job.call_sid, job.id)
        here = self._of_thread
        if here.taken == self._limit:
            advice = "one job leads to the next without an end"
            raise RunnerFullError(job.call_sid, job.id, limit=self._limit, advice=advice)
        here.taken += 1
        here.waiting.append(job)
        if here.taken == 1:
            self._carry_out_all(here)

    def close(self, *, patience: float = PATIENCE) -> tuple[Job, ...]:
        """Take on nothing more.

        Args:
            patience: nobody is waited for: whoever submitted a job is carrying it out.
        """
        del patience
        self._is_closed = True
        return ()

    def _carry_out_all(self, here: _OfThread) -> None:
        errors = []
        try:
            while here.waiting:
                try:
                    here.waiting[0].run()
                except Exception as error:  # noqa: BLE001 - it is raised, or logged
                    errors.append(error)
                    if not self._re_raise:
                        log_failure(here.waiting[0], error)
                here.waiting.popleft()
        finally:  # Ctrl-C, too
            here.waiting.clear()
            here.taken = 0
        if errors and self._re_raise:
            raise errors[0]


class _OfThread(local):
    """What the job that a thread is carrying out has led to.

    Attributes:
        waiting: what is under way, and behind it what comes next.
        taken: how many jobs there were, done or not.
    """

    def __init__(self) -> None:
        self.waiting: deque[Job] = deque()
        self.taken = 0
