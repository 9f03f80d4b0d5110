"""Background work: one job of one call, from its lease to the delivery of what it came to."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from statechart_ivr.call import Call
from statechart_ivr.errors import (
    DetachedError,
    FlowError,
    IvrError,
    StaleSessionError,
    StoreUnavailableError,
    UnknownEventError,
)
from statechart_ivr.events import REFUSED_NAMES
from statechart_ivr.flow import CallFlow, context_of, detach, spec_of
from statechart_ivr.record import Job, ReadOnlySession, Record, check_json
from statechart_ivr.turn.deliver import FAILED, Delivery, deliver, fail
from statechart_ivr.turn.environment import Environment
from statechart_ivr.turn.jobs import LEASE, TIMED_OUT, find_job, taken
from statechart_ivr.turn.records import asked_for_secret, context_for, load, log_flow_error, save

logger = logging.getLogger("statechart_ivr.turn")

#: Seconds before what work came to is delivered again, to a store that gave no answer.
PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)

_ALWAYS_KNOWN = frozenset({"no_match", "no_input", "give_up"})


@dataclass(frozen=True)
class Outcome:
    """What background work came to.

    Attributes:
        event: to be delivered; nothing where there is none.
        data: keyword arguments for callbacks.
        is_redirected: whether the work has pointed its call elsewhere.
    """

    event: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    is_redirected: bool = False


def perform(environment: Environment, call_sid: str, job_id: str) -> None:
    """Do one job of a call, and deliver what it comes to.

    The work may be done twice, by two processes, if the first one does not renew its lease; what
    it comes to is delivered once.

    Args:
        environment: of the application.
        call_sid: the call.
        job_id: the job; nothing is done where it is done already, or nobody waits for it.

    Raises:
        StoreUnavailableError: the store gives no answer; the job's lease will run out.
    """
    record = load(environment, call_sid).record
    job = find_job(record, job_id) if record else None
    if record is None or job is None:
        about = {"call_sid": call_sid, "job": job_id}
        logger.info("nobody waits for this work any more", extra=about)
        return
    if record.flow not in environment.flows:
        # A version that knows it may be at work in another process; its time runs anyway.
        about = {"call_sid": call_sid, "job": job_id, "flow": record.flow}
        logger.warning("there is no flow %s here to do its work", record.flow, extra=about)
        return
    if job.deadline <= environment.clock.now().timestamp():
        fail(environment, call_sid, job, TIMED_OUT)
        return
    with _renewing(environment, call_sid, job):
        outcome = outcome_of(environment, record, job)
        told = Delivery(
            call_sid,
            outcome.event,
            outcome.data,
            job=job.id,
            is_asked=outcome.is_redirected,
        )
        _deliver_patiently(environment, told)


def _deliver_patiently(environment: Environment, told: Delivery) -> None:
    """Deliver what work came to; a store that is away for a moment is not to cost the result."""
    for pause in PAUSES:
        try:
            deliver(environment, told)
        except StoreUnavailableError as error:
            about = {"call_sid": told.call_sid, "event": told.event}
            logger.warning("a result is not delivered yet: %s", error, extra=about)
            time.sleep(pause)
        else:
            return
    deliver(environment, told)


def outcome_of(environment: Environment, record: Record, job: Job) -> Outcome:
    """Do one job, and return what it comes to, without telling the call of it."""
    try:
        flow = environment.flows[record.flow]
        machine = _detached(environment, flow, record, job)
        method = getattr(machine, job.method)
        returned = method(**_accepted(method, job.data))
        _check_unchanged(machine, record)
        outcome = _read(flow, job.method, returned)
        return replace(outcome, is_redirected=context_of(machine).is_redirected)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - flow code may raise anything
        about = {"call_sid": record.call["sid"], "flow": record.flow, "event": job.on}
        is_secret = asked_for_secret(environment, record)
        log_flow_error(error, about, is_secret=is_secret)
        words = "" if is_secret else f": {error}"
        return Outcome(FAILED, {"error": type(error).__name__ + words})


def _detached(environment: Environment, flow: type[CallFlow], record: Record, job: Job) -> CallFlow:
    context = context_for(
        environment,
        flow,
        record,
        call=Call.from_json(record.call),
        entry=record.entry,
        seq=record.seq,
        request=None,
    )
    context.job = job
    context.outside = environment.outside
    context.session = ReadOnlySession(dict(context.session))
    return detach(flow, context, conf=record.conf, hist=record.hist)


def _check_unchanged(machine: CallFlow, record: Record) -> None:
    """Check that nothing within the session was changed, for it would be lost.

    Raises:
        DetachedError: something was.
    """
    for name, before in record.data.items():
        if machine.session[name] != before:
            raise DetachedError(
                f"changing what session[{name!r}] holds",
                "return (event id, {name: value}), and keep the value where the event arrives",
            )


def _accepted(method: Callable[..., Any], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a method takes of an event's data, as the engine does for its callbacks."""
    parameters = inspect.signature(method).parameters
    takes_all = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
    return {name: value for name, value in data.items() if takes_all or name in parameters}


def _read(flow: type[CallFlow], method: str, returned: Any) -> Outcome:
    """Read what a background method returned.

    Raises:
        FlowError: it is nothing that could be delivered.
        UnknownEventError: it is an event that the flow has no use for.
        SessionValueError: its data is not JSON.
    """
    name = f"{flow.__name__}.{method}"
    if returned is None:
        return Outcome()
    event, data = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, {})
    if not isinstance(event, str) or not isinstance(data, dict):
        raise FlowError(
            f"{name} returned something of type {type(returned).__name__}; return an event id, "
            "(event id, {name: JSON value}), or None"
        )
    check_json(data, f"{name}: the data of {event}")
    if refused := sorted(REFUSED_NAMES.intersection(data)):
        raise FlowError(
            f"{name}: the data of {event} has the name {refused[0]!r}, which the engine uses "
            f"itself; write {refused[0]}_"
        )
    if not _is_known(flow, event):
        raise UnknownEventError(
            event,
            f"{name} returned {event!r}, for which no transition is declared; "
            f"write state.to(…, event={event!r})",
        )
    return Outcome(str(event), data)


def _is_known(flow: type[CallFlow], event: str) -> bool:
    spec = spec_of(flow)
    awaited = (wanted for work in spec.work for wanted in work.on_events)
    return (
        event.partition(".")[0] in _ALWAYS_KNOWN
        or spec.chart.knows(event)
        or any(f"{event}.".startswith(f"{wanted}.") for wanted in awaited)
    )


@contextmanager
def _renewing(environment: Environment, call_sid: str, job: Job) -> Iterator[None]:
    """Keep others from taking a job while it is done here, and the caller from waiting too long.

    Whoever hears music, or is asked something, sends no request that would find the work overdue.
    """
    done = threading.Event()

    def renew() -> None:
        while not done.wait(_until_next(environment, job)):
            _renew(environment, call_sid, job)

    thread = threading.Thread(target=renew, name="ivr-lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _until_next(environment: Environment, job: Job) -> float:
    left = job.deadline - environment.clock.now().timestamp()
    # At least so long: a store that is away is not to be asked without a pause.
    return min(LEASE / 3, max(left, 0.5))


def _renew(environment: Environment, call_sid: str, job: Job) -> None:
    try:
        if job.deadline <= environment.clock.now().timestamp():
            fail(environment, call_sid, job, TIMED_OUT)
            return
        loaded = load(environment, call_sid)
        now = environment.clock.now().timestamp()
        if loaded.record and find_job(loaded.record, job.id):
            save(environment, taken(loaded.record, [job], now), revision=loaded.revision)
    except StaleSessionError:
        pass  # the next time will do
    except IvrError as error:
        logger.warning("a lease is not renewed: %s", error, extra={"call_sid": call_sid})
