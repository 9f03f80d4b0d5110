"""Background work whose processes are halted anywhere: its caller hears of it all the same.

Each call is made once undisturbed, to learn where its processes pass: loads and saves of turns,
work, renewals of leases and sweeps; submissions; the beginning and end of work, and its effect on
the world. Then it is made again for each of these places, before and after it. The process that
comes there is killed, or stands still until the call is over; others go on with the call. What
time it is, a file says, so that leases run out at once.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.durability.backends import started
from tests.durability.figures import Figures, joined
from tests.durability.jobs.calling import Scenario
from tests.durability.jobs.served import Setting
from tests.durability.jobs.sweeping import SCENARIOS, Trial, counted, trials

#: How many halts apart those are that the small size takes.
STRIDES = {"sqlite": 7, "redis": 11, "postgresql": 11}
#: The same, of workers of Dramatiq's, which take their time to start.
MESSAGE_STRIDES = {False: 17, True: 1}
_BOTH = (signal.SIGKILL, signal.SIGSTOP)


def run(store: str, *, full: bool) -> Figures:
    """Have work done by threads; with Redis, by workers of Dramatiq's, too."""
    figures = [by_threads(store, 1 if full else STRIDES[store])]
    if store == "redis":
        figures.append(by_workers(MESSAGE_STRIDES[full]))
    return joined("jobs", figures)


def by_threads(store: str, stride: int) -> Figures:
    """Have work done by threads of the processes that answer the calls."""
    tracks = SCENARIOS[::2], SCENARIOS[1::2]

    def made(scenarios: Sequence[Scenario]) -> list[Trial]:
        # Whoever sweeps goes through all calls of a store, by a clock that is the track's.
        with TemporaryDirectory() as folder, started(store) as backend:
            return trials(Setting(Path(folder), backend.url), scenarios, _BOTH, stride)

    with ThreadPoolExecutor(len(tracks)) as pool:
        return _figures("threads", list(chain.from_iterable(pool.map(made, tracks))))


def by_workers(stride: int) -> Figures:
    """Have work done by Dramatiq's workers, who are killed as well."""
    with TemporaryDirectory() as folder, started("redis") as backend:
        broker = backend.url.replace("/0", "/1")
        setting = Setting(Path(folder), backend.url, broker, queue="calls")
        return _figures("workers", trials(setting, SCENARIOS, (signal.SIGKILL,), stride))


def _figures(runner: str, made: list[Trial]) -> Figures:
    counts = {f"{what} ({runner})": count for what, count in counted(made).items()}
    return Figures("jobs", counts, [f"{runner}, {one}" for one in made if one.complaint])
