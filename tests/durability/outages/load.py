"""Calls on two processes meet one outage, in real time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from examples.servers import ROOT, TOKEN, Server
from statechart_ivr.stores import SessionStore
from statechart_ivr.testing.transport import UrlTransport
from tests.durability.backends import Backend
from tests.durability.errands import PIN
from tests.durability.figures import Figures
from tests.durability.outages.callers import ROUND, LiveCall, complaints
from tests.durability.outages.report import FOLLOWS_WITHIN, Report
from tests.durability.outages.watch import Watch
from tests.durability.records import stored

TARGET = "tests.durability.errands:Errands"
#: Where in the round of keys callers begin: anywhere but at the PIN, which has to be asked for.
BEGINNINGS = [number for number, key in enumerate(ROUND) if key != PIN]


@dataclass(frozen=True)
class Load:
    """What goes on around an outage; all in seconds, but the calls.

    Attributes:
        calls: how many; the first three quarters are under way when it begins.
        think: between a question and the key, at least; some callers think half as long again.
        before: until the outage begins.
        outage: how long it lasts.
    """

    calls: int
    think: float
    before: float = 3.0
    outage: float = 10.0


def meet(backend: Backend, outage: str, load: Load, folder: Path) -> Figures:
    """Let calls on two processes meet one outage in real time.

    Args:
        backend: the store, which has been started.
        outage: one of its outages.
        load: the calls.
        folder: for the processes' logs.
    """
    over = Event()
    with ExitStack() as stack:
        servers = [_server(backend, folder / name, stack) for name in ("one", "other")]
        watches = [stack.enter_context(Watch(server.url)) for server in servers]
        lines = [UrlTransport(server.url, ROOT, TOKEN) for server in servers]
        calls = [_call(number, lines, over, load) for number in range(load.calls)]
        with _under_way(calls, over, load) as made:
            time.sleep(load.before)  # the experiment is about real time
            began, ended = _outage(backend, outage, load, [server.pid for server in servers])
            time.sleep(min(2.0, load.think))  # as is this
        lost = [f"lost: {error!r}" for future in made if (error := future.exception())]
        for watch in watches:
            watch.wait_for(200, patience=FOLLOWS_WITHIN)
        report = Report(outage, began, ended, calls, watches)
        return report.figures([*lost, *_differences(calls, servers[0].store)])


@contextmanager
def _under_way(
    calls: Sequence[LiveCall], over: Event, load: Load
) -> Iterator[Sequence[Future[None]]]:
    """Have calls come in, one after the other; at the end of the context they come to theirs."""
    every = load.before * 4 / 3 / len(calls)
    with ThreadPoolExecutor(len(calls)) as pool:
        try:
            yield [pool.submit(call.make, after=every * i) for i, call in enumerate(calls)]
        finally:
            over.set()


def _outage(backend: Backend, outage: str, load: Load, users: Sequence[int]) -> tuple[float, float]:
    """Take the store away for some time, and return when it was away, on the monotonic clock."""
    began = time.monotonic()  # not later: a server may be seen to be unhealthy at once
    backend.take_away(outage, users)
    time.sleep(load.outage)  # the experiment is about real time
    ended = time.monotonic()
    backend.bring_back()
    return began, ended


def _server(backend: Backend, folder: Path, stack: ExitStack) -> Server:
    folder.mkdir()
    server = Server(TARGET, folder, store=backend.url)
    stack.callback(server.close)
    return server


def _call(number: int, lines: Sequence[UrlTransport], over: Event, load: Load) -> LiveCall:
    line, key = number % len(lines), BEGINNINGS[number % len(BEGINNINGS)]
    think = load.think * (1 + number % 6 / 10)
    keys = [*ROUND[key:], *ROUND[:key]]
    return LiveCall([*lines[line:], *lines[:line]], over, keys=keys, think=think)


def _differences(calls: Sequence[LiveCall], store: SessionStore) -> list[str]:
    found = []
    for call in calls:
        record = stored(store, call.sid)
        found += list(complaints(call, record)) if record else ["it left no record"]
    return found
