"""Each example sounds the same, whoever does its work: at once, in threads, or in a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from examples.walks import Step, declared_steps, observed
from statechart_ivr.runners import DramatiqRunner, InlineRunner, ThreadRunner
from statechart_ivr.runners.base import Runner
from tests.rest.server import TwilioApi
from tests.slow_work.serving import FLOWS, Notes, serve
from tests.slow_work.ways import wait_until, walk

if TYPE_CHECKING:
    from tests.services.redis import RedisServer

pytestmark = [pytest.mark.server, pytest.mark.slow]


class Heard:
    """What became of all ways with one runner.

    Args:
        transcripts: one for each way.
        notes: what the services have written down.
    """

    def __init__(self, transcripts: list[str], notes: list[list[str]]) -> None:
        self.transcripts = transcripts
        self.notes = notes


@pytest.fixture(scope="module")
def twilio() -> Iterator[TwilioApi]:
    """Return a Twilio that places calls."""
    with TwilioApi() as api:
        yield api


@pytest.fixture(scope="module")
def at_once(twilio: TwilioApi, tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """Return what is heard, and written down, when all work is done at once."""
    return heard(InlineRunner(), twilio, tmp_path_factory.mktemp("at-once"))


def heard(runner: Runner, twilio: TwilioApi, folder: Path, store: str = "memory:") -> Heard:
    """Walk all ways with a runner."""
    app = serve(runner, store=store, api=twilio.url, folder=folder)
    try:
        transcripts = list(walk(app, twilio))
    finally:
        app.close()
    return Heard(transcripts, Notes(folder).read())


def test_ways_take_every_step(twilio: TwilioApi, tmp_path: Path) -> None:
    """The ways that are walked here leave out no transition of any chart."""
    taken: set[Step] = set()
    flows = tuple(observed(flow, taken) for flow in FLOWS)
    runner = InlineRunner()
    app = serve(runner, store="memory:", api=twilio.url, folder=tmp_path, flows=flows)
    list(walk(app, twilio))
    app.close()
    assert taken == set().union(*map(declared_steps, FLOWS))


def test_all_is_written_down(at_once: Heard) -> None:
    """Messages, texts, answers and calls to be tried again, each as often as it happened."""
    again = ["again", "A17"]
    assert at_once.notes == [
        [*again, "goodbye"],
        [*again, "hang_up.busy"],
        [*again, "hang_up.no_answer"],
        *[["another day", "A17"]] * 2,
        *[["confirmed", "A17"]] * 2,
        *[["message", "caller", "url"]] * 3,
        ["message", "text"],
    ]


def test_threads(twilio: TwilioApi, at_once: Heard, tmp_path: Path) -> None:
    """In threads of the process that answers the calls."""
    assert_alike(heard(ThreadRunner(), twilio, tmp_path), at_once)


@pytest.mark.service
def test_dramatiq(
    twilio: TwilioApi, at_once: Heard, tmp_path: Path, redis_server: RedisServer
) -> None:
    """In a worker of Dramatiq's, with the sessions in the same Redis."""
    queue, store = f"q{uuid4().hex}", redis_server.fresh_url()
    environment = {
        "EXAMPLES_BROKER": redis_server.url,
        "EXAMPLES_QUEUE": queue,
        "EXAMPLES_STORE": store,
        "EXAMPLES_API": twilio.url,
        "EXAMPLES_FOLDER": str(tmp_path),
    }
    with worker(environment, tmp_path / "log"):
        runner = DramatiqRunner(redis_server.url, queue_name=queue)
        assert_alike(heard(runner, twilio, tmp_path, store), at_once)


@contextmanager
def worker(environment: dict[str, str], log: Path) -> Iterator[None]:
    """Have a worker carry out what is submitted."""
    program = ["dramatiq", "statechart_ivr.runners.worker", "--processes", "1", "--threads", "2"]
    told = {"PYTHONPATH": os.pathsep.join(sys.path), "IVR_APP": "tests.slow_work.worker:app"}
    with log.open("ab") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", *program],
            env={**os.environ, **told, **environment},
            stdout=file,
            stderr=file,
        )
    try:
        wait_until(lambda: "ready for action" in log.read_text())
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(timeout=90)


def assert_alike(found: Heard, wanted: Heard) -> None:
    """Compare way by way, so that the first that differs is shown."""
    for one, other in zip(found.transcripts, wanted.transcripts, strict=True):
        assert one == other
    assert found.notes == wanted.notes
