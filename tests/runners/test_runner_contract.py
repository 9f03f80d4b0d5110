"""The contract finds the faults it is there to find."""

from __future__ import annotations

from unittest import SkipTest

import pytest

from statechart_ivr.errors import RunnerFullError, RunnerUnavailableError
from statechart_ivr.runners import InlineRunner, Runner, ThreadRunner
from statechart_ivr.testing.runner_contract import RunnerContract
from tests.runners import wrong_runners as wrong


class RemoteContract(RunnerContract):
    """The contract of a runner whose broker can be away."""

    kind: type[wrong.Remote] = wrong.Remote

    def make_runner(self) -> Runner:
        """Return a runner whose broker is there."""
        self.remote = self.kind()
        return self.remote

    def take_away(self) -> None:
        """Take the broker away."""
        self.remote.is_away = True

    def bring_back(self) -> None:
        """Bring the broker back."""
        self.remote.is_away = False


class TestRemote(RemoteContract):
    """A runner can keep all of the contract."""


def run(contract: RunnerContract, test: str) -> None:
    """Run a test of the contract as pytest does."""
    try:
        getattr(contract, test)()
    finally:
        contract.teardown_method()


@pytest.mark.parametrize(
    ("broken", "test", "complaint"),
    [
        (wrong.Twice, "test_each_once", "carried out more often than once"),
        (wrong.Twice, "test_submitted_by_threads", "carried out more often than once"),
        (wrong.Unlocked, "test_submitted_by_threads", "of 100 are not: "),
        (wrong.DropsOne, "test_each_once", "of 100 are not: "),
        (wrong.DropsOne, "test_submitted_by_threads", "of 100 are not: "),
        (wrong.DropsOne, "test_submitted_by_jobs", "of 101 are not: "),
        (wrong.EndsWithAnError, "test_jobs_that_raise", "of 100 are not: "),
        (wrong.Waits, "test_does_not_wait", r"submit had no answer after 0\.5 s"),
        (wrong.IsNotForked, "test_forked", None),
    ],
)
def test_finds(broken: type[Runner], test: str, complaint: str | None) -> None:
    """A runner with one fault fails the test that is about it."""

    class Contract(RunnerContract):
        grace = 0.5

        def make_runner(self) -> Runner:
            return broken()

    with pytest.raises(AssertionError, match=complaint):
        run(Contract(), test)


@pytest.mark.parametrize(
    ("broken", "test", "complaint"),
    [
        (wrong.LeavesAtOnce, "test_close_waits", "close returned while a job was under way"),
        (wrong.LeavesAtOnce, "test_close_does_not_wait_for_ever", r"close told of \(\)"),
        (wrong.LeavesAtOnce, "test_close_tells_what_is_left", r"close told of set\(\)"),
        (wrong.ForgetsTheRest, "test_close_tells_what_is_left", r"close told of {'job-"),
        (wrong.LosesTheRest, "test_close_tells_what_is_left", "neither done nor told of"),
        (wrong.TellsOfAll, "test_close_waits", r"close told of \(Job\("),
        (wrong.TellsOfAll, "test_close_tells_what_is_left", "done, and told of as left"),
        (wrong.NeverCloses, "test_closed", "submit after close: None"),
    ],
)
def test_finds_what_does_not_close(broken: type[ThreadRunner], test: str, complaint: str) -> None:
    """A runner that closes wrongly fails the test that is about it."""

    class Contract(RunnerContract):
        working = 30.0 if broken is wrong.LeavesAtOnce else 0.1

        def make_runner(self) -> Runner:
            return broken()

    with pytest.raises(AssertionError, match=complaint):
        run(Contract(), test)


def test_finds_what_never_closes() -> None:
    """A runner that waits for what is stuck is told from one that closes."""

    class Contract(RunnerContract):
        grace = 0.5

        def make_runner(self) -> Runner:
            return wrong.WaitsForEver()

    with pytest.raises(AssertionError):
        run(Contract(), "test_close_does_not_wait_for_ever")


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (wrong.SwallowsTheRest, "100 jobs were taken on where there is no room for so many"),
        (wrong.HasRoomForMore, "4 were taken on, and there is room for 3"),
        (wrong.RunsWhatItRefused, r"or when refused: \['job-4'\]"),
    ],
)
def test_finds_what_is_wrong_with_one_that_is_full(
    broken: type[ThreadRunner], complaint: str
) -> None:
    """A runner that does one thing wrong when it has no room fails the test about that."""

    class Contract(RunnerContract):
        def make_small(self, room: int) -> Runner:
            return broken(threads=1, queue=room - 1)

    with pytest.raises(AssertionError, match=complaint):
        run(Contract(), "test_full")


def test_finds_what_stays_full() -> None:
    """A runner that has no room when all is done is told from one that has."""

    class Contract(RunnerContract):
        grace = 0.5

        def make_small(self, room: int) -> Runner:
            return wrong.StaysFull(threads=1, queue=room - 1)

    with pytest.raises(AssertionError):
        run(Contract(), "test_full")


@pytest.mark.parametrize(
    ("broken", "error", "complaint"),
    [
        (wrong.LosesWhileAway, AssertionError, "while away: None"),
        (wrong.HangsWhileAway, AssertionError, r"submit had no answer after 0\.05 s"),
        (wrong.StaysAway, RunnerUnavailableError, "nobody there"),
    ],
)
def test_finds_in_an_outage(
    broken: type[wrong.Remote], error: type[Exception], complaint: str
) -> None:
    """A runner that does one thing wrong without its broker fails the test about that."""

    class Contract(RemoteContract):
        kind = broken
        patience = 0.05

    with pytest.raises(error, match=complaint):
        run(Contract(), "test_away")


class OfOneThread(RunnerContract):
    """The least that a contract can say."""

    is_inline = True

    def make_runner(self) -> Runner:
        """Return a runner that has neither threads nor a broker."""
        return InlineRunner(re_raise=False)


def test_finds_what_goes_too_deep() -> None:
    """A runner that carries out jobs inside jobs ends where the interpreter does."""

    class Contract(OfOneThread):
        def make_runner(self) -> Runner:
            return wrong.Nested()

    with pytest.raises(RecursionError):
        run(Contract(), "test_submitted_by_jobs")


def test_finds_the_wrong_names() -> None:
    """What a worker is told is what was submitted."""
    with pytest.raises(AssertionError, match=r"the job was one of CA0+1, not of CA9"):
        OfOneThread().perform("CA9", "job-1")


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("test_full", "OfOneThread has no make_small: it has room for 3 at least"),
        ("test_away", "OfOneThread has no take_away: there is no broker"),
        ("test_close_waits", "OfOneThread is_inline: whoever submits a job waits for it"),
    ],
)
def test_says_what_it_did_not_test(test: str, reason: str) -> None:
    """What cannot be tested is skipped, with the name that says why."""
    with pytest.raises(SkipTest) as caught:
        run(OfOneThread(), test)
    assert str(caught.value) == reason


def test_says_that_others_finish_their_work() -> None:
    """A runner that has no threads is not held to waiting for them."""

    class Contract(RemoteContract):
        works_here = False

    with pytest.raises(SkipTest, match="Contract not works_here: others finish what they do"):
        run(Contract(), "test_close_waits")


def test_needs_a_runner() -> None:
    """Whoever forgets `make_runner` is told so."""
    with pytest.raises(NotImplementedError, match="RunnerContract needs a make_runner"):
        RunnerContract().test_each_once()


def test_needs_a_way_back() -> None:
    """Whoever can take a broker away must bring it back."""

    class Contract(OfOneThread):
        def take_away(self) -> None:
            """Take away nothing."""

    with pytest.raises(NotImplementedError, match="Contract has take_away, and needs bring_back"):
        run(Contract(), "test_away")


def test_a_full_runner_says_how_full() -> None:
    """The error has the call, the job and the number, and says what to do."""
    error = RunnerFullError("CA1", "job-9", limit=3, advice="raise it")
    assert (error.call_sid, error.job_id, error.limit) == ("CA1", "job-9", 3)
    assert str(error) == (
        "job job-9 of CA1 is not taken on: 3 are not done yet, the most allowed; raise it"
    )
