"""Files larger than a server's memory should be, and files that change while they are sent."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

import statechart_ivr
from tests.web.static.wire import PATIENCE, exchange, request_text

pytestmark = [pytest.mark.server, pytest.mark.slow]

MB = 1 << 20
SIZE = 200 * MB
#: More than a connection holds on its way, on both sides.
LONG = 32 * MB

APP = """
from statemachine import State
from statechart_ivr import CallFlow, renders, routable
from statechart_ivr.web import FingerprintPlugin, IvrApp

class Greeting(CallFlow):
    hello = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(hello)
    def say_hello(self):
        return "Hello."

app = IvrApp(Greeting, validate=False, store="memory:")
app.install(FingerprintPlugin("sounds"))
"""


class Server(NamedTuple):
    """A server in a process of its own.

    Attributes:
        pid: its process.
        port: where it listens.
    """

    pid: int
    port: int

    def peak(self) -> float:
        """Return the most memory it ever had at once, MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    def open_sounds(self) -> list[str]:
        """Return the sounds that it has open."""
        found = []
        for link in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found.append(str(link.readlink()))
        return [target for target in found if "/sounds/" in target]

    def get(self, target: str) -> http.client.HTTPResponse:
        """Ask for a file, and return the answer before its body is read."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
            # A reader that is slow: what it has not read, the server still has to send.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
            connection.sendall(request_text("GET", target, {"Host": "ivr.example.com"}, "1.1"))
            response = http.client.HTTPResponse(connection)
            response.begin()
        return response


Serve = Callable[[Path], Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that has ``statechart-ivr serve`` serve the sounds of a folder."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(_Process(folder))


class _Process:
    def __init__(self, folder: Path) -> None:
        (folder / "app.py").write_text(APP)
        command = ["-m", "statechart_ivr.cli", "serve", "app.py", "--listen", "127.0.0.1:0"]
        root = str(Path(statechart_ivr.__file__).parents[1])
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": root},
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Server:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("Listening on "):
                return Server(self._process.pid, int(line.rpartition(":")[2]))
        raise AssertionError("it ended")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """Return the path of a sound that is not there yet."""
    (tmp_path / "sounds").mkdir()
    return tmp_path / "sounds" / "long.wav"


def old(sound: Path) -> None:
    """Let a sound be from long ago, so that the next time stamp is another, however coarse."""
    os.utime(sound, (1_714_564_800, 1_714_564_800))


def length_of(response: http.client.HTTPResponse) -> int:
    """Return how many bytes of a body come."""
    buffer = bytearray(MB)
    with closing(response):
        return sum(iter(lambda: response.readinto(buffer), 0))


def test_memory_is_flat(sound: Path, serve: Serve) -> None:
    """However large a file is, whoever reads it, and however slowly, it is never held in memory."""
    sound.touch()
    os.truncate(sound, SIZE)
    old(sound)
    (sound.parent / "short.wav").write_bytes(b"short")
    server = serve(sound.parents[1])
    assert length_of(server.get("/short.wav")) == 5
    before = server.peak()
    with closing(server.get("/long.wav")) as slow, ThreadPoolExecutor(3) as readers:
        assert len(slow.read(MB)) == MB
        lengths = readers.map(length_of, [server.get("/long.wav") for _ in range(3)])
        assert list(lengths) == [SIZE] * 3
        assert len(slow.read(MB)) == MB
        after = server.peak()
    grown = after - before
    assert grown < 8, f"4 readers of {SIZE // MB} MB: {before:.1f} MB before, {after:.1f} MB after"


def rewrite(sound: Path) -> None:
    """Write into a file, as long as before."""
    with sound.open("r+b") as file:
        file.write(b"new!" * (LONG // 4))


def cut_off(sound: Path) -> None:
    """Leave half of a file."""
    os.truncate(sound, LONG // 2)


def add_to(sound: Path) -> None:
    """Write to the end of a file."""
    with sound.open("ab") as file:
        file.write(b"more")


def touch_up(sound: Path) -> None:
    """Change one byte that was sent already."""
    with sound.open("r+b") as file:
        file.write(b"!")


@pytest.mark.parametrize("change", [rewrite, cut_off, add_to, touch_up])
def test_written_to_while_it_is_sent(
    sound: Path, serve: Serve, change: Callable[[Path], None]
) -> None:
    """The body breaks off: it is never taken for the file that it was, or is. The next one is."""
    sound.write_bytes(b"old." * (LONG // 4))
    old(sound)
    server = serve(sound.parents[1])
    with closing(server.get("/long.wav")) as response:
        assert response.read(4) == b"old."
        change(sound)
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    again = server.get("/long.wav")
    assert again.headers["ETag"] != response.headers["ETag"]
    assert length_of(again) == sound.stat().st_size


def test_replaced_while_it_is_sent(sound: Path, serve: Serve, tmp_path: Path) -> None:
    """Who has begun to hear a file hears it to its end; who comes then hears the new one."""
    sound.write_bytes(b"old." * (LONG // 4))
    old(sound)
    server = serve(sound.parents[1])
    with closing(server.get("/long.wav")) as response:
        assert response.read(4) == b"old."
        (tmp_path / "new.wav").write_bytes(b"new.")
        (tmp_path / "new.wav").replace(sound)
        assert response.read() == b"old." * (LONG // 4 - 1)
    assert exchange(server.port, "GET", "/long.wav").body == b"new."


def test_files_are_closed(sound: Path, serve: Serve) -> None:
    """No file stays open: not after any of the answers, nor when a reader hangs up."""
    sound.touch()
    os.truncate(sound, LONG)
    old(sound)
    server = serve(sound.parents[1])
    tag = str(exchange(server.port, "HEAD", "/long.wav").headers["ETag"])
    answers = {
        status: exchange(server.port, method, "/long.wav", headers).status
        for status, method, headers in [
            (200, "HEAD", {}),
            (206, "GET", {"Range": "bytes=-10"}),
            (304, "GET", {"If-None-Match": tag}),
            (412, "GET", {"If-Match": '"other"'}),
            (416, "GET", {"Range": f"bytes={LONG}-"}),
        ]
    }
    assert list(answers) == list(answers.values())
    with closing(server.get("/long.wav")) as response:
        assert len(response.read(MB)) == MB
        assert len(server.open_sounds()) == 1
    deadline = time.monotonic() + PATIENCE
    while server.open_sounds() and time.monotonic() < deadline:
        exchange(server.port, "HEAD", "/long.wav")
    assert server.open_sounds() == []
