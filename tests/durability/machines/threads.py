"""Many calls that many threads take turns at, against the same calls one after the other."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from random import Random

from statechart_ivr import CallFlow
from statechart_ivr.stores import MemoryStore, SessionStore
from statechart_ivr.switchboard import Switchboard
from tests.durability.figures import Figures
from tests.durability.machines.callers import DOINGS, Caller, StoredCall
from tests.durability.machines.charts import switchboard
from tests.durability.records import without_chance

THREADS = 8
#: Calls that the threads take turns at, and how much happens in each.
CALLS, LENGTH = 100, 4


@dataclass(frozen=True)
class Dialogue:
    """A call, with what came of it.

    Attributes:
        caller: who does it.
        doings: what is still to be done, first comes last.
        heard: what came of what was done.
    """

    caller: Caller
    doings: list[str]
    heard: list[bytes]


def dialogues(board: Switchboard, many: int, *, seed: int) -> dict[str, Dialogue]:
    """Return calls that have not begun, of all flows of a switchboard in turns, by call SID."""
    random = Random(seed)  # noqa: S311 - the same for both switchboards is what is wanted
    made = {}
    for number, flow in zip(range(many), itertools.cycle(board.flows), strict=False):
        sid = f"CA{number}"
        doings = [*random.choices(DOINGS, k=LENGTH), "enter"]
        made[sid] = Dialogue(Caller(StoredCall(board, sid), flow, sid), doings, [])
    return made


def take_turns(calls: Mapping[str, Dialogue], *, threads: int) -> None:
    """Play calls, one doing of each at a time, in several threads."""
    waiting: SimpleQueue[Dialogue] = SimpleQueue()
    for call in calls.values():
        waiting.put(call)

    def work() -> None:
        while True:
            try:
                call = waiting.get_nowait()
            except Empty:
                return
            call.heard.append(call.caller.do(call.doings.pop()))
            if call.doings:
                waiting.put(call)

    with _quick_switches(), ThreadPoolExecutor(threads) as pool:
        for future in [pool.submit(work) for _ in range(threads)]:
            future.result()


@contextmanager
def _quick_switches() -> Iterator[None]:
    """Have threads take turns much more often than usual: in the middle of every turn."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 100)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def compare_threads(
    flows: Sequence[type[CallFlow]], *stores: SessionStore, calls: int = CALLS, seed: int = 0
) -> Figures:
    """Compare calls that many threads take turns at with the same ones in one thread.

    Args:
        flows: what is called, in turns.
        *stores: empty ones, each for the same calls.
        calls: how many on each store.
        seed: of what is done in them.
    """
    quiet = switchboard(*flows, store=MemoryStore())
    wanted = dialogues(quiet, calls, seed=seed)
    for sid, call in wanted.items():  # one after the other: nothing can come between
        take_turns({sid: call}, threads=1)
    failures, turns = [], 0
    for store in stores:
        busy = switchboard(*flows, store=store)
        got = dialogues(busy, calls, seed=seed)
        take_turns(got, threads=THREADS)
        turns += sum(len(call.heard) for call in got.values())
        for sid, call in wanted.items():
            alone = [call.heard, _ran(quiet, sid), without_chance(quiet.store, sid)]
            together = [got[sid].heard, _ran(busy, sid), without_chance(store, sid)]
            failures += [
                f"{type(store).__name__}, {sid}: {many} in threads, {one} in one"
                for many, one in zip(together, alone, strict=True)
                if many != one
            ]
    counts = {"threads": THREADS, "calls": calls * len(stores), "turns": turns}
    return Figures("threads", counts, failures)


def _ran(board: Switchboard, call_sid: str) -> list[str]:
    ran: list[str] = board.environment.services["ran"][call_sid]
    return ran
