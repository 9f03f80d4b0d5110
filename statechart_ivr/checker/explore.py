"""The explorer: every call there can be, breadth first, over what is stored in between."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

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
from statechart_ivr.checker.identity import is_growing
from statechart_ivr.checker.line import silenced
from statechart_ivr.checker.live import CALL_SID, LiveCall
from statechart_ivr.checker.moments import MOST_MOMENTS, Calendar
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.settings import Progress, Settings
from statechart_ivr.errors import (
    EndlessRedirectsError,
    OutOfSightError,
    PhoneError,
    TwimlRefusedError,
)
from statechart_ivr.events import Kind as EventKind
from statechart_ivr.events import kind_of
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.script import Script, sounds_in
from statechart_ivr.testing.snapshot import Snapshot
from statechart_ivr.testing.working import FAILED
from statechart_ivr.web import IvrApp

#: Moves that send no webhook, which may come twice, or late.
_NO_WEBHOOK = frozenset({"work", "deliver"})


def explore(
    flows: tuple[type[CallFlow], ...],
    settings: Settings,
    *,
    like: Switchboard | IvrApp | None = None,
    progress: Progress | None = None,
    calendar: Calendar | None = None,
) -> Exploration:
    """Make every call there can be.

    Args:
        flows: of one application.
        settings: what to try, and for how long.
        like: the application itself, for its URLs and its sounds.
        progress: is told, now and then, how many records are found, and how many are left to be
            looked at.
        calendar: what is known of guards that ask for the time; it learns.
    """
    began = time.monotonic()
    calendar = Calendar(settings.at) if calendar is None else calendar
    with silenced():
        while True:
            live = LiveCall(flows, settings, calendar, like)
            walk = _Walk(live, flows, settings, calendar, began, progress)
            found = walk.run()
            # A guard that asks for the time has come to light: there are more moments to call at.
            if not walk.is_outdated or walk.is_over_budget():
                found.seconds = time.monotonic() - began
                return found


class _Walk:
    """One walk through everything, at the moments that are known to make a difference."""

    def __init__(
        self,
        live: LiveCall,
        flows: tuple[type[CallFlow], ...],
        settings: Settings,
        calendar: Calendar,
        began: float,
        progress: Progress | None,
    ) -> None:
        self._live, self._settings, self._calendar = live, settings, calendar
        self._deadline, self._progress = began + settings.max_seconds, progress
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
        return self._live.observer.learned

    def run(self) -> Exploration:
        """Make every call, shortest first, and return what was found."""
        with self._live.at_hand():
            self._begin()
            while self._waiting and not self.is_outdated and not self.is_over_budget():
                index = self._waiting.popleft()
                self._expand(self.found.nodes[index], self._snapshots.pop(index))
        if self._calendar.is_cut_short:
            self._give_up("a guard on the time says something else in one call after the other")
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
        nobody, entries = self._live.nobody(), self._live.entries()
        for moment in self.found.moments:
            for entry in entries:
                self._live.go_to(moment, nobody)
                self._try(None, entry, nobody)

    def _expand(self, node: Node, snapshot: Snapshot) -> None:
        self._live.go_to(node.moment, snapshot)
        moves = self._live.moves()
        if node.takeovers == self._settings.max_takeovers:
            moves = [move for move in moves if move.kind is not Kind.TAKEOVER]
        self._note_work(node)
        for move in moves:
            self._live.go_to(node.moment, snapshot)
            self._try(node, move, snapshot)
            if self.is_outdated:
                return

    def _note_work(self, node: Node) -> None:
        """Take note of what background work raised that was really done."""
        errors, self._live.workshop.errors = self._live.workshop.errors, {}
        for method, error in errors.items():
            message = f"{method}() raised {type(error).__name__}: {error}"
            steps = self.found.steps_to(node.index)
            self._note(node, steps, Trouble.WORK_RAISED, message, error=error)

    def _try(self, node: Node | None, move: Move, snapshot: Snapshot) -> None:
        source = START if node is None else node.index
        self._live.observer.begin()
        began = self._live.phone.now
        error = self._live.apply(move.step)
        seconds = (self._live.phone.now - began).total_seconds()
        steps = self._steps(node, move)
        self._take_down(node, steps)
        if error is not None:
            self.found.edges.append(Edge(source, move, None))
            self._note_error(node, move, steps, error)
            return
        after = self._arrive(Edge(source, move, None))
        claimed_by = self._live.observer.claimed_by(move)
        self.found.edges.append(Edge(source, move, after, claimed_by, seconds))
        self._take_down_complaints(self.found.nodes[after], snapshot, steps)
        for event in self._live.observer.unclaimed:
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
        return is_awaited and (event == FAILED or self._live.workshop.is_work(event))

    def _steps(self, node: Node | None, move: Move) -> tuple[Step, ...]:
        if node is None:
            return self.found.beginning(self._live.clock.moment, move)
        return (*self.found.steps_to(node.index), move.step)

    def _take_down(self, node: Node | None, steps: tuple[Step, ...]) -> None:
        """Keep how states, transitions and answers of guards came about first."""
        flow, here = self._place_now(node)
        for url in sounds_in(self._live.phone.heard):
            self.found.played.setdefault((flow, here, url), steps)
        for state in self._live.observer.entered:
            self.found.entered.setdefault((flow, state.id), steps)
        for transition, event in self._live.observer.taken:
            self.found.taken.setdefault((flow, id(transition)), {}).setdefault(event, steps)
        for transition, answer in self._live.observer.guards:
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
        record = self._live.board.peek(CALL_SID)
        if record is None:
            return (node.flow.__name__ if node else ""), ""
        return record.flow, innermost(self._live.flow, record.conf)

    def _arrive(self, edge: Edge) -> int:
        """Return the index of the node where the call is now."""
        caller, record = self._live.phone.snapshot().caller, self._live.record
        takeovers = self._takeovers(edge)
        key = self._live.key, takeovers
        self._played = caller.playback.played
        playback = caller.playback
        if key in self._known:
            return self._known[key]
        node = Node(
            index=len(self.found.nodes),
            flow=self._live.flow,
            record=record,
            moment=self._live.clock.moment,
            waiting_for=self._live.phone.waiting_for,
            script=playback.script,
            position=playback.position,
            heard=self._live.phone.heard,
            seconds=caller.transcript.seconds,
            arrived=edge,
            played=tuple(playback.played),
            takeovers=takeovers,
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
            self._snapshots[node.index] = self._live.phone.snapshot()
            self._waiting.append(node.index)
        return node.index

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
        elif isinstance(error, TypeError) and self._live.workshop.is_guess(move.step):
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
        source = START if node is None else node.index
        incident = Incident(trouble, source, steps, state, message, error, event)
        seen = (self.found.flow_of(incident), trouble, state, event, message)
        if seen not in self._noted:
            self._noted.add(seen)
            self.found.incidents.append(incident)

    def _check_same_again(
        self,
        node: Node | None,
        move: Move,
        snapshot: Snapshot,
        after: int,
        steps: tuple[Step, ...],
    ) -> None:
        """Send it twice, send what was before it late, and do it once more, with the same result.

        Once for each kind of move from one configuration to another; what is checked is the flow's
        code, which is the same in all its records.
        """
        tried = (node and (node.flow, node.conf), move.letter, self.found.nodes[after].conf)
        if tried in self._tried:
            return
        self._tried.add(tried)
        moment = self._live.clock.moment
        if move.step.verb not in _NO_WEBHOOK:
            self._check_repeated(node, Move(Step("retry"), move.kind), steps)
            self._check_repeated(node, Move(Step("late"), move.kind), steps)
        self._live.go_to(moment, snapshot)
        error = self._live.apply(move.step)
        if error is not None or not self._same_as(after):
            message = "the same, done twice, had two results"
            self._note(node, steps, Trouble.UNSTABLE, message, error=error)

    def _check_repeated(self, node: Node | None, move: Move, steps: tuple[Step, ...]) -> None:
        """Have a request come twice, or late, which is no reason for flow code to raise."""
        error = self._live.apply(move.step)
        if error is None and move.step.verb == "retry":
            record = self._live.record
            for leaf in spec_of(self._live.flow).chart.leaves(list(record.conf)):
                self.found.repeated.setdefault((record.flow, leaf), (*steps, move.step))
        if error is not None and type(error) is not PhoneError:
            self._note_error(node, move, (*steps, move.step), error)

    def _same_as(self, index: int) -> bool:
        return self._known.get((self._live.key, self.found.nodes[index].takeovers)) == index

    def _takeovers(self, edge: Edge) -> int:
        """Return how often a call was taken over by now, where that counts."""
        if self._settings.max_takeovers is None or edge.source == START:
            return 0
        return self.found.nodes[edge.source].takeovers + (edge.move.kind is Kind.TAKEOVER)
