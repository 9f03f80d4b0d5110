"""What the docstrings of the benchmarks show is what happens."""

from __future__ import annotations

import doctest
import importlib

import pytest


@pytest.mark.parametrize("module", ["benchmarks.connection", "benchmarks.latencies"])
def test_examples_in_docstrings(module: str):
    """Each has examples, and they pass."""
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0
