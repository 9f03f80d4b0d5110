"""What a run comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks.latencies import Latencies
from benchmarks.static.files import Case


class Spell(NamedTuple):
    """One application's turn at one case.

    Attributes:
        latencies: seconds from each request to the last byte of its answer.
        body_bytes: of all answers together.
        seconds: how long it took.
        cpu_seconds: for how long the server used a core.
    """

    latencies: Sequence[float]
    body_bytes: int
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Figures:
    """One application at one case, over all rounds.

    Attributes:
        spells: one for each round.
    """

    spells: Sequence[Spell]

    @property
    def requests(self) -> int:
        """How many were answered, all of them rightly."""
        return sum(len(spell.latencies) for spell in self.spells)

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self._seconds

    @property
    def megabytes_per_second(self) -> float:
        """Millions of bytes of bodies per second."""
        return sum(spell.body_bytes for spell in self.spells) / 1e6 / self._seconds

    @property
    def cpu_per_thousand(self) -> float:
        """Seconds for which the server used a core, per 1,000 requests."""
        return self._cpu_seconds / self.requests * 1000

    @property
    def core_share(self) -> float:
        """How much of a core the server used: about 1 if nothing else held it up."""
        return self._cpu_seconds / self._seconds

    @property
    def latencies(self) -> Latencies:
        """How long requests took."""
        return Latencies.of(one for spell in self.spells for one in spell.latencies)

    @property
    def _seconds(self) -> float:
        return sum(spell.seconds for spell in self.spells)

    @property
    def _cpu_seconds(self) -> float:
        return sum(spell.cpu_seconds for spell in self.spells)


class Memory(NamedTuple):
    """The most memory that a server had so far, bytes.

    Attributes:
        after_start: when it began to listen.
        after_run: when all was asked.
    """

    after_start: int
    after_run: int


@dataclass(frozen=True)
class Report:
    """The outcome of a run.

    Attributes:
        figures: by case and application.
        memory: by application.
    """

    figures: Mapping[Case, Mapping[str, Figures]]
    memory: Mapping[str, Memory]
