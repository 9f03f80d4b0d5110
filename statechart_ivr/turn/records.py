"""Loading and saving records, and what is kept of a machine when a turn is over."""

from __future__ import annotations

import copy
import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from statechart_ivr.call import Call, Request
from statechart_ivr.errors import DamagedRecordError, SessionMismatchError, WrongKeyError
from statechart_ivr.flow import (
    CallFlow,
    Context,
    configuration_of,
    context_of,
    history_of,
    spec_of,
)
from statechart_ivr.record import Job, Record, Session
from statechart_ivr.turn.environment import Environment, flow_errors
from statechart_ivr.turn.jobs import jobs_after

logger = logging.getLogger("statechart_ivr.turn")

#: Behind a call SID: bytes of it that could not be read.
DAMAGED = ".damaged"


@dataclass(frozen=True)
class Loaded:
    """What the store has of a call.

    Attributes:
        record: None where there is none, or none that can be read.
        revision: to be passed to the save that follows.
    """

    record: Record | None
    revision: int | None


def flow_of(environment: Environment, record: Record) -> type[CallFlow]:
    """Return the flow of a call.

    Raises:
        SessionMismatchError: the application has none of that name any more.
    """
    if record.flow not in environment.flows:
        raise SessionMismatchError(f"there is no flow {record.flow}")
    return environment.flows[record.flow]


def is_worn_out(flow: type[CallFlow], record: Record) -> bool:
    """Return whether a call has had all its turns."""
    return record.turns >= flow.max_turns


def load(environment: Environment, call_sid: str) -> Loaded:
    """Load a call's record.

    Bytes that cannot be read are put aside under ``<call SID>.damaged``, so that whoever looks
    into it finds them, and count as no record.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    stored = environment.store.load(call_sid)
    if stored is None:
        return Loaded(None, None)
    try:
        return Loaded(Record.from_bytes(stored.data), stored.revision)
    except DamagedRecordError as error:
        aside = call_sid + DAMAGED
        logger.error("%s; kept as %s", error, aside, extra={"call_sid": call_sid})
        environment.store.save(
            aside,
            stored.data,
            expected=_revision_of(environment, aside),
            ttl=environment.session_ttl,
        )
        return Loaded(None, stored.revision)


def _revision_of(environment: Environment, call_sid: str) -> int | None:
    try:
        stored = environment.store.load(call_sid)
    except WrongKeyError as error:
        return error.revision  # what it says does not matter
    return stored.revision if stored else None


def save(environment: Environment, record: Record, *, revision: int | None) -> None:
    """Save a call's record over the revision it was made from.

    Raises:
        StaleSessionError: somebody else saved it meanwhile.
        StoreUnavailableError: the store cannot write.
        SessionValueError: something in the session is no longer JSON.
    """
    environment.store.save(
        record.call["sid"], record.to_bytes(), expected=revision, ttl=environment.session_ttl
    )


def context_for(
    environment: Environment,
    flow: type[CallFlow],
    record: Record | None,
    *,
    call: Call,
    entry: str,
    seq: int,
    request: Request | None,
) -> Context:
    """Return what a machine is to know during a turn.

    Args:
        environment: of the application.
        flow: the class.
        record: of the call; None for a new one.
        call: as of this request.
        entry: path of the route the call came in by.
        seq: number of the document that is made.
        request: None for an outside event without one.
    """
    return Context(
        call=call,
        session=Session(copy.deepcopy(record.data) if record else {}),
        links=environment.links(flow, request, call_sid=call.sid, entry=entry, seq=seq),
        clock=environment.clock,
        services=environment.services,
        language=record.lang if record else flow.language,
        attempts=record.attempts if record else 0,
        asking=tuple(record.asking) if record else (),
    )


def kept_of(flow: CallFlow, record: Record, jobs: list[Job] | None = None) -> Record:
    """Return a record with what the machine has become; everything else as it was.

    Args:
        flow: the machine.
        record: as it was.
        jobs: of the call, where they are known by now.
    """
    context = context_of(flow)
    return replace(
        record,
        flow=type(flow).__name__,
        call=context.call.to_json(),
        conf=configuration_of(flow),
        hist=history_of(flow),
        data=dict(context.session),
        lang=context.language,
        attempts=context.attempts,
        jobs=jobs_after(flow, record.jobs) if jobs is None else jobs,
    )


def asked_for_secret(environment: Environment, record: Record) -> bool:
    """Return whether an input that comes to a record may be a secret."""
    flow = environment.flows.get(record.flow)
    handlers = spec_of(flow).handlers if flow else {}
    return any(handlers[one].secret for one in record.conf if one in handlers)


def log_flow_error(error: BaseException, about: Mapping[str, Any], *, is_secret: bool) -> None:
    """Log what flow code raised, and collect it where a test asks for it.

    Args:
        error: with its traceback.
        about: the call, for the log.
        is_secret: whether its message, and those of its causes, may repeat a secret.
    """
    what = "the flow raised; the session stays as it was"
    if is_secret:
        frames = "".join(traceback.format_tb(error.__traceback__))
        logger.error("%s: %s\n%s", what, type(error).__name__, frames, extra=about)
    else:
        logger.error(what, exc_info=error, extra=about)
    if (errors := flow_errors.get()) is not None:
        errors.append(error)
