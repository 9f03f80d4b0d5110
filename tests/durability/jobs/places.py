"""Places in a process's way, at each of which it can be halted; and a trace of those it passed.

All processes of an experiment share a folder. A file in it says where the next one of them is to
halt, whichever comes there first; another one, which of them passed where.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple, TypeVar

from statechart_ivr.stores import SessionStore, Stored

T = TypeVar("T")

#: Seconds that something may take which is sure to come, on a busy machine.
PATIENCE = 60.0
#: What a thread does, by the beginning of its name; any other thread does work.
_ROLES = {"MainThread": "turn", "ivr-lease": "renewal", "ivr-sweep": "sweep"}


class Place(NamedTuple):
    """A place in a process's way, on behalf of one call.

    Attributes:
        role: what is done there: ``turn``, ``work``, ``renewal`` of a lease, or ``sweep``.
        what: ``load``, ``save``, ``submit``, ``perform`` or ``effect``.
        number: which of its kind it is, from 0.
    """

    role: str
    what: str
    number: int


class Halt(NamedTuple):
    """What happens to a process.

    Attributes:
        place: where.
        is_done: whether that has been done by then.
        number: ``SIGKILL``, or ``SIGSTOP`` for one that stands still until it is told to go on.
    """

    place: Place
    is_done: bool
    number: signal.Signals

    def __str__(self) -> str:
        how = "killed" if self.number is signal.SIGKILL else "stopped"
        when = "after" if self.is_done else "before"
        return f"{how} {when} {' '.join(map(str, self.place))}"


class Passed(NamedTuple):
    """A line of the trace.

    Attributes:
        pid: the process.
        moment: ``begin``, ``end``, or the name of the signal that halted it there.
        place: where it was.
    """

    pid: int
    moment: str
    place: Place

    @property
    def is_halt(self) -> bool:
        """Whether the process was halted there."""
        return self.moment.startswith("SIG")


class Places:
    """The places of one process.

    Args:
        folder: shared by all processes.
    """

    def __init__(self, folder: Path) -> None:
        self._plan = folder / "plan"
        self._trace = folder / "trace"
        self._trace.touch()
        self._passed: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def passing(self, call_sid: str, what: str) -> Iterator[None]:
        """Pass a place; the process may not come out of it."""
        role = _role()
        with self._lock:
            place = Place(role, what, self._passed[call_sid, role, what])
            self._passed[call_sid, role, what] += 1
        self._halt_if_planned(call_sid, place, is_done=False)
        self._note(call_sid, place, "begin")
        yield
        self._note(call_sid, place, "end")
        self._halt_if_planned(call_sid, place, is_done=True)

    def wait_for(self, call_sid: str, role: str, what: str, *, times: int) -> None:
        """Wait until something was begun so many times in this process."""
        deadline = time.monotonic() + PATIENCE
        while self._passed[call_sid, role, what] < times and time.monotonic() < deadline:
            time.sleep(0.005)  # another thread does it, in real time

    def plan(self, call_sid: str, halts: Sequence[Halt]) -> None:
        """Say where processes are to halt, one after the other; the trace begins anew."""
        self._trace.write_text("")
        self._write_plan([_line(call_sid, halt.place, *halt[1:]) for halt in halts])

    def are_reached(self) -> bool:
        """Return whether all that was planned has happened."""
        return not self._lines()

    def trace(self, call_sid: str) -> list[Passed]:
        """Return where processes have passed since the plan was made."""
        words = [line.split() for line in self._trace.read_text().splitlines()]
        return [
            Passed(int(pid), moment, Place(role, what, int(number)))
            for sid, pid, moment, role, what, number in words
            if sid == call_sid
        ]

    def _halt_if_planned(self, call_sid: str, place: Place, *, is_done: bool) -> None:
        with self._lock:
            lines = self._lines()
            for number in (signal.SIGKILL, signal.SIGSTOP):
                if lines[:1] == [_line(call_sid, place, is_done, number)]:
                    self._write_plan(lines[1:])
                    self._note(call_sid, place, number.name)
                    # To this very thread: another one would let it go on for a while.
                    signal.pthread_kill(threading.get_ident(), number)

    def _lines(self) -> list[str]:
        return self._plan.read_text().splitlines() if self._plan.exists() else []

    def _write_plan(self, lines: Sequence[str]) -> None:
        new = self._plan.with_name(f"plan.{os.getpid()}")
        new.write_text("\n".join(lines))
        new.replace(self._plan)

    def _note(self, call_sid: str, place: Place, moment: str) -> None:
        with self._trace.open("a") as file:
            file.write(f"{call_sid} {os.getpid()} {moment} {place.role} {place.what}")
            file.write(f" {place.number}\n")


def _line(call_sid: str, place: Place, is_done: bool, number: signal.Signals) -> str:
    return f"{call_sid} {place.role} {place.what} {place.number} {is_done} {number.name}"


def _role() -> str:
    name = threading.current_thread().name
    return next((role for start, role in _ROLES.items() if name.startswith(start)), "work")


class HaltingStore:
    """A store whose process may be halted before and after it loads and saves.

    Args:
        store: the store behind it.
        places: of the process.
    """

    def __init__(self, store: SessionStore, places: Places) -> None:
        self._store = store
        self._places = places

    def load(self, call_sid: str) -> Stored | None:
        with self._places.passing(call_sid, "load"):
            return self._store.load(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        with self._places.passing(call_sid, "save"):
            return self._store.save(call_sid, data, expected=expected, ttl=ttl)

    def delete(self, call_sid: str) -> None:
        self._store.delete(call_sid)

    def purge(self) -> int:
        return self._store.purge()

    def calls(self) -> Iterator[str]:
        return self._store.calls()

    def close(self) -> None:
        self._store.close()


class FileClock:
    """A clock that many processes go by: a file says what time it is.

    Args:
        path: the file; made if there is none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        if not path.exists():
            self._set(1_700_000_000.0)

    def now(self) -> datetime:
        """Return the moment in the file."""
        return datetime.fromtimestamp(self.seconds, timezone.utc)

    @property
    def seconds(self) -> float:
        """The moment in the file, in seconds since 1970."""
        return float(self._path.read_text())

    def advance(self, seconds: float) -> None:
        """Move all processes' clock forward."""
        self._set(self.seconds + seconds)

    def _set(self, seconds: float) -> None:
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_text(repr(seconds))
        new.replace(self._path)


class HangError(Exception):
    """What is sure to come has not come."""


def wait_until(is_so: Callable[[], T]) -> T:
    """Wait until something is so that is sure to be; and return it.

    Raises:
        HangError: it never is.
    """
    deadline = time.monotonic() + PATIENCE
    while not (found := is_so()):
        if time.monotonic() > deadline:
            raise HangError(f"{PATIENCE:g} s are over")
        time.sleep(0.003)  # what is waited for happens in other processes
    return found
