"""Equal machines: a call that is stored at every turn, against one that never left memory.

The charts, and what happens to the calls, are Hypothesis's: a difference is told as the smallest
flow and the shortest call that show it. At CI size the same ones come each time, so that a red
build is red again at home; a full run makes up new ones each time, which finds more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.catalogue import EXAMPLES
from statechart_ivr.stores import MemoryStore, SqliteStore
from tests.durability.figures import Figures
from tests.durability.machines.charts import compare_charts, some_flows
from tests.durability.machines.threads import THREADS, compare_threads

#: Charts at CI size, and of a full run.
CHARTS, ALL_CHARTS = 200, 5000
#: Times that threads take turns at CI size, each time with other flows, and in a full run.
ROUNDS, ALL_ROUNDS = 1, 10
#: Random flows on the switchboard of one round, beside an example.
FLOWS = 4


def run(*, full: bool) -> Figures:
    """Do the whole experiment."""
    with _without_logs():
        charts = compare_charts(ALL_CHARTS if full else CHARTS, repeatable=not full)
        rounds = [
            _round(number, repeatable=not full) for number in range(ALL_ROUNDS if full else ROUNDS)
        ]
    counts = {
        **charts.counts,
        "threads": THREADS,
        "calls in threads": sum(one.counts["calls"] for one in rounds),
        "turns in threads": sum(one.counts["turns"] for one in rounds),
    }
    failures = [failure for one in (charts, *rounds) for failure in one.failures]
    return Figures("machines", counts, failures)


def _round(number: int, *, repeatable: bool) -> Figures:
    """Have threads play calls of one example and of flows at random, on two stores."""
    example = EXAMPLES[number % len(EXAMPLES)]
    flows = [example.flow, *some_flows(FLOWS, repeatable=repeatable)]
    with TemporaryDirectory() as folder, closing(SqliteStore(Path(folder, "calls.db"))) as sqlite:
        return compare_threads(flows, MemoryStore(), sqlite, seed=number)


@contextmanager
def _without_logs() -> Iterator[None]:
    """Keep quiet what the package has to say of flows that no one would write."""
    logger, handler = logging.getLogger("statechart_ivr"), logging.NullHandler()
    usual, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = usual
