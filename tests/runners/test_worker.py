"""Workers of Dramatiq's: processes of their own that find the application by its name."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.runners import DramatiqRunner, Job
from statechart_ivr.runners.loading import load_switchboard

if TYPE_CHECKING:
    from tests.services.redis import RedisServer

APP = """
    import os, time
    from pathlib import Path
    from types import SimpleNamespace

    from statechart_ivr.runners import DramatiqRunner, Job, ThreadRunner

    HERE = Path(__file__).parent


    class Recorder:
        def __init__(self, runner):
            self.runner = runner

        def perform(self, call_sid, job_id):
            (HERE / f"{call_sid}.{job_id}.begun").touch()
            if job_id == "raises":
                raise ValueError("a job fails")
            if job_id == "leads-on":
                self.runner.submit(Job(call_sid, "led-to", lambda: None))
            if job_id == "waits":
                while not (HERE / "go-on").exists():
                    time.sleep(0.01)
            (HERE / f"{call_sid}.{job_id}").write_text(str(os.getpid()))


    app = SimpleNamespace(switchboard=Recorder(DramatiqRunner(URL, queue_name=NAME)))
    of_threads = SimpleNamespace(switchboard=Recorder(ThreadRunner()))
    shop = SimpleNamespace(phone=app)
"""

WORKERS = ["statechart_ivr.runners.worker", "--processes", "1", "--threads", "2"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with an application whose broker is never asked."""
    write_app(tmp_path, "redis://127.0.0.1:1", "calls")
    return tmp_path


def write_app(folder: Path, url: str, name: str) -> None:
    """Write the application's module."""
    code = dedent(APP).replace("URL", repr(url)).replace("NAME", repr(name))
    (folder / "their_app.py").write_text(code)


def environment(app: str) -> dict[str, str]:
    """Return the environment of workers for an application."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "IVR_APP": app}


def start(folder: Path, app: str) -> subprocess.Popen[bytes]:
    """Start workers for an application; what they say goes into a file."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dramatiq", *WORKERS],
            env=environment(app),
            cwd=folder,
            stdout=log,
            stderr=log,
        )


def wait_until(is_so: Callable[[], object], folder: Path) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.service
class TestWorkers:
    """Real processes, with a real Redis."""

    @pytest.fixture(autouse=True)
    def _runner(self, redis_server: RedisServer, tmp_path: Path) -> Iterator[None]:
        name = f"q{uuid4().hex}"
        write_app(tmp_path, redis_server.url, name)
        self.folder = tmp_path
        self.runner = DramatiqRunner(redis_server.url, queue_name=name)
        yield
        self.runner.close()

    @pytest.fixture
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Return workers that run."""
        worker = start(self.folder, "their_app:app")
        yield worker
        self.stop(worker)

    def stop(self, worker: subprocess.Popen[bytes]) -> int:
        """End workers in good order."""
        worker.send_signal(signal.SIGTERM)
        return worker.wait(timeout=90)

    def submit(self, *names: str) -> None:
        """Submit jobs of one call."""
        for name in names:
            self.runner.submit(Job("CA1", name, lambda: None))

    def wait_for(self, name: str) -> Path:
        """Wait until a file is there."""
        path = self.folder / name
        wait_until(path.exists, self.folder)
        return path

    @pytest.mark.usefixtures("worker")
    def test_carry_out(self) -> None:
        """Jobs are carried out elsewhere: after one that raises, and those that a job leads to."""
        self.submit("raises", "leads-on")
        done = self.wait_for("CA1.led-to")
        wait_until(done.read_text, self.folder)
        assert int(done.read_text()) != os.getpid()
        assert (self.folder / "CA1.leads-on").exists()
        assert not (self.folder / "CA1.raises").exists()

    def test_finish_what_they_do(self, worker: subprocess.Popen[bytes]) -> None:
        """After SIGTERM they finish what is under way; nothing that was sent meanwhile is lost."""
        self.submit("waits")
        self.wait_for("CA1.waits.begun")
        worker.send_signal(signal.SIGTERM)
        wait_until(lambda: "Shutting down" in (self.folder / "log").read_text(), self.folder)
        self.submit("later")
        (self.folder / "go-on").touch()
        assert worker.wait(timeout=90) == 0
        assert (self.folder / "CA1.waits").exists()
        others = start(self.folder, "their_app:app")
        try:
            self.wait_for("CA1.later")
        finally:
            self.stop(others)

    @pytest.mark.usefixtures("worker")
    def test_outlive_an_outage(self, redis_server: RedisServer) -> None:
        """A Redis that was restarted, with what it had, is asked again."""
        self.submit("first")
        self.wait_for("CA1.first")
        redis_server.kill()
        redis_server.start()
        self.submit("second")
        self.wait_for("CA1.second")


WRONG = [
    ("", "IVR_APP='' names no application; set IVR_APP=package.module:app, where app is"),
    ("their_app:of_threads", "IVR_APP: the application's runner is a ThreadRunner"),
]


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.parametrize(("app", "complaint"), WRONG)
def test_do_not_start(folder: Path, app: str, complaint: str) -> None:
    """Workers without an application end with Dramatiq's code for that, and say why."""
    worker = start(folder, app)
    assert worker.wait(timeout=90) == 2
    assert f"ImportError: {complaint}" in (folder / "log").read_text()


@pytest.mark.parametrize(("app", "complaint"), WRONG)
def test_say_what_is_wrong(folder: Path, app: str, complaint: str) -> None:
    """The import itself fails, with what to write instead."""
    run = imported(folder, app)
    assert f"ImportError: {complaint}" in run.stderr


def test_have_the_program_ask_the_right_broker(folder: Path) -> None:
    """The broker of the application's runner is the one that the program goes by."""
    run = imported(folder, "their_app:app")
    assert run.stdout == "True {'calls.carry_out'}\n"


def imported(folder: Path, app: str) -> subprocess.CompletedProcess[str]:
    """Import what workers import, and print what their program finds."""
    program = """
        import dramatiq, statechart_ivr.runners.worker, their_app
        broker = dramatiq.get_broker()
        print(broker is their_app.app.switchboard.runner.broker, broker.get_declared_actors())
    """
    return subprocess.run(
        [sys.executable, "-c", dedent(program)],
        # Dramatiq's program puts the current folder there; Python itself may be told not to.
        env={**environment(app), "PYTHONPATH": os.pathsep.join([str(folder), *sys.path])},
        cwd=folder,
        capture_output=True,
        check=False,
        text=True,
    )


class TestLoading:
    """How an application is found."""

    @pytest.fixture(autouse=True)
    def _importable(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "their_app", raising=False)
        self.folder = folder

    def load(self, name: str) -> Any:
        """Load what a name leads to."""
        return load_switchboard({"IVR_APP": name})

    @pytest.mark.parametrize(
        "name", ["their_app:app", "their_app:app.switchboard", "their_app:shop.phone"]
    )
    def test_found(self, name: str) -> None:
        """An application is named, or its switchboard, or where it is kept."""
        assert type(self.load(name)).__name__ == "Recorder"

    @pytest.mark.parametrize(
        ("name", "complaint"),
        [
            ("their_app", "IVR_APP='their_app' names no application"),
            (":app", "IVR_APP=':app' names no application"),
            ("their_app:", "IVR_APP='their_app:' names no application"),
            ("their_app:web", "IVR_APP=their_app:web: there is no web"),
            ("their_app:shop", r"IVR_APP=their_app:shop has no switchboard: namespace\("),
            ("no_such_app:app", "IVR_APP: no module 'no_such_app' in the current folder"),
            ("their_app.web:app", r"IVR_APP: no module 'their_app\.web'"),
        ],
    )
    def test_not_found(self, name: str, complaint: str) -> None:
        """Else it is said what was found, and what to write."""
        with pytest.raises(ConfigurationError, match=f"{complaint}.*; set IVR_APP=package"):
            self.load(name)

    def test_not_there_to_be_found(self) -> None:
        """The variable must be set."""
        with pytest.raises(ConfigurationError, match="IVR_APP='' names no application"):
            load_switchboard({})

    def test_broken(self) -> None:
        """What an application's own import raises is the application's."""
        (self.folder / "broken_app.py").write_text("import no_such_package\n")
        with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_package'"):
            self.load("broken_app:app")
