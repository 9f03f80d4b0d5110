"""What lies in a store, and what becomes of it when other flows take over: read, never written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from statechart_ivr.call import Call
from statechart_ivr.errors import DamagedRecordError, SessionMismatchError, WrongKeyError
from statechart_ivr.flow import CallFlow, bring_back, configuration_of, history_of, spec_of
from statechart_ivr.record import Record
from statechart_ivr.stores.base import SessionStore, Stored
from statechart_ivr.stores.health import PROBE
from statechart_ivr.turn import Environment
from statechart_ivr.turn.records import DAMAGED, context_for, flow_of, is_worn_out


@dataclass(frozen=True)
class StoredCall:
    """What a store holds under one call SID.

    Attributes:
        call_sid: the call; with `DAMAGED` behind it, what was once found of it.
        revision: how often it was saved.
        record: None if the bytes cannot be read.
        damage: what is wrong with them; nothing if they can be read.
        is_locked: whether they are encrypted with a key that is not there. They may be whole.
    """

    call_sid: str
    revision: int
    record: Record | None
    damage: str = ""
    is_locked: bool = False

    @property
    def is_put_aside(self) -> bool:
        """Whether these are bytes that a turn found damaged and kept, and no call."""
        return self.call_sid.endswith(DAMAGED)

    @property
    def is_live(self) -> bool:
        """Whether the call has not ended, as far as its record knows."""
        return self.record is not None and not self.record.ended


def stored_call(store: SessionStore, call_sid: str) -> StoredCall | None:
    """Return what a store holds of a call, or None.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    try:
        stored = store.load(call_sid)
    except WrongKeyError as error:
        return StoredCall(call_sid, error.revision, None, str(error), is_locked=True)
    return None if stored is None else _read(call_sid, stored)


def stored_calls(store: SessionStore) -> Iterator[StoredCall]:
    """Go through what a store holds, by call SID, without a health check's probes.

    Calls go on meanwhile: what vanishes before it is looked at is left out.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    for call_sid in sorted(store.calls()):
        found = None if call_sid.startswith(PROBE) else stored_call(store, call_sid)
        if found is not None:
            yield found


def _read(call_sid: str, stored: Stored) -> StoredCall:
    try:
        return StoredCall(call_sid, stored.revision, Record.from_bytes(stored.data))
    except DamagedRecordError as error:
        return StoredCall(call_sid, stored.revision, None, str(error))


class Verdict(Enum):
    """What becomes of a call that meets a new version of its flow."""

    GOES_ON = "goes on"
    FOUND_AGAIN = "goes on: its states are found where they were put"
    ENDS = "is in a final state: ends with what it is hearing"
    STARTS_AGAIN = "starts again"
    LET_GO = "hears the apology and a hang-up"

    @property
    def is_stranded(self) -> bool:
        """Whether the caller loses their place."""
        return self in {Verdict.STARTS_AGAIN, Verdict.LET_GO}


@dataclass(frozen=True)
class Prospect:
    """What a call's next input leads to.

    Attributes:
        call_sid: the call.
        flow: name of its flow, as the record has it.
        entry: path of the route it came in by.
        states: ids of the innermost active states, and of those around them that these flows do
            not know as such.
        verdict: what becomes of the call.
        why: the reason, where the caller loses their place.
        missing: ids of the active states that are gone.
        forgotten: ids of the history states that forget where the caller was.
        has_entry: whether the entry is still there. A call that goes on needs it only if its
            session is lost.
    """

    call_sid: str
    flow: str
    entry: str
    states: tuple[str, ...]
    verdict: Verdict
    why: str = ""
    missing: tuple[str, ...] = ()
    forgotten: tuple[str, ...] = ()
    has_entry: bool = True

    @property
    def outlook(self) -> str:
        """The verdict in words, with what there is to say about it."""
        verdict, text = self.verdict, self.verdict.value
        if verdict.is_stranded:
            place = f" at {self.entry}" if verdict is Verdict.STARTS_AGAIN else ""
            return f"{text}{place}: {self.why}"
        forgets = "; {} forgets where the caller was"
        entry = "" if self.has_entry else f"; its entry {self.entry} is gone"
        return text + "".join(map(forgets.format, self.forgotten)) + entry


def prospects(environment: Environment) -> Iterator[Prospect | StoredCall]:
    """Go through the live calls of a store, and say what an application's flows do with each.

    A turn's own functions decide, on the same records. Of the flows' code only what makes an
    instance is run, and nothing is saved.

    Args:
        environment: the flows that are to take over, and the store as it is.

    Yields:
        A prospect for each live call; what cannot be read, put aside or not, as it was found.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    for found in stored_calls(environment.store):
        if found.record is None:
            yield found
        elif found.is_live:
            yield prospect_of(environment, found.call_sid, found.record)


def prospect_of(environment: Environment, call_sid: str, record: Record) -> Prospect:
    """Say what becomes of one live call at its next input.

    Args:
        environment: the flows that are to take over.
        call_sid: the call.
        record: what is stored of it.
    """
    flow = environment.flows.get(record.flow)
    has_entry = record.entry in environment.routes
    prospect = Prospect(
        call_sid, record.flow, record.entry, _innermost(flow, record), Verdict.GOES_ON,
        has_entry=has_entry,
    )  # fmt: skip
    try:
        machine = _brought_back(environment, record)
    except SessionMismatchError as error:
        verdict, why = _start_again(environment, record, str(error))
        return replace(prospect, verdict=verdict, why=why, missing=tuple(error.missing))
    verdict, why = _go_on(machine, record)
    forgotten = tuple(sorted(record.hist.keys() - history_of(machine).keys()))
    return replace(prospect, verdict=verdict, why=why, forgotten=forgotten)


def _brought_back(environment: Environment, record: Record) -> CallFlow:
    flow = flow_of(environment, record)
    context = context_for(
        environment,
        flow,
        record,
        call=Call.from_json(record.call),
        entry=record.entry,
        seq=record.seq,
        request=None,
    )
    return bring_back(flow, context, conf=record.conf, hist=record.hist)


def _go_on(machine: CallFlow, record: Record) -> tuple[Verdict, str]:
    flow, conf = type(machine), configuration_of(machine)
    if spec_of(flow).chart.is_final(conf):
        return Verdict.ENDS, ""
    if is_worn_out(flow, record):
        return Verdict.LET_GO, _worn_out(flow)
    return (Verdict.GOES_ON if conf == record.conf else Verdict.FOUND_AGAIN), ""


def _start_again(environment: Environment, record: Record, why: str) -> tuple[Verdict, str]:
    if record.entry not in environment.routes:
        return Verdict.LET_GO, f"{why}, and there is no route {record.entry!r} to start again at"
    flow, _ = environment.routes[record.entry]
    if is_worn_out(flow, record):
        return Verdict.LET_GO, f"{why}, and {_worn_out(flow)}"
    return Verdict.STARTS_AGAIN, why


def _worn_out(flow: type[CallFlow]) -> str:
    return f"max_turns = {flow.max_turns} reached"


def _innermost(flow: type[CallFlow] | None, record: Record) -> tuple[str, ...]:
    """Return the active states without those that this version knows to be around others."""
    paths = spec_of(flow).chart.paths if flow else {}
    around = {outer for one in record.conf for outer in paths.get(one, ())[1:]}
    return tuple(state_id for state_id in record.conf if state_id not in around)
