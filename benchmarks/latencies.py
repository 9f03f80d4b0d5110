"""How long requests took, summed up."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Latencies(NamedTuple):
    """How long something took, in milliseconds.

    Attributes:
        requests: with how many requests.
        p50: half of them took no longer.
        p99: 99 of 100.
        p999: 999 of 1,000.
        longest: all of them.
    """

    requests: int
    p50: float
    p99: float
    p999: float
    longest: float

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Latencies:
        """Sum up how long it took with each of the requests."""
        sorted_ms = sorted(one * 1000 for one in seconds)
        return cls(len(sorted_ms), *(at_rank(sorted_ms, q) for q in (0.5, 0.99, 0.999, 1.0)))


def at_rank(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that so large a share of all does not exceed; NaN of none.

    >>> at_rank([1, 2, 3, 4], 0.5), at_rank([1, 2, 3, 4], 0.51)
    (2, 3)
    """
    if not ordered:
        return math.nan
    return ordered[math.ceil(share * len(ordered)) - 1]
