"""Callers who wait, hundreds at once, at one process over HTTP: none of them takes a thread.

Half of them are held for background work that does not end until it is told to, the other half
hear the wait documents of a queue. They poll as fast as the process answers; then all of it ends.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.servers import Server
from tests.durability.figures import Figures
from tests.durability.waiting.callers import Caller, Door
from tests.durability.waiting.served import THREADS

TARGET = "tests.durability.waiting.served:app"
#: By entry, what is heard in the end.
WANTED = {"/held": "Found.", "/queued": "Goodbye."}
#: Threads of ``statechart-ivr serve``: that many answer requests, and one takes them in.
_SERVER_THREADS = 8 + 1
#: A lease is renewed by a thread beside each that works; sweeps and purges have one each, too.
MOST_THREADS = _SERVER_THREADS + 2 * THREADS + 2
#: Requests at a time.
AT_ONCE = 32


@dataclass(frozen=True)
class Crowd:
    """How much there is to do.

    Attributes:
        calls: how many callers wait at once.
        polls: how often each asks for something to wait with.
    """

    calls: int
    polls: int


SIZES = {False: Crowd(calls=60, polls=5), True: Crowd(calls=500, polls=40)}


def run(*, full: bool) -> Figures:
    """Let callers wait at one process with its sessions in SQLite."""
    return wait(SIZES[full])


def wait(crowd: Crowd, *, target: str = TARGET) -> Figures:
    """Let callers wait at one process.

    Args:
        crowd: how many.
        target: what is served, as on the command line.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        go = folder / "go"
        server = Server(target, folder, settings={"IVR_GO": str(go)})
        try:
            return asyncio.run(_waited(crowd, server, go))
        finally:
            go.touch()
            server.close()


async def _waited(crowd: Crowd, server: Server, go: Path) -> Figures:
    door = Door(server.url, AT_ONCE)
    entries = [*WANTED]
    callers = [Caller(door, entries[number % len(entries)]) for number in range(crowd.calls)]
    # What a process needs anyway is not a caller's: the first of each kind come before.
    first = [Caller(door, entry) for entry in entries]
    await _each(first, lambda one: one.dial())
    before = _memory(server.pid)
    await _each(callers, lambda one: one.dial())
    between = _memory(server.pid)
    began = time.perf_counter()
    await _each(callers, lambda one: one.wait(crowd.polls))
    seconds = time.perf_counter() - began
    polls, threads = sum(one.polls for one in callers), _threads(server.pid)
    go.touch()
    everybody = [*first, *callers]
    await _each(everybody, lambda one: one.hear())
    door.close()
    counts = {
        "calls that wait": crowd.calls,
        "threads of the process": threads,
        "threads it may have": MOST_THREADS,
        "bytes of memory per call": (between - before) // crowd.calls,
        "polls": polls,
        "polls per second": round(polls / seconds),
        "calls that ended as they should": sum(one.heard == WANTED[one.entry] for one in callers),
    }
    return Figures("waiting", counts, _failures(everybody, threads))


def _failures(callers: Sequence[Caller], threads: int) -> list[str]:
    too_many = [f"{threads} threads; {MOST_THREADS} would do"] if threads > MOST_THREADS else []
    wrong = [one for one in callers if one.heard != WANTED[one.entry]]
    return [*too_many, *(f"at {one.entry} somebody heard {one.heard!r}" for one in wrong)]


async def _each(callers: Sequence[Caller], does: Callable[[Caller], Awaitable[None]]) -> None:
    await asyncio.gather(*map(does, callers))


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def _memory(pid: int) -> int:
    """Return how much memory a process takes up, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
