"""An application in a process of its own, and what that takes of the machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import statechart_ivr

_TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that serves a folder; Linux tells what it uses.

    Args:
        process: which has just been started.

    Attributes:
        url: where it listens.
        paths: path and query of each file, by its name.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._about = Path("/proc", str(process.pid))
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, "it ended before it listened; it has said why"
        told = json.loads(line)
        self.url: str = told["url"]
        self.paths: dict[str, str] = told["paths"]

    def cpu_seconds(self) -> float:
        """Return for how long it has used a core so far, to a hundredth of a second."""
        # The name of the program may hold spaces; what follows its bracket is numbers (proc(5)).
        fields = (self._about / "stat").read_text().rpartition(") ")[2].split()
        user, system = map(int, fields[11:13])
        return (user + system) / _TICKS

    def peak_memory(self) -> int:
        """Return how many bytes of memory it has had at most so far."""
        match = re.search(r"\nVmHWM:\s+(\d+) kB\n", (self._about / "status").read_text())
        assert match is not None
        return int(match[1]) * 1024


@contextmanager
def running(target: str, folder: Path) -> Iterator[Server]:
    """Serve a folder during the context.

    Args:
        target: what serves it: ``module:function``, as `benchmarks.static.served.serve` takes it.
        folder: with the files.
    """
    project, library = Path(__file__).parents[2], Path(statechart_ivr.__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.static.served", target, str(folder)],
        env={**os.environ, "PYTHONPATH": f"{library}{os.pathsep}{project}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield Server(process)
        finally:
            process.kill()
