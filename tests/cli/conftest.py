"""What the tests of all commands share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import statechart_ivr
from statechart_ivr.cli.logs import JsonFormatter, TextFormatter


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Work in a folder of one's own, and forget the modules that were found there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setenv("PYTHONPATH", str(Path(statechart_ivr.__file__).parents[1]))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", None)):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Take away the handlers that a command run in process leaves behind."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)
    root.handlers[:] = [
        handler
        for handler in root.handlers
        if not isinstance(handler.formatter, TextFormatter | JsonFormatter)
    ]
