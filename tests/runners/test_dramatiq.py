"""Background work by way of Dramatiq: what is sent, what is refused, what becomes of it."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dramatiq
import pytest
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Retries, TimeLimit
from dramatiq.middleware.time_limit import TimeLimitExceeded

from statechart_ivr.errors import ConfigurationError, RunnerUnavailableError
from statechart_ivr.runners import DramatiqRunner, Job, Runner
from statechart_ivr.testing.runner_contract import RunnerContract

if TYPE_CHECKING:
    from tests.services.redis import RedisServer


def job(name: str = "job-1") -> Job:
    """Return a job of one call; what it does here is of no interest to workers."""
    return Job("CA1", name, lambda: None)


class Workers:
    """Workers in threads of this process, ended after the test."""

    def __init__(self) -> None:
        self._started: list[dramatiq.Worker] = []

    def start(self, runner: DramatiqRunner) -> None:
        """Start one for a runner."""
        worker = dramatiq.Worker(runner.broker, worker_timeout=20, worker_threads=4)
        worker.start()
        self._started.append(worker)

    def stop(self) -> None:
        """End all."""
        for worker in self._started:
            worker.stop()


@pytest.fixture
def workers() -> Iterator[Workers]:
    """Return what starts workers."""
    workers = Workers()
    yield workers
    workers.stop()


class WithWorkers(RunnerContract):
    """What every runner does, with workers in this process that carry out what they are sent."""

    works_here = False

    def start_workers(self, runner: DramatiqRunner) -> None:
        """Have workers look for the jobs that this runner, or one like it, has sent."""
        runner.serve(self.perform)
        self.workers = Workers()
        self.workers.start(runner)

    def teardown_method(self) -> None:
        """End the workers, too."""
        super().teardown_method()
        if "workers" in vars(self):
            self.workers.stop()


class TestContractWithABrokerOfOurOwn(WithWorkers):
    """Dramatiq's own broker for tests."""

    def make_runner(self) -> Runner:
        """Return a runner with a broker in memory."""
        runner = DramatiqRunner(StubBroker())
        self.start_workers(runner)
        return runner

    def test_forked(self) -> None:
        """A broker in memory is of one process."""
        pytest.skip("a broker in memory is of one process")


@pytest.mark.slow
@pytest.mark.service
class TestContractWithRedis(WithWorkers):
    """A Redis, which may be away."""

    @pytest.fixture(autouse=True)
    def _server(self, redis_server: RedisServer) -> None:
        self.server = redis_server

    def make_runner(self) -> Runner:
        """Return a runner with a queue of its own."""
        return self.make_small(10_000)

    def make_small(self, room: int) -> Runner:
        """Return one that counts what is not done; its workers are as if in other processes."""
        name = fresh_name()
        self.other = DramatiqRunner(self.server.url, queue_name=name)
        self.start_workers(self.other)
        return DramatiqRunner(self.server.url, queue_name=name, queue=room)

    def teardown_method(self) -> None:
        """Give the workers' connections back, too."""
        super().teardown_method()
        if "other" in vars(self):
            self.other.close()

    def take_away(self) -> None:
        """Have it take connections, and not answer."""
        self.server.pause()

    def bring_back(self) -> None:
        """Have it answer again."""
        self.server.resume()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def fresh_name() -> str:
    """Return the name of a queue that nobody has used."""
    return f"q{uuid4().hex}"


@pytest.mark.service
class TestRedis:
    """What is sent to a Redis, and what it does."""

    @pytest.fixture
    def name(self) -> str:
        """Return the name of a queue."""
        return fresh_name()

    @pytest.fixture
    def runner(self, redis_server: RedisServer, name: str) -> Iterator[DramatiqRunner]:
        """Return a runner with a queue of its own."""
        runner = DramatiqRunner(redis_server.url, queue_name=name)
        yield runner
        runner.close()

    def test_messages(self, runner: DramatiqRunner, redis_server: RedisServer, name: str) -> None:
        """A message has the names of call and job, and nothing of what is in either."""
        runner.submit(job("job-7"))
        with redis_server.client() as client:
            (message,) = client.hvals(f"dramatiq:{name}.msgs")
        sent = dramatiq.Message.decode(message)
        assert (sent.queue_name, sent.actor_name) == (name, f"{name}.carry_out")
        assert (sent.args, sent.kwargs) == (("CA1", "job-7"), {})
        assert sent.options.keys() == {"redis_message_id"}

    def test_what_has_failed_is_done_with(
        self,
        runner: DramatiqRunner,
        redis_server: RedisServer,
        name: str,
        workers: Workers,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """It is neither tried again nor kept, nor are its words, which may be a caller's."""
        done = Event()
        secret = "1234-secret"

        def perform(_: str, job_id: str) -> None:
            if job_id != "last":
                raise ValueError(secret)
            done.set()

        runner.serve(perform)
        workers.start(runner)
        runner.submit(job("job-7"))
        runner.submit(job("last"))
        assert done.wait(timeout=60)
        workers.stop()
        with redis_server.client() as client:
            kept = client.keys(f"dramatiq:*{name}*")
        assert kept == []
        (told,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
        assert vars(told).items() >= {"call_sid": "CA1", "job": "job-7"}.items()
        assert "ValueError" in told.getMessage()
        assert secret not in caplog.text

    def test_what_is_too_old_is_dropped(
        self, redis_server: RedisServer, name: str, workers: Workers
    ) -> None:
        """By then its lease has run out, and it was sent again; it is kept for a little while."""
        runner = DramatiqRunner(redis_server.url, queue_name=name, max_age=0.001)
        carried_out: list[str] = []
        runner.serve(lambda _, job_id: carried_out.append(job_id))
        runner.submit(job())
        workers.start(runner)
        with redis_server.client() as client:
            wait_until(lambda: client.zcard(f"dramatiq:{name}.XQ") == 1)
        workers.stop()
        assert carried_out == []

    def test_not_one_connection_is_left(
        self, runner: DramatiqRunner, redis_server: RedisServer
    ) -> None:
        """A runner that is closed has given all back."""
        with redis_server.client() as client:
            before = len(client.client_list())
            runner.submit(job())
            assert len(client.client_list()) == before + 1
            runner.close()
            wait_until(lambda: len(client.client_list()) == before)

    def test_refused(self, tmp_path: Path) -> None:
        """A Redis that is full says so, and the error says what to do."""
        from tests.services.redis import RedisServer

        server = RedisServer(tmp_path, {"maxmemory": "1", "maxmemory-policy": "noeviction"})
        server.start()
        try:
            with pytest.raises(RunnerUnavailableError, match="raise maxmemory, and see that wor"):
                DramatiqRunner(server.url).submit(job())
        finally:
            server.stop()

    def test_rights(
        self, redis_server: RedisServer, workers: Workers, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A user who may not send jobs is told which rights are missing; they are enough."""
        user = f"user-{uuid4().hex}"
        url = redis_server.url.replace("//", f"//{user}:secret@")
        runner = DramatiqRunner(url, queue_name=fresh_name())
        with redis_server.client() as client:
            client.execute_command("ACL", "SETUSER", user, "on", ">secret")
            with pytest.raises(RunnerUnavailableError, match="the user needs ~dramatiq") as caught:
                runner.submit(job())
            rights = str(caught.value).partition("the user needs ")[2].replace("and ", "").split()
            client.execute_command("ACL", "SETUSER", user, *rights)
        done = Event()
        runner.serve(lambda *_: done.set())
        runner.submit(job())
        workers.start(runner)
        assert done.wait(timeout=60)
        workers.stop()
        runner.close()
        assert [one for one in caplog.records if one.levelno >= logging.WARNING] == []


class TestUrl:
    """What a URL may be, and what is said of one that is wrong."""

    def test_nobody_there(self) -> None:
        """A Redis that is not there is found out when there is a job; the password is not told."""
        runner = DramatiqRunner("redis://:secret@127.0.0.1:1/0", timeout=5)
        with pytest.raises(RunnerUnavailableError, match=r"redis://127\.0\.0\.1:1/0: ") as caught:
            runner.submit(job())
        assert (caught.value.call_sid, caught.value.job_id) == ("CA1", "job-1")
        assert "secret" not in str(caught.value)

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"broker": "amqp://:secret@host"}, "DramatiqRunner takes redis://, rediss:// or"),
            ({"broker": "redis://:secret@host:port"}, "the port is not a number"),
            ({"broker": "redis://host?colour=red"}, "there is no option 'colour'"),
            ({"broker": "redis://host?db=one"}, "an option is not one for this kind of URL"),
            ({"timeout": 0}, "timeout is in seconds, more than 0"),
            ({"queue": 0}, "queue is more than 0 and has an end, not 0"),
            ({"max_age": -1}, "max_age is more than 0 and has an end, not -1"),
            ({"time_limit": float("inf")}, "time_limit is more than 0 and has an end, not inf"),
            ({"queue_name": "my queue"}, "queue_name='my queue': Queue names must start"),
        ],
    )
    def test_wrong(self, arguments: dict[str, Any], match: str) -> None:
        """Whatever is wrong is said at once, without the password."""
        with pytest.raises(ConfigurationError, match=match) as caught:
            DramatiqRunner(**{"broker": "redis://host", **arguments})
        assert "secret" not in str(caught.value)

    def test_middleware(self) -> None:
        """There are the two limits: no retries, no results, nothing that listens on a port."""
        runner = DramatiqRunner("redis://host", queue_name="calls", max_age=30, time_limit=90)
        assert [type(one) for one in runner.broker.middleware] == [AgeLimit, TimeLimit]
        actor = runner.broker.get_actor("calls.carry_out")
        assert actor.options == {"max_age": 30_000, "time_limit": 90_000}


class TestBrokerOfOnesOwn:
    """A broker that was passed in."""

    def test_its_middleware(self) -> None:
        """It keeps what it has; where it would try again, it is told not to."""
        broker = StubBroker(middleware=[Retries()])
        runner = DramatiqRunner(broker)
        assert runner.broker is broker
        assert broker.get_actor("ivr.carry_out").options == {"max_retries": 0}

    def test_two_runners(self) -> None:
        """Two with one broker would get each other's jobs; two queues are all right."""
        broker = StubBroker()
        DramatiqRunner(broker)
        DramatiqRunner(broker, queue_name="other")
        with pytest.raises(ConfigurationError, match=r"queue_name='ivr': .* already registered"):
            DramatiqRunner(broker)

    def test_away(self) -> None:
        """What it says when it is away is said, with its name."""

        class Away(StubBroker):
            def enqueue(self, message, *, delay=None):
                raise dramatiq.ConnectionClosed("nobody there")

        with pytest.raises(RunnerUnavailableError, match="CA1 is not taken on: Away: nobody there"):
            DramatiqRunner(Away()).submit(job())


def told_of(perform, caplog: pytest.LogCaptureFixture, workers: Workers) -> str:
    """Return what is logged when a worker carries out a job in this way."""
    begun = Event()

    def begin(call_sid: str, job_id: str) -> None:
        begun.set()
        perform(call_sid, job_id)

    runner = DramatiqRunner(StubBroker())
    runner.serve(begin)
    workers.start(runner)
    runner.submit(job())
    assert begun.wait(timeout=60)
    workers.stop()
    (record,) = [one for one in caplog.records if one.levelno >= logging.ERROR]
    return record.getMessage()


def test_broken_off(caplog: pytest.LogCaptureFixture, workers: Workers) -> None:
    """What Dramatiq breaks off, because it took too long, has failed like anything else."""

    def perform(call_sid: str, job_id: str) -> None:
        raise TimeLimitExceeded

    assert "a job failed: TimeLimitExceeded" in told_of(perform, caplog, workers)


def test_not_a_worker(caplog: pytest.LogCaptureFixture, workers: Workers) -> None:
    """A process that was not told what to do with jobs says how workers are started."""
    runner = DramatiqRunner(StubBroker())
    workers.start(runner)
    runner.submit(job())
    runner.broker.join("ivr", timeout=60_000)
    (record,) = caplog.records
    assert "this process does not know what to do with jobs" in record.getMessage()
    assert "dramatiq statechart_ivr.runners.worker" in record.getMessage()


def test_without_the_package(tmp_path: Path) -> None:
    """Where Dramatiq is not installed, the message is the command that helps."""
    (tmp_path / "dramatiq.py").write_text("raise ImportError('not installed')")
    program = """
        from statechart_ivr import runners
        try:
            runners.DramatiqRunner
        except Exception as error:
            print(type(error).__name__, error)
    """
    run = subprocess.run(
        [sys.executable, "-c", dedent(program)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout == (
        "MissingExtraError DramatiqRunner needs a package that is not installed; "
        "type: pip install 'statechart-ivr[dramatiq]'\n"
    )


def test_no_other_name() -> None:
    """What is not there is not there."""
    from statechart_ivr import runners

    with pytest.raises(AttributeError, match="no attribute 'CeleryRunner'"):
        runners.CeleryRunner  # noqa: B018 - it is the question
