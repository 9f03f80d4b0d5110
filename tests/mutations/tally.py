"""How many mistakes are found, by kind and by what finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.mutations.hunt import Fate, Outcome

#: The share of mistakes that has to be found, of those that somebody can notice.
WANTED = 0.95
HEAD = ("mistake", "made", "no difference", *"class checker calls survived found".split())


@dataclass
class Tally:
    """The outcomes of a run.

    Attributes:
        outcomes: one for each mistake.
        explained: why some are not found, by name.
        is_whole: whether all mistakes were made, so that each explanation has to be of use.
    """

    outcomes: Sequence[Outcome]
    explained: Mapping[str, str] = field(default_factory=dict)
    is_whole: bool = False

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Go through the table: a row for each kind of mistake, then one for all."""
        kinds = dict.fromkeys(one.mutant.operator for one in self.outcomes)
        for kind in kinds:
            yield _row(kind, [one for one in self.outcomes if one.mutant.operator == kind])
        yield _row("all", self.outcomes)

    @property
    def survivors(self) -> list[str]:
        """Names of those that nothing has found, though somebody can notice."""
        return [one.mutant.name for one in self.outcomes if one.fate is Fate.SURVIVED]

    @property
    def share(self) -> float:
        """How many are found of those that somebody can notice: 0.0 to 1.0."""
        return share_of(Counter(one.fate for one in self.outcomes))

    def failures(self) -> Iterator[str]:
        """Go through what is not as it should be."""
        if self.share < WANTED:
            yield f"{self.share:.1%} are found, which is less than {WANTED:.0%}"
        for name in self.survivors:
            if name not in self.explained:
                yield f"survived, and nobody says why: {name}"
        if self.is_whole:
            for name in self.explained.keys() - {*self.survivors}:
                yield f"is explained, and did not survive: {name}"


def share_of(fates: Counter[Fate]) -> float:
    """Return the share that is found of those that make a difference; 1.0 if none does."""
    noticeable = fates.total() - fates[Fate.SAME]
    return 1 - fates[Fate.SURVIVED] / noticeable if noticeable else 1.0


def _row(kind: str, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    fates = Counter(one.fate for one in outcomes)
    columns = (Fate.SAME, Fate.CLASS, Fate.CHECKER, Fate.EXPECTED, Fate.SURVIVED)
    return (
        kind,
        str(len(outcomes)),
        *(str(fates[fate]) for fate in columns),
        f"{share_of(fates):.1%}" if fates.total() > fates[Fate.SAME] else "–",
    )
