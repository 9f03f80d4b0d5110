"""One run: servers, callers, kills, and the comparison in the end."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.load.callers import Crowd, MadeCall
from benchmarks.load.figures import Report, Restart
from benchmarks.load.known import known_calls
from benchmarks.load.wire import Balancer
from examples.servers import Server
from statechart_ivr.stores import SessionStore

TARGET = "benchmarks.load.served:app"


@dataclass(frozen=True)
class Load:
    """What is done.

    Attributes:
        calls: how many there are at every moment.
        think: seconds between a webhook of a call and the next one, on average.
        seconds: how long.
        restart_every: seconds between two kills, of one process and the other in turn.
        twice: share of the requests that are sent twice at the same moment, to both processes.
        keep_alive: whether connections are used again; there is one for each request otherwise.
        records: how many calls' records are looked at in the end.
        seed: of everything that is random.
    """

    calls: int = 2000
    think: float = 6.0
    seconds: float = 60.0
    restart_every: float = 8.0
    twice: float = 0.05
    keep_alive: bool = False
    records: int = 1000
    seed: int = 1


def run(url: str, load: Load, *, target: str = TARGET) -> Report:
    """Load two processes on one store.

    Args:
        url: of the store, which is empty.
        load: what is done.
        target: what the processes serve, as on the command line.
    """
    known = known_calls()
    with TemporaryDirectory() as folder, ExitStack() as stack:
        servers = list(_servers(target, url, Path(folder), stack))
        balancer = Balancer([server.url for server in servers], keep_alive=load.keep_alive)
        random = Random(load.seed)  # noqa: S311 - no secret
        crowd = Crowd(known, balancer, len(servers), random, load.think, load.twice)
        restarts, seconds = asyncio.run(_loaded(crowd, servers, load))
        calls = [call for call in crowd.calls if call.answered or call.difference]
        looked_at = _some(calls, load.records, random)
        _compare_records(looked_at, servers[0].store)
        return Report(
            calls=len(calls),
            turns=crowd.turns,
            seconds=seconds,
            doubles=crowd.doubles,
            sent_again=balancer.sent_again,
            restarts=restarts,
            samples=crowd.samples,
            records=len(looked_at),
            differences=tuple(f"{one.known}: {one.difference}" for one in calls if one.difference),
        )


def _servers(target: str, url: str, folder: Path, stack: ExitStack) -> Iterator[Server]:
    for name in ("one", "other"):
        own = folder / name
        own.mkdir()
        server = Server(target, own, store=url)
        stack.callback(server.close)
        yield server


async def _loaded(
    crowd: Crowd, servers: Sequence[Server], load: Load
) -> tuple[list[Restart], float]:
    """Let the crowd call, and kill meanwhile; return the restarts, and how long it took."""
    began = time.perf_counter()
    killing = asyncio.ensure_future(_kill_over_and_over(servers, load))
    with _no_collection():  # it would hold up what is measured
        await crowd.call_for(load.calls, load.seconds)
    seconds = time.perf_counter() - began
    restarts = await killing
    crowd.balancer.close()
    return [Restart(began, began), *restarts], seconds


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def _kill_over_and_over(servers: Sequence[Server], load: Load) -> list[Restart]:
    """Kill and start processes in turn, the last time well before the end."""
    restarts: list[Restart] = []
    began = time.perf_counter()
    for number in range(1, int(load.seconds / load.restart_every + 0.5)):
        await asyncio.sleep(began + number * load.restart_every - time.perf_counter())
        killed = time.perf_counter()
        await asyncio.to_thread(servers[number % len(servers)].kill_and_start_again)
        restarts.append(Restart(killed, time.perf_counter()))
    return restarts


def _some(calls: Sequence[MadeCall], count: int, random: Random) -> list[MadeCall]:
    candidates = [call for call in calls if not call.difference]
    return random.sample(candidates, min(count, len(candidates)))


def _compare_records(calls: Sequence[MadeCall], store: SessionStore) -> None:
    """Hold what is in the store to what is there if nothing gets in a call's way."""
    for call in calls:
        stored = store.load(call.sid)
        wanted = call.known.record(call.answered, call.sid)
        if stored is None or stored.data != wanted:
            call.difference = f"the record: {stored and stored.data!r} for {wanted!r}"
