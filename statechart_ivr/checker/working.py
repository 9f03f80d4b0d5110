"""Background work under the explorer's hands: what it declares, and what it really comes to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.notation import Step
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Job, Record
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.working import FAILED, outcomes_of
from statechart_ivr.turn import Outcome, flow_errors, outcome_of

#: Events whose data is the same wherever they come from.
_KNOWN = frozenset({"no_match", "no_input", "give_up", FAILED})


class Workshop:
    """Tries what background work can come to.

    Whatever it declares is tried, with the data of its ``events=``. With services that are made
    for it, the work is done, too, once for each session, and its real result is tried first.

    Args:
        board: the application.
        event_data: what the author says the events carry.
        runs_work: whether it may be done.

    Attributes:
        errors: what work raised, and nobody has taken note of yet, by its method.
    """

    def __init__(
        self,
        board: Switchboard,
        event_data: Mapping[str, Mapping[str, Any]],
        *,
        runs_work: bool,
    ) -> None:
        self._board, self._runs_work = board, runs_work
        works = [work for flow in board.flows for work in spec_of(flow).work]
        self._data = {event: dict(data) for work in works for event, data in work.data.items()}
        self._data |= {event: dict(data) for event, data in event_data.items()}
        self._guesses: set[Step] = set()
        self._outcomes: dict[tuple[str, str, str], Outcome] = {}
        self._declared = {event for work in works for event in work.events}
        self.errors: dict[str, BaseException] = {}

    def is_work(self, event: str) -> bool:
        """Return whether background work declares an event."""
        return event in self._declared

    def is_guess(self, step: Step) -> bool:
        """Return whether it is not known what data the event of a step carries."""
        return step in self._guesses

    def moves(self, flow: type[CallFlow], record: Record) -> Iterator[Move]:
        """Go through what the work of a call can come to: its real result, if known, first."""
        for job in record.jobs:
            real = self._really(flow, record, job) if self._runs_work else None
            if real is not None:
                yield self._move(real.event or None, real.data)
            for event in (*outcomes_of(flow, job), FAILED):
                if real is None or event != real.event:
                    yield self._declared_move(event)

    def _declared_move(self, event: str) -> Move:
        is_known = event in self._data or event.partition(".")[0] in _KNOWN
        move = self._move(event, self._data.get(event, {}))
        if not is_known:
            self._guesses.add(move.step)
        return move

    def _move(self, event: str | None, data: Mapping[str, Any]) -> Move:
        told = {} if event == FAILED else data  # its words may name a place in memory
        return Move(Step.of_event("work", event, told), Kind.WORK)

    def _really(self, flow: type[CallFlow], record: Record, job: Job) -> Outcome:
        """Do the work, once for each session and event, and return what it comes to."""
        now = self._board.clock.now().isoformat()
        about = json.dumps([record.data, job.on, job.data, now], sort_keys=True)
        key = (flow.__name__, job.method, about)
        if key not in self._outcomes:
            errors: list[BaseException] = []
            token = flow_errors.set(errors)
            try:
                outcome = outcome_of(self._board.environment, record, job)
            finally:
                flow_errors.reset(token)
            if errors:
                self.errors.setdefault(f"{flow.__name__}.{job.method}", errors[0])
            if outcome.event:
                self._data.setdefault(outcome.event, dict(outcome.data))
            self._outcomes[key] = outcome
        return self._outcomes[key]
