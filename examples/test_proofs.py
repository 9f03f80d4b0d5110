"""Every example is proved: each call there can be comes to an end, and nothing is wrong with it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from examples.proofs import PROOFS, Proof
from statechart_ivr.checker import Verdict, check_flow
from statechart_ivr.cli.main import OK

ROOT = Path(__file__).parent.parent
PAGES = sorted(ROOT.glob("examples/*/README.md"))


@pytest.mark.parametrize("proof", PROOFS, ids=str)
def test_it_is_proved(proof: Proof) -> None:
    """Within a sixth of the usual budget."""
    report = check_flow(*proof.flows, entries=proof.entries, max_seconds=10)
    assert report.verdict is Verdict.PROVED, str(report)


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_the_command_on_its_page_proves_it(page: Path) -> None:
    """As it stands there, typed in the folder of the checkout."""
    text = page.read_text(encoding="utf-8")
    (command,) = re.findall(r"^statechart-ivr (check .*?)\n```", text, re.MULTILINE | re.DOTALL)
    arguments = shlex.split(command.replace("\\\n", " "))
    program = [sys.executable, "-m", "statechart_ivr.cli", *arguments, "--prove"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == OK, done.stdout + done.stderr
    assert "proved, for this alphabet" in done.stdout
