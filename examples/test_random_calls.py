"""Callers who press keys at random: they come to every state, and every one of their calls ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from examples.proofs import PROOFS, Proof
from statechart_ivr.checker import check_flow, coverage_of_calls
from statechart_ivr.testing import calls, flow_test_case

#: The same calls each time, so that whoever changes an example is not surprised by another one.
SAME = settings(max_examples=80, derandomize=True, deadline=None, database=None)


@pytest.mark.slow
@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_random_calls_come_to_every_state(proof: Proof) -> None:
    """To each that the checker knows a call to, and to no other."""
    lines: list[str] = []

    @SAME
    @given(calls(proof.flows, entries=proof.entries))
    def draw(line: str) -> None:
        lines.append(line)

    draw()
    known = check_flow(*proof.flows, entries=proof.entries).found
    covered = coverage_of_calls(proof.flows, lines, known=known)
    assert not covered.broken
    reached = {item.state for item in covered.items if item.name == item.state and item.is_covered}
    assert reached == {state for _, state in known.entered}


@pytest.mark.slow
@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_every_random_call_ends(proof: Proof, tmp_path: Path) -> None:
    """Whoever falls silent is let go, whatever came twice, or late, or was away for a moment."""
    wanted = settings(SAME, max_examples=25)
    case = flow_test_case(
        proof.flows, entries=proof.entries, settings=wanted, crash_folder=tmp_path
    )
    case("test_calls").test_calls()
    assert not list(tmp_path.iterdir())
