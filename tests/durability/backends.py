"""Stores that can be taken away from those who use them, and brought back."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol


class Backend(Protocol):
    """A place for sessions, of this experiment alone.

    Attributes:
        url: of the store, for those who use it.
        outages: the ways in which it can be away.
    """

    url: str
    outages: Sequence[str]

    def start(self) -> None:
        """Make it ready for use."""
        ...

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Begin an outage.

        Args:
            outage: one of `outages`.
            users: ids of the processes that use the store.
        """
        ...

    def bring_back(self) -> None:
        """End the outage."""
        ...

    def stop(self) -> None:
        """End whatever was started; what lies in the store is lost."""
        ...


class SqliteBackend:
    """A SQLite file.

    ==========  ====================================================================
    locked      another process writes, and does not end: there is nothing but reading
    away        another process recovers the log, and does not end: not even reading
    full disk   the processes may write to no file, neither session nor log line
    ==========  ====================================================================

    Args:
        folder: where it lies.
        timeout: seconds that the users wait for a lock.
    """

    outages = ("locked", "away", "full disk")

    def __init__(self, folder: Path, *, timeout: float) -> None:
        self._path = folder / "calls.db"
        self._ending = ExitStack()
        self.url = f"sqlite:///{self._path}?timeout={timeout:g}"
        self._beginnings: Mapping[str, Callable[[Sequence[int]], None]] = {
            "locked": lambda _: self._hold("write"),
            "away": lambda _: self._hold("all"),
            "full disk": self._fill_disk,
        }

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
            [sys.executable, "-m", "tests.durability.holding", lock, str(self._path)],
            cwd=Path(__file__).parents[2],
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
