"""Every place in the way of background work: a process is halted there, and others go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from math import inf
from typing import NamedTuple

from tests.durability.jobs.calling import Outcome, Scenario, Track
from tests.durability.jobs.lookups import FAILED, FOUND, RENEWALS
from tests.durability.jobs.places import Halt, Place
from tests.durability.jobs.served import Setting

#: Seconds between two polls of a caller who is held, at most.
LONGEST_POLL = 10.0
#: How often a process comes to a place for sure, by what is done there. How often a lease is
#: renewed is a matter of real time, but for what work waits for; and a result is delivered again
#: only where a renewal is saved at the same moment.
_FOR_SURE = {
    ("renewal", "load"): RENEWALS,
    ("renewal", "save"): RENEWALS,
    ("work", "load"): 2,
    ("work", "save"): 1,
}
#: Before the work; and the caller says nothing for so long that a sweep is the first to find it.
_LEFT = Halt(Place("work", "perform", 0), is_done=False, number=signal.SIGKILL)

SCENARIOS = (
    Scenario("held", "1"),
    Scenario("held briefly", "2", timeout=20.0, is_sure=False),
    Scenario("held long", "3"),
    Scenario("asked meanwhile", "4"),
    Scenario("swept", "4", silence=40.0, absent=31.0, first=(_LEFT,), is_sure=False),
    Scenario("over", ""),
)


class Trial(NamedTuple):
    """A call that something has befallen.

    Attributes:
        scenario: what the caller did.
        halts: what has befallen it, besides what the scenario begins with.
        outcome: what became of it.
    """

    scenario: Scenario
    halts: tuple[Halt, ...]
    outcome: Outcome

    def __str__(self) -> str:
        halts = ", ".join(map(str, self.halts)) or "undisturbed"
        return f"{self.scenario.name}, {halts}: {self.complaint}"

    @property
    def complaint(self) -> str:
        """What is not as promised; nothing if all is."""
        return next(_complaints(*self), "")


def trials(
    setting: Setting, scenarios: Sequence[Scenario], numbers: Sequence[signal.Signals], stride: int
) -> list[Trial]:
    """Make each call undisturbed, and again with a halt at each place that it passed.

    Args:
        setting: of the experiment.
        scenarios: the calls.
        numbers: how processes are halted.
        stride: how many halts apart those are that are tried.
    """
    made = []
    with Track(setting) as track:
        for scenario in scenarios:
            undisturbed = Trial(scenario, (), track.call(scenario))
            made.append(undisturbed)
            halts = [*halts_of(undisturbed, numbers)][::stride]
            made += [Trial(scenario, (one,), track.call(scenario, [one])) for one in halts]
    return made


def halts_of(undisturbed: Trial, numbers: Sequence[signal.Signals]) -> Iterator[Halt]:
    """Go through what may befall a call where it passed, and will pass again.

    Args:
        undisturbed: the call, when nothing befell it.
        numbers: how processes are halted.
    """
    places = [one.place for one in undisturbed.outcome.trace if one.moment == "begin"]
    for place in dict.fromkeys(places):
        is_by_chance = place.number >= _FOR_SURE.get((place.role, place.what), inf)
        if not is_by_chance and (place.role == "sweep" or not undisturbed.scenario.absent):
            yield from (Halt(place, done, how) for how in numbers for done in (False, True))


def _complaints(scenario: Scenario, halts: Sequence[Halt], outcome: Outcome) -> Iterator[str]:
    if not outcome.is_as_planned:
        yield "no process came to where it was to be halted"
    if outcome.heard.startswith("nothing"):
        yield f"it hears {outcome.heard}"
    elif scenario.key:
        yield from _heard_wrongly(scenario, halts, outcome)
    elif not outcome.effects or outcome.is_left:
        yield "its work is never done"
    if outcome.results > 1:
        yield f"a result has moved it {outcome.results} times"
    if not halts and not scenario.first and outcome.effects.total() != 1:
        yield f"nothing befell it, and its work was done {outcome.effects.total()} times"


def _heard_wrongly(scenario: Scenario, halts: Sequence[Halt], outcome: Outcome) -> Iterator[str]:
    if not outcome.heard.startswith((FOUND, FAILED)):
        yield f"after {outcome.polls} polls it hears {outcome.heard!r}"
    if outcome.heard.startswith(FOUND) and not outcome.effects:
        yield "a result is heard of work that nobody has done"
    if outcome.heard.startswith(FAILED) and (scenario.is_sure or not halts):
        yield "it hears of a failure, although there was time enough"
    if outcome.seconds > scenario.timeout + max(LONGEST_POLL, scenario.silence):
        yield f"it hears of it after {outcome.seconds:.0f} s"
    if not halts and outcome.polls > 1:
        yield f"nothing befell it, and it hears the result after {outcome.polls} polls"


def counted(made: Sequence[Trial]) -> dict[str, int]:
    """Return what trials count."""
    outcomes = [trial.outcome for trial in made]
    jobs = [times for outcome in outcomes for times in outcome.effects.values()]
    halts = [halt for trial in made for halt in (*trial.scenario.first, *trial.halts)]
    return {
        "calls": len(made),
        "places": len({(one.scenario.name, halt.place) for one in made for halt in one.halts}),
        "processes killed": sum(halt.number is signal.SIGKILL for halt in halts),
        "processes stopped for a while": sum(halt.number is signal.SIGSTOP for halt in halts),
        "results heard": sum(outcome.heard.startswith(FOUND) for outcome in outcomes),
        "failures heard": sum(outcome.heard.startswith(FAILED) for outcome in outcomes),
        "seconds to the last of them, at most": round(max(one.seconds for one in outcomes)),
        "jobs done": len(jobs),
        "jobs done more than once": sum(times > 1 for times in jobs),
        "jobs done three times or more": sum(times > 2 for times in jobs),
    }
