"""`diff_flows`: walk through two versions at once, and say what is different for callers."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from statechart_ivr.checker.accounts import longer_ways, other_findings
from statechart_ivr.checker.clauses import callers_who
from statechart_ivr.checker.difference import Change, Difference, Fork, outcome_of
from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.settings import Entry, Progress, Settings
from statechart_ivr.checker.side import Account, Beginning, Here, Party, Seen, Side, View
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.flow import CallFlow
from statechart_ivr.testing.line import DEFAULT_MOMENT

Flows = type[CallFlow] | Sequence[type[CallFlow]]

#: What happens to a call by itself; the version that does not know it has no answer to it.
_OWN = frozenset({Kind.ENTRY, Kind.WORK})
_ANYWHERE = frozenset({Kind.KEYS, Kind.WORDS, Kind.SILENCE, Kind.CLOCK})


@dataclass(frozen=True)
class Comparison:
    """What is different for callers.

    Attributes:
        differences: those with the shortest calls first; what no call shows comes last.
        calls: how many pairs of records were compared.
        unfinished: why there is more to compare; nothing where there is not.
    """

    differences: tuple[Difference, ...]
    calls: int
    unfinished: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What it comes to, in one line, which never says more than is known."""
        count = len(self.differences)
        said = f"{count or 'no'} difference{'' if count == 1 else 's'} for callers"
        why = f", not exhausted: {'; '.join(self.unfinished)}" if self.unfinished else ""
        return f"{said}; compared {self.calls:,} pairs of records{why}"

    def to_json(self) -> dict[str, Any]:
        """Return all of it as JSON values, for tools."""
        return {
            "differences": [one.to_json() for one in self.differences],
            "pairs": self.calls,
            "unfinished": list(self.unfinished),
        }


def diff_flows(
    old: Flows,
    new: Flows,
    *,
    services: Mapping[str, Any] | None = None,
    entries: Sequence[Entry] = (),
    at: datetime | str = DEFAULT_MOMENT,
    event_data: Mapping[str, Mapping[str, Any]] | None = None,
    canonical: Callable[[dict[str, Any]], Any] = lambda session: session,
    max_records: int = 20_000,
    max_seconds: float = 60.0,
    progress: Progress | None = None,
) -> Comparison:
    """Make every call in two versions of a flow at once, and say what is different for callers.

    States that have another name, and say and do the same, are no difference.

    Args:
        old: the flow before, or the flows of one application.
        new: the flow now.
        services: as for `check_flow`, and so are the following.
        entries: how calls come in.
        at: when.
        event_data: what comes with events.
        canonical: returns what counts of a session.
        max_records: how many pairs of records there may be.
        max_seconds: how long it may take, in seconds, besides checking each version by itself,
            which may take as long.
        progress: is told how many pairs are found, and how many are left to be looked at.

    Raises:
        ConfigurationError: one of the two has no flow.
    """
    settings = Settings(
        services=services,
        entries=tuple(entries),
        at=as_moment(at),
        event_data=event_data or {},
        canonical=canonical,
        max_records=max_records,
        max_seconds=max_seconds,
    )
    parties = [Here(Side(_flows(one), settings)) for one in (old, new)]
    with silenced():
        return compare(parties[0], parties[1], max_records, max_seconds, progress)


def _flows(of: Flows) -> tuple[type[CallFlow], ...]:
    flows = (of,) if isinstance(of, type) else tuple(of)
    if not flows:
        raise ConfigurationError("diff_flows() needs flows; write diff_flows(Old, New)")
    return flows


def compare(
    old: Party,
    new: Party,
    max_records: int,
    max_seconds: float,
    progress: Progress | None = None,
) -> Comparison:
    """Compare two versions, wherever they are.

    Args:
        old: the one before.
        new: the one now.
        max_records: how many pairs of records there may be.
        max_seconds: how long walking through both may take, in seconds.
        progress: is told how many pairs are found, and how many are left to be looked at.
    """
    both = _Both(old, new)
    accounts: tuple[Account, Account] = both.ask("account")
    walk = _walk(both, max_records, time.monotonic() + max_seconds, progress)
    found = [
        *walk.differences.values(),
        *other_findings(*accounts, walk.renamed),
        *longer_ways(*accounts, walk.renamed),
    ]
    found.sort(key=lambda one: (not one.steps, len(one.steps), one.call))
    reasons = [*accounts[0].unfinished, *accounts[1].unfinished, *walk.unfinished]
    return Comparison(tuple(found), walk.pairs, tuple(dict.fromkeys(reasons)))


def _walk(both: _Both, max_records: int, deadline: float, progress: Progress | None) -> _Walk:
    try:
        while True:
            walk = _Walk(both, max_records, deadline, progress)
            walk.run()
            # A guard that asks for the time comes to light: there are more moments to call at.
            if walk.unfinished or not any(both.ask("is_outdated")):
                return walk
    finally:
        both.ask("close")


class _Both:
    """Two versions that are asked the same, and answer at the same time."""

    def __init__(self, old: Party, new: Party) -> None:
        self._parties = old, new

    def ask(self, method: str, *arguments: Any) -> Any:
        """Ask both the same."""
        return self.ask_each(method, arguments, arguments)

    def ask_each(self, method: str, old: Sequence[Any], new: Sequence[Any]) -> Any:
        """Ask each with arguments of its own."""
        answers = self._parties[0].ask(method, *old), self._parties[1].ask(method, *new)
        return answers[0](), answers[1]()


class _Pair(NamedTuple):
    """One call in both versions, alike so far: numbers of the records, and the call."""

    old: int
    new: int
    steps: tuple[Step, ...]


class _Walk:
    """One walk through both versions, at the moments that are known to make a difference."""

    def __init__(
        self, both: _Both, max_records: int, deadline: float, progress: Progress | None
    ) -> None:
        self._both, self._max_records, self._deadline = both, max_records, deadline
        self._progress = progress
        self._known: set[tuple[int, int]] = set()
        self._waiting: deque[_Pair] = deque()
        self.differences: dict[object, Difference] = {}
        self.renamed: dict[str, str] = {}
        self.unfinished: tuple[str, ...] = ()

    @property
    def pairs(self) -> int:
        """How many pairs of records were found."""
        return len(self._known)

    def run(self) -> None:
        """Make every call, shortest first, in both versions."""
        beginnings: tuple[Beginning, Beginning] = self._both.ask("begin")
        self._states = beginnings[0].states, beginnings[1].states
        self._begin(*beginnings)
        while self._waiting and not self._is_over_budget():
            self._expand(self._waiting.popleft())

    def _is_over_budget(self) -> bool:
        if self._progress is not None:
            self._progress(self.pairs, len(self._waiting))
        if self.pairs > self._max_records:
            self.unfinished = (f"there are more than {self._max_records:,} pairs of records",)
        elif time.monotonic() > self._deadline:
            self.unfinished = ("the time for comparing is over",)
        return bool(self.unfinished)

    def _begin(self, old: Beginning, new: Beginning) -> None:
        entries = dict.fromkeys([*new.entries, *old.entries])
        first = new.first if new.first == old.first else None
        start = old.moments[0]
        for moment in dict.fromkeys([start, *sorted({*old.moments, *new.moments})]):
            views = self._both.ask_each(
                "enter",
                (moment, [one for one in entries if one in old.entries]),
                (moment, [one for one in entries if one in new.entries]),
            )
            found = iter(views[0]), iter(views[1])
            at = Step("at", moment.isoformat().removesuffix("+00:00"))
            for entry in entries:
                seen = [
                    next(theirs) if entry in one.entries else None
                    for theirs, one in zip(found, (old, new), strict=True)
                ]
                shown = replace(entry, what="") if entry.what == first else entry
                steps = (shown,) if moment == start else (at, shown)
                self._meet(Move(shown, Kind.ENTRY), steps, seen[0], seen[1])

    def _expand(self, pair: _Pair) -> None:
        old, new = self._both.ask_each("moves", (pair.old,), (pair.new,))
        by_step = {move.step: move for move in [*old, *new]}
        moves = [*new, *(move for move in old if move not in new)]
        moves = list({move.step: by_step[move.step] for move in moves}.values())
        known = [{one.step for one in side} for side in (old, new)]
        wanted = [
            [one for one in moves if one.kind in _ANYWHERE or one.step in theirs]
            for theirs in known
        ]
        views = self._both.ask_each("follow", (pair.old, wanted[0]), (pair.new, wanted[1]))
        seen: list[dict[Step, Seen]] = [
            dict(zip([move.step for move in moved], theirs, strict=True))
            for moved, theirs in zip(wanted, views, strict=True)
        ]
        for move in moves:
            steps = (*pair.steps, move.step)
            self._meet(move, steps, seen[0].get(move.step), seen[1].get(move.step))

    def _meet(self, move: Move, steps: tuple[Step, ...], old: Seen, new: Seen) -> None:
        """Compare what came of a move, and go on from there if that makes sense."""
        if old is None or new is None:
            view = new or old
            if view is not None and (move.kind in _OWN or view.is_claimed):
                is_new = old is None
                self._note((move.step, is_new), _way(steps, view, is_new=is_new))
        elif old.error or new.error:
            if not (old.error and new.error):
                self._note((move.step, old.error, new.error), _broken(steps, old, new))
        else:
            self._compare(move, steps, old, new)

    def _compare(self, move: Move, steps: tuple[Step, ...], old: View, new: View) -> None:
        is_alike = (old.heard, old.waiting) == (new.heard, new.waiting)
        is_elsewhere = not is_alike and not self._is_same_place(old, new)
        if not is_alike:
            fork = Fork(move, steps, old, new, is_elsewhere)
            if fork.key not in self.differences:
                self._note(fork.key, fork.told())
        elif self._is_renamed(old, new):
            self.renamed.setdefault(old.state, new.state)
        pair = old.node, new.node
        if not is_elsewhere and pair not in self._known:
            self._known.add(pair)
            self._waiting.append(_Pair(*pair, steps))

    def _is_same_place(self, old: View, new: View) -> bool:
        """Return whether the caller is where they were, if something else is said there."""
        verbs = {view.waiting.strip("<>").partition(" ")[0].lower() for view in (old, new)}
        if len(verbs) > 1:
            return False
        return old.state == new.state or self._is_renamed(old, new)

    def _is_renamed(self, old: View, new: View) -> bool:
        """Return whether neither version knows the state of the other."""
        return old.state not in self._states[1] and new.state not in self._states[0]

    def _note(self, key: object, difference: Difference) -> None:
        self.differences.setdefault(key, difference)


def _way(steps: tuple[Step, ...], view: View, *, is_new: bool) -> Difference:
    """Return that a call can come in, or go on, in one version only."""
    what = f"{callers_who(steps)} {outcome_of(view)}"
    if is_new:
        return Difference(Change.WAY_NEW, f"new: {what}", steps, new=view.heard)
    return Difference(Change.WAY_GONE, f"gone: {what}", steps, old=view.heard)


def _broken(steps: tuple[Step, ...], old: View, new: View) -> Difference:
    who = callers_who(steps)
    if new.error:
        message = f"the call of {who} breaks off now: {new.error}"
        return Difference(Change.BREAKS, message, steps, old.heard, new.error)
    message = f"the call of {who} no longer breaks off: {old.error}"
    return Difference(Change.MENDED_CALL, message, steps, old.error, new.heard)
