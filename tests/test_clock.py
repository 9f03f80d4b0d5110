"""Clocks: the system's, and the one that tests set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from statechart_ivr.clock import Clock, SimulatedClock, SystemClock, as_moment

TEN = datetime(2026, 1, 5, 10, tzinfo=timezone.utc)


def test_system_clock_tells_the_time_in_utc() -> None:
    """The moment lies between two of the system's own, and knows its zone."""
    clock: Clock = SystemClock()
    before = datetime.now(timezone.utc)
    now = clock.now()
    assert before <= now <= datetime.now(timezone.utc)
    assert now.tzinfo is timezone.utc


def test_simulated_clock_stands_still() -> None:
    """Only `advance` moves it."""
    clock: Clock = SimulatedClock(TEN)
    assert clock.now() == clock.now() == TEN


def test_advance_adds_seconds() -> None:
    """Also parts of them, and none."""
    clock = SimulatedClock(TEN)
    clock.advance(90)
    clock.advance(0.5)
    clock.advance(0)
    assert clock.now() == TEN + timedelta(seconds=90.5)


@pytest.mark.parametrize("seconds", [-1, -0.001, float("nan")])
def test_clock_does_not_go_back(seconds: float) -> None:
    """A step back, or nowhere, is refused, and the clock stays where it was."""
    clock = SimulatedClock(TEN)
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(seconds)
    assert clock.now() == TEN


def test_a_clock_is_turned_back_by_who_brings_back_everything() -> None:
    """To where it stood, or to where it stands; ahead there is `advance`."""
    clock = SimulatedClock(TEN)
    clock.advance(60)
    clock.turn_back(TEN)
    clock.turn_back(TEN)
    assert clock.now() == TEN
    with pytest.raises(ValueError, match=r"is ahead; use advance\(\)"):
        clock.turn_back(TEN + timedelta(seconds=1))
    assert clock.now() == TEN


@pytest.mark.parametrize(
    "when",
    [
        TEN,
        TEN.replace(tzinfo=None),
        "2026-01-05T10:00",
        "2026-01-05 10:00:00",
        "2026-01-05T10:00Z",
        "2026-01-05T12:00+02:00",
        TEN.astimezone(timezone(timedelta(hours=2))),
    ],
)
def test_as_moment_reads(when: datetime | str) -> None:
    """Moments and ISO 8601, in any zone; in UTC where none is named."""
    moment = as_moment(when)
    assert moment == TEN
    assert moment.tzinfo is not None


def test_as_moment_keeps_the_zone() -> None:
    """What was said in a zone is told in it."""
    assert as_moment("2026-01-05T12:00+02:00").hour == 12


def test_as_moment_refuses_what_is_no_time() -> None:
    """A misspelt time is an error, not now."""
    with pytest.raises(ValueError, match="tomorrow"):
        as_moment("tomorrow")
