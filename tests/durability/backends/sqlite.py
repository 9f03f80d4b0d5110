"""A SQLite file, which can be locked, or be on a full disk."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

_LOCKS = Path(__file__).with_name("locks.py")
#: Seconds that a process waits for a lock.
LOCK_TIMEOUT = 2.0


class SqliteBackend:
    """A SQLite file.

    ==========  ====================================================================
    locked      another process writes, and does not end: there is nothing but reading
    away        another process recovers the log, and does not end: not even reading
    full disk   the processes may write to no file, neither session nor log line
    ==========  ====================================================================

    Args:
        folder: where it lies.
    """

    advice = "it comes with Python"
    outages: Sequence[str] = ("locked", "away", "full disk")

    def __init__(self, folder: Path) -> None:
        self._path = folder / "calls.db"
        self._ending = ExitStack()
        self._beginnings: Mapping[str, Callable[[Sequence[int]], None]] = {
            "locked": lambda _: self._hold("write"),
            "away": lambda _: self._hold("all"),
            "full disk": self._fill_disk,
        }

    @property
    def url(self) -> str:
        """The file, with how long to wait for a lock."""
        return f"sqlite:///{self._path}?timeout={LOCK_TIMEOUT:g}"

    @staticmethod
    def is_installed() -> bool:
        """Return that it is."""
        return True

    def start(self) -> None:
        """Do nothing: whoever comes first makes the file."""

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Begin an outage; returns once it has begun."""
        self._beginnings[outage](users)

    def bring_back(self) -> None:
        """End the outage."""
        self._ending.close()

    def stop(self) -> None:
        """End an outage that has not been ended."""
        self.bring_back()

    def _hold(self, lock: str) -> None:
        holder = subprocess.Popen(
            [sys.executable, str(_LOCKS), lock, str(self._path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._ending.callback(holder.communicate, timeout=30)
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

    def _fill_disk(self, users: Sequence[int]) -> None:
        for pid in users:
            before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
            self._ending.callback(resource.prlimit, pid, resource.RLIMIT_FSIZE, before)
