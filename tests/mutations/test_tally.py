"""The table, and what makes a run fail."""

from __future__ import annotations

from tests.mutations.hunt import Fate, Outcome
from tests.mutations.source import Mutant
from tests.mutations.tally import HEAD, Tally


def outcome(what: str, fate: Fate) -> Outcome:
    """Return what became of a mistake."""
    return Outcome(Mutant("line", "drop", what, ""), fate)


def test_the_table() -> None:
    """Of what makes a difference, the share that is found; a row for each kind, and for all."""
    fates = [Fate.CLASS, Fate.CHECKER, Fate.EXPECTED, Fate.SURVIVED, Fate.SAME]
    tally = Tally([outcome(str(number), fate) for number, fate in enumerate(fates)])
    row = ("5", "1", "1", "1", "1", "1", "75.0%")
    assert [*tally.rows()] == [("drop", *row), ("all", *row)]
    assert len(HEAD) == len(row) + 1


def test_nothing_but_the_same() -> None:
    """Where no mistake makes a difference, none is missed."""
    tally = Tally([outcome("1", Fate.SAME)])
    assert tally.share == 1.0
    assert {row[-1] for row in tally.rows()} == {"–"}


def test_too_few_are_found() -> None:
    """Even if each is explained."""
    tally = Tally([outcome("1", Fate.SURVIVED)], {"line: drop: 1": "for a reason"})
    assert [*tally.failures()] == ["0.0% are found, which is less than 95%"]


def test_a_survivor_has_to_be_explained() -> None:
    """Each by name."""
    outcomes = [outcome(str(number), Fate.CHECKER) for number in range(30)]
    tally = Tally([*outcomes, outcome("x", Fate.SURVIVED)])
    assert [*tally.failures()] == ["survived, and nobody says why: line: drop: x"]
    tally = Tally(tally.outcomes, {"line: drop: x": "for a reason"})
    assert [*tally.failures()] == []


def test_an_explanation_has_to_be_of_use() -> None:
    """Where all mistakes were made."""
    explained = {"line: drop: y": "no reason any more"}
    outcomes = [outcome("1", Fate.CHECKER)]
    assert [*Tally(outcomes, explained).failures()] == []
    assert [*Tally(outcomes, explained, is_whole=True).failures()] == [
        "is explained, and did not survive: line: drop: y"
    ]
