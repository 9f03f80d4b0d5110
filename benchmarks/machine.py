"""What a run was made on, and who else used it meanwhile."""

from __future__ import annotations

import os
import platform
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_STAT = Path("/proc/stat")


@dataclass
class Usage:
    """Who used the machine's cores.

    Attributes:
        ours: share that this process used, and those it started, which are gone.
        others: share that all others used; None where the system does not tell.
    """

    ours: float = 0.0
    others: float | None = None


def facts() -> str:
    """Return the machine and the Python in a line.

    >>> facts()  # doctest: +SKIP
    '2 cores (x86_64), Linux 6.1, Python 3.11.7'
    """
    release = ".".join(platform.release().split(".")[:2])
    system = f"{platform.system()} {release}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores ({platform.machine()}), {system}"


@contextmanager
def observed() -> Iterator[Usage]:
    """Give the usage of the cores during the context; it is known at its end."""
    usage = Usage()
    began, ours, all_of_it = time.perf_counter(), _ours(), _everything()
    yield usage
    there_was = (time.perf_counter() - began) * (os.cpu_count() or 1)
    usage.ours = (_ours() - ours) / there_was
    everything = _everything()
    if all_of_it is not None and everything is not None:
        usage.others = max(0.0, (everything - all_of_it) / there_was - usage.ours)


def _ours() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _everything() -> float | None:
    """Return the seconds for which cores have been busy since the machine was started."""
    if not _STAT.exists():
        return None
    user, nice, system, _, _, irq, softirq, steal = _STAT.read_text().split()[1:9]
    ticks = sum(map(int, (user, nice, system, irq, softirq, steal)))
    return ticks / os.sysconf("SC_CLK_TCK")
