"""Every example is proved: each call there can be comes to an end, and nothing is wrong with it."""

from __future__ import annotations

import pytest

from examples.proofs import PROOFS, Proof
from statechart_ivr.checker import Verdict, check_flow


@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_it_is_proved(proof: Proof) -> None:
    """Within a sixth of the usual budget."""
    report = check_flow(*proof.flows, entries=proof.entries, max_seconds=10)
    assert report.verdict is Verdict.PROVED, str(report)
