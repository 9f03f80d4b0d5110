"""Importing the package is light: what a flow's author does not use is not loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import statechart_ivr

HEAVY = [
    "bottle",
    "click",
    "cryptography",
    "dramatiq",
    "hypothesis",
    "nicegui",
    "psycopg",
    "redis",
    "rich",
    "sqlalchemy",
    "twilio.rest",
    "waitress",
]

#: What an extra brings for a store or a runner: loaded when one of that kind is made.
EXTRAS = ["cryptography", "dramatiq", "psycopg", "redis", "sqlalchemy"]


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("statechart_ivr", HEAVY),
        ("statechart_ivr.runners", HEAVY),
        ("statechart_ivr.rest", HEAVY),
        ("statechart_ivr.stores", HEAVY),
        ("statechart_ivr.web", EXTRAS),
        ("statechart_ivr.cli.main", EXTRAS),
    ],
)
def test_nothing_heavy_is_loaded(module: str, unwanted: list[str], tmp_path: Path) -> None:
    """A fresh Python that imports all names of a part loads nothing it has no use for."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    program = f"import json, sys; from {module} import *; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        check=True,
    )
    loaded = json.loads(run.stdout)
    assert module in loaded
    assert [name for name in unwanted if name in loaded] == []
