"""A project that uses the package runs its tox against the wheel, and learns what is wrong."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from statechart_ivr.checker import RULES
from tests.testing.test_pytest_plugin import BAD, FLOW

TESTS = """
from flow import Shop
from statechart_ivr.testing import Phone

def test_a_call():
    call = Phone(Shop).dial().press("1").dial_result("completed")
    assert call.ended
"""
#: What tox, pytest or coverage say of the run that this test is part of.
OURS = ("COVERAGE", "COV_", "PYTEST", "PYTHON", "TOX", "VIRTUAL_ENV")

pytestmark = [
    pytest.mark.slow,
    # Missing at home it is a pity, missing in CI a fault.
    pytest.mark.skipif(
        find_spec("tox") is None and os.environ.get("CI") != "true",
        reason="tox is not installed",
    ),
]


@pytest.fixture
def wheel(project: Path, tmp_path: Path) -> Path:
    """Return the wheel, built of a copy: a build in the checkout would leave something behind."""
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(project / name, source)
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(project / "statechart_ivr", source / "statechart_ivr", ignore=leave_out)
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, source]
    subprocess.run(command, check=True)
    (built,) = tmp_path.glob("*.whl")
    return built


def settings(project: Path, wheel: Path) -> str:
    """Return the tox.ini of the docs; as nothing is published yet, with the wheel's own file."""
    page = (project / "docs/how-to/pytest.md").read_text("utf-8")
    (shown,) = re.findall(r"^```ini\n(\[tox\].*?)^```$", page, re.MULTILINE | re.DOTALL)
    requirement = "statechart-ivr[testing]"
    assert requirement in shown
    return str(shown).replace(requirement, f"{requirement} @ {wheel.as_uri()}")


def run_tox(folder: Path) -> tuple[int, str]:
    """Run tox in a folder, as if it were the first; return its exit code, and what it prints."""
    here = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    command = [sys.executable, "-m", "tox", "run"]
    done = subprocess.run(
        command, cwd=folder, env=here, capture_output=True, text=True, check=False, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


def test_tox_finds_a_bug(project: Path, wheel: Path, tmp_path: Path) -> None:
    """The project's own tests pass; the flow's do not, until its bug is mended."""
    folder = tmp_path / "phones"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests/test_flow.py").write_text(TESTS, "utf-8")
    (folder / "tox.ini").write_text(settings(project, wheel), "utf-8")
    (folder / "flow.py").write_text(BAD, "utf-8")
    code, output = run_tox(folder)
    assert code == 1, output
    assert "FAILED flow.py::Shop::unclaimed-outcome" in output
    assert "FAILED flow.py::Shop::proved" in output
    assert "2 failed" in output
    assert "statechart-ivr replay flow.py 'dial 1 dial.busy'" in output
    (folder / "flow.py").write_text(FLOW, "utf-8")
    code, output = run_tox(folder)
    assert code == 0, output
    assert f"{len(RULES) + 2} passed" in output  # the proof, and the project's own
