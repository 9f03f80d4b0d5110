"""What a run comes to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.latencies import Latencies
from benchmarks.load.callers import Sample

#: Seconds before a process is killed, and after it is back, that count as near a restart.
BEFORE, AFTER = 1.0, 2.0


class Restart(NamedTuple):
    """When a process was away, in seconds of `time.perf_counter`.

    Attributes:
        killed: when it was killed.
        back: when it listened again.
    """

    killed: float
    back: float


@dataclass(frozen=True)
class Report:
    """The outcome of one run.

    Attributes:
        calls: how many there were, over or not.
        turns: how many documents were given.
        seconds: how long it took.
        doubles: how many requests were sent twice.
        sent_again: how many were sent again because their server was down.
        restarts: of the server processes; the first is the start of all.
        samples: one for each request that was answered.
        records: how many records were looked at.
        differences: a line for each call that was not as it should be.
    """

    calls: int
    turns: int
    seconds: float
    doubles: int
    sent_again: int
    restarts: Sequence[Restart]
    samples: Sequence[Sample]
    records: int
    differences: Sequence[str]

    @property
    def all(self) -> Latencies:
        """Of all requests."""
        return Latencies.of(sample.seconds for sample in self.samples)

    @property
    def away(self) -> Latencies:
        """Of the requests that were due when no process was killed, or had just come back."""
        return Latencies.of(s.seconds for s in self.samples if not _is_near(s.due, self.restarts))

    @property
    def late(self) -> Latencies:
        """By how much requests were sent late, because the load generator was not fast enough."""
        return Latencies.of(sample.late for sample in self.samples)


def _is_near(due: float, restarts: Iterable[Restart]) -> bool:
    return any(one.killed - BEFORE <= due <= one.back + AFTER for one in restarts)
