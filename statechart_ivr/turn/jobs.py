"""Which background work a call has to do: what its record says, and what a turn makes of it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from statechart_ivr.flow import CallFlow, configuration_of, context_of, spec_of
from statechart_ivr.record import Job, Record, check_json
from statechart_ivr.spec import FlowSpec, Work

logger = logging.getLogger("statechart_ivr.turn")

#: Seconds for which a job is left to whoever has taken it; renewed while the work goes on.
LEASE = 30.0
#: Why work has failed that went on past its deadline.
TIMED_OUT = "timed out"


def jobs_after(flow: CallFlow, before: Sequence[Job]) -> list[Job]:
    """Return a call's jobs after its chart has moved, or has not.

    Leaving a state ends its work, and entering it starts it, even if it is the same one again.
    What an event has started goes on wherever the call is.

    Args:
        flow: the machine.
        before: the jobs there were.
    """
    context, spec = context_of(flow), spec_of(type(flow))
    conf = set(configuration_of(flow))
    kept = [
        job
        for job in before
        if job.on not in spec.chart.states or (job.on in conf and job.on not in context.entered)
    ]
    now = context.clock.now().timestamp()
    entered = conf.intersection(context.entered)
    states = [
        _job(work, one, {}, now) for work in spec.work for one in work.states if one in entered
    ]
    events = [job for event, data in context.events for job in jobs_on(spec, event, data, now)]
    return [*kept, *states, *events]


def jobs_on(spec: FlowSpec, event: str, data: Mapping[str, Any], now: float) -> Iterator[Job]:
    """Go through the work that an event starts.

    Args:
        spec: of the flow.
        event: its id; work for ``dial`` is started by ``dial.busy``, too.
        data: of the event.
        now: seconds since 1970.

    Raises:
        SessionValueError: some of the data is not JSON, and could not be kept.
    """
    for work in spec.work:
        if any(f"{event}.".startswith(f"{wanted}.") for wanted in work.on_events):
            check_json(dict(data), f"the data of {event}")
            yield _job(work, event, data, now)


def _job(work: Work, on: str, data: Mapping[str, Any], now: float) -> Job:
    return Job(uuid4().hex, work.method, on, dict(data), now + work.timeout, now + LEASE)


def jobs_elsewhere(old: FlowSpec | None, new: FlowSpec, jobs: Iterable[Job]) -> list[Job]:
    """Return the jobs that go on when a call is taken over: none of those that states started.

    Args:
        old: of the flow that the call was in; None if the application does not know it.
        new: of the flow that it is in from now on.
        jobs: there were.
    """
    states = {*new.chart.states, *(old.chart.states if old else ())}
    methods = {work.method for work in new.work}
    # Nobody could do what another flow's methods are for, and its failure would be heard here.
    return [job for job in jobs if job.on not in states and job.method in methods]


def find_job(record: Record, job_id: str) -> Job | None:
    """Return one of a call's jobs; None where nobody waits for it."""
    return next((job for job in record.jobs if job.id == job_id), None)


def overdue(record: Record, now: float) -> list[Job]:
    """Return the jobs that have had all their time."""
    return [job for job in record.jobs if job.deadline <= now]


def abandoned(record: Record, now: float) -> list[Job]:
    """Return the jobs that whoever took them has not renewed: it was stopped, or is stuck.

    They are to be taken again, and the log says so.
    """
    found = [job for job in record.jobs if job.lease <= now < job.deadline]
    for job in found:
        about = {"call_sid": record.call["sid"], "flow": record.flow, "job": job.id}
        logger.warning(
            "the lease of %s has run out; it is submitted again", job.method, extra=about
        )
    return found


def taken(record: Record, jobs: Collection[Job], now: float) -> Record:
    """Return a record in which some of its jobs have a new lease."""
    ids = {job.id for job in jobs}
    renewed = [replace(one, lease=now + LEASE) if one.id in ids else one for one in record.jobs]
    return replace(record, jobs=renewed)


def without(record: Record, job_id: str) -> Record:
    """Return a record without one of its jobs."""
    return replace(record, jobs=[job for job in record.jobs if job.id != job_id])


def fresh(record: Record, before: Record | None) -> list[Job]:
    """Return the jobs that are to be submitted: new, or with a new lease."""
    known = {(job.id, job.lease) for job in before.jobs} if before else set()
    return [job for job in record.jobs if (job.id, job.lease) not in known]
