"""The weather line: what is found, what is not known, what breaks, and what takes too long."""

from __future__ import annotations

import pytest

from examples.weather_line.flow import WeatherLine
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.runners import InlineRunner
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone

FOUND = (
    "One moment, please. We are still looking. Sun. "
    "For another place, press 1. To hang up, press any other key."
)


class Weather:
    """Knows one place, and breaks at another."""

    def forecast(self, zip_code: str) -> str | None:
        """Return the weather of 94103."""
        if zip_code == "00000":
            raise ConnectionError("the weather service is away")
        return "Sun." if zip_code == "94103" else None


@pytest.fixture
def call() -> Phone:
    """Return a phone that has called the weather line."""
    services = {"weather": Weather()}
    return Phone(WeatherLine, services=services, raise_errors=False).dial("/weather")


def test_found(call: Phone):
    """The caller is held while the weather is looked up, and hears it."""
    assert call.heard == "For tomorrow's weather, enter a zip code."
    assert call.press("94103").heard == FOUND
    assert call.session == {"zip_code": "94103", "forecast": "Sun."}


def test_another_place(call: Phone):
    """After the forecast 1 asks again, and silence is a goodbye like any other key."""
    assert call.press("94103").press("1").state == "zip_code"
    assert call.press("94103").wait().heard == "Goodbye."


def test_not_known(call: Phone):
    """A place that nobody knows is asked for again; after three the caller is let go."""
    call.press("11111")
    assert call.heard.endswith(
        "We do not know that zip code. For tomorrow's weather, enter a zip code."
    )
    call.press("22222").press("33333")
    assert call.heard.endswith("still looking. Goodbye.")
    assert call.ended


def test_too_few_digits(call: Phone):
    """What is no zip code is not looked up."""
    assert call.press("941").heard.startswith("A zip code has five digits.")


def test_broken(call: Phone):
    """When the service breaks, the caller hears that it did."""
    call.press("00000")
    assert (call.state, call.ended) == ("out_of_order", True)
    assert call.heard.endswith("We cannot see the weather just now. Please call again later.")


def test_too_slow():
    """When nothing comes back for 20 seconds, that is the same to the caller."""
    clock, nobody_works = SimulatedClock("2026-01-05T10:00"), InlineRunner()
    nobody_works.close()
    board = Switchboard(WeatherLine, store=MemoryStore(), runner=nobody_works, clock=clock)
    call = Phone(board).dial("/weather")
    began = call.now
    call.press("94103")
    assert (call.state, call.ended) == ("out_of_order", True)
    assert 20 <= (call.now - began).total_seconds() < 35


def test_taken_over(call: Phone):
    """A live call is pointed to the error by whoever notices first."""
    assert call.redirect("/unknown-error").heard.startswith("We cannot see the weather")
