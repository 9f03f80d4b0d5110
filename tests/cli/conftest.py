"""What the tests of all commands share."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from twilio.rest.api.ApiBase import ApiBase

import statechart_ivr
from statechart_ivr.cli.logs import JsonFormatter, TextFormatter
from tests.rest.server import ACCOUNT, TOKEN, TwilioApi

#: Where Twilio reaches the application.
ROOT = "https://ivr.example.com"


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


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[TwilioApi]:
    """Return a Twilio that is asked whenever the real one would be."""
    with TwilioApi() as api:
        make = ApiBase.__init__

        def make_here(self: Any, twilio: Any) -> None:
            make(self, twilio)
            self.base_url = api.url

        monkeypatch.setattr(ApiBase, "__init__", make_here)
        yield api


@pytest.fixture
def twilio_settings(_own_folder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a command needs that asks Twilio."""
    settings = {
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "IVR_BASE_URL": f"{ROOT}/",
        "NO_PROXY": "*",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    for name in ("TWILIO_EDGE", "TWILIO_REGION", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
