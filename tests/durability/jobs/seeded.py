"""The library with one bug each, as it might be written; the experiment has to find it.

Each function is called in a process before it answers calls, and puts a bug into that process.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from statechart_ivr.record import Job, Record
from statechart_ivr.turn import sweep, webhook, work
from statechart_ivr.turn.deliver import Delivery, deliver
from statechart_ivr.turn.environment import Environment
from statechart_ivr.turn.jobs import without
from statechart_ivr.turn.records import load, save
from statechart_ivr.turn.work import Outcome

_patch = pytest.MonkeyPatch()  # nothing is undone: the process is killed in the end


def submits_first() -> None:
    """A job is submitted before the turn is saved, and somebody is quick."""

    def save_late(environment: Environment, record: Record, *, revision: int | None) -> None:
        assert environment.perform is not None
        sid = record.call["sid"]
        for job in record.jobs:
            with environment.services["places"].passing(sid, "submit"):
                environment.perform(sid, job.id)
        save(environment, record, revision=revision)

    _patch.setattr(webhook, "save", save_late)
    _patch.setattr(webhook, "submit", lambda *_: None)


def delivers_twice() -> None:
    """A result is delivered like any event, whether or not its job is in the record."""
    _patch.setattr(work, "deliver", _deliver_any)


def ignores_leases() -> None:
    """Nobody looks for jobs whose lease has run out."""
    for module in (webhook, sweep):
        _patch.setattr(module, "abandoned", lambda *_: [])


def drops_first() -> None:
    """A job is removed from the record when it is begun, not with what it came to."""
    real = work.outcome_of

    def outcome(environment: Environment, record: Record, job: Job) -> Outcome:
        loaded = load(environment, record.call["sid"])
        if loaded.record is not None:
            save(environment, without(loaded.record, job.id), revision=loaded.revision)
        return real(environment, record, job)

    _patch.setattr(work, "outcome_of", outcome)
    _patch.setattr(work, "deliver", _deliver_any)


def holds_for_ever() -> None:
    """Nobody looks whether work has had all its time."""
    ignores_leases()
    for module in (webhook, sweep):
        _patch.setattr(module, "overdue", lambda *_: [])


def _deliver_any(environment: Environment, delivery: Delivery) -> bool:
    return deliver(environment, replace(delivery, job=""))
