"""Outages: the store goes away under load, and comes back.

Every call goes on with the key that was pressed meanwhile, and sounds as it would have without
the outage, but for being asked for patience. In real time with processes and a real store; and
in simulated time for every turn of every example.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from examples.servers import ROOT, TOKEN, Server
from statechart_ivr.stores import SessionStore
from statechart_ivr.testing.transport import PATIENCE, UrlTransport
from tests.durability import outages_of_turns
from tests.durability.backends import Backend, SqliteBackend
from tests.durability.errands import PIN
from tests.durability.figures import Figures
from tests.durability.live import ROUND, LiveCall, complaints
from tests.durability.watch import Watch

TARGET = "tests.durability.errands:Errands"
#: Seconds that a process waits for a lock of SQLite.
LOCK_TIMEOUT = 2.0
#: Seconds within which the health of a server has to follow that of the store.
FOLLOWS_WITHIN = 12.0
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


SIZES = {False: Load(calls=14, think=0.8), True: Load(calls=300, think=3.0, before=8.0)}


def run(*, full: bool) -> Figures:
    """Meet all outages of a SQLite file in real time, and then every turn in simulated time."""
    load = SIZES[full]
    with TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        outages = SqliteBackend.outages
        folders = [Path(folder, str(number)) for number, _ in enumerate(outages)]
        several = map if full else pool.map  # the small ones find room beside each other
        lived = list(several(lambda *about: _on_sqlite(load, *about), outages, folders))
    return joined("outages", [*lived, outages_of_turns.run(full=full)])


def joined(name: str, figures: Sequence[Figures]) -> Figures:
    """Put figures together, whose counts have names of their own."""
    counts = {what: count for one in figures for what, count in one.counts.items()}
    return Figures(name, counts, list(chain.from_iterable(one.failures for one in figures)))


def _on_sqlite(load: Load, outage: str, folder: Path) -> Figures:
    folder.mkdir()
    backend = SqliteBackend(folder, timeout=LOCK_TIMEOUT)
    return meet(backend, outage, load, folder)


def meet(backend: Backend, outage: str, load: Load, folder: Path) -> Figures:
    """Let calls on two processes meet one outage in real time.

    Args:
        backend: the store.
        outage: one of its outages.
        load: the calls.
        folder: for the processes' logs.
    """
    over = Event()
    with ExitStack() as stack:
        stack.callback(backend.stop)
        backend.start()
        servers = [_server(backend, folder / name, stack) for name in ("one", "other")]
        watches = [stack.enter_context(Watch(server.url)) for server in servers]
        lines = [UrlTransport(server.url, ROOT, TOKEN) for server in servers]
        calls = [_call(number, lines, over, load) for number in range(load.calls)]
        with _under_way(calls, over, load) as made:
            time.sleep(load.before)
            began, ended = _outage(backend, outage, load, [server.pid for server in servers])
            time.sleep(min(2.0, load.think))
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
    backend.take_away(outage, users)
    began = time.monotonic()
    time.sleep(load.outage)
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
        stored = store.load(call.sid)
        found += list(complaints(call, stored.data)) if stored else ["it left no record"]
    return found


@dataclass(frozen=True)
class Report:
    """What an outage came to.

    Attributes:
        outage: which one.
        began: when, on the monotonic clock.
        ended: when.
        calls: all of them, over.
        watches: of the servers.
    """

    outage: str
    began: float
    ended: float
    calls: Sequence[LiveCall]
    watches: Sequence[Watch]

    def figures(self, failures: Sequence[str]) -> Figures:
        """Count, and add to the failures what is not as promised."""
        turns = [turn for call in self.calls for turn in call.turns]
        down = max(watch.seconds_to(503, self.began) for watch in self.watches)
        up = max(watch.seconds_to(200, self.ended) for watch in self.watches)
        longest = max((turn.longest for turn in turns), default=0.0)
        counts = {
            "seconds of outage": round(self.ended - self.began),
            "calls": len(self.calls),
            "calls that met it": sum(any(t.patience for t in call.turns) for call in self.calls),
            "turns": len(turns),
            "turns begun meanwhile": sum(self.began <= t.began < self.ended for t in turns),
            "documents that asked for patience": sum(len(turn.patience) for turn in turns),
            "PINs entered again": sum(call.asked_again for call in self.calls),
            "ms, longest request": round(longest * 1000),
            "ms until both servers were unhealthy": _ms(down),
            "ms until both were healthy again": _ms(up),
            "changes of health": sum(len(watch.changes) - 1 for watch in self.watches),
        }
        found = [*failures, *self._unmet(), *self._health(down, up)]
        if longest >= PATIENCE:
            found.append(f"a request took {longest:.1f} s")
        named = {f"{self.outage}: {what}": count for what, count in counts.items()}
        return Figures("outages", named, [f"{self.outage}: {failure}" for failure in found])

    def _unmet(self) -> list[str]:
        unmet = [call for call in self.calls if not any(turn.patience for turn in call.turns)]
        return ["a call was not asked for patience" for _ in unmet]

    def _health(self, down: float, up: float) -> list[str]:
        found = []
        for watch in self.watches:
            statuses = [change.status for change in watch.changes]
            if statuses != [200, 503, 200]:
                found.append(f"/healthz went {statuses}")
        if max(down, up) > FOLLOWS_WITHIN:
            found.append(f"/healthz followed after {down:.1f} s and {up:.1f} s")
        return found


def _ms(seconds: float) -> int:
    return round(seconds * 1000) if seconds < float("inf") else -1
