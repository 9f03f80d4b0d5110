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
        ("statechart_ivr import *", HEAVY),
        ("statechart_ivr.runners", HEAVY),
        ("statechart_ivr.rest", HEAVY),
        ("statechart_ivr.stores", HEAVY),
        ("statechart_ivr.web", EXTRAS),
        ("statechart_ivr.cli.main", EXTRAS),
    ],
)
def test_nothing_heavy_is_loaded(module: str, unwanted: list[str], tmp_path: Path) -> None:
    """A fresh Python that imports a part of the package loads nothing it has no use for."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    statement = f"{'from' if ' ' in module else 'import'} {module}"
    program = f"import json, sys; {statement}; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        check=True,
    )
    loaded = json.loads(run.stdout)
    assert module.split(maxsplit=1)[0] in loaded
    assert [name for name in unwanted if name in loaded] == []
