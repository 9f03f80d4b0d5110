"""Background work in threads: what happens to them when jobs fail, and when processes end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from textwrap import dedent

import pytest

from statechart_ivr.errors import (
    ConfigurationError,
    IvrError,
    RunnerUnavailableError,
    StoreUnavailableError,
)
from statechart_ivr.runners import Job, Runner, ThreadRunner
from statechart_ivr.runners import thread as thread_runner
from statechart_ivr.testing.runner_contract import RunnerContract


class TestContract(RunnerContract):
    """What every runner does."""

    def make_runner(self) -> Runner:
        """Return a runner as it is made by default."""
        return ThreadRunner()

    def make_small(self, room: int) -> Runner:
        """Return one whose thread and queue take so many."""
        return ThreadRunner(threads=1, queue=room - 1)


class TestContractWithoutAQueue(RunnerContract):
    """A runner may do without a queue: each job has a thread."""

    def make_runner(self) -> Runner:
        """Return one that has enough threads for the tests."""
        return ThreadRunner(threads=150, queue=0)

    def make_small(self, room: int) -> Runner:
        """Return one with so many threads."""
        return ThreadRunner(threads=room, queue=0)


@pytest.fixture
def runner() -> Iterator[ThreadRunner]:
    """Return a runner with one thread."""
    runner = ThreadRunner(threads=1)
    yield runner
    runner.close(patience=60)


def job(name: str, run=lambda: None) -> Job:
    """Return a job of one call."""
    return Job("CA1", name, run)


def test_a_job_that_waits_is_not_taken_twice() -> None:
    """However often a caller's polls find its lease run out, it takes one place in the queue."""
    go_on, all_done, done = threading.Event(), threading.Event(), list[str]()
    runner = ThreadRunner(threads=1, queue=2)
    runner.submit(job("first", go_on.wait))
    for _ in range(5):
        runner.submit(job("waits", lambda: done.append("waits")))
    runner.submit(job("last", all_done.set))
    go_on.set()
    assert all_done.wait(60)
    runner.close(patience=60)
    assert done == ["waits"]


class NewThreads:
    """The threads that have been started since, and have not ended."""

    def __init__(self) -> None:
        self._before = set(threading.enumerate())

    def names(self) -> list[str]:
        """Return their names."""
        return sorted(one.name for one in set(threading.enumerate()) - self._before)


class TestThreads:
    """Which threads there are."""

    def test_none_without_work(self) -> None:
        """A runner that is made has none yet."""
        new = NewThreads()
        ThreadRunner()
        assert new.names() == []

    def test_no_more_than_needed(self) -> None:
        """There are as many as there are jobs at a time, up to the most; their names say whose."""
        new = NewThreads()
        runner = ThreadRunner(threads=2)
        gate = threading.Event()
        found = []
        for number in range(3):
            runner.submit(job(str(number), gate.wait))
            found.append(new.names())
        assert found == [["ivr-runner-1"], *[["ivr-runner-1", "ivr-runner-2"]] * 2]
        gate.set()
        runner.close(patience=60)
        assert new.names() == []

    def test_in_the_order_submitted(self, runner: ThreadRunner) -> None:
        """One thread does one job after the other, the first one first."""
        done: list[int] = []
        last = threading.Event()
        for number in range(20):
            runner.submit(job(str(number), partial(done.append, number)))
        runner.submit(job("last", last.set))
        assert last.wait(timeout=60)
        assert done == list(range(20))

    def test_begin_nothing_when_closed(self, runner: ThreadRunner) -> None:
        """What is under way is finished; what waits is left to others, and told of."""
        begun, gate, later = threading.Event(), threading.Event(), threading.Event()

        def wait() -> None:
            begun.set()
            assert gate.wait(timeout=60)

        runner.submit(job("first", wait))
        runner.submit(job("second", later.set))
        assert begun.wait(timeout=60)
        assert [one.id for one in runner.close(patience=0)] == ["first", "second"]
        gate.set()
        assert [one.id for one in runner.close(patience=60)] == ["second"]
        assert not later.is_set()

    def test_a_job_may_close_its_runner(self, runner: ThreadRunner) -> None:
        """It does not wait for itself."""
        left: list[Job] = []
        closed = threading.Event()

        def close() -> None:
            left.extend(runner.close(patience=60))
            closed.set()

        one = job("close", close)
        runner.submit(one)
        assert closed.wait(timeout=30)
        assert left == [one]

    def test_none_to_be_had(self) -> None:
        """Where the system gives no thread, that is said, and nothing is left behind."""
        runner = ThreadRunner()
        done = threading.Event()
        with without_threads(), pytest.raises(RunnerUnavailableError, match="new thread"):
            runner.submit(job("a"))
        runner.submit(job("b", done.set))
        assert done.wait(timeout=60)
        assert runner.close(patience=60) == ()

    def test_no_more_to_be_had(self) -> None:
        """Where there are some, they do the work."""
        new = NewThreads()
        runner = ThreadRunner()
        gate, done = threading.Event(), threading.Event()
        runner.submit(job("a", gate.wait))
        with without_threads():
            runner.submit(job("b", done.set))
        assert new.names() == ["ivr-runner-1"]
        gate.set()
        assert done.wait(timeout=60)
        runner.close(patience=60)

    @pytest.mark.parametrize("wrong", [{"threads": 0}, {"queue": -1}])
    def test_arguments(self, wrong: dict[str, int]) -> None:
        """A runner that could do nothing is a mistake."""
        with pytest.raises(ConfigurationError, match="threads is at least 1 and queue at least 0"):
            ThreadRunner(**wrong)


class without_threads:
    """Ask for more memory for each thread than there can be."""

    def __enter__(self) -> None:
        """Ask for it."""
        self._before = threading.stack_size(1 << 46)

    def __exit__(self, *_: object) -> None:
        """Ask for as much as before."""
        threading.stack_size(self._before)


class TestErrors:
    """What becomes of a job that raises."""

    def told(self, error: BaseException, caplog: pytest.LogCaptureFixture) -> logging.LogRecord:
        """Return what is logged when a job raises an error and another one follows."""
        done = threading.Event()

        def fail() -> None:
            raise error

        runner = ThreadRunner(threads=1)
        runner.submit(job("job-7", fail))
        runner.submit(job("job-8", done.set))
        assert done.wait(timeout=60)
        runner.close(patience=60)
        (record,) = caplog.records
        return record

    @pytest.mark.parametrize(
        "error", [ValueError("1234-secret"), IvrError("1234-secret"), SystemExit("1234-secret")]
    )
    def test_are_logged_without_their_words(
        self, error: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The log has the call, the job, and where it was; the words may be a caller's."""
        record = self.told(error, caplog)
        text = record.getMessage()
        assert type(error).__name__ in text
        assert f"{Path(__file__).name}" in text
        assert "in fail" in text
        assert vars(record).items() >= {"call_sid": "CA1", "job": "job-7"}.items()
        assert record.exc_info is None
        assert "1234-secret" not in text

    def test_of_stores_are_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """What a store says has nothing of callers in it, and says what to do."""
        error = StoreUnavailableError("redis://sessions: OOM; raise maxmemory")
        assert self.told(error, caplog).getMessage() == (
            "a job failed: StoreUnavailableError: redis://sessions: OOM; raise maxmemory"
        )


def test_a_child_leaves_to_its_parent_what_is_its_parent_s(runner: ThreadRunner) -> None:
    """Work that waits while a process forks is done in the parent, and not in the child too."""
    begun, gate = threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        assert gate.wait(timeout=60)

    def tell() -> None:
        os.write(telling, b"parent " if os.getpid() == parent else b"wrong ")

    parent = os.getpid()
    listening, telling = os.pipe()
    runner.submit(job("first", wait))
    runner.submit(job("second", tell))
    assert begun.wait(timeout=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks with threads
        pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        try:
            done = threading.Event()
            runner.submit(job("third", done.set))
            assert done.wait(timeout=60)
            assert runner.close(patience=60) == ()
            os.write(telling, b"child ")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    gate.set()
    told = os.read(listening, 100)
    told += os.read(listening, 100) if b"parent" not in told else b""
    for end in (listening, telling):
        os.close(end)
    assert told == b"child parent "


def test_a_child_begins_afresh() -> None:
    """It has none of its parent's threads, and a lock that nobody holds."""
    runner = ThreadRunner()
    locked = runner._changed
    thread_runner._begin_all_afresh()  # as in a child
    assert runner._changed is not locked
    assert runner._threads == []


PROGRAM = """
    import signal, sys, threading, time
    from pathlib import Path
    from statechart_ivr.runners import Job, ThreadRunner

    begun, folder = threading.Event(), Path(sys.argv[1])
    runner = ThreadRunner(threads=1)

    def work():
        begun.set()
        {work}
        (folder / "done").touch()

    runner.submit(Job("CA1", "job-1", work))
    runner.submit(Job("CA1", "job-2", (folder / "begun-too-late").touch))
    begun.wait()
    {end}
"""


def end_of(folder: Path, *, work: str, end: str) -> tuple[int, set[str]]:
    """Run a program with work under way when it ends: its exit code, and what it has done."""
    program = dedent(PROGRAM).format(work=work, end=end)
    run = subprocess.run(
        [sys.executable, "-c", program, str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
        timeout=100,
    )
    return run.returncode, {path.name for path in folder.iterdir()}


@pytest.mark.slow
class TestEndOfAProcess:
    """What is under way when a process ends."""

    LIKE_GUNICORN = (
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(3)); signal.raise_signal(signal.SIGTERM)"
    )

    @pytest.mark.parametrize(("end", "code"), [("sys.exit(2)", 2), (LIKE_GUNICORN, 3)])
    def test_is_finished(self, end: str, code: int, tmp_path: Path) -> None:
        """At the end of the program, and after SIGTERM where that is heeded; no more is begun."""
        work = "time.sleep(0.5)"
        assert end_of(tmp_path, work=work, end=end) == (code, {"done"})

    def test_is_left_when_it_is_stuck(self, tmp_path: Path) -> None:
        """A job that never ends does not keep the process."""
        work = "threading.Event().wait()"
        assert end_of(tmp_path, work=work, end="runner.close(patience=0)") == (0, set())

    def test_is_left_when_it_is_killed(self, tmp_path: Path) -> None:
        """A signal that nobody heeds ends all: the leases of its jobs run out."""
        end = "signal.raise_signal(signal.SIGTERM)"
        code, done = end_of(tmp_path, work="threading.Event().wait()", end=end)
        assert (code, done) == (-signal.SIGTERM, set())
