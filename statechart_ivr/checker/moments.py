"""Guards that ask for the time: when their answers change, and at which moments to call."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

#: What is looked at, and how closely; a change within is found to the second. An answer that
#: changes twice within the hour, and is the same at both ends of it, is not noticed.
HORIZON = timedelta(days=366)
STRIDE = timedelta(hours=1)
#: How far the clock may jump during a call: Twilio ends it after four hours, or a day on request.
LONGEST_CALL = timedelta(days=1)
#: How long before a change calls come in that are to live through it.
SHORTLY = timedelta(hours=1)
#: When a guard is asked whether it would say the same as in another call, from the start on: every
#: hour of the first day, and once on each of the following days.
PROBES = (*(timedelta(hours=hour) for hour in range(24)), *(timedelta(days=n) for n in range(1, 7)))
#: In how many calls a guard is asked for the whole year; one that never says the same twice is no
#: matter of the time.
MOST_SCANS = 12
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


#: What a guard says at one moment: yes, no, or None where it raises.
Answer = bool | None


@dataclass
class Answers:
    """What one guard says at which time.

    Attributes:
        changes: moments at which its answer changes, the first one the beginning.
        values: the answer from each of these moments on.
    """

    changes: list[datetime] = field(default_factory=list)
    values: list[Answer] = field(default_factory=list)

    def at(self, moment: datetime) -> Answer:
        """Return the answer at a moment."""
        return self.values[max(0, bisect_right(self.changes, moment) - 1)]

    @property
    def pattern(self) -> object:
        """What it shares with guards that change when it does, such as its own negation."""
        return tuple(self.changes), tuple(self.values) if None in self.values else ()


class Calendar:
    """What all guards say that ask for the time.

    Args:
        start: where the clock stands when nothing depends on it; aware.

    Attributes:
        start: the same in UTC.
        is_closed: whether nothing is learned any more.
        is_cut_short: whether a guard was not asked for the year in a call in which it says
            something else than in those before, since there were too many of them.
    """

    is_closed = False

    def __init__(self, start: datetime) -> None:
        self.start = start.astimezone(timezone.utc)
        self.is_cut_short = False
        self._answers: dict[object, Answers] = {}
        self._changes: list[datetime] = []
        self._asked: set[tuple[object, ...]] = set()
        self._scans: Counter[object] = Counter()

    def __len__(self) -> int:
        return len(self._answers)

    def learn(self, guard: object, ask: Callable[[], bool], clock: StandingClock) -> bool:
        """Find out when the answer of a guard changes, by asking it for every hour of a year.

        What it says may depend on the call as well: it is asked again in each, and for the whole
        year wherever it says something else than in the calls before.

        Args:
            guard: what to remember it by.
            ask: asks it; changes nothing. Raising is an answer of its own.
            clock: the one it looks at; it stands where it stood, afterwards.

        Returns:
            Whether it changes at times at which no guard was known to.
        """
        if self.is_closed:
            return False
        before = clock.moment

        def answer(moment: datetime) -> Answer:
            clock.moment = moment
            try:
                return ask()
            except Exception:  # noqa: BLE001 - flow code may raise anything
                return None

        try:
            return self._is_new(guard, answer) and self._has_more(_scan(answer, self.start))
        finally:
            clock.moment = before

    def _is_new(self, guard: object, answer: Callable[[datetime], Answer]) -> bool:
        """Return whether a guard says at some times what it has not said before."""
        asked = (guard, *(answer(self.start + ahead) for ahead in PROBES))
        if asked in self._asked:
            return False
        if self._scans[guard] >= MOST_SCANS:
            self.is_cut_short = True
            return False
        self._asked.add(asked)
        self._scans[guard] += 1
        return True

    def _has_more(self, found: Answers) -> bool:
        if len(found.changes) == 1 or found.pattern in self._answers:
            return False
        self._answers[found.pattern] = found
        self._changes = sorted({*self._changes, *found.changes[1:]})
        return True

    def said_at(self, moment: datetime) -> tuple[Answer, ...]:
        """Return what the guards say at a moment, those that change at the same times once."""
        return tuple(one.at(moment) for one in self._answers.values())

    def outlook(self, moment: datetime) -> object:
        """Return what the guards say at a moment, and what they will say next during a call."""
        change = self.next_change(moment)
        return self.said_at(moment), None if change is None else self.said_at(change)

    def moments(self) -> list[datetime]:
        """Return one moment for each outlook, the start first.

        Those from which nothing changes during a call are left out where there are others at which
        the guards say the same: whatever can happen, can happen there as well.
        """
        found: dict[object, datetime] = {}
        for moment in [self.start, *self._changes, *self._shortly_before()]:
            found.setdefault(self.outlook(moment), moment)
        changing = {
            self.said_at(moment)
            for moment in found.values()
            if self.next_change(moment) is not None
        }
        return sorted(
            moment
            for moment in found.values()
            if moment == self.start
            or self.said_at(moment) not in changing
            or self.next_change(moment) is not None
        )

    def _shortly_before(self) -> Iterator[datetime]:
        before = self.start
        for change in self._changes:
            yield max(before, change - SHORTLY)
            before = change

    def next_change(self, moment: datetime) -> datetime | None:
        """Return the next moment at which any guard says something else; None if no call lasts."""
        following = bisect_right(self._changes, moment)
        change = next(iter(self._changes[following : following + 1]), None)
        return change if change is not None and change - moment < LONGEST_CALL else None


def _scan(answer: Callable[[datetime], Answer], start: datetime) -> Answers:
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
    answer: Callable[[datetime], Answer], low: datetime, high: datetime, value: Answer
) -> datetime:
    """Return the first second at which the answer is what it is at ``high``."""
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if answer(middle) == value:
            high = middle
        else:
            low = middle
    return high
