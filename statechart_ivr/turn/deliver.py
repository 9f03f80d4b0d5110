"""One event from outside: a status callback, a finished recording, the flow's own services."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import uuid4

from twilio.twiml.voice_response import Hangup

from statechart_ivr.call import Call, Request
from statechart_ivr.errors import (
    RestError,
    RunnerError,
    RunnerFullError,
    SessionMismatchError,
    SessionValueError,
    StaleSessionError,
    StoreError,
    StoreUnavailableError,
    UnknownUrlError,
)
from statechart_ivr.flow import (
    CallFlow,
    bring_back,
    configuration_of,
    context_of,
    spec_of,
)
from statechart_ivr.record import REMEMBERED, Job, Record
from statechart_ivr.runners import base as runners
from statechart_ivr.turn.environment import Client, Environment
from statechart_ivr.turn.feed import Fate, feed_event, settle
from statechart_ivr.turn.hold import is_queueing, stays_in_queue
from statechart_ivr.turn.jobs import (
    TIMED_OUT,
    abandoned,
    find_job,
    fresh,
    jobs_on,
    overdue,
    taken,
    without,
)
from statechart_ivr.turn.outbound import adopt
from statechart_ivr.turn.records import (
    asked_for_secret,
    context_for,
    is_worn_out,
    kept_of,
    load,
    log_flow_error,
    save,
)
from statechart_ivr.twiml import Rendering, from_xml, to_elements, to_xml

logger = logging.getLogger("statechart_ivr.turn")

#: What is delivered for background work that raised, or took too long.
FAILED = "background_failed"
#: How often a delivery is tried again when another process saved first.
RACES = 10


@dataclass(frozen=True)
class Delivery:
    """An event from outside.

    Attributes:
        call_sid: the call it is for.
        event: its id.
        data: keyword arguments for callbacks.
        key: digest by which the same delivery come twice is known; nothing for one that is
            never repeated.
        request: the webhook it came by, or None.
        ends: whether the call is over with it.
        job: id of the background work whose outcome it is; nothing for anything else. Without an
            event the work has come to an end, and nothing else.
        is_asked: whether the call is just asking for a document, or was told to, and need not be
            told again.
    """

    call_sid: str
    event: str
    data: Mapping[str, Any]
    key: str = ""
    request: Request | None = None
    ends: bool = False
    job: str = ""
    is_asked: bool = False


def deliver(environment: Environment, delivery: Delivery) -> bool:
    """Deliver an event to a call, between its turns.

    What the states it enters say is kept as unheard, and said at the next request.

    Returns:
        Whether the chart moved.

    Raises:
        StoreUnavailableError: the store gives no answer, or too many others save meanwhile. Where
            only the answer was lost, the event has been delivered.
    """
    # A save may have been done although its answer was lost: by its key it knows itself again.
    own = replace(delivery, key=delivery.key or uuid4().hex)
    tried: list[bool] = []
    for _ in range(RACES):
        try:
            return _deliver_once(environment, own, tried)
        except StaleSessionError:
            continue
    raise StoreUnavailableError(f"the session of {delivery.call_sid} is saved by too many at once")


def _deliver_once(environment: Environment, delivery: Delivery, tried: list[bool]) -> bool:
    about: dict[str, Any] = {"call_sid": delivery.call_sid, "event": delivery.event}
    loaded = load(environment, delivery.call_sid)
    record = loaded.record
    if record is None and adopt(environment, delivery.call_sid, delivery.request):
        return _deliver_once(environment, delivery, tried)
    if record is None:
        logger.info("%s for a call that is not known", delivery.event, extra=about)
        return False
    if delivery.key in record.seen:
        logger.info("%s was delivered before", delivery.event, extra=about)
        return tried[-1] if tried else False
    job = find_job(record, delivery.job)
    if delivery.job and job is None:
        logger.info("%s comes too late; nobody waits for it", delivery.event, extra=about)
        return tried[-1] if tried else False
    if job is not None and _leads_nowhere(environment, record, job, delivery):
        delivery = replace(delivery, event="")
    now = environment.clock.now().timestamp()
    present = taken(without(record, delivery.job), abandoned(record, now), now)
    kept, has_moved = _moved(environment, delivery, present)
    if kept is None:
        return False
    kept = _noted(kept, delivery)
    tried.append(has_moved)
    save(environment, kept, revision=loaded.revision)
    about |= {"flow": kept.flow, "state": kept.conf, "seq": kept.seq}
    logger.info("delivered" if has_moved else "moved nothing", extra=about)
    if not delivery.is_asked:
        _call_back(environment, kept, in_vain=job is not None and _waits_in_vain(kept, job))
    submit(environment, kept, fresh(kept, record), may_fail=delivery.event != FAILED)
    for late in [] if delivery.job else overdue(kept, now):
        fail(environment, delivery.call_sid, late, TIMED_OUT)
    return has_moved


def _leads_nowhere(environment: Environment, record: Record, job: Job, delivery: Delivery) -> bool:
    """Return whether what work has come to could only lead to more work, without an end."""
    if job.on == delivery.event == FAILED:
        return True  # what is done about failures has failed; it would do so again
    flow = environment.flows.get(record.flow)
    if flow is None or not is_worn_out(flow, record):
        return False
    about = {"call_sid": delivery.call_sid, "flow": record.flow, "event": delivery.event}
    logger.error("max_turns = %d reached; the work ends", flow.max_turns, extra=about)
    return True


def _waits_in_vain(record: Record, job: Job) -> bool:
    """Return whether work that a caller is held for has come to its end, and led nowhere."""
    is_held = job.on in record.conf and not {*record.asking} & {*record.conf}
    return is_held and not any(other.on in record.conf for other in record.jobs)


def _noted(record: Record, delivery: Delivery) -> Record:
    """Return a record that knows what was delivered."""
    if delivery.job:
        # It is known by its job, which is gone now. Work that leads to work has to have an end.
        record = replace(record, turns=record.turns + 1)
    else:
        record = replace(record, seen=[*record.seen, delivery.key][-REMEMBERED:])
    return replace(record, ended=True, unheard=[]) if delivery.ends else record


def _moved(
    environment: Environment, delivery: Delivery, record: Record
) -> tuple[Record | None, bool]:
    """Move the chart, if it still runs; flow code that raises leaves everything as it was."""
    if not delivery.event:
        return record, False
    try:
        machine = _machine(environment, delivery, record)
        if machine is None:
            return _with_work(environment, delivery, record), False
        fate = feed_event(machine, delivery.event, delivery.data)
        if fate in {Fate.IGNORED, Fate.HANG_UP}:
            return replace(record, jobs=kept_of(machine, record).jobs), False
        has_moved = settle(machine) or fate is not Fate.COUNTED
        kept = kept_of(machine, record)
        if has_moved or context_of(machine).renderings:
            kept = replace(with_unheard(kept, _said(machine, fate)), seq=kept.seq + 1)
        kept.to_bytes()
        return kept, has_moved
    except Exception as error:  # noqa: BLE001 - flow code may raise anything
        about = {
            "call_sid": delivery.call_sid,
            "flow": record.flow,
            "state": record.conf,
            "event": delivery.event,
        }
        log_flow_error(error, about, is_secret=asked_for_secret(environment, record))
        if isinstance(error, SessionValueError):
            return (record, False) if delivery.ends or delivery.job else (None, False)
        # A recording is to be filed, although the chart could do nothing with it.
        kept = _with_work(environment, delivery, record)
        is_kept = delivery.ends or delivery.job or kept.jobs != record.jobs
        return (kept, False) if is_kept else (None, False)


def _with_work(environment: Environment, delivery: Delivery, record: Record) -> Record:
    """Start what waits for an event, though the chart no longer moves."""
    flow = environment.flows.get(record.flow)
    if flow is None:
        return record
    now = environment.clock.now().timestamp()
    jobs = [*record.jobs, *jobs_on(spec_of(flow), delivery.event, delivery.data, now)]
    return replace(record, jobs=jobs)


def _machine(environment: Environment, delivery: Delivery, record: Record) -> CallFlow | None:
    """Bring the machine back to life; None where it no longer runs."""
    flow = environment.flows.get(record.flow)
    if flow is None or record.ended or not record.conf:
        return None  # the last: nobody has answered yet
    call = Call.from_json(record.call)
    if delivery.request is not None:
        parameters = delivery.request.parameters
        # Other callbacks may come from another leg, which has a status of its own.
        call = call.updated(parameters) if delivery.ends else replace(call, parameters=parameters)
    context = context_for(
        environment,
        flow,
        record,
        call=call,
        entry=record.entry,
        seq=record.seq + 1,
        request=delivery.request,
    )
    try:
        machine = bring_back(flow, context, conf=record.conf, hist=record.hist)
    except SessionMismatchError as error:
        about = {"call_sid": delivery.call_sid, "event": delivery.event, "flow": record.flow}
        logger.warning("%s; the event is dropped", error, extra=about)
        return None
    return None if spec_of(flow).chart.is_final(configuration_of(machine)) else machine


def _said(machine: CallFlow, fate: Fate) -> list[Rendering]:
    said = list(context_of(machine).renderings)
    if fate is Fate.LET_GO:
        said.append(Rendering("hang-up", tuple(to_elements(Hangup()))))
    return said


def _call_back(environment: Environment, record: Record, *, in_vain: bool) -> None:
    """Point a live call at what it has not heard, where somebody can.

    Args:
        environment: of the application.
        record: of the call.
        in_vain: whether it hears music, and would go on to for nothing.
    """
    if environment.client is None or environment.call_back is None:
        return
    unheard, flow = unheard_of(record), environment.flows.get(record.flow)
    if flow is None or record.ended or not (unheard or in_vain):
        return
    if is_queueing(flow, record) and stays_in_queue(record, unheard):
        return  # the next wait document says it; going away from the queue would lose the place
    sid = record.call["sid"]
    links = environment.links(flow, None, call_sid=sid, entry=record.entry, seq=record.seq)
    secret = {"s": 1} if asked_for_secret(environment, record) else {}
    try:
        url = links.wait(1, absolute=True, **secret)
    except UnknownUrlError as error:
        logger.warning("the call is not redirected: %s", error, extra={"call_sid": sid})
        return
    environment.call_back(partial(_redirect, environment, environment.client, record, url), sid)


def _redirect(environment: Environment, client: Client, told: Record, url: str) -> None:
    """Point a call at its wait URL, if it still has not come for what it has not heard."""
    sid = told.call["sid"]
    try:
        record = load(environment, sid).record
        # What was heard meanwhile may have connected the caller to somebody.
        is_waiting = record is not None and (record.unheard or record.seq == told.seq)
        if record is not None and is_waiting and not record.ended:
            client.redirect(sid, url, account_sid=record.call["account_sid"])
    except (RestError, StoreError) as error:
        logger.warning("the call is not redirected: %s", error, extra={"call_sid": sid})


def submit(
    environment: Environment, record: Record, jobs: Iterable[Job], *, may_fail: bool = True
) -> None:
    """Hand out background work of a call whose record was saved.

    What nobody can take now is found again when its lease has run out.

    Args:
        environment: of the application.
        record: as it was saved.
        jobs: of the call.
        may_fail: whether the call is told at once of work that there is too much of; not where
            the work is what the call does about a failure, for it would fail without an end.
    """
    sid = record.call["sid"]
    for job in jobs:
        about = {"call_sid": sid, "job": job.id}
        if environment.runner is None or environment.perform is None:
            logger.error("%s is not done: there is no runner", job.method, extra=about)
            continue
        run = partial(environment.perform, sid, job.id)
        try:
            environment.runner.submit(runners.Job(sid, job.id, run))
        except RunnerError as error:
            if may_fail and isinstance(error, RunnerFullError):
                logger.error("%s is not done: %s", job.method, error, extra=about)
                fail(environment, sid, job, "too much to do")
            else:
                logger.warning("%s has to wait: %s", job.method, error, extra=about)


def fail(
    environment: Environment, call_sid: str, job: Job, error: str, *, is_asked: bool = False
) -> None:
    """Tell a call that its background work has failed.

    Args:
        environment: of the application.
        call_sid: the call.
        job: what has failed.
        error: why, for the flow.
        is_asked: whether the call is just asking for a document.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    told = Delivery(call_sid, FAILED, {"error": error}, job=job.id, is_asked=is_asked)
    deliver(environment, told)


def unheard_of(record: Record) -> list[Rendering]:
    """Return what outside events made states say, and nobody has heard."""
    return [from_xml(source, xml) for source, xml in record.unheard]


def with_unheard(record: Record, said: Iterable[Rendering]) -> Record:
    """Return a record that keeps what states have said while nobody listened."""
    # A state that is entered again says what is true now; what it said before would be old news,
    # and a list that only grows would become too long to be said at all.
    new = {one.source: to_xml(one) for one in said if one.elements}
    still = [(source, xml) for source, xml in record.unheard if source not in new]
    return replace(record, unheard=[*still, *new.items()])
