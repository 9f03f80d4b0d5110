"""``serve``: real processes on free ports, called as Twilio calls, stopped as systems stop them."""

from __future__ import annotations

import http.client
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO
from urllib.parse import urlencode, urlsplit

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE, main
from statechart_ivr.signing import sign

pytestmark = [pytest.mark.server]

TOKEN = "12345"
ROOT = "https://ivr.example.com"
CALL = {"CallSid": "CA1", "From": "+14158675309", "CallStatus": "ringing"}

FLOW = """
from statemachine import State
from statechart_ivr import CallFlow, renders, routable

class Greeting(CallFlow):
    hello = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(hello)
    def say_hello(self):
        return "Hello."
"""
APP = """
from bottle import Bottle
from statechart_ivr.web import IvrApp
ivr = IvrApp(Greeting, validate=False, store="memory:")
"""
#: Runs until somebody writes to the pipe beside it.
SLOW_APP = f"""{FLOW}{APP}
@ivr.get("/slow")
def slow():
    with open("pipe") as pipe:
        return pipe.read()
"""


class Served:
    """A running ``statechart-ivr serve``.

    Attributes:
        process: the process.
        output: its standard output.
        url: where it listens.
        summary: what it printed up to and including that.
        log: its standard error.
    """

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.output: IO[str] = process.stdout  # type: ignore[assignment]  # it is a pipe
        self.log = log

    def read_summary(self) -> None:
        """Read what is printed until the address, which may be another one after a reload."""
        self.summary = self.read_until("Listening on ")
        self.url = self.summary[-1].removeprefix("Listening on ")

    def read_until(self, start: str) -> list[str]:
        """Read what is printed up to a line that starts so."""
        lines: list[str] = []
        while not (lines and lines[-1].startswith(start)):
            line = self.output.readline()
            assert line, f"it ended: {lines} {self.log.read_text('utf-8')}"
            lines.append(line.rstrip("\n"))
        return lines

    def is_silent(self, seconds: float = 0.2) -> bool:
        """Return whether nothing is printed for so long."""
        return not select.select([self.output], [], [], seconds)[0]

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to it."""
        return http.client.HTTPConnection(*self.address(), timeout=30)

    def address(self) -> tuple[str, int]:
        """Return host and port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 0

    def post(self, target: str, *, root: str = ROOT, call_sid: str = "CA1") -> tuple[int, str]:
        """Send a signed webhook; returns status and body."""
        parameters = {**CALL, "CallSid": call_sid}
        connection = self.connect()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": sign(TOKEN, root + target, parameters.items()),
        }
        connection.request("POST", target, urlencode(parameters), headers)
        response = connection.getresponse()
        answer = response.status, response.read().decode()
        connection.close()
        return answer

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=30)

    def wait_until_closed(self) -> None:
        """Knock until nobody answers any more."""
        try:
            while True:
                socket.create_connection(self.address(), timeout=30).close()
        except ConnectionError:
            pass


Start = Callable[..., Served]


@pytest.fixture(autouse=True)
def _files(_own_folder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out a flow and an application, and unset every setting."""
    for name in ("TWILIO_AUTH_TOKEN", "IVR_BASE_URL", "IVR_STORE", "IVR_STORE_KEYS"):
        monkeypatch.delenv(name, raising=False)
    Path("flow.py").write_text(FLOW, "utf-8")
    Path("wsgi.py").write_text(f"{FLOW}{APP}", "utf-8")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts ``serve`` with arguments, on a free port."""

    def run(
        *arguments: str, listen: str = "127.0.0.1:0", ready: bool = True, **environ: str
    ) -> Served:
        command = [sys.executable, "-m", "statechart_ivr.cli", "serve", "--listen", listen]
        log = tmp_path / "stderr.txt"
        process = subprocess.Popen(
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stack.enter_context(log.open("w", encoding="utf-8")),
            text=True,
            encoding="utf-8",
            env={**os.environ, **environ},
        )
        stack.callback(stop, process)
        served = Served(process, log)
        if ready:
            served.read_summary()
        return served

    def stop(process: subprocess.Popen[str]) -> None:
        process.terminate()
        process.communicate(timeout=30)

    with ExitStack() as stack:
        yield run


def refused(*arguments: str) -> int:
    """Run ``serve`` in this process, where it is going to fail; returns the exit code."""
    return main(["serve", "--listen", "127.0.0.1:0", *arguments])


def test_signed_calls(start: Start) -> None:
    """A flow is served with its session in SQLite; what to paste into the console is printed."""
    options = ["--base-url", ROOT, "--store", "sqlite:///a.db"]
    served = start("flow.py", *options, TWILIO_AUTH_TOKEN=TOKEN)
    assert served.summary == [
        "Flows                  Greeting",
        "A call comes in        https://ivr.example.com/incoming-call",
        "Call status changes    https://ivr.example.com/ivr/status",
        "Primary handler fails  https://ivr.example.com/ivr/fallback",
        "Sessions               sqlite:///a.db",
        "Signature              checked",
        f"Listening on {served.url}",
    ]
    assert urlsplit(served.url).port
    status, body = served.post("/incoming-call")
    assert (status, "Hello." in body) == (200, True)
    assert served.post("/incoming-call", root="https://elsewhere.example.com")[0] == 403
    assert Path("a.db").is_file()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping(start: Start, number: int) -> None:
    """SIGTERM and SIGINT end it, with success and without complaints."""
    served = start("wsgi.py")
    assert served.stop(number) == OK
    assert "Traceback" not in served.log.read_text("utf-8")


def test_unsigned_calls(start: Start) -> None:
    """Without validation no token is needed; the URLs are local, and one warning is logged."""
    served = start("flow:Greeting", "--no-validate", listen="localhost:0", IVR_STORE="memory:")
    assert f"A call comes in        {served.url}/incoming-call" in served.summary
    assert "Signature              NOT CHECKED" in served.summary
    assert served.post("/incoming-call", root="wrong")[0] == 200
    said = "\n".join([*served.summary, served.log.read_text("utf-8")])
    assert said.count("anybody who finds the URL can play Twilio") == 1


def test_a_store_that_does_not_answer(start: Start) -> None:
    """It is said loudly, with the reason in the log; the server serves, for it may come back."""
    served = start("flow.py", "--no-validate", "--store", "sqlite:///nowhere/a.db")
    trouble = "Sessions               sqlite:///nowhere/a.db DOES NOT ANSWER; the log says why"
    assert trouble in served.summary
    assert "the store is away: " in served.log.read_text("utf-8")
    assert served.post("/incoming-call")[0] == 200


def test_env_file(start: Start) -> None:
    """Settings come from a file, unless the environment has them already."""
    Path("settings").write_text(
        f"TWILIO_AUTH_TOKEN={TOKEN}\nIVR_BASE_URL={ROOT}\nIVR_STORE=memory:\n", "utf-8"
    )
    other = "https://other.example.com"
    served = start("flow.py", "--env-file", "settings", IVR_BASE_URL=other)
    assert "Sessions               memory:" in served.summary
    assert served.post("/incoming-call", root=other)[0] == 200
    assert served.post("/incoming-call", root=ROOT)[0] == 403


def test_json_logs(start: Start) -> None:
    """Each line of the log is a JSON object when asked for."""
    served = start("flow.py", "--base-url", ROOT, "--log-format", "json",
                   TWILIO_AUTH_TOKEN="54321", IVR_STORE="memory:")  # fmt: skip
    assert served.post("/incoming-call")[0] == 403
    assert served.stop() == OK
    lines = [json.loads(line) for line in served.log.read_text("utf-8").splitlines()]
    assert [line["message"] for line in lines if line["level"] == "warning"] == [
        f"wrong signature for POST {ROOT}/incoming-call"
    ]


def test_a_mounted_application(start: Start) -> None:
    """An application is served as it is, and the URLs of what is mounted in it are printed."""
    with Path("wsgi.py").open("a", encoding="utf-8") as file:
        file.write("app = Bottle()\napp.mount('/phones/', ivr)\n")
    served = start("wsgi:app")
    assert f"A call comes in        {served.url}/phones/incoming-call" in served.summary
    assert served.post("/phones/incoming-call")[0] == 200


def test_a_root_that_depends(start: Start) -> None:
    """Where the root depends on the request, only the paths are printed."""
    with Path("wsgi.py").open("a", encoding="utf-8") as file:
        file.write(
            "app = IvrApp(Greeting, auth_token='1', store='memory:',\n"
            "             base_url=lambda environ: 'https://ivr.example.com')\n"
        )
    assert "A call comes in        …/incoming-call" in start("wsgi.py").summary


def test_ipv6(start: Start) -> None:
    """An IPv6 address is written in brackets."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        # Containers often have none, and nothing that the project could install brings it.
        pytest.skip("no IPv6 here")
    served = start("flow.py", "--no-validate", listen="[::1]:0")
    assert served.url.startswith("http://[::1]:")
    assert served.post("/incoming-call")[0] == 200


def test_running_requests_are_finished(start: Start) -> None:
    """After SIGTERM nobody else is let in, and the request that runs is answered."""
    Path("slow.py").write_text(SLOW_APP, "utf-8")
    os.mkfifo("pipe")
    served = start("slow.py")
    connection = served.connect()
    connection.request("GET", "/slow")
    with Path("pipe").open("w", encoding="utf-8") as pipe:  # opens once the request runs
        served.process.send_signal(signal.SIGTERM)
        served.wait_until_closed()
        pipe.write("in time")
    assert connection.getresponse().read() == b"in time"
    connection.close()
    assert served.process.wait(timeout=30) == OK


def test_a_second_signal_does_not_wait(start: Start) -> None:
    """Whoever insists need not wait for the requests that run."""
    Path("slow.py").write_text(SLOW_APP, "utf-8")
    os.mkfifo("pipe")
    served = start("slow.py")
    connection = served.connect()
    connection.request("GET", "/slow")
    with Path("pipe").open("w", encoding="utf-8"):
        served.process.send_signal(signal.SIGTERM)
        served.wait_until_closed()
        assert served.stop() == OK
    connection.close()


@pytest.mark.slow
def test_reloading(start: Start) -> None:
    """A changed file is served anew; one signal ends it all."""
    Path("settings").touch()
    served = start("flow.py", "--no-validate", "--reload", "--env-file", "settings")
    assert "Hello." in served.post("/incoming-call")[1]
    while served.is_silent():  # the reloader takes its time to notice a file at all
        Path("flow.py").write_text(FLOW.replace("Hello.", "Welcome."), "utf-8")
    served.read_summary()
    assert "Welcome." in served.post("/incoming-call", call_sid="CA2")[1]
    assert served.stop() == OK


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "broken"),
    [
        ("flow.py", "def f(:"),
        ("flow", "def f(:"),
        ("flow", "import nowhere"),
        ("flow:Greeting", FLOW.replace("/incoming", "incoming")),
    ],
)
def test_reloading_what_was_broken(start: Start, target: str, broken: str) -> None:
    """A file with a mistake in it is waited for until it is mended."""
    Path("flow.py").write_text(broken, "utf-8")
    served = start(target, "--no-validate", "--reload", ready=False, PYTHONUNBUFFERED="1")
    served.read_until("Waiting for a file to change")
    while served.is_silent():
        Path("flow.py").write_text(FLOW, "utf-8")
    served.read_summary()
    assert served.post("/incoming-call")[0] == 200
    # The last time it was mended may start it once more, and who is only starting just ends.
    assert served.stop() in {OK, 256 - signal.SIGTERM}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["flow.py"], FAILURE, r"TWILIO_AUTH_TOKEN.*IVR_BASE_URL.*or add --no-validate where only"),
        (["flow.py", "--no-validate", "--store", "nosuch:"], FAILURE, "'nosuch'"),
        (["flow.py", "--no-validate", "--listen", "192.0.2.1:80"], USAGE, "let anybody play"),
        (["flow.py", "--no-validate", "--listen", "example.com:80"], USAGE, "let anybody play"),
        (["wsgi.py", "--no-validate"], USAGE, "as it is: --no-validate would not apply"),
        (["wsgi.py", "--store", "memory:", "--base-url", ROOT], USAGE, "--store, --base-url would"),
        (["wsgi.py", "--listen", "192.0.2.1:80"], FAILURE, "cannot listen on 192.0.2.1:80: "),
        (["wsgi.py", "--listen", "no-such-host.invalid:80"], FAILURE, "cannot listen on no-such"),
    ],
)
def test_refusals(
    arguments: list[str], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be served is one message that says what to do, and no traceback."""
    assert refused(*arguments) == code
    errors = capsys.readouterr().err
    assert re.search(message, errors, re.DOTALL)
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A=1\nNAME=K\xf6ln\n", "settings, line 2: byte 0xf6 is no UTF-8"),
        (b"A=1\n\n# a comment\n\nthis is nothing\nB=2\n", "settings, line 5: this sets nothing"),
        (b"TWILIO_AUTH_TOKEN\n", "settings, line 1: this sets nothing; write NAME=value"),
        (b"A=1\nB=a\0b\n", "settings, line 2: this sets nothing"),
    ],
)
def test_a_wrong_env_file(content: bytes, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A file of settings is taken as a whole or not at all, and the message names the line."""
    Path("settings").write_bytes(content)
    assert refused("flow.py", "--no-validate", "--env-file", "settings") == USAGE
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors
    assert "A" not in os.environ


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    """A port that somebody else listens on is named."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert refused("wsgi.py", "--listen", address) == FAILURE
    assert f"cannot listen on {address}: " in capsys.readouterr().err


def test_reload_without_its_extra(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without hupper the message says what to install."""
    monkeypatch.setitem(sys.modules, "hupper", None)
    assert refused("flow.py", "--reload") == FAILURE
    assert "pip install 'statechart-ivr[reload]'" in capsys.readouterr().err
