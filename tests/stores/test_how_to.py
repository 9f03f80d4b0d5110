"""The store that the how-to page writes keeps the contract, as the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from statechart_ivr.testing.store_contract import StoreContract


@pytest.fixture
def page(project: Path, tmp_path: Path) -> Path:
    """Return a test module with all the Python there is on the page."""
    text = (project / "docs/how-to/stores.md").read_text("utf-8")
    module = tmp_path / "test_ivr_folder.py"
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    module.write_text("\n".join(blocks), "utf-8")
    return module


def pytest_on(module: Path, *options: str) -> str:
    """Run pytest on a module, in a process of its own, and return what it printed."""
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider"]
    result = subprocess.run(
        [*command, *options, str(module)],
        cwd=module.parent,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return result.stdout + result.stderr


@pytest.mark.slow
def test_the_store_keeps_the_contract(page: Path) -> None:
    """All tests of the contract pass, and none is skipped."""
    output = pytest_on(page)
    count = sum(name.startswith("test_") for name in dir(StoreContract))
    assert re.search(rf"^{count} passed in ", output, re.MULTILINE), output


def test_the_contract_finds_what_is_missing(page: Path) -> None:
    """The store of the page fails when it does not look before it writes."""
    text = page.read_text("utf-8")
    comparison = "if expected != (stored and stored.revision):"
    assert text.count(comparison) == 1
    page.write_text(text.replace(comparison, "if False:"), "utf-8")
    output = pytest_on(page, "-k", "test_stale_revision")
    assert "FAILED test_ivr_folder.py::TestFolderStore::test_stale_revision" in output
