"""What private servers have in common: a port, a folder, and processes that do not outlive us."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

#: Seconds within which a server answers after its start, on a busy machine.
PATIENCE = 60.0

_HOST = "127.0.0.1"
_KEEPER = Path(__file__).with_name("keeper.py")
_PORTS_TRIED = 20


class Service(ABC):
    """A server of our own, on a free port of the loopback device.

    It ends with this process, however that ends.

    Args:
        folder: where it keeps its files.

    Attributes:
        port: where it listens, from its first start on.
    """

    #: The signal that makes it end in good order, and at once.
    end = signal.SIGTERM
    #: User and group it runs as; None for ours.
    user: tuple[int, int] | None = None
    #: A folder that is removed when it ends; None for none.
    home: Path | None = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._keeper: subprocess.Popen[str] | None = None

    @staticmethod
    @abstractmethod
    def is_installed() -> bool:
        """Return whether there is one to start."""

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL of a place on it."""

    @abstractmethod
    def fresh_url(self) -> str:
        """Return the URL of a place that nobody has used, for one test."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """Return the program and its arguments."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether it is ready for clients."""

    def start(self) -> None:
        """Start it, on the port it had before if it had one, and wait until it answers."""
        assert self._keeper is None, "it runs"
        ports = [self.port] if self.port else _free_ports(_PORTS_TRIED)
        for port in ports:
            self.port = port
            if self._launch():
                return
        raise RuntimeError(f"{self.command()[0]} does not start:\n{self.log()}")

    def stop(self) -> None:
        """End it in good order."""
        if self._keeper is not None:
            self._dismiss()

    def kill(self) -> None:
        """End all its processes without a warning; `start` starts it again on the same port."""
        self._order("kill")
        self._dismiss()

    def pause(self) -> None:
        """Have all its processes stand still: clients connect, and get no answer."""
        self._order("pause")

    def resume(self) -> None:
        """Have them go on."""
        self._order("resume")

    def log(self) -> str:
        """Return what it has said so far."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def _launch(self) -> bool:
        """Start the server, and return whether it runs: if not, the port may be taken."""
        told = {
            "command": list(self.command()),
            "folder": str(self.home or self.folder),
            "user": self.user,
            "end": self.end.name,
            "remove": self.home and str(self.home),
        }
        with (self.folder / "log").open("a") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-IS", str(_KEEPER), json.dumps(told)],
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for whoever uses it
            )
        deadline = time.monotonic() + PATIENCE
        while self._keeper.poll() is None:
            if self.answers():
                return True
            if time.monotonic() > deadline:
                self.stop()
                raise TimeoutError(f"no answer after {PATIENCE:g} s:\n{self.log()}")
            time.sleep(0.01)  # a server does not tell when it listens
        self._dismiss()
        return False

    def _order(self, order: str) -> None:
        keeper = self._keeper
        assert keeper is not None, "it does not run"
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        keeper.stdin.write(f"{order}\n")
        keeper.stdin.flush()
        # Killing it ends the keeper, too.
        assert keeper.stdout.readline() == ("" if order == "kill" else "done\n"), self.log()

    def _dismiss(self) -> None:
        assert self._keeper is not None
        self._keeper.communicate()
        self._keeper = None


def _free_ports(count: int) -> list[int]:
    """Return ports of which nobody listens on any.

    They are none of those that the system gives to clients: while the server is away, a client
    could be given its port, and keep it from coming back, or even be connected with itself.
    """
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    choice = range(10_000, lowest) or range(lowest, 65_536)
    # Of its own: tests seed the common one, and runs at the same time would all try the same.
    ports = random.Random(os.urandom(8)).sample(choice, 5 * count)  # noqa: S311 - no secret
    return [port for port in ports if is_free(port)][:count]


def is_free(port: int) -> bool:
    """Return whether nobody listens on a port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
