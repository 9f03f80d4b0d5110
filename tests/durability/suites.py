"""Promises that test suites hold to: what they count is tests."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.durability.figures import Figures

PROJECT = Path(__file__).parents[2]
SUITES: Mapping[str, Sequence[str]] = {
    "secrets": ("tests/test_secrets.py", "tests/testing/test_phone_secrets.py"),
    "deploys": ("tests/turn/test_deploys.py", "tests/test_sessions.py", "tests/cli/sessions"),
    "contract": ("tests/stores",),
}


def run(name: str) -> Figures:
    """Run a suite, and count its tests.

    Args:
        name: one of `SUITES`.
    """
    with TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, f"--junit-xml={report}", *SUITES[name]],
            cwd=PROJECT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,  # the report says which failed
        )
        if not report.exists():
            return Figures(name, {}, [f"pytest gave no report: {done.stdout}"])
        return counted(name, report.read_bytes())


def counted(name: str, report: bytes) -> Figures:
    """Count what a report of pytest's tells.

    Args:
        name: of the suite.
        report: in JUnit's XML.
    """
    cases = list(ElementTree.fromstring(report).iter("testcase"))
    skipped = sum(case.find("skipped") is not None for case in cases)
    failed = [c for c in cases if c.find("failure") is not None or c.find("error") is not None]
    return Figures(
        name,
        {"tests": len(cases) - skipped, "tests that do not apply": skipped},
        [f"{case.get('classname')}.{case.get('name')}" for case in failed],
    )
