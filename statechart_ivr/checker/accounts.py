"""Two versions that were checked by themselves: what is wrong now, and what takes longer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from statechart_ivr.checker.difference import Change, Difference
from statechart_ivr.checker.findings import Finding
from statechart_ivr.checker.lengths import Length
from statechart_ivr.checker.side import Account

#: How much longer prompts take that are more than a word or two longer.
SECONDS_LONGER = 1.0


def other_findings(old: Account, new: Account, renamed: Mapping[str, str]) -> Iterator[Difference]:
    """Go through what the checker finds in one of the two only."""
    before = {_known_by(one, renamed): one for one in old.findings}
    after = {_known_by(one, {}): one for one in new.findings}
    for change, mine, others in (
        (Change.FINDING_NEW, after, before),
        (Change.FINDING_GONE, before, after),
    ):
        for key, one in mine.items():
            if key not in others:
                where = ".".join(part for part in (one.flow, one.state) if part)
                message = f"{change.value}: {one.code} {where}: {one.message}"
                yield Difference(change, message, one.steps, *_sides(change, one.message))


def _sides(change: Change, message: str) -> tuple[str, str]:
    return ("", message) if change is Change.FINDING_NEW else (message, "")


def _known_by(one: Finding, renamed: Mapping[str, str]) -> tuple[str, str, str]:
    message = re.sub(r"\w+", lambda word: renamed.get(word[0], word[0]), one.message)
    return one.code, renamed.get(one.state, one.state), message


def longer_ways(old: Account, new: Account, renamed: Mapping[str, str]) -> Iterator[Difference]:
    """Go through the calls that became longer."""
    before = {renamed.get(state, state): length for state, length in old.turns.items()}
    for state, length in _first_longer(before, new.turns):
        yield _lengthened(f"it takes longer to reach {state}", "turns", before[state], length)
    before = {renamed.get(state, state): length for state, length in old.persons.items()}
    for known, now, what in (
        (before, new.persons, "it takes longer to reach a person in"),
        (old.choices, new.choices, "it takes longer until the first choice has been said at"),
    ):
        for name, length in now.items():
            if name in known and length.amount - known[name].amount >= SECONDS_LONGER:
                yield _lengthened(f"{what} {name or 'the first route'}", "s", known[name], length)


def _first_longer(
    before: Mapping[str, Length], now: Mapping[str, Length]
) -> Iterator[tuple[str, Length]]:
    """Go through the states that are further away, but for those that only lie behind them."""
    further = {
        state: length.amount - before[state].amount
        for state, length in now.items()
        if state in before and length.amount > before[state].amount
    }
    for state, more in further.items():
        if not any(further.get(one) == more for one in now[state].through if one != state):
            yield state, now[state]


def _lengthened(what: str, unit: str, before: Length, now: Length) -> Difference:
    old, new = (f"{one.amount:.1f}".removesuffix(".0") for one in (before, now))
    message = f"{what}: {new} {unit} instead of {old} {unit}"
    return Difference(Change.LONGER, message, now.steps, f"{old} {unit}", f"{new} {unit}")
