"""Checks one thing, in a process of its own: ``python -m benchmarks.checker.child NAME WAY``."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.checker.subjects import subject
from statechart_ivr.checker import check_flow
from statechart_ivr.flow import life

#: How the checker does it, and how a served application does: a machine for each turn.
WAYS = ("machines used again", "new machines")
#: Longer than anything takes here: what is wanted is how long it takes.
_MOST = {"max_records": 10_000_000, "max_seconds": 86_400.0}


def check(name: str, way: str) -> dict[str, Any]:
    """Check something, and return what it came to.

    Args:
        name: of a subject.
        way: one of `WAYS`.
    """
    what = subject(name)
    known = life.machine_for if way == WAYS[0] else lambda flow, context: flow(context)
    with patch.object(life, "machine_for", known):
        cpu, began = time.process_time(), time.perf_counter()
        report = check_flow(*what.flows, **_MOST, **what.options)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return {
        "states": what.states,
        "records": len(report.found.nodes),
        "moves": len(report.found.edges),
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "memory": peak_memory(),
        "verdict": report.verdict.value,
        "is_exhausted": report.is_exhausted,
    }


def peak_memory() -> int:
    """Return how many bytes of memory this process has had at most so far; Linux tells."""
    match = re.search(r"\nVmHWM:\s+(\d+) kB\n", Path("/proc/self/status").read_text())
    assert match is not None
    return int(match[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(check(*sys.argv[1:])))  # noqa: T201 - it is read by who started us
