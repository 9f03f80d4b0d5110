"""Guards that ask for the time: when their answers change, and at which moments to call."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

#: What is looked at, and how closely; a change within is found to the second. An answer that
#: changes twice within the hour, and is the same at both ends of it, is not noticed.
HORIZON = timedelta(days=366)
STRIDE = timedelta(hours=1)
#: Moments that differ in what guards say, at most; more are left out, and the report says so.
MOST_MOMENTS = 24


class StandingClock:
    """The application's clock: it stands wherever the explorer puts it.

    Args:
        moment: where it stands first.

    Attributes:
        moment: where it stands.
    """

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return where the clock stands."""
        return self.moment


@dataclass
class Answers:
    """What one guard says at which time.

    Attributes:
        changes: moments at which its answer changes, the first one the beginning.
        values: the answer from each of these moments on.
    """

    changes: list[datetime] = field(default_factory=list)
    values: list[bool] = field(default_factory=list)

    def at(self, moment: datetime) -> bool:
        """Return the answer at a moment."""
        return self.values[max(0, bisect_right(self.changes, moment) - 1)]


class Calendar:
    """What all guards say that ask for the time.

    Args:
        start: where the clock stands when nothing depends on it.
    """

    def __init__(self, start: datetime) -> None:
        self.start = start
        self._answers: dict[object, Answers] = {}

    def __contains__(self, guard: object) -> bool:
        return guard in self._answers

    def __len__(self) -> int:
        return len(self._answers)

    def learn(self, guard: object, ask: Callable[[], bool], clock: StandingClock) -> None:
        """Find out when the answer of a guard changes, by asking it for every hour of a year.

        Args:
            guard: what to remember it by.
            ask: asks it; changes nothing.
            clock: the one it looks at; it stands where it stood, afterwards.
        """
        before = clock.moment

        def answer(moment: datetime) -> bool:
            clock.moment = moment
            return ask()

        try:
            self._answers[guard] = _scan(answer, self.start)
        finally:
            clock.moment = before

    def said_at(self, moment: datetime) -> tuple[bool, ...]:
        """Return what each guard says at a moment."""
        return tuple(one.at(moment) for one in self._answers.values())

    def moments(self) -> list[datetime]:
        """Return one moment for everything that the guards can say together, the start first."""
        found: dict[tuple[bool, ...], datetime] = {}
        for moment in [self.start, *self._changes()]:
            found.setdefault(self.said_at(moment), moment)
        return list(found.values())

    def next_change(self, moment: datetime) -> datetime | None:
        """Return the next moment at which any guard says something else; None if none does."""
        changes, now = self._changes(), self.said_at(moment)
        return next((one for one in changes if one > moment and self.said_at(one) != now), None)

    def _changes(self) -> list[datetime]:
        return sorted({one for answers in self._answers.values() for one in answers.changes[1:]})


def _scan(answer: Callable[[datetime], bool], start: datetime) -> Answers:
    found = Answers([start], [answer(start)])
    end, moment = start + HORIZON, start
    while moment < end:
        following = moment + STRIDE
        value = answer(following)
        if value != found.values[-1]:
            found.changes.append(_change_between(answer, moment, following, value))
            found.values.append(value)
        moment = following
    return found


def _change_between(
    answer: Callable[[datetime], bool], low: datetime, high: datetime, value: bool
) -> datetime:
    """Return the first second at which the answer is what it is at ``high``."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if answer(middle) == value:
            high = middle
        else:
            low = middle
    return high


def in_order(moments: Sequence[datetime]) -> tuple[datetime, ...]:
    """Return moments without those that are too many."""
    return tuple(moments[:MOST_MOMENTS])
