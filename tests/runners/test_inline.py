"""Background work at once: what tests of flows rely on."""

from __future__ import annotations

import logging
from functools import partial
from threading import Event, Thread, current_thread

import pytest

from statechart_ivr.errors import ConfigurationError, RunnerFullError
from statechart_ivr.runners import InlineRunner, Job, Runner
from statechart_ivr.testing.runner_contract import RunnerContract


class TestContract(RunnerContract):
    """What every runner does."""

    is_inline = True

    def make_runner(self) -> Runner:
        """Return a runner that logs what jobs raise."""
        return InlineRunner(re_raise=False)


def job(name: str, run=lambda: None) -> Job:
    """Return a job of one call."""
    return Job("CA1", name, run)


def test_in_the_same_thread() -> None:
    """Work is done when it has been submitted, by whoever did that."""
    threads = []
    InlineRunner().submit(job("a", lambda: threads.append(current_thread())))
    assert threads == [current_thread()]


def test_one_after_the_other() -> None:
    """What a job leads to comes when that job is over, and before `submit` returns."""
    runner = InlineRunner()
    told: list[str] = []

    def first() -> None:
        told.append("first begins")
        for name in ("second", "third"):
            runner.submit(job(name, partial(told.append, name)))
        told.append("first ends")

    runner.submit(job("first", first))
    assert told == ["first begins", "first ends", "second", "third"]


def test_raises_what_the_work_raised() -> None:
    """The error is the work's own, the first of several; what it led to is done all the same."""
    runner = InlineRunner()
    done: list[str] = []

    def fail() -> None:
        runner.submit(job("next", lambda: done.append("next")))
        runner.submit(job("worse", lambda: 1 / 0))
        raise LookupError("no such order")

    with pytest.raises(LookupError, match="no such order"):
        runner.submit(job("a", fail))
    assert done == ["next"]
    runner.submit(job("b", lambda: done.append("b")))
    assert done == ["next", "b"]


def test_ends_with_an_interrupt() -> None:
    """Ctrl-C ends it at once, and what was still to come is forgotten."""
    runner = InlineRunner(re_raise=False)
    done: list[str] = []

    def interrupt() -> None:
        runner.submit(job("next", lambda: done.append("next")))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runner.submit(job("a", interrupt))
    runner.submit(job("b", lambda: done.append("b")))
    assert done == ["b"]


def test_logs_instead(caplog: pytest.LogCaptureFixture) -> None:
    """Unless errors are wanted: then they are in the log, as with other runners."""
    with caplog.at_level(logging.ERROR):
        InlineRunner(re_raise=False).submit(job("a", lambda: 1 / 0))
    assert "ZeroDivisionError" in caplog.text


def test_work_without_an_end() -> None:
    """A job that leads to itself is refused after as many as were allowed."""
    runner = InlineRunner(limit=25)
    count = 0

    def again() -> None:
        nonlocal count
        count += 1
        runner.submit(job("again", again))

    with pytest.raises(RunnerFullError, match=r"25 are not done yet.*leads to the next"):
        runner.submit(job("again", again))
    assert count == 25


def test_limits_are_of_one_submission() -> None:
    """What was done before does not count."""
    runner = InlineRunner(limit=1)
    for _ in range(3):
        runner.submit(job("a"))


def test_threads_do_not_wait_for_each_other() -> None:
    """A job under way in one thread keeps none in another from being done."""
    runner = InlineRunner()
    begun, go_on = Event(), Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(timeout=60)

    thread = Thread(target=runner.submit, args=(job("a", wait),))
    thread.start()
    assert begun.wait(timeout=60)
    runner.submit(job("b", go_on.set))
    thread.join()


def test_a_limit_of_none() -> None:
    """A runner that may do nothing is a mistake."""
    with pytest.raises(ConfigurationError, match="limit is at least 1, not 0"):
        InlineRunner(limit=0)
