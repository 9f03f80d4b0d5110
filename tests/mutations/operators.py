"""Mistakes that authors make: one function for each kind, over the source of a flow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.mutations import chart, code, limits, prompts
from tests.mutations.source import Mutant, Source

#: By name: what makes all mistakes of a kind that there can be in a source.
OPERATORS: Mapping[str, chart.Operator] = {
    **chart.OPERATORS,
    **code.OPERATORS,
    **limits.OPERATORS,
    **prompts.OPERATORS,
}


def mutants_of(source: Source) -> Iterator[Mutant]:
    """Go through a source with one mistake, for each that can be made."""
    for name, operator in OPERATORS.items():
        for flow in source.flows:
            for where, what, edits in operator(source, flow):
                place = flow.name if where == flow.name else f"{flow.name}.{where}"
                yield source.mutant(name, place, what, *edits)
