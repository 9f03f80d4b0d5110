"""What finds a mistake: the class, the checker, what an author expects; or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import examples
from examples.proofs import PROOFS, Proof
from statechart_ivr import CallFlow
from statechart_ivr.checker import Report, Verdict, check_flow
from statechart_ivr.checker.line import silenced
from statechart_ivr.errors import IvrError
from tests.mutations.operators import mutants_of
from tests.mutations.properties import broken
from tests.mutations.sameness import is_same
from tests.mutations.source import Mutant, Source, loaded

#: Far more than the records of any example: a mutant with more of them is not proved.
MOST_RECORDS = 1_000
_FOLDER = Path(examples.__path__[0])


class Fate(Enum):
    """What became of a mutant."""

    CLASS = "class"
    """The class could not be made."""
    CHECKER = "checker"
    """The checker does not prove it."""
    EXPECTED = "expected"
    """A call is not heard as its author expects."""
    SAME = "same"
    """Nobody can tell it from the original."""
    SURVIVED = "survived"
    """Nothing has found it."""


class Outcome(NamedTuple):
    """What became of a mutant.

    Attributes:
        mutant: which.
        fate: what found it first.
        why: in what words.
        is_unexpected: whether its calls are not heard as expected, whoever found it before.
    """

    mutant: Mutant
    fate: Fate
    why: str = ""
    is_unexpected: bool = False


@dataclass(frozen=True)
class Example:
    """A module of flows, and how they are proved.

    Attributes:
        name: of its folder.
        proof: its flows, and how calls come in.
        source: its text.
    """

    name: str
    proof: Proof
    source: Source

    def flows_in(self, module: ModuleType) -> tuple[type[CallFlow], ...]:
        """Return its flows as a module has them."""
        return tuple(getattr(module, flow.__name__) for flow in self.proof.flows)

    def check(self, flows: Sequence[type[CallFlow]]) -> Report:
        """Have flows checked as the example is."""
        return check_flow(
            *flows, entries=self.proof.entries, max_records=MOST_RECORDS, max_seconds=600.0
        )


@cache
def all_examples() -> dict[str, Example]:
    """Return the examples by name."""
    found = {}
    for proof in PROOFS:
        name = proof.flows[0].__module__.split(".")[-2]
        source = Source(name, _FOLDER / name / "flow.py")
        found[name] = Example(name, proof, source)
    return found


def all_mutants() -> list[Mutant]:
    """Return all mistakes that are made."""
    return [one for example in all_examples().values() for one in mutants_of(example.source)]


def judge(mutant: Mutant) -> Outcome:
    """Look for a mistake in every way there is; the first that finds it counts."""
    example = all_examples()[mutant.example]
    with silenced(), ExitStack() as stack:
        try:
            flows = example.flows_in(stack.enter_context(loaded(mutant.text, example.source.path)))
        except Exception as error:  # noqa: BLE001 - the engine has errors of its own, too
            return Outcome(mutant, Fate.CLASS, _in_words(error))
        unexpected = broken(example.name, flows)
        fate, why = _checked(example, flows)
        if fate is Fate.SAME and mutant.is_unseen:
            fate = Fate.SURVIVED  # what the checker does not do may be anything
        if unexpected and fate is not Fate.CHECKER:
            fate, why = Fate.EXPECTED, unexpected
        return Outcome(mutant, fate, why, bool(unexpected))


def _checked(example: Example, flows: Sequence[type[CallFlow]]) -> tuple[Fate, str]:
    try:
        report = example.check(flows)
    except IvrError as error:  # such as that a route is gone
        return Fate.CHECKER, _in_words(error)
    if report.verdict is not Verdict.PROVED:
        return Fate.CHECKER, report.findings[0].code if report.findings else report.summary
    same = is_same(_original(example.name).found, report.found)
    return (Fate.SAME if same else Fate.SURVIVED), ""


@cache
def _original(name: str) -> Report:
    example = all_examples()[name]
    return example.check(example.proof.flows)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[-1]}"
