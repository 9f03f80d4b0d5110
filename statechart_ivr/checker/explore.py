"""The explorer: every call there can be, breadth first, over what is stored in between."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from statechart_ivr.checker.alphabet import Situation, moves, once_each
from statechart_ivr.checker.graph import (
    START,
    Edge,
    Exploration,
    Incident,
    Kind,
    Move,
    Node,
    Trouble,
    innermost,
)
from statechart_ivr.checker.identity import counted, identity, is_growing
from statechart_ivr.checker.line import board_for, silenced
from statechart_ivr.checker.moments import MOST_MOMENTS, Calendar, StandingClock
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.settings import Entry, Progress, Settings
from statechart_ivr.checker.watching import Observer
from statechart_ivr.checker.working import Workshop
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import (
    EndlessRedirectsError,
    OutOfSightError,
    PhoneError,
    TwimlRefusedError,
)
from statechart_ivr.events import Kind as EventKind
from statechart_ivr.events import kind_of
from statechart_ivr.flow import CallFlow, Pool, pooled, watching
from statechart_ivr.record import Record
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.testing.parameters import sid_digits
from statechart_ivr.testing.script import Script, sounds_in
from statechart_ivr.testing.snapshot import Snapshot
from statechart_ivr.testing.working import FAILED
from statechart_ivr.turn import flow_errors
from statechart_ivr.web import IvrApp

#: The one call that is made over and over.
CALL_SID = "CA" + "0" * 32
#: Moves that send no webhook, which may come twice, or late.
_NO_WEBHOOK = frozenset({"work", "deliver"})


def explore(
    flows: tuple[type[CallFlow], ...],
    settings: Settings,
    *,
    like: Switchboard | IvrApp | None = None,
    progress: Progress | None = None,
) -> Exploration:
    """Make every call there can be.

    Args:
        flows: of one application.
        settings: what to try, and for how long.
        like: the application itself, for its URLs and its sounds.
        progress: is told, now and then, how many records are found, and how many are left to be
            looked at.
    """
    began = time.monotonic()
    calendar = Calendar(settings.at)
    with silenced(), pooled() as pool:
        while True:
            walk = _Walk(flows, settings, calendar, like, began, progress, pool)
            found = walk.run()
            # A guard that asks for the time has come to light: there are more moments to call at.
            if not walk.is_outdated or walk.is_over_budget():
                found.seconds = time.monotonic() - began
                return found


class _Walk:
    """One walk through everything, at the moments that are known to make a difference."""

    def __init__(
        self,
        flows: tuple[type[CallFlow], ...],
        settings: Settings,
        calendar: Calendar,
        like: Switchboard | IvrApp | None,
        began: float,
        progress: Progress | None,
        pool: Pool,
    ) -> None:
        self._pool = pool
        self._flows = {flow.__name__: flow for flow in flows}
        self._settings, self._calendar = settings, calendar
        self._deadline, self._progress = began + settings.max_seconds, progress
        self._clock = StandingClock(settings.at)
        self._observer = Observer(calendar, self._clock)
        self._board = board_for(flows, self._clock, settings.services, like)
        self._phone = Phone(self._board, strict=False)
        runs_work = settings.services is not None
        self._workshop = Workshop(self._board, settings.event_data, runs_work=runs_work)
        moments = calendar.moments()
        self.found = Exploration(flows, moments=tuple(moments[:MOST_MOMENTS]))
        if len(moments) > MOST_MOMENTS:
            self._give_up(f"there are {len(moments)} moments that make a difference to guards")
        self._known: dict[object, int] = {}
        self._snapshots: dict[int, Snapshot] = {}
        self._waiting: deque[int] = deque()
        self._tried: set[tuple[object, ...]] = set()
        self._noted: set[tuple[object, ...]] = set()
        self._played: Sequence[Script] = ()

    @property
    def is_outdated(self) -> bool:
        """Whether a guard was found that changes its answer at times that were not known."""
        return self._observer.learned

    def run(self) -> Exploration:
        token = watching.set(self._observer)
        digits = sid_digits.set("0" * 32)
        try:
            self._begin()
            while self._waiting and not self.is_outdated and not self.is_over_budget():
                index = self._waiting.popleft()
                self._expand(self.found.nodes[index], self._snapshots.pop(index))
        finally:
            watching.reset(token)
            sid_digits.reset(digits)
            self._board.close()
        return self.found

    def is_over_budget(self) -> bool:
        """Return whether there is more to explore than may be, and take note of it."""
        records, left = len(self.found.nodes), len(self._waiting)
        if self._progress is not None:
            self._progress(records, left)
        if records > self._settings.max_records:
            self._give_up(f"there are more than {self._settings.max_records:,} records")
            return True
        if time.monotonic() > self._deadline:
            self._give_up(f"{self._settings.max_seconds:g} seconds are over")
            return True
        return False

    def _give_up(self, why: str) -> None:
        if why not in self.found.unfinished:
            self.found.unfinished = (*self.found.unfinished, why)

    def _begin(self) -> None:
        first = next(iter(self._board.entries))
        entries = self._entries
        nobody = self._phone.snapshot()._replace(call_sid=CALL_SID)
        for moment in self.found.moments:
            for one in entries:
                self._go_to(moment, nobody)
                path = "" if one.path == first else one.path
                step = Step.of_entry(path, one.session, one.parameters)
                self._try(None, Move(step, Kind.ENTRY), nobody)

    def _go_to(self, moment: datetime, snapshot: Snapshot) -> None:
        self._phone.go_back(snapshot)
        self._clock.moment = moment

    @property
    def _entries(self) -> Sequence[Entry]:
        return self._settings.entries or [Entry(path) for path in self._board.entries]

    def _expand(self, node: Node, snapshot: Snapshot) -> None:
        self._go_to(node.moment, snapshot)
        moves = once_each(self._moves(node, snapshot))
        self._note_work(node)
        for move in moves:
            self._go_to(node.moment, snapshot)
            self._try(node, move, snapshot)
            if self.is_outdated:
                return

    def _note_work(self, node: Node) -> None:
        """Take note of what background work raised that was really done."""
        errors, self._workshop.errors = self._workshop.errors, {}
        for method, error in errors.items():
            message = f"{method}() raised {type(error).__name__}: {error}"
            steps = self.found.steps_to(node.index)
            self._note(node, steps, Trouble.WORK_RAISED, message, error=error)

    def _moves(self, node: Node, snapshot: Snapshot) -> Iterator[Move]:
        outside = {
            event: data
            for event, data in self._settings.event_data.items()
            if not self._workshop.is_work(event)
        }
        playback = snapshot.caller.playback
        yield from self._workshop.moves(node.flow, node.record)
        if node.is_over:
            return
        entries = tuple(one.path for one in self._entries if one.is_plain)
        yield from moves(Situation(node.flow, node.record, playback, entries, outside))
        change = self._calendar.next_change(node.moment)
        if change is not None:
            moment = change.isoformat().removesuffix("+00:00")
            yield Move(Step("at", moment), Kind.CLOCK)

    def _try(self, node: Node | None, move: Move, snapshot: Snapshot) -> None:
        source = START if node is None else node.index
        self._observer.begin()
        began = self._phone.now
        error = self._apply(move)
        seconds = (self._phone.now - began).total_seconds()
        steps = self._steps(node, move)
        self._take_down(node, steps)
        if error is not None:
            self.found.edges.append(Edge(source, move, None))
            self._note_error(node, move, steps, error)
            return
        after = self._arrive(Edge(source, move, None))
        claimed_by = self._observer.claimed_by(move)
        self.found.edges.append(Edge(source, move, after, claimed_by, seconds))
        self._take_down_complaints(self.found.nodes[after], snapshot, steps)
        for event in self._observer.unclaimed:
            if not self._is_missed(node, event):
                continue
            message = f"{event} comes, and no transition claims it"
            self._note(node, steps, Trouble.UNCLAIMED, message, event=event)
        if move.step.verb != "at":
            self._check_same_again(node, move, snapshot, after, steps)

    def _is_missed(self, node: Node | None, event: str) -> bool:
        """Return whether an event that nothing claims should not have come to nothing."""
        if kind_of(event) is EventKind.OUTCOME:
            return not event.startswith("queue.redirected")
        record = node.record if node else None
        is_awaited = record is not None and any(job.on in record.conf for job in record.jobs)
        return is_awaited and (event == FAILED or self._workshop.is_work(event))

    def _apply(self, move: Move) -> Exception | None:
        """Have it happen, and return what was raised."""
        self._pool.take_back()
        errors: list[BaseException] = []
        token = flow_errors.set(errors)
        try:
            if move.step.verb == "at":
                self._clock.moment = as_moment(move.step.what)
            elif move.step.verb == "dial":
                told = json.loads(move.step.data or "{}")
                self._phone.dial(move.step.what, **{**told, "CallSid": CALL_SID})
            else:
                move.step.apply(self._phone)
        except Exception as error:  # noqa: BLE001 - flow code may raise anything
            errors.insert(0, error)
        finally:
            flow_errors.reset(token)
        if errors:
            self._pool.drop()
        return next((one for one in errors if isinstance(one, Exception)), None)

    def _steps(self, node: Node | None, move: Move) -> tuple[Step, ...]:
        if node is None:
            return self.found.beginning(self._clock.moment, move)
        return (*self.found.steps_to(node.index), move.step)

    def _take_down(self, node: Node | None, steps: tuple[Step, ...]) -> None:
        """Keep how states, transitions and answers of guards came about first."""
        flow, here = self._place_now(node)
        for url in sounds_in(self._phone.heard):
            self.found.played.setdefault((flow, here, url), steps)
        for state in self._observer.entered:
            self.found.entered.setdefault((flow, state.id), steps)
        for transition, event in self._observer.taken:
            self.found.taken.setdefault((flow, id(transition)), {}).setdefault(event, steps)
        for transition, answer in self._observer.guards:
            guard = self.found.guards.setdefault((flow, id(transition)), {})
            guard.setdefault(answer, steps)

    def _take_down_complaints(
        self, node: Node, before: Snapshot | None, steps: tuple[Step, ...]
    ) -> None:
        """Keep what Twilio says of the documents that are new in this move."""
        old = [] if before is None else list(map(id, before.caller.playback.played))
        for script in self._played:
            for remark in script.complaints if id(script) not in old else ():
                self.found.complaints.setdefault((node.flow, node.state, remark), steps)

    def _place_now(self, node: Node | None) -> tuple[str, str]:
        """Return flow and innermost state of the call, as far as there is one."""
        record = self._board.peek(CALL_SID)
        if record is None:
            return (node.flow.__name__ if node else ""), ""
        return record.flow, innermost(self._flows[record.flow], record.conf)

    def _arrive(self, edge: Edge) -> int:
        """Return the index of the node where the call is now."""
        caller, record, key = self._phone.snapshot().caller, self._record(), self._key()
        self._played = caller.playback.played
        playback = caller.playback
        if key in self._known:
            return self._known[key]
        node = Node(
            index=len(self.found.nodes),
            flow=self._flows[record.flow],
            record=record,
            moment=self._clock.moment,
            waiting_for=self._phone.waiting_for,
            script=playback.script,
            position=playback.position,
            heard=self._phone.heard,
            seconds=caller.transcript.seconds,
            arrived=edge,
            played=tuple(playback.played),
        )
        self._known[key] = node.index
        self.found.nodes.append(node)
        if is_growing(self.found, node, self._settings.canonical):
            names = ", ".join(f"session[{name!r}]" for name in node.record.data)
            steps = self.found.steps_to(node.index)
            message = f"the same state comes again and again, with ever more in {names}"
            self._note(node, steps, Trouble.GROWS, message)
            self._give_up("a session grows without an end")
        elif not node.is_over or node.record.jobs:
            self._snapshots[node.index] = self._phone.snapshot()
            self._waiting.append(node.index)
        return node.index

    def _record(self) -> Record:
        record = self._board.peek(CALL_SID)
        if record is None:
            raise PhoneError("the call came in, and nothing was stored of it")
        return record

    def _note_error(
        self, node: Node | None, move: Move, steps: tuple[Step, ...], error: Exception
    ) -> None:
        trouble = Trouble.RAISED
        if isinstance(error, TwimlRefusedError):
            trouble = Trouble.REFUSED
        elif isinstance(error, EndlessRedirectsError):
            trouble = Trouble.CIRCLE
        elif isinstance(error, PhoneError):
            if node is None and not isinstance(error, OutOfSightError):
                raise error  # the author has named an entry that is none
            self._give_up(f"{written(steps)}: {error}")
            return
        elif isinstance(error, TypeError) and self._workshop.is_guess(move.step):
            trouble = Trouble.NEEDS_DATA
            self._give_up(f"the data of {move.step.what} is not known")
        event = move.step.what if move.step.verb in {"work", "deliver"} else ""
        message = f"{type(error).__name__}: {error}"
        self._note(node, steps, trouble, message, error=error, event=event)

    def _note(
        self,
        node: Node | None,
        steps: tuple[Step, ...],
        trouble: Trouble,
        message: str,
        *,
        error: BaseException | None = None,
        event: str = "",
    ) -> None:
        """Keep what went wrong, once a place; what comes first has the shortest call."""
        state = innermost(node.flow, node.record.conf) if node else ""
        seen = (trouble, state, event, message)
        if seen not in self._noted:
            self._noted.add(seen)
            source = START if node is None else node.index
            self.found.incidents.append(
                Incident(trouble, source, steps, state, message, error, event)
            )

    def _check_same_again(
        self,
        node: Node | None,
        move: Move,
        snapshot: Snapshot,
        after: int,
        steps: tuple[Step, ...],
    ) -> None:
        """Send it twice, send what was before it late, and do it once more, with the same result.

        Once for each kind of move in each configuration; what is checked is the flow's code, which
        is the same in all its records.
        """
        tried = (node and (node.flow, node.conf), move.step)
        if tried in self._tried:
            return
        self._tried.add(tried)
        moment = self._clock.moment
        if move.step.verb not in _NO_WEBHOOK:
            self._check_repeated(node, Move(Step("retry"), move.kind), steps)
            self._check_repeated(node, Move(Step("late"), move.kind), steps)
        self._go_to(moment, snapshot)
        error = self._apply(move)
        if error is not None or not self._same_as(after):
            message = "the same, done twice, had two results"
            self._note(node, steps, Trouble.UNSTABLE, message, error=error)

    def _check_repeated(self, node: Node | None, move: Move, steps: tuple[Step, ...]) -> None:
        """Have a request come twice, or late, which is no reason for flow code to raise."""
        error = self._apply(move)
        if error is not None and type(error) is not PhoneError:
            self._note_error(node, move, (*steps, move.step), error)

    def _same_as(self, index: int) -> bool:
        return self._known.get(self._key()) == index

    def _key(self) -> object:
        """Return what the call shares with all that go on in the same way."""
        record, playback = self._record(), self._phone.snapshot().caller.playback
        record = replace(record, attempts=counted(self._flows[record.flow], record.attempts))
        said = self._calendar.outlook(self._clock.moment)
        return identity(record, playback, said, self._settings.canonical)
