"""One of two versions of an application, as a comparison walks through it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from contextvars import Context, copy_context
from datetime import datetime
from typing import Any, NamedTuple, Protocol, TypeVar

from statechart_ivr.checker.check import check_flow
from statechart_ivr.checker.findings import Finding
from statechart_ivr.checker.graph import Kind, Move, innermost
from statechart_ivr.checker.identity import plain
from statechart_ivr.checker.lengths import Length, first_choices, persons, turns_to_states
from statechart_ivr.checker.live import LiveCall
from statechart_ivr.checker.moments import MOST_MOMENTS, Calendar
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.settings import Settings
from statechart_ivr.errors import (
    EndlessRedirectsError,
    OutOfSightError,
    PhoneError,
    TwimlRefusedError,
)
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.script import described
from statechart_ivr.testing.snapshot import Snapshot
from statechart_ivr.web import IvrApp

T = TypeVar("T")

#: What the phone refuses since the flow is wrong, not since it makes no sense at that moment.
_FAULTS = (TwimlRefusedError, EndlessRedirectsError, OutOfSightError)


class Account(NamedTuple):
    """What is known of a version by itself.

    Attributes:
        findings: of the checker.
        unfinished: why there is more to explore; nothing where there is not.
        turns: until a caller is in a state, by its id.
        persons: seconds until a caller reaches a person, by state.
        choices: seconds until the first choice has been said, by entry.
    """

    findings: tuple[Finding, ...]
    unfinished: tuple[str, ...]
    turns: Mapping[str, Length]
    persons: Mapping[str, Length]
    choices: Mapping[str, Length]


class Beginning(NamedTuple):
    """How calls come in.

    Attributes:
        first: path of the first route, which a call in the notation leaves out.
        entries: each with its path.
        moments: at which they make a difference.
        states: ids of all there are.
    """

    first: str
    entries: tuple[Step, ...]
    moments: tuple[datetime, ...]
    states: frozenset[str]


class View(NamedTuple):
    """What became of a call in one move.

    Attributes:
        node: number of the record, for going on from there; -1 where an error ends the call.
        heard: text since somebody last did something.
        waiting: what waits for somebody; nothing when the call is over.
        state: the innermost active one.
        is_claimed: whether a transition or a handler took the keys or words.
        error: what was raised; or nothing.
    """

    node: int
    heard: str = ""
    waiting: str = ""
    state: str = ""
    is_claimed: bool = False
    error: str = ""


#: None where the move makes no sense at that moment.
Seen = View | None


class Party(Protocol):
    """A `Side` that is asked, here or in another process."""

    def ask(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Have a method called, and return what waits for its result."""
        ...


class Side:
    """A version of an application, and the same call made in it over and over.

    What two of them do does not get mixed up: each has its own context variables.

    Args:
        flows: of the application.
        settings: what can happen.
        like: the application itself, for its URLs and its sounds.
    """

    def __init__(
        self,
        flows: tuple[type[CallFlow], ...],
        settings: Settings,
        like: Switchboard | IvrApp | None = None,
    ) -> None:
        self._flows, self._settings, self._like = flows, settings, like
        self._calendar = Calendar(settings.at)
        self._stack = ExitStack()
        self._context = Context()

    def account(self) -> Account:
        """Check the version by itself."""
        known = self._settings
        report = check_flow(
            *self._flows,
            services=known.services,
            entries=known.entries,
            at=known.at,
            event_data=known.event_data,
            canonical=known.canonical,
            like=self._like,
            max_records=known.max_records,
            max_seconds=known.max_seconds,
        )
        found = report.found
        lengths = turns_to_states(found), persons(found), first_choices(found)
        return Account(report.findings, found.unfinished, *lengths)

    def begin(self) -> Beginning:
        """Begin to make calls, at the moments that are known by now to make a difference."""
        self.close()
        self._context = copy_context()
        self._live = LiveCall(self._flows, self._settings, self._calendar, self._like)
        self._run(self._stack.enter_context, self._live.at_hand())
        self._nobody = self._live.nobody()
        self._known: dict[object, int] = {}
        self._snapshots: list[tuple[datetime, Snapshot]] = []
        first = next(iter(self._live.board.entries))
        steps = [move.step for move in self._live.entries()]
        entries = tuple(Step("dial", one.what or first, one.data) for one in steps)
        states = frozenset(state for flow in self._flows for state in spec_of(flow).chart.states)
        return Beginning(first, entries, tuple(self._calendar.moments()[:MOST_MOMENTS]), states)

    def is_outdated(self) -> bool:
        """Return whether more moments make a difference than were known when it began."""
        return self._live.observer.learned

    def enter(self, moment: datetime, steps: Sequence[Step]) -> list[Seen]:
        """Have calls come in."""
        return [self._seen(moment, self._nobody, Move(step, Kind.ENTRY)) for step in steps]

    def moves(self, node: int) -> list[Move]:
        """Return everything that can happen at a record."""
        self._run(self._live.go_to, *self._snapshots[node])
        return self._run(self._live.moves)

    def follow(self, node: int, moves: Sequence[Move]) -> list[Seen]:
        """Have each of some things happen at a record."""
        return [self._seen(*self._snapshots[node], move) for move in moves]

    def close(self) -> None:
        """Make no more calls."""
        self._run(self._stack.close)

    def _run(self, function: Callable[..., T], *arguments: Any) -> T:
        return self._context.run(function, *arguments)

    def _seen(self, moment: datetime, snapshot: Snapshot, move: Move) -> Seen:
        return self._run(self._try, moment, snapshot, move)

    def _try(self, moment: datetime, snapshot: Snapshot, move: Move) -> Seen:
        live = self._live
        live.go_to(moment, snapshot)
        live.observer.begin()
        error = live.apply(move.step)
        if isinstance(error, PhoneError) and not isinstance(error, _FAULTS):
            return None
        if error is not None:
            return View(-1, error=f"{type(error).__name__}: {error}")
        return View(
            self._arrive(),
            " ".join(plain(live.phone.heard).split()),
            self._waiting(),
            innermost(live.flow, live.record.conf),
            live.observer.claimed_by(move) is not None,
        )

    def _arrive(self) -> int:
        """Return the number of the record where the call is now."""
        key = self._live.key
        if key not in self._known:
            self._known[key] = len(self._snapshots)
            self._snapshots.append((self._live.clock.moment, self._live.phone.snapshot()))
        return self._known[key]

    def _waiting(self) -> str:
        """Return the verb that waits, with whom it is about: ``<Dial +14155550100>``."""
        verb = self._live.phone.waiting_for or ""
        playback = self._live.phone.snapshot().caller.playback
        if verb not in {"dial", "enqueue", "connect", "refer"}:
            return verb
        element = playback.script.verbs[playback.position - 1]
        return described(element) if element.tag.lower() == verb else verb


class Here:
    """A `Side` in this process."""

    def __init__(self, side: Side) -> None:
        self._side = side

    def ask(self, method: str, *arguments: Any) -> Callable[[], Any]:
        """Have a method called."""
        result = getattr(self._side, method)(*arguments)
        return lambda: result
