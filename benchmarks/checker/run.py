"""One run: everything is checked, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import statechart_ivr
from benchmarks.checker.child import WAYS
from benchmarks.checker.subjects import examples


class DifferenceError(Exception):
    """Two ways of doing it found different things, so that nothing counts."""


@dataclass(frozen=True)
class Plan:
    """What is done.

    Attributes:
        trees: numbers of states.
        examples: whether they are checked, too.
        plain: states that a tree may have to be checked with new machines as well: it takes long.
    """

    trees: Sequence[int] = (300, 1000)
    examples: bool = True
    plain: int = 300

    @property
    def names(self) -> list[str]:
        """Return the names of what is checked."""
        return [*(f"tree:{one}" for one in self.trees), *(examples() if self.examples else ())]

    def ways(self, name: str) -> tuple[str, ...]:
        """Return how something is checked."""
        is_large = name.startswith("tree:") and int(name.removeprefix("tree:")) > self.plain
        return WAYS[:1] if is_large else WAYS


@dataclass(frozen=True)
class Figures:
    """What one check came to.

    Attributes:
        states: of all flows.
        records: that were found.
        moves: that were tried.
        seconds: it took.
        cpu_seconds: for how long it used a core.
        memory: the most that the process had, bytes.
        verdict: what the report says.
        is_exhausted: whether everything was tried.
    """

    states: int
    records: int
    moves: int
    seconds: float
    cpu_seconds: float
    memory: int
    verdict: str
    is_exhausted: bool

    @property
    def records_per_second(self) -> float:
        """Records found, by second."""
        return self.records / self.seconds

    @property
    def moves_per_second(self) -> float:
        """Moves tried, by second."""
        return self.moves / self.seconds

    @property
    def found(self) -> tuple[object, ...]:
        """What has to be the same, whichever way it is done."""
        return self.states, self.records, self.moves, self.verdict, self.is_exhausted


def measured(name: str, way: str) -> Figures:
    """Check something in a process of its own."""
    project, library = Path(__file__).parents[2], Path(statechart_ivr.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.checker.child", name, way],
        env={**os.environ, "PYTHONPATH": f"{library}{os.pathsep}{project}"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Figures(**json.loads(done.stdout))


def run(
    plan: Plan, measure: Callable[[str, str], Figures] = measured
) -> Iterator[tuple[str, str, Figures]]:
    """Check one thing after the other.

    Args:
        plan: what.
        measure: does one check.

    Yields:
        Name, way, and what it came to.

    Raises:
        DifferenceError: not all ways find the same.
    """
    for name in plan.names:
        wanted = None
        for way in plan.ways(name):
            figures = measure(name, way)
            yield name, way, figures
            if wanted is not None and figures.found != wanted:
                raise DifferenceError(f"{name}: {way}: {figures.found}, not {wanted}")
            wanted = figures.found
