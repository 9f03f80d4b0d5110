"""Processes that answer calls, and processes that do the work."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import statechart_ivr
from statechart_ivr.call import Answer, Request
from tests.durability.jobs.places import wait_until
from tests.durability.jobs.served import HaltingSwitchboard, Setting, setting_for_worker
from tests.durability.workers import processes, unmeasured

_WORKERS = ["statechart_ivr.runners.worker", "--processes", "1", "--threads", "2"]


class Web:
    """A process that answers webhooks, and does the work of its calls if threads are to.

    Args:
        setting: of the experiment.
    """

    def __init__(self, setting: Setting) -> None:
        self._connection, theirs = processes.Pipe()
        self._process = processes.Process(target=_answer_all, args=(theirs, setting), daemon=True)
        with unmeasured():
            self._process.start()
        theirs.close()
        self._is_asked = False

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid or 0

    def answer(self, request: Request) -> Answer | None:
        """Answer a webhook; None if the process was halted before it could."""
        try:
            self._connection.send(request)
            self._is_asked = True
            wait_until(lambda: self._connection.poll(0.003) or self.stands_still())
            return self._received() if self._connection.poll() else None
        except (EOFError, ConnectionError):
            return None

    def go_on(self) -> None:
        """Wake a process that stands still, and wait for an answer that nobody waits for now."""
        os.kill(self.pid, signal.SIGCONT)
        if self._is_asked:
            self._received()

    def stands_still(self) -> bool:
        """Return whether the process was stopped, and is not dead."""
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._process.close()
        self._connection.close()

    def _received(self) -> Answer:
        answer: Answer = self._connection.recv()
        self._is_asked = False
        return answer


def _answer_all(connection: Connection, setting: Setting) -> None:
    logging.disable(logging.CRITICAL)  # what happens here is meant to
    board = HaltingSwitchboard(setting)
    if setting.bug is not None:
        setting.bug()
    while True:
        answer = board.answer(connection.recv())
        board.finish_sweep()
        connection.send(answer)


class Workers:
    """Workers of Dramatiq's: one process with two threads, and the one that looks after it.

    Args:
        setting: of the experiment.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._log = setting.folder / "workers.txt"
        self.start()

    def close(self) -> None:
        """End them."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def start(self) -> None:
        """Start them, and wait until they are ready."""
        here, library = Path(__file__).parents[3], Path(statechart_ivr.__file__).parents[1]
        paths = {"PYTHONPATH": os.pathsep.join([str(library), str(here)])}
        self._log.write_text("")
        with self._log.open("ab") as log, unmeasured():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "dramatiq", *_WORKERS],
                env={**os.environ, **paths, **setting_for_worker(self._setting)},
                cwd=self._setting.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that all of them can be killed, and nobody else
            )
        wait_until(lambda: "Worker process is ready" in self._log.read_text())
