"""What the contract needs to know about a runner, and what it knows of the jobs of a test."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDoneError
from functools import cached_property, partial
from threading import Condition, Event, Thread
from typing import TypeVar
from unittest import SkipTest

from statechart_ivr.errors import RunnerError
from statechart_ivr.runners.base import Job, Runner

SID = "CA00000000000000000000000000000001"

#: As many as a runner must have room for, and more than it has threads.
JOBS = 100

T = TypeVar("T")
Work = Callable[[], object]


class Ledger:
    """The jobs of a test, and how often each was begun and done in this process."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}
        self._changed = Condition()
        self.begun: Counter[str] = Counter()
        self.done: Counter[str] = Counter()

    def enter(self, work: Work) -> str:
        """Return the id of a new job."""
        with self._changed:
            job_id = f"job-{len(self._works) + 1}"
            self._works[job_id] = work
        return job_id

    def perform(self, job_id: str) -> None:
        """Carry out a job; one that raises is done, too."""
        self._count(self.begun, job_id)
        try:
            self._works[job_id]()
        finally:
            self._count(self.done, job_id)

    def wait(self, counter: Counter[str], jobs: Collection[Job], seconds: float) -> None:
        """Wait until all of these are begun, or done."""
        ids = {job.id for job in jobs}
        with self._changed:
            self._changed.wait_for(lambda: ids <= counter.keys(), timeout=seconds)
            missing = sorted(ids - counter.keys())
        assert not missing, f"after {seconds:g} s {len(missing)} of {len(ids)} are not: {missing}"

    def _count(self, counter: Counter[str], job_id: str) -> None:
        with self._changed:
            counter[job_id] += 1
            self._changed.notify_all()


class RunnerHooks:
    """Makes the runner of a test, hands it jobs, and counts how often each is carried out.

    `make_runner` is needed. Each of the others opens up more tests; those that cannot run
    without it are skipped, and say which method they miss.

    Attributes:
        is_inline: whether `submit` returns only when the job has been carried out.
        works_here: whether the runner's own threads carry out its jobs, so that `close` waits for
            them; otherwise other processes do.
        patience: seconds within which a runner whose broker is away must say so.
        working: seconds that work goes on while its runner is being closed.
        grace: seconds that a busy machine may take for what takes no time: no promise of the
            runner's.
    """

    is_inline: bool = False
    works_here: bool = True
    patience: float = 15.0
    working: float = 0.2
    grace: float = 60.0

    def make_runner(self) -> Runner:
        """Return a fresh runner that logs what jobs raise, with workers if it needs them.

        It has room for 100 jobs.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a make_runner(self)")

    def make_small(self, room: int) -> Runner:
        """Return one that takes no more than so many jobs which are not done yet."""
        raise SkipTest(f"{type(self).__name__} has no make_small: it has room for {room} at least")

    def take_away(self) -> None:
        """Make the broker unreachable: stop its server, cut its connections."""
        raise SkipTest(f"{type(self).__name__} has no take_away: there is no broker")

    def bring_back(self) -> None:
        """Make the broker reachable again."""
        raise NotImplementedError(f"{type(self).__name__} has take_away, and needs bring_back")

    def perform(self, call_sid: str, job_id: str) -> None:
        """Carry out a job of this test's: what workers call, with what was sent to them."""
        assert call_sid == SID, f"the job was one of {SID}, not of {call_sid}"
        self.ledger.perform(job_id)

    @cached_property
    def runner(self) -> Runner:
        """The runner of this test."""
        return self.make_runner()

    @cached_property
    def ledger(self) -> Ledger:
        """What is known of the jobs of this test."""
        return Ledger()

    @cached_property
    def gate(self) -> Event:
        """What work that is held up waits for."""
        return Event()

    def teardown_method(self) -> None:
        """Let work go on that is held up, and close the runner."""
        self.gate.set()
        if "runner" in vars(self):
            self.runner.close(patience=self.grace)

    def job(self, work: Work = lambda: None) -> Job:
        """Return a new job."""
        job_id = self.ledger.enter(work)
        return Job(SID, job_id, run=partial(self.perform, SID, job_id))

    def held_job(self) -> Job:
        """Return a job that is not done before the gate is open."""
        return self.job(self.gate.wait)

    def submit(self, job: Job) -> None:
        """Submit a job, and hold the runner to not waiting for it."""
        in_time(partial(self.runner.submit, job), self.grace, "submit")

    def submit_all(self, jobs: Sequence[Job]) -> None:
        """Submit jobs, one after the other."""
        for job in jobs:
            self.submit(job)

    def wait_done(self, jobs: Collection[Job]) -> None:
        """Wait until jobs are done."""
        self.ledger.wait(self.ledger.done, jobs, self.grace)

    def assert_once(self, jobs: Collection[Job]) -> None:
        """Hold the runner to having each done once, and no other; it is closed for that."""
        self.wait_done(jobs)
        self.runner.close(patience=self.grace)
        wrong = self.ledger.begun - Counter(job.id for job in jobs)
        assert not wrong, f"carried out more often than once, or when refused: {sorted(wrong)}"

    def refusal_of(self, job: Job) -> Exception | None:
        """Return what submitting a job raises, within the time there is."""
        try:
            in_time(partial(self.runner.submit, job), self.patience, "submit")
        except RunnerError as error:
            return error
        return None

    def skip_inline(self) -> None:
        """Skip a test that needs a job to be under way when `submit` has returned."""
        if self.is_inline:
            raise SkipTest(f"{type(self).__name__} is_inline: whoever submits a job waits for it")

    def skip_remote(self) -> None:
        """Skip a test about what is under way in the runner itself."""
        self.skip_inline()
        if not self.works_here:
            raise SkipTest(f"{type(self).__name__} not works_here: others finish what they do")


def in_time(work: Callable[[], T], seconds: float, name: str) -> T:
    """Return what something returns, or raise what it raises, unless that takes too long."""
    outcome: Future[T] = Future()

    def try_it() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # noqa: BLE001 - whoever asked gets it
            outcome.set_exception(error)

    Thread(target=try_it, daemon=True).start()
    try:
        return outcome.result(seconds)
    except NotDoneError:
        raise AssertionError(f"{name} had no answer after {seconds:g} s") from None
