"""Work on entering a state: when it is begun, what it may do, and what becomes of its outcome."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

import pytest

from statechart_ivr import CallFlow
from statechart_ivr.errors import (
    RunnerClosedError,
    RunnerFullError,
    StaleSessionError,
    StoreUnavailableError,
)
from statechart_ivr.stores import MemoryStore
from statechart_ivr.turn import flow_errors
from statechart_ivr.turn.jobs import LEASE


def test_work_is_begun_when_the_turn_is_saved(looking, deferred):
    """The runner is told two names, which stand in the record by then."""
    call = looking()
    (submitted,) = deferred.jobs
    assert (submitted.call_sid, submitted.id) == ("CA1", call.job.id)
    assert (call.job.method, call.job.on, call.job.data) == ("look_up", "looking_up", {})
    now = call.clock.now().timestamp()
    assert (call.job.lease, call.job.deadline) == (now + LEASE, now + 60)


def test_what_work_comes_to_is_heard_at_the_next_request(looking):
    """The caller waits for it, and no longer than it takes."""
    call = looking(lambda _: ("found", {"name": "Ann"}))
    assert call.heard == ["One moment."]
    call.work()
    assert call.record.jobs == []
    call.poll()
    assert call.heard == ["Found Ann."]


@pytest.mark.parametrize("error", [StaleSessionError("CA1", 1), StoreUnavailableError("away")])
def test_nothing_is_begun_when_the_save_is_lost(line, lookup, deferred, error):
    """Somebody else was faster, or nobody can be: the work of that turn never was."""

    class Refusing(MemoryStore):
        refuses = False

        def save(self, call_sid, data, *, expected, ttl):
            if self.refuses:
                raise error
            return super().save(call_sid, data, expected=expected, ttl=ttl)

    store = Refusing()
    call = line(lookup, store=store, runner=deferred)
    call.dial()
    store.refuses = True
    call.press("1")
    assert call.heard == [CallFlow.one_moment]
    assert deferred.jobs == []


def test_a_turn_done_again_begins_its_work_once(line, lookup, deferred):
    """The machine whose save was lost took its job along."""

    class Racing(MemoryStore):
        races = 0

        def save(self, call_sid, data, *, expected, ttl):
            if self.races:
                self.races -= 1
                raise StaleSessionError(call_sid, expected)
            return super().save(call_sid, data, expected=expected, ttl=ttl)

    store = Racing()
    call = line(lookup, store=store, runner=deferred)
    call.dial()
    store.races = 3
    call.press("1")
    assert [one.id for one in deferred.jobs] == [call.job.id]


@pytest.mark.parametrize(
    ("returned", "complaint"),
    [
        (7, "returned something of type int; return an event id"),
        (("found",), "returned something of type tuple"),
        (("found", "name"), "returned something of type tuple"),
        ((None, {}), "returned something of type tuple"),
        (["found", {}], "returned something of type list"),
        ("fuond", "returned 'fuond', for which no transition is declared; write state.to("),
        ("", "returned '', for which no transition is declared"),
        (("found", {"name": {1, 2}}), "the data of found['name'] is of type set"),
        (("found", {1: "x"}), "has the key 1: int, not text"),
        (("found", {"state": "x"}), "has the name 'state', which the engine uses itself"),
    ],
)
def test_what_cannot_be_delivered_is_a_failure_of_the_work(looking, caplog, returned, complaint):
    """The caller hears what the flow says about failures; the log says what to return."""
    call = looking(lambda _: returned)
    call.work()
    call.poll()
    assert call.heard == ["Sorry."]
    assert complaint in call.record.data["error"]
    assert complaint in caplog.text


def test_an_event_of_the_flows_own_is_as_good_as_its_id(looking):
    """``return self.found`` is easily written, and can only mean one thing."""
    call = looking(lambda flow: flow.found)
    call.work()
    assert call.record.conf == ["told"]


@pytest.mark.parametrize("event", ["no_match", "no_match.unknown_order", "no_input"])
def test_events_that_every_flow_knows_can_be_returned(looking, caplog, event):
    """They are counted, as if the caller had said nothing of use."""
    call = looking(lambda _: event)
    call.work()
    assert call.record.attempts == 1
    assert caplog.records == []


def test_give_up_lets_the_caller_go(looking):
    """At the next request, with the apology."""
    call = looking(lambda _: "give_up")
    call.work()
    call.poll()
    assert call.heard == [CallFlow.apology]
    assert call.record.ended


def test_an_exception_is_delivered_as_background_failed(looking, caplog):
    """With its name and words; the traceback is in the log, with the call."""

    def look(flow):
        raise LookupError("no such order")

    call = looking(look)
    call.work()
    assert call.record.data == {"error": "LookupError: no such order"}
    assert "Traceback" in caplog.text
    assert caplog.records[-1].call_sid == "CA1"


def test_what_work_raises_can_be_collected(looking):
    """By whoever tests a flow; the caller hears what callers hear."""
    error = LookupError("no such order")

    def look(flow):
        raise error

    errors: list[BaseException] = []
    token = flow_errors.set(errors)
    try:
        call = looking(look)
        call.work()
    finally:
        flow_errors.reset(token)
    assert errors == [error]
    assert call.record.conf == ["sorry"]


@pytest.mark.parametrize("left_by", ["leave", "again"])
def test_leaving_a_state_ends_its_work(looking, deferred, left_by):
    """What it comes to then is of no interest, even when the same state is entered again."""
    call = looking()
    (first,) = deferred.jobs
    call.board.deliver("CA1", left_by)
    before = call.record
    assert first.id not in [one.id for one in before.jobs]
    assert len(before.jobs) == (1 if left_by == "again" else 0)
    first.run()
    assert call.record == before


def test_work_that_leads_back_to_its_state_is_done_anew(looking, deferred):
    """Each time under an id of its own."""
    outcomes = ["again", "again", "found"]
    ids = []

    def look(flow):
        ids.append(flow.job.id)
        return outcomes.pop(0)

    call = looking(look)
    call.work()
    assert len(set(ids)) == 3
    assert call.record.conf == ["told"]


def test_a_result_comes_once(looking, deferred):
    """A runner may hand out a job twice, and two processes may do it."""
    done = []

    def look(flow):
        done.append(1)
        return ("found", {"name": str(len(done))})

    call = looking(look)
    (job,) = deferred.jobs
    job.run()
    before = call.record
    job.run()
    assert call.record == before
    assert done == [1]


def test_of_two_results_that_come_at_once_one_is_delivered(looking, deferred, caplog):
    """Both were looked up while the job stood in the record."""
    caplog.set_level(logging.INFO)
    results = iter(["first", "second"])

    def look(flow):
        name = next(results)
        if name == "first":
            flow.services["board"][0].perform("CA1", flow.job.id)
        return ("found", {"name": name})

    board: list[object] = []
    call = looking(look, services={"work": look, "board": board})
    board.append(call.board)
    call.work()
    assert call.record.data == {"name": "second"}
    assert "found comes too late; nobody waits for it" in caplog.text


def test_a_result_after_a_takeover_is_dropped(looking):
    """The call is elsewhere."""
    call = looking()
    call.post("/call?nonce=1")
    call.work()
    assert call.record.conf == ["menu"]


def test_a_result_after_the_end_moves_nothing(looking):
    """But the work is done with."""
    call = looking()
    call.post("/ivr/status", CallStatus="completed")
    call.work()
    assert call.record.conf == ["looking_up"]
    assert call.record.jobs == []
    assert call.record.unheard == []


def test_work_for_a_call_that_is_not_known_is_none(looking, deferred):
    """Its session has expired, say."""
    done = []
    call = looking(lambda _: done.append(1))
    call.board.store.delete("CA1")
    call.work()
    assert done == []


def test_a_full_runner_is_a_failure_that_the_caller_hears(looking, deferred, caplog):
    """Nobody is to wait for what nobody will do."""
    deferred.error = lambda sid, job: RunnerFullError(sid, job, limit=3, advice="raise queue")
    call = looking()
    assert call.heard == ["One moment."]
    call.poll()
    assert call.heard == ["Sorry."]
    assert call.record.data == {"error": "too much to do"}
    assert "look_up is not done: job" in caplog.text


def test_a_closed_runner_leaves_its_work_to_others(looking, deferred, caplog):
    """The process is about to end; the lease will run out, and somebody take it up."""
    deferred.error = RunnerClosedError
    call = looking()
    assert call.record.conf == ["looking_up"]
    assert "look_up has to wait: job" in caplog.text
    deferred.error = None
    call.clock.advance(LEASE)
    call.poll()
    call.work()
    call.poll()
    assert call.heard == ["Found nothing."]


def test_without_a_runner_work_is_not_done(looking, caplog):
    """A switchboard always has one; whoever builds an environment is told."""
    call = looking()
    call.board.deliver("CA1", "leave")
    call.board.environment = replace(call.board.environment, runner=None)
    call.poll()
    call.press("1")
    assert "look_up is not done: there is no runner" in caplog.text


def test_work_that_would_end_the_program_has_failed(looking):
    """Programs that are called as libraries do; the caller is not to wait for it to be retried."""

    def work(flow):
        sys.exit(2)

    call = looking(work)
    call.work()
    assert call.record.conf == ["sorry"]
    assert call.record.data == {"error": "SystemExit: 2"}
