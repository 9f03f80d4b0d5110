"""A few mistakes of each kind are made, and found."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.mutations.authors import EXPECTATIONS
from tests.mutations.hunt import Fate, all_mutants
from tests.mutations.operators import OPERATORS
from tests.mutations.run import run, sample
from tests.mutations.survivors import EXPLAINED
from tests.mutations.tally import WANTED, Tally

PAGE = Path(__file__).parents[2] / "docs/explanation/mutations.md"


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


def test_the_page_counts_these_mistakes() -> None:
    """How many of each kind are made, and how many survive; or else they are to be made again."""
    page = PAGE.read_text("utf-8")
    made = Counter(one.operator for one in all_mutants())
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \|.* (\d+) \| [^|]+ \|$", page, re.MULTILINE)
    survived = Counter(name.split(": ")[1] for name in EXPLAINED)
    assert {kind: (int(count), int(left)) for kind, count, left in rows} == {
        **{kind: (made[kind], survived[kind]) for kind in OPERATORS},
        "all": (made.total(), survived.total()),
    }
    assert f"{sum(map(len, EXPECTATIONS.values()))} calls" in page
