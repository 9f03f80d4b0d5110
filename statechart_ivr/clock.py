"""Time is passed in: a clock that asks the system, and one that tests set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in any time zone."""
        ...


class SystemClock:
    """The system's clock, in UTC.

    >>> SystemClock().now().tzinfo
    datetime.timezone.utc
    """

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(timezone.utc)


class SimulatedClock:
    """A clock that stands still until it is moved, and never goes back.

    >>> clock = SimulatedClock("2026-01-05T10:00")
    >>> clock.advance(90)
    >>> clock.now().isoformat()
    '2026-01-05T10:01:30+00:00'

    Args:
        start: the first moment, as a ``datetime`` or in ISO 8601; UTC where it names no zone.
    """

    def __init__(self, start: datetime | str = "2026-01-05T10:00") -> None:
        self._now = as_moment(start)

    def now(self) -> datetime:
        """Return the moment the clock was last moved to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the clock forward.

        Args:
            seconds: how far; 0 or more.

        Raises:
            ValueError: ``seconds`` is negative.
        """
        if not seconds >= 0:  # which NaN is not either
            raise ValueError(f"a clock does not go back: {seconds} s")
        self._now += timedelta(seconds=seconds)

    def turn_back(self, moment: datetime) -> None:
        """Stand where the clock stood before, for who brings back all else of that moment, too.

        Args:
            moment: aware, and not ahead.

        Raises:
            ValueError: it is ahead; that is what `advance` is for.
        """
        if moment > self._now:
            raise ValueError(f"{moment.isoformat()} is ahead; use advance()")
        self._now = moment


def as_moment(when: datetime | str) -> datetime:
    """Return an aware ``datetime``; UTC where ``when`` names no time zone.

    Raises:
        ValueError: ``when`` is not ISO 8601.
    """
    if isinstance(when, str):
        # Python 3.10 does not read the Z that ISO 8601 has for UTC.
        when = datetime.fromisoformat(when.replace("Z", "+00:00"))
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)
