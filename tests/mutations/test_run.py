"""A few mistakes of each kind are made, and found."""

from __future__ import annotations

import pytest

from tests.mutations.hunt import Fate, all_mutants
from tests.mutations.operators import OPERATORS
from tests.mutations.run import run, sample
from tests.mutations.tally import WANTED, Tally


@pytest.fixture(scope="module")
def tally() -> Tally:
    """Return what has become of a few mistakes."""
    return run(small=True)


@pytest.mark.slow
def test_mistakes_are_found(tally: Tally) -> None:
    """By the class, the checker or a call; whatever survives is explained."""
    assert [*tally.failures()] == []
    assert tally.share >= WANTED


@pytest.mark.slow
def test_each_way_finds_some(tally: Tally) -> None:
    """None of them is there for nothing."""
    fates = {one.fate for one in tally.outcomes}
    assert {Fate.CLASS, Fate.CHECKER, Fate.EXPECTED} <= fates


def test_the_sample_is_the_same_each_time() -> None:
    """It has some of each kind, in the same order."""
    chosen = sample(all_mutants())
    assert chosen == sample(all_mutants())
    assert {one.operator for one in chosen} == {*OPERATORS}
