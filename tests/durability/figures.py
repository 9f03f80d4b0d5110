"""What an experiment counts, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain


@dataclass(frozen=True)
class Figures:
    """The outcome of one experiment.

    Attributes:
        experiment: its name.
        counts: how much was done, by what is counted, in the order to be told.
        failures: a line for each thing that is not as promised; none if all is.
    """

    experiment: str
    counts: dict[str, int]
    failures: list[str]


def joined(name: str, figures: Sequence[Figures]) -> Figures:
    """Put figures together, whose counts have names of their own."""
    counts = {what: count for one in figures for what, count in one.counts.items()}
    return Figures(name, counts, list(chain.from_iterable(one.failures for one in figures)))
