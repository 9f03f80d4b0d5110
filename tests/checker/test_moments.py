"""When guards change their answers: to the second, in every time zone, whatever else they ask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from functools import partial
from random import Random
from zoneinfo import ZoneInfo

import pytest

from statechart_ivr.checker.moments import MOST_SCANS, PROBES, Calendar, StandingClock
from statechart_ivr.clock import as_moment

MONDAY = as_moment("2026-01-05T10:00")
Guard = Callable[[datetime], bool]


def is_open(now: datetime) -> bool:
    """Return whether a shop is open on weekdays."""
    return now.weekday() < 5 and 9 <= now.hour < 17


def _ask(guard: Guard, clock: StandingClock) -> bool:
    return guard(clock.now())


def knowing(*guards: Guard, start: datetime = MONDAY) -> Calendar:
    """Return a calendar that has learned from some guards."""
    calendar, clock = Calendar(start), StandingClock(start)
    for guard in guards:
        calendar.learn(guard, partial(_ask, guard, clock), clock)
    return calendar


def test_without_guards_there_is_one_moment() -> None:
    """Nothing ever changes."""
    calendar = knowing()
    assert len(calendar) == 0
    assert calendar.moments() == [MONDAY]
    assert calendar.next_change(MONDAY) is None
    assert calendar.said_at(MONDAY) == ()


def test_opening_hours_change_on_the_hour() -> None:
    """Calls come in when it is open, and when it has just closed."""
    calendar = knowing(is_open)
    assert calendar.moments() == [MONDAY, as_moment("2026-01-05T17:00")]
    assert calendar.next_change(MONDAY) == as_moment("2026-01-05T17:00")
    assert calendar.next_change(as_moment("2026-01-05T17:00")) == as_moment("2026-01-06T09:00")


@pytest.mark.parametrize("at", ["2026-01-05T16:59:59", "2026-03-05T03:00:01"])
def test_a_boundary_is_found_to_the_second(at: str) -> None:
    """One second before it the answer is still the old one."""
    boundary = as_moment(at)
    calendar = knowing(lambda now: now >= boundary)
    assert calendar.said_at(boundary - timedelta(seconds=1)) == (False,)
    assert calendar.said_at(boundary) == (True,)
    assert boundary in calendar.moments()


@pytest.mark.parametrize(("month", "utc"), [("01", "16:00"), ("07", "15:00")])
def test_time_zones_and_summer_time_are_the_guard_s_own(month: str, utc: str) -> None:
    """In Berlin it closes at 16:00 by UTC in winter, an hour earlier in summer."""
    berlin = ZoneInfo("Europe/Berlin")
    start = as_moment(f"2026-{month}-06T10:00")
    calendar = knowing(lambda now: is_open(now.astimezone(berlin)), start=start)
    assert calendar.next_change(start) == as_moment(f"2026-{month}-06T{utc}")


def test_the_start_may_be_in_any_zone() -> None:
    """All moments are in UTC."""
    start = datetime(2026, 1, 5, 12, tzinfo=timezone(timedelta(hours=2)))
    calendar = knowing(is_open, start=start)
    assert [one.tzinfo for one in calendar.moments()] == [timezone.utc] * 2
    assert calendar.moments()[0].hour == 10


def test_guards_that_change_together_are_one() -> None:
    """The negation of a guard makes no difference to when calls come in."""
    calendar = knowing(is_open, lambda now: not is_open(now), is_open)
    assert len(calendar) == 1


def test_several_guards_make_moments_for_everything_they_say_together() -> None:
    """Lunch is in the middle of the opening hours."""
    calendar = knowing(is_open, lambda now: is_open(now) and now.hour == 12)
    assert calendar.moments() == [as_moment(f"2026-01-05T{hour}:00") for hour in (10, 12, 13, 17)]
    assert len({calendar.outlook(moment) for moment in calendar.moments()}) == 4


def test_a_change_far_away_has_calls_come_in_shortly_before_it() -> None:
    """No call lasts from now until Christmas, and some call lives through its beginning."""
    calendar = knowing(lambda now: (now.month, now.day) == (12, 24))
    assert calendar.next_change(MONDAY) is None
    assert calendar.moments() == [
        MONDAY,
        as_moment("2026-12-23T23:00"),
        as_moment("2026-12-24T23:00"),
    ]


def test_what_follows_makes_a_difference() -> None:
    """Two moments at which all guards say the same are two if something is about to change."""
    calendar = knowing(lambda now: (now.month, now.day) == (12, 24))
    before = as_moment("2026-12-23T23:00")
    assert calendar.said_at(MONDAY) == calendar.said_at(before)
    assert calendar.outlook(MONDAY) != calendar.outlook(before)


def test_a_guard_that_never_changes_is_forgotten() -> None:
    """It asks for the time and says the same all year: it counts for nothing."""
    assert len(knowing(lambda now: now.year > 1999)) == 0


def test_the_same_guard_is_learned_again_where_it_says_something_else() -> None:
    """What it says for an important caller is another thing than for all others."""
    calendar, clock = Calendar(MONDAY), StandingClock(MONDAY)
    important = False

    def ask() -> bool:
        return is_open(clock.now()) and important

    assert not calendar.learn("guard", ask, clock)
    important = True
    assert calendar.learn("guard", ask, clock)
    assert not calendar.learn("guard", ask, clock)
    assert calendar.moments()[1:] == [as_moment("2026-01-05T17:00")]


def test_raising_is_an_answer_of_its_own() -> None:
    """Calls come in at the time at which a guard raises, too."""

    def raises_at_noon(now: datetime) -> bool:
        return 1 // (now.hour - 12) != 0

    calendar = knowing(raises_at_noon)
    assert calendar.said_at(as_moment("2026-01-05T12:30")) == (None,)
    assert as_moment("2026-01-05T12:00") in calendar.moments()


def test_asking_leaves_the_clock_where_it_was() -> None:
    """The call goes on at the same moment."""
    clock = StandingClock(MONDAY)
    Calendar(MONDAY).learn("guard", lambda: is_open(clock.now()), clock)
    assert clock.now() == MONDAY


def test_a_guard_that_never_says_the_same_twice_is_not_asked_for_ever() -> None:
    """It is random, not a matter of time: a year of some calls is enough, and that is told."""
    calendar, clock, random = Calendar(MONDAY), StandingClock(MONDAY), Random(1)  # noqa: S311
    asked: list[datetime] = []

    def ask() -> bool:
        asked.append(clock.now())
        return random.random() < 0.5

    for _ in range(MOST_SCANS):
        calendar.learn("guard", ask, clock)
    assert not calendar.is_cut_short
    asked.clear()
    assert not calendar.learn("guard", ask, clock)
    assert len(asked) == len(PROBES)
    assert calendar.is_cut_short
