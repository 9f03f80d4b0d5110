"""Background work that a test does by hand: what it comes to is delivered to the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Job
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import Line
from statechart_ivr.turn import Delivery, deliver

#: What work comes to that raises, or takes too long.
FAILED = "background_failed"


def finish_work(line: Line, call_sid: str, event: str | None, data: Mapping[str, Any]) -> None:
    """Deliver what the work of a call comes to.

    Args:
        line: to an application whose work is done by hand.
        call_sid: the call.
        event: an id that the work returns, `FAILED`, or None.
        data: what it returns with it.

    Raises:
        PhoneError: no work of the call is pending, or none that returns this.
    """
    board = line.switchboard
    if board is None or not line.by_hand:
        raise PhoneError("work() needs Phone(flow, by_hand=True); here, work does itself")
    job = _job_for(board, call_sid, event)
    told = {"error": "it failed in a test"} if event == FAILED and not data else data
    deliver(board.environment, Delivery(call_sid, event or "", told, job=job.id))


def _job_for(board: Switchboard, call_sid: str, event: str | None) -> Job:
    record = board.peek(call_sid)
    jobs = record.jobs if record else []
    if record is None or not jobs:
        raise PhoneError(f"work({event!r}): no background work is pending")
    flow = next(flow for flow in board.flows if flow.__name__ == record.flow)
    for job in jobs:
        if event in {None, FAILED} or event in outcomes_of(flow, job):
            return job
    known = {one for job in jobs for one in outcomes_of(flow, job)}
    raise PhoneError(
        f"work({event!r}): {', '.join(job.method for job in jobs)} is pending, and declares "
        f"{', '.join(sorted(known)) or 'no events'}; pass one of these, None or {FAILED!r}"
    )


def outcomes_of(flow: type[CallFlow], job: Job) -> tuple[str, ...]:
    """Return the ids that a job declares to return, in order."""
    return next((work.events for work in spec_of(flow).work if work.method == job.method), ())
