"""``statechart-ivr serve`` in a process of its own, which can be killed in mid call."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import statechart_ivr
from statechart_ivr.stores import SessionStore, open_store
from statechart_ivr.testing import Phone

TOKEN = "12345"
ROOT = "https://ivr.example.com"


def phone_to(url: str, store: SessionStore) -> Phone:
    """Return a phone to a served application, which can also look into its sessions."""
    return Phone(url, auth_token=TOKEN, base_url=ROOT, store=store)


class Server:
    """``statechart-ivr serve`` in a process of its own.

    Args:
        target: what is served, as on the command line.
        folder: where it works, and keeps its log, and its sessions unless told.
        store: URL of the store; ``calls.db`` in the folder if left out.
        settings: more environment variables.
    """

    def __init__(
        self,
        target: str,
        folder: Path,
        *,
        store: str | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self._target = target
        self._folder = folder
        self._log = folder / "log.txt"
        self._store_url = store or f"sqlite:///{folder}/calls.db"
        self._settings = settings or {}
        self._start("127.0.0.1:0")
        self.store: SessionStore = open_store(self._store_url)

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def phone(self) -> Phone:
        """Return a phone that can also look into the sessions."""
        return phone_to(self.url, self.store)

    def kill_and_start_again(self) -> None:
        """End it with SIGKILL, which it cannot prepare for, and start it at the same address."""
        self.kill()
        self._start(self.url.removeprefix("http://"))

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.communicate(timeout=30)

    def terminate(self) -> None:
        """Tell it to end, with SIGTERM."""
        self._process.terminate()

    def wait(self) -> int:
        """Wait for its end; returns the exit code."""
        return self._process.wait(timeout=60)

    def close(self) -> None:
        """End it, and let go of the store."""
        self.kill()
        self.store.close()

    def _start(self, address: str) -> None:
        command = [sys.executable, "-m", "statechart_ivr.cli", "serve"]
        project, library = Path(__file__).parents[1], Path(statechart_ivr.__file__).parents[1]
        settings = {
            "PYTHONPATH": f"{library}{os.pathsep}{project}",
            "TWILIO_AUTH_TOKEN": TOKEN,
            "IVR_BASE_URL": ROOT,
            "IVR_STORE": self._store_url,
            **self._settings,
        }
        with self._log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [*command, self._target, "--listen", address],
                cwd=self._folder,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self.summary = self._read_summary()
        self.url = self.summary[-1].removeprefix("Listening on ")

    def _read_summary(self) -> list[str]:
        output: IO[str] = self._process.stdout  # type: ignore[assignment]  # it is a pipe
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Listening on ")):
            line = output.readline()
            assert line, f"it ended: {lines} {self._log.read_text('utf-8')}"
            lines.append(line.rstrip("\n"))
        return lines
