"""Importing the package is light: what a flow's author does not use is not loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import statechart_ivr

HEAVY = [
    "bottle",
    "click",
    "hypothesis",
    "nicegui",
    "redis",
    "rich",
    "sqlalchemy",
    "twilio.rest",
    "waitress",
]


def test_the_root_loads_nothing_heavy(tmp_path: Path) -> None:
    """A fresh Python that imports the package has none of the heavy modules loaded."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    program = "import json, sys, statechart_ivr; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        check=True,
    )
    loaded = json.loads(run.stdout)
    assert "statechart_ivr" in loaded
    assert [name for name in HEAVY if name in loaded] == []
