"""What a runner of background work promises."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from statechart_ivr.errors import ConfigurationError, StoreError

logger = logging.getLogger("statechart_ivr.runners")

#: Seconds that work under way gets to finish when a runner is closed.
PATIENCE = 10.0


@dataclass(frozen=True)
class Job:
    """Background work of one call, as a runner is handed it.

    Attributes:
        call_sid: the call.
        id: tells it from the other jobs of the call.
        run: carries it out in this process, and raises only what nobody has dealt with. A runner
            whose work is done in other processes sends them the two names above.
    """

    call_sid: str
    id: str
    run: Callable[[], object] = field(compare=False, repr=False)


@runtime_checkable
class Runner(Protocol):
    """Has jobs carried out, some time after they were submitted, in any order.

    A job lies in the record of its call, under a lease, until it is done. So a runner need not
    keep one safe: what dies with a process is found when its lease runs out, and submitted again,
    maybe elsewhere. It carries out each job it takes on once, unless it dies or is closed before
    it gets to it. A job that raises is logged and done with, and no reason not to go on.

    All methods may be called from any thread. Making a runner starts and opens nothing. In a
    process that was forked off, a runner begins afresh: what the parent took on stays the
    parent's. `statechart_ivr.testing.runner_contract` tests all that is said here.
    """

    def submit(self, job: Job) -> None:
        """Take a job on, and do not wait for it to be carried out.

        Raises:
            RunnerFullError: as many as may be are not done yet.
            RunnerUnavailableError: nobody can take it now; within a few seconds.
            RunnerClosedError: after `close`.
        """
        ...

    def close(self, *, patience: float = PATIENCE) -> Sequence[Job]:
        """Take on nothing more, finish what is under way, and begin nothing.

        A second time it does nothing but wait and tell.

        Args:
            patience: seconds to wait at most; what has not finished then is left alone, and does
                not keep the process from ending.

        Returns:
            The jobs that this process took on and has not finished: their leases will run out.
        """
        ...


def checked_runner(runner: object) -> Runner:
    """Return a runner, after a look at whether it is one.

    Raises:
        ConfigurationError: it is a class, or something else.
    """
    if isinstance(runner, type):
        raise ConfigurationError(f"runner= is a class; write runner={runner.__name__}(…)")
    if not isinstance(runner, Runner):
        # Without its value: a URL may have a password in it.
        raise ConfigurationError(
            f"runner= is of type {type(runner).__name__}, which is no runner; write "
            "ThreadRunner(threads=16), or DramatiqRunner('redis://host')"
        )
    return runner


def log_failure(job: Job, error: BaseException) -> None:
    """Log what a job raised, without the words of code that is not ours.

    They may repeat what a caller entered as a secret; the frames say where to look.
    """
    is_ours = isinstance(error, StoreError | ConfigurationError)
    what = f"{type(error).__name__}: {error}" if is_ours else _bare(error)
    about = {"call_sid": job.call_sid, "job": job.id}
    logger.error("a job failed: %s", what, extra=about)


def _bare(error: BaseException) -> str:
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
