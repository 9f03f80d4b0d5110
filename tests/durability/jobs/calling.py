"""One call with background work whose processes are halted, from its first webhook to its last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

from statechart_ivr.record import Record
from statechart_ivr.stores import open_store
from statechart_ivr.testing.parameters import new_sid
from statechart_ivr.turn.sweep import EVERY
from tests.durability.documents import action, hangs_up, pause, redirect, words
from tests.durability.jobs.line import Line
from tests.durability.jobs.lookups import ENTRY, FAILED, FOUND
from tests.durability.jobs.places import Halt, HangError, Passed, Places
from tests.durability.jobs.processes import Workers
from tests.durability.jobs.served import Setting

#: Seconds between two sweeps of a process, and then some.
A_SWEEP = EVERY.total_seconds() + 1
#: After so many requests a caller is held without an end.
ENDLESS = 40


@dataclass(frozen=True)
class Scenario:
    """What a caller does, and what is true of the work it starts.

    Attributes:
        name: in words.
        key: what is pressed; nothing for a call that is over, whose work nobody waits for.
        timeout: seconds that the work may take.
        silence: seconds until the next request of a caller who is asked something.
        absent: seconds for which no process is there in place of the first one.
        first: what befalls processes before anything else does.
        is_sure: whether one halt leaves time enough to do the work again.
    """

    name: str
    key: str
    timeout: float = 60.0
    silence: float = 5.0
    absent: float = 0.0
    first: tuple[Halt, ...] = ()
    is_sure: bool = True


class Outcome(NamedTuple):
    """What became of a call.

    Attributes:
        heard: the last words; nothing of a call that was over.
        seconds: from the key to these words, on the clock of all processes.
        polls: how many requests that were.
        effects: how often the work was done, by job.
        results: how often a result has moved the call.
        is_left: whether work is still in the record.
        is_as_planned: whether all halts have happened.
        trace: where the processes have passed.
    """

    heard: str
    seconds: float
    polls: int
    effects: Counter[str]
    results: int
    is_left: bool
    is_as_planned: bool
    trace: list[Passed]


class Track(ExitStack):
    """A place for calls, one after the other.

    Args:
        setting: of the experiment.
    """

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self._setting = setting
        self._clock = setting.clock
        self._places = Places(setting.folder)
        self._store = open_store(setting.store)
        self.callback(self._store.close)
        self._workers: Workers | None = None
        if setting.broker:
            self._workers = Workers(setting)
            self.callback(self._workers.close)

    def call(self, scenario: Scenario, halts: Sequence[Halt] = ()) -> Outcome:
        """Make a call.

        Args:
            scenario: what the caller does.
            halts: what befalls the processes from the key on, or from the end of the call.
        """
        sid = new_sid("CA")
        with ExitStack() as stack:
            line = Line(self._setting, sid, self._places, self._workers, scenario.absent)
            stack.callback(line.close)
            menu = line.ask(ENTRY, CallStatus="ringing")
            self._places.plan(sid, [*scenario.first, *halts])
            began = self._clock.seconds
            try:
                polls, heard = self._follow(line, scenario, menu, sid)
                seconds = self._clock.seconds - began
                line.wake_all()
            except HangError as error:
                polls, heard, seconds = 0, f"nothing: {error}", self._clock.seconds - began
            record = self._record(sid)
            self._store.delete(sid)
            return Outcome(
                heard,
                seconds,
                polls,
                self._effects(sid),
                record.data.get("results", 0),
                bool(record.jobs),
                self._places.are_reached(),
                self._places.trace(sid),
            )

    def _follow(self, line: Line, scenario: Scenario, menu: bytes, sid: str) -> tuple[int, str]:
        """Go on to the end; return how many requests that were, and what was heard then."""
        if scenario.key:
            return self._press(line, scenario, menu)
        line.ask("/ivr/status", CallStatus="completed", CallDuration="9")
        for sweeps in range(ENDLESS):
            if not self._record(sid).jobs:
                return sweeps, ""
            self._clock.advance(A_SWEEP)
            line.pass_by()
        return ENDLESS, ""

    def _press(self, line: Line, scenario: Scenario, menu: bytes) -> tuple[int, str]:
        """Press the key, and do what documents say until one tells what came of it."""
        body = line.ask(action(menu), Digits=scenario.key)
        for polls in range(ENDLESS):
            heard = words(body)
            if heard.startswith((FOUND, FAILED)) or hangs_up(body):
                return polls, heard
            url = redirect(body)
            self._clock.advance(pause(body) if url else scenario.silence)
            body = line.ask(url or action(body))
        return ENDLESS, "no end"

    def _record(self, sid: str) -> Record:
        found = self._store.load(sid)
        assert found is not None, "the call is stored"
        return Record.from_bytes(found.data)

    def _effects(self, sid: str) -> Counter[str]:
        path = self._setting.effects
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(job for who, job in map(str.split, lines) if who == sid)
