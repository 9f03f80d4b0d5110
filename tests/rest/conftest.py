"""A Twilio to ask, and clients that do not wait between two attempts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from statechart_ivr.rest import RestClient
from tests.rest.server import TwilioApi

#: Seconds a test waits for an answer that never comes.
SHORT = 0.2

Rest = Callable[..., RestClient]


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask the server itself, and no settings of whoever runs the tests."""
    monkeypatch.setenv("NO_PROXY", "*")
    for name in ("TWILIO_EDGE", "TWILIO_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> Iterator[TwilioApi]:
    """Return a Twilio that works until it is told otherwise."""
    with TwilioApi() as api:
        yield api


@pytest.fixture
def pauses() -> list[float]:
    """Return the pauses, in seconds, that a client has made; they take no time."""
    return []


@pytest.fixture
def rest(api: TwilioApi, pauses: list[float]) -> RestClient:
    """Return a client that asks the server, and is patient with it."""
    return RestClient(api.client(), sleep=pauses.append)


@pytest.fixture
def hasty(api: TwilioApi, pauses: list[float]) -> RestClient:
    """Return a client that does not wait long for an answer."""
    return RestClient(api.client(), timeout=SHORT, sleep=pauses.append)
