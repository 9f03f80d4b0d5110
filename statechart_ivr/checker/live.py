"""One call under somebody's hands: what can happen to it now, and having it happen."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

from statechart_ivr.checker.alphabet import Situation, moves, once_each
from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.identity import counted, identity
from statechart_ivr.checker.line import board_for
from statechart_ivr.checker.moments import Calendar, StandingClock
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.settings import Entry, Settings
from statechart_ivr.checker.watching import Observer
from statechart_ivr.checker.working import Workshop
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import CallFlow, Pool, pooled, watching
from statechart_ivr.record import REMEMBERED, Record
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.parameters import sid_digits
from statechart_ivr.testing.phone import Phone
from statechart_ivr.testing.snapshot import Snapshot
from statechart_ivr.turn import flow_errors
from statechart_ivr.web import IvrApp

#: The one call that is made over and over.
CALL_SID = "CA" + "0" * 32


class LiveCall:
    """An application, and whoever calls it: the same call each time it is made.

    Args:
        flows: of the application.
        settings: what can happen.
        calendar: learns when guards change their answers.
        like: the real application, for its URLs and its sounds.
        clock: the application's, where it is not to stand still.

    Attributes:
        board: the application.
        phone: calls it.
        clock: the application's; it stands wherever it is put.
        observer: is told what flows do in a move.
        workshop: knows what background work comes to.
    """

    def __init__(
        self,
        flows: tuple[type[CallFlow], ...],
        settings: Settings,
        calendar: Calendar,
        like: Switchboard | IvrApp | None = None,
        clock: StandingClock | None = None,
    ) -> None:
        self._flows = {flow.__name__: flow for flow in flows}
        self._settings, self._calendar = settings, calendar
        self._pool = Pool()
        self.clock = StandingClock(settings.at) if clock is None else clock
        self.observer = Observer(calendar, self.clock)
        self.board = board_for(flows, self.clock, settings.services, like)
        self.phone = Phone(self.board, strict=False)
        runs_work = settings.services is not None
        self.workshop = Workshop(self.board, settings.event_data, runs_work=runs_work)

    @contextmanager
    def at_hand(self) -> Iterator[None]:
        """Have what flows do observed, machines used again, and all ids the same; then close.

        What is random is the same in each walk, so that each finds the same.
        """
        token, digits = watching.set(self.observer), sid_digits.set("0" * 32)
        dice = random.getstate()
        random.seed(0)
        try:
            with pooled() as self._pool:
                yield
        finally:
            random.setstate(dice)
            watching.reset(token)
            sid_digits.reset(digits)
            self.board.close()

    @property
    def record(self) -> Record:
        """What is stored of the call.

        Raises:
            PhoneError: nothing is.
        """
        record = self.board.peek(CALL_SID)
        if record is None:
            raise PhoneError("the call came in, and nothing was stored of it")
        return record

    @property
    def flow(self) -> type[CallFlow]:
        """Whose call it is."""
        return self._flows[self.record.flow]

    @property
    def key(self) -> object:
        """What the call shares with all that go on in the same way."""
        record, playback = self.record, self.phone.snapshot().caller.playback
        record = replace(record, attempts=counted(self._flows[record.flow], record.attempts))
        said = self._calendar.outlook(self.clock.moment)
        return identity(record, playback, said, self._settings.canonical)

    def nobody(self) -> Snapshot:
        """Return the moment before the call comes in."""
        return self.phone.snapshot()._replace(call_sid=CALL_SID)

    def go_to(self, moment: datetime, snapshot: Snapshot) -> None:
        """Be where the call was, at that moment."""
        self.phone.go_back(snapshot)
        self.clock.moment = moment

    @property
    def _entries(self) -> Sequence[Entry]:
        return self._settings.entries or [Entry(path) for path in self.board.entries]

    def entries(self) -> list[Move]:
        """Return how the call can come in."""
        first = next(iter(self.board.entries))
        steps = (
            Step.of_entry("" if one.path == first else one.path, one.session, one.parameters)
            for one in self._entries
        )
        return [Move(step, Kind.ENTRY) for step in steps]

    def moves(self) -> list[Move]:
        """Return everything that can happen now, each thing once."""
        return list(once_each(self._moves()))

    def _moves(self) -> Iterator[Move]:
        record, playback = self.record, self.phone.snapshot().caller.playback
        flow = self._flows[record.flow]
        yield from self.workshop.moves(flow, record)
        if playback.waiting is None:
            return
        outside = {
            event: data
            for event, data in self._settings.event_data.items()
            if not self.workshop.is_work(event)
        }
        entries = tuple(_anew(one.path, record) for one in self._entries if one.is_plain)
        yield from moves(Situation(flow, record, playback, entries, outside))
        change = self._calendar.next_change(self.clock.moment)
        if change is not None:
            moment = change.isoformat().removesuffix("+00:00")
            yield Move(Step("at", moment), Kind.CLOCK)

    def apply(self, step: Step) -> Exception | None:
        """Have something happen, and return what was raised."""
        errors: list[BaseException] = []
        token = flow_errors.set(errors)
        self._pool.take_back()
        try:
            self._do(step)
        except Exception as error:  # noqa: BLE001 - flow code may raise anything
            errors.insert(0, error)
        finally:
            flow_errors.reset(token)
        if errors:
            self._pool.drop()
        return next((one for one in errors if isinstance(one, Exception)), None)

    def _do(self, step: Step) -> None:
        if step.verb == "at":
            self.clock.moment = as_moment(step.what)
        elif step.verb == "dial":
            told = json.loads(step.data or "{}")
            self.phone.dial(step.what, **{**told, "CallSid": CALL_SID})
        else:
            step.apply(self.phone)


def _anew(path: str, record: Record) -> str:
    """Return the URL of a takeover that a call does not remember.

    The same one again would only say where the call is now, as for a request that comes late.
    """
    before = len(record.entry_keys)
    if before == 1:
        return path  # the call came in, and was not taken over
    return f"{path}?nonce={before if before < REMEMBERED else record.seq}"
