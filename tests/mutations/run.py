"""Making the mistakes and looking for them, in two processes."""

from __future__ import annotations

import multiprocessing
import random
from collections import defaultdict
from collections.abc import Sequence

from tests.mutations.hunt import all_mutants, judge
from tests.mutations.source import Mutant
from tests.mutations.survivors import EXPLAINED
from tests.mutations.tally import Tally

PROCESSES = 2
#: How many mistakes of each kind are made in the test suite; which, a seed says.
FEW = 1
_SEED = 20260105


def run(*, small: bool = False, examples: Sequence[str] = ()) -> Tally:
    """Make mistakes, and see what finds them.

    Args:
        small: make a few of each kind only, the same each time.
        examples: names of those to make them in; all if there are none.
    """
    mutants = [one for one in all_mutants() if not examples or one.example in examples]
    chosen = sample(mutants) if small else mutants
    # Started anew, so that nothing depends on what the tests before have left behind.
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        outcomes = pool.map(judge, chosen, chunksize=4)
    return Tally(outcomes, EXPLAINED, is_whole=not (small or examples))


def sample(mutants: Sequence[Mutant]) -> list[Mutant]:
    """Return a few of each kind."""
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in mutants:
        kinds[mutant.operator].append(mutant)
    draw = random.Random(_SEED)  # noqa: S311 - nothing depends on nobody knowing it
    return [one for kind in kinds.values() for one in draw.sample(kind, min(FEW, len(kind)))]
