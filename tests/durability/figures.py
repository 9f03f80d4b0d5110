"""What an experiment counts, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass


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
