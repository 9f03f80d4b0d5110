"""Calls that are led: what there is to reach in a flow, and what can happen on the way there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from statechart_ivr.checker.explore import explore
from statechart_ivr.checker.graph import START, Exploration, Kind, Move
from statechart_ivr.checker.live import LiveCall
from statechart_ivr.checker.moments import Calendar, StandingClock
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.playing import Flows, says_work, several
from statechart_ivr.checker.settings import Entry, Settings
from statechart_ivr.clock import SimulatedClock, as_moment
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.testing.playback import Playback
from statechart_ivr.web import IvrApp

#: How much of a flow is looked at for goals, at most.
MOST_RECORDS = 2_000
MOST_SECONDS = 5.0
#: How many goals there are, at most.
MOST_GOALS = 400

#: What is done by whoever wants to get on with the call.
_ORDINARY = frozenset({Kind.KEYS, Kind.WORDS, Kind.SILENCE, Kind.OUTCOME, Kind.WORK, Kind.SIGNAL})


@dataclass(frozen=True)
class Options:
    """What calls are made, and of what.

    Attributes:
        flows: of one application.
        settings: what can happen.
        like: the real application, for its URLs and its sounds.
    """

    flows: tuple[type[CallFlow], ...]
    settings: Settings
    like: Switchboard | IvrApp | None = None

    @property
    def has_work(self) -> bool:
        """Whether a flow does background work."""
        return any(spec_of(flow).work for flow in self.flows)


def options_for(
    flow: Flows,
    *,
    services: Mapping[str, Any] | None = None,
    entries: Sequence[Entry] = (),
    at: datetime | str = DEFAULT_MOMENT,
    event_data: Mapping[str, Mapping[str, Any]] | None = None,
    like: Switchboard | IvrApp | None = None,
    max_records: int = MOST_RECORDS,
    max_seconds: float = MOST_SECONDS,
) -> Options:
    """Return options as `check_flow` has them.

    Args:
        flow: a flow, or several of one application.
        services: what they find in ``self.services``: doubles, which give the same answers every
            time and have no effects.
        entries: how calls come in, where that takes more than a route's path.
        at: when calls come in, unless a guard asks for the time.
        event_data: what comes with events of background work, and of events from outside, which
            are tried if they are named here.
        like: the application that serves the flows, for its URLs, its sounds and its services.
        max_records: how many records are looked at for goals.
        max_seconds: for how long, in seconds.
    """
    settings = Settings(
        services=services,
        entries=tuple(entries),
        at=as_moment(at),
        event_data=event_data or {},
        max_records=max_records,
        max_seconds=max_seconds,
    )
    return Options(several(flow), settings, like)


@dataclass(frozen=True)
class Guide:
    """What there is to reach.

    Attributes:
        options: what calls are made, and of what.
        calendar: what is known of guards that ask for the time; it learns no more.
        goals: the shortest calls to states and transitions, to errors, and to where a walk that
            was cut short has come, without those that others come by; what only begins is first,
            then states.
        states: how many of them, from the first on, lead to states.
    """

    options: Options
    calendar: Calendar
    goals: tuple[tuple[Step, ...], ...]
    states: int


def guide_for(options: Options) -> Guide:
    """Look round in some flows, for a short time."""
    calendar = Calendar(options.settings.at)
    found = explore(options.flows, options.settings, like=options.like, calendar=calendar)
    calendar.is_closed = True
    beginnings = [(edge.move.step,) for edge in found.out.get(START, ())]
    states = _farthest(found.entered.values())
    others = _farthest(_others(found))
    spread = others[:: max(1, len(others) // MOST_GOALS)]
    first = dict.fromkeys([*beginnings, *states])
    return Guide(options, calendar, tuple(dict.fromkeys([*first, *spread])), len(first))


def _farthest(wanted: Iterable[tuple[Step, ...]]) -> list[tuple[Step, ...]]:
    """Return calls, short ones first, without those that others come by on their way."""
    calls = dict.fromkeys(wanted)
    passed = {call[:end] for call in calls for end in range(1, len(call))}
    return sorted((call for call in calls if call not in passed), key=len)


def _others(found: Exploration) -> Iterator[tuple[Step, ...]]:
    """Go through the calls to all that is no state."""
    for events in found.taken.values():
        yield from events.values()
    for answers in found.guards.values():
        yield from answers.values()
    yield from (one.steps for one in found.incidents)
    if not found.is_exhausted:
        ends = (one for one in found.nodes if not one.is_over and one.index not in found.out)
        yield from (found.steps_to(one.index) for one in ends)


class MovingClock(SimulatedClock, StandingClock):
    """A clock that goes with the call, and can be put anywhere before it begins."""

    @property
    def moment(self) -> datetime:
        """Where it stands."""
        return self.now()

    @moment.setter
    def moment(self, moment: datetime) -> None:
        self._now = moment


class LedCall(LiveCall):
    """A call that goes where somebody leads it, exactly as it does when it is made again.

    Args:
        guide: knows what there is to reach.

    Attributes:
        steps: that were taken; secrets are named as examples in them.
    """

    def __init__(self, guide: Guide) -> None:
        options = guide.options
        clock = MovingClock(options.settings.at)
        super().__init__(options.flows, options.settings, guide.calendar, options.like, clock)
        self.steps: list[Step] = []

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        return self.has_begun and self.phone.ended and not self.record.jobs

    @property
    def has_begun(self) -> bool:
        """Whether somebody has dialled."""
        return any(one.verb == "dial" for one in self.steps)

    @property
    def leaves_work(self) -> bool:
        """Whether work is pending, and nothing in the call tells that it is left to the call."""
        return bool(self.record.jobs) and not says_work(self.steps)

    @property
    def playback(self) -> Playback:
        """What is played, to look at."""
        return self.phone.snapshot().caller.playback

    def take(self, step: Step) -> Exception | None:
        """Have something happen, and return what was raised."""
        step = self._named(step)
        self.steps.append(step)
        return self.apply(step)

    def can_take(self, step: Step) -> bool:
        """Return whether it is one of the things that can happen now."""
        if not self.has_begun:
            return True
        return step.verb in {"retry", "late"} or any(step == move.step for move in self.moves())

    def ordinary(self) -> list[Step]:
        """Return what the present state claims, and how what waits can end."""
        return self._steps_of(
            move for move in self.moves() if move.kind in _ORDINARY and not move.is_wrong
        )

    def everything(self) -> list[Step]:
        """Return all that can happen, what is unwanted included."""
        return self._steps_of(self.moves())

    def mishaps(self) -> list[Step]:
        """Return what can go wrong between Twilio and the application."""
        found = [Step("retry")]
        if self.phone.snapshot().caller.exchange.before is not None:
            found.append(Step("late"))
        if self.playback.waiting is not None:
            found += [Step("outage"), Step("hang_up")]
        return found

    def _steps_of(self, moves: Iterable[Move]) -> list[Step]:
        return [self._named(move.step) for move in moves]

    def _named(self, step: Step) -> Step:
        """Return for a secret which example it is; anything else as it is."""
        if step.verb not in {"press", "say"} or not self.playback.asks_for_secret:
            return step
        spec = spec_of(self.flow)
        for state in spec.chart.outwards(self.record.conf):
            handler = spec.handlers.get(state)
            for number, example in enumerate(handler.examples if handler else (), 1):
                # A key that ends it may follow.
                if step.what == example or step.what[:-1] == example:
                    return Step("example", f"{state}.{number}")
        return step
