"""Work that nobody does any more is found and done; work that takes too long has failed."""

from __future__ import annotations

from dataclasses import replace
from threading import Event

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, gather, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.errors import RunnerFullError, StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.turn import Sweeper, work
from statechart_ivr.turn.deliver import RACES
from statechart_ivr.turn.jobs import LEASE
from statechart_ivr.turn.sweep import REST, sweep

#: More than a sweep may look at each time.
SESSIONS = 10_000


class Store(MemoryStore):
    """A store that others are faster on, or that is away.

    Attributes:
        races: how many saves are lost from now on.
        away: whether it gives no answer.
    """

    def __init__(self) -> None:
        super().__init__()
        self.races = 0
        self.away = False

    def load(self, call_sid):
        if self.away:
            raise StoreUnavailableError("switched off")
        return super().load(call_sid)

    def save(self, call_sid, data, *, expected, ttl):
        if self.races:
            self.races -= 1
            raise StaleSessionError(call_sid, expected)
        return super().save(call_sid, data, expected=expected, ttl=ttl)


def by_turn(call):
    """A late request of the caller."""
    call.post("/ivr/turn?at=/call&seq=1", Digits="5")


def by_poll(call):
    """The hold loop comes round."""
    call.poll()


def by_callback(call):
    """Twilio tells of something else."""
    call.post("/ivr/event/other?call=CA1", Timestamp=str(call.clock.now()))


def by_delivery(call):
    """The application tells of something else."""
    call.board.deliver("CA1", "other")


def by_sweep(call):
    """The once-a-minute search through the store."""
    sweep(call.board.environment)


FINDERS = [by_turn, by_poll, by_callback, by_delivery, by_sweep]


@pytest.mark.parametrize("find", FINDERS)
def test_work_is_found_when_its_process_was_killed(looking, deferred, find):
    """Between the save and the runner, or in the midst of the work: nobody renews the lease."""
    call = looking()
    seq = call.record.seq
    (lost,) = deferred.jobs
    deferred.jobs.clear()
    call.clock.advance(LEASE - 1)
    find(call)
    assert deferred.jobs == []
    call.clock.advance(1)
    find(call)
    (found,) = deferred.jobs
    assert found == lost
    assert call.job.lease == call.clock.now().timestamp() + LEASE
    assert call.record.seq == seq
    find(call)
    assert len(deferred.jobs) == 1
    call.work()
    assert call.record.conf == ["told"]


@pytest.mark.parametrize("find", FINDERS)
def test_past_its_deadline_work_has_failed(looking, deferred, find):
    """It gets no other lease; a result that comes later is dropped."""
    call = looking()
    call.clock.advance(60)
    find(call)
    assert call.record.conf == ["sorry"]
    assert call.record.data == {"error": "timed out"}
    assert call.record.jobs == []
    call.work()
    assert call.record.conf == ["sorry"]


def test_work_that_comes_to_its_turn_too_late_is_not_begun(looking):
    """A runner may have had much to do."""
    done = []
    call = looking(lambda _: done.append(1))
    call.clock.advance(60)
    call.work()
    assert done == []
    assert call.record.data == {"error": "timed out"}


def test_several_works_that_take_too_long_fail_one_by_one(line, deferred):
    """Each is told of once."""
    errors = []

    class Slow(CallFlow):
        start = State(initial=True)
        start.to.itself(event="background_failed", on="note")

        @routable("/call")
        @renders(start)
        def say_wait(self):
            return gather("One moment.")

        @background("begin")
        def one(self):
            pass

        @background("begin")
        def other(self):
            pass

        def note(self, error):
            errors.append(error)

    call = line(Slow, runner=deferred)
    call.dial()
    call.board.deliver("CA1", "begin")
    call.clock.advance(60)
    call.board.deliver("CA1", "other")
    assert errors == ["timed out", "timed out"]
    assert call.record.jobs == []


@pytest.fixture
def renewing(monkeypatch):
    """Have leases renewed every few milliseconds of real time."""
    monkeypatch.setattr(work, "LEASE", 0.01)


def test_a_lease_is_renewed_while_the_work_goes_on(looking, renewing):
    """So nobody else takes it up."""
    renewed = Event()

    class Watched(MemoryStore):
        def save(self, call_sid, data, *, expected, ttl):
            revision = super().save(call_sid, data, expected=expected, ttl=ttl)
            if expected == 2:
                renewed.set()
            return revision

    def look(flow):
        assert renewed.wait(timeout=60)
        leases.append(call.job.lease)
        return "found"

    leases: list[float] = []
    call = looking(look, store=Watched())
    call.clock.advance(20)
    call.work()
    assert leases == [call.clock.now().timestamp() + LEASE]
    assert call.record.conf == ["told"]


def test_a_caller_who_asks_for_nothing_is_told_when_the_time_is_over(looking, renewing, twilio):
    """Music plays, nothing polls, and the work is still at it."""
    told = Event()
    redirect = twilio.redirect

    def note(*given, **options):
        try:
            return redirect(*given, **options)
        finally:
            told.set()

    twilio.redirect = note

    def look(flow):
        call.clock.advance(60)
        assert told.wait(timeout=60)
        states.extend(call.record.conf)
        return "found"

    states: list[str] = []
    call = looking(look, client=twilio, base_url="https://ivr.example.com")
    call.work()
    assert states == ["sorry"]
    assert call.record.data == {"error": "timed out"}
    assert call.record.conf == ["sorry"]


def test_a_store_that_is_away_at_the_deadline_is_asked_again(looking, renewing, caplog):
    """The time is over all the same."""
    store = Store()
    told = Event()

    def look(flow):
        call.clock.advance(60)
        store.away = True
        for _ in range(6000):
            if "a lease is not renewed" in caplog.text:
                break
            told.wait(0.01)
        store.away = False
        for _ in range(6000):
            if call.record.conf == ["sorry"]:
                break
            told.wait(0.01)

    call = looking(look, store=store)
    call.work()
    assert call.record.conf == ["sorry"]


@pytest.mark.parametrize("ending", ["left", "lost", "stale", "away"])
def test_a_lease_is_not_renewed_in_vain(looking, renewing, caplog, ending):
    """Nobody waits for the work, or the store has something better to do."""
    looked = Event()

    class Watched(Store):
        def load(self, call_sid):
            try:
                return super().load(call_sid)
            finally:
                if self.watched:
                    self.loads += 1
                    if self.loads == 3:
                        looked.set()

        watched, loads = False, 0

    store = Watched()

    def look(flow):
        if ending == "left":
            call.board.deliver("CA1", "leave")
        elif ending == "lost":
            store.delete("CA1")
        store.races = 1000000 if ending == "stale" else 0
        store.away = ending == "away"
        before.append(None if ending == "away" else store.load("CA1"))
        store.watched = True
        assert looked.wait(timeout=60)
        store.watched, store.races, store.away = False, 0, False
        after.append(store.load("CA1"))

    before: list[object] = []
    after: list[object] = []
    call = looking(look, store=store)
    call.work()
    assert ending == "away" or before == after
    assert ("a lease is not renewed: switched off" in caplog.text) == (ending == "away")


def test_a_delivery_is_tried_again_when_others_save_first(line, lookup, deferred):
    """As often as it takes, up to a number."""
    store = Store()
    call = line(lookup, store=store, runner=deferred, services={"work": lambda _: "found"})
    call.dial()
    call.press("1")
    store.races = RACES - 1
    call.work()
    assert call.record.conf == ["told"]


def test_a_result_that_cannot_be_delivered_is_worked_out_again(looking, deferred):
    """The store is away when the work is done: the lease runs out, and the work is done anew."""
    store = Store()
    results = []

    def look(flow):
        results.append(flow.job.id)
        store.away = len(results) == 1
        return "found"

    call = looking(look, store=store)
    with pytest.raises(StoreUnavailableError):
        call.work()
    store.away = False
    assert call.record.conf == ["looking_up"]
    call.clock.advance(LEASE)
    call.poll()
    call.work()
    call.poll()
    assert call.heard == ["Found nothing."]
    assert len(results) == 2
    assert len(set(results)) == 1


def test_a_failure_that_cannot_be_told_leaves_the_turn_as_it_was_answered(looking, deferred):
    """The store goes away between the save and the full runner: the same answer once more."""
    store = Store()

    def refuse(call_sid, job_id):
        store.away = True
        return RunnerFullError(call_sid, job_id, limit=1, advice="raise queue")

    deferred.error = refuse
    call = looking(store=store)
    assert call.heard == [CallFlow.one_moment]
    store.away, deferred.error = False, None
    call.poll()
    assert call.heard == ["One moment."]
    call.clock.advance(LEASE)
    call.poll()
    call.work()
    assert call.record.conf == ["told"]


def test_a_sweep_leaves_alone_what_it_does_not_know(looking, deferred, caplog):
    """Calls of another application, records that are damaged, and what is no call at all."""
    call = looking()
    deferred.jobs.clear()
    call.change(flow="Newer")
    store = call.board.store
    store.save("CA2", b"?", expected=None, ttl=60)
    store.save("CA3.damaged", b"?", expected=None, ttl=60)
    call.clock.advance(LEASE)
    sweep(call.board.environment)
    sweep(call.board.environment)
    assert deferred.jobs == []
    assert sorted(store.calls()) == ["CA1", "CA2", "CA3.damaged"]


def test_a_sweep_gives_way(looking, deferred, caplog):
    """Somebody who saves first is at it; a call whose record gives no answer is not the last."""
    store = Store()
    call = looking(store=store)
    deferred.jobs.clear()
    call.clock.advance(LEASE)
    store.races = 1
    sweep(call.board.environment)
    assert deferred.jobs == []
    assert "is not looked for" not in caplog.text
    store.away = True
    sweep(call.board.environment)
    assert "its work is not looked for: switched off" in caplog.text


def test_a_sweep_of_a_store_that_is_away_ends(looking, caplog):
    """It comes again in a minute."""

    class Broken(MemoryStore):
        def calls(self):
            raise OSError("no such file")

    call = looking()
    sweep(replace(call.board.environment, store=Broken()))
    assert "work that was left is not looked for: no such file" in caplog.text


def test_a_process_sweeps_at_its_start_and_once_a_minute(looking, deferred):
    """Whatever it is asked; it waits for none of it."""
    call = looking()
    call.board._sweeper.wait()
    deferred.jobs.clear()
    call.clock.advance(61)  # the work has had its time by now
    call.board.answer(Request(path="/nothing"))
    call.board._sweeper.wait()
    assert call.record.conf == ["sorry"]


def test_one_sweep_at_a_time(looking):
    """One that takes long is not overtaken by the next; much to look at needs a long rest."""
    began, go_on = Event(), Event()
    sweeps = []

    class Slow(MemoryStore):
        def calls(self):
            sweeps.append(1)
            began.set()
            assert go_on.wait(timeout=60)
            return iter(["CA9"] * SESSIONS)

    call = looking()
    environment = replace(call.board.environment, store=Slow())
    sweeper = Sweeper(lambda: environment)
    sweeper.wait()
    sweeper.now_and_then()
    assert began.wait(timeout=60)
    sweeper.now_and_then()
    call.clock.advance(61)
    sweeper.now_and_then()
    go_on.set()
    sweeper.wait(60)
    sweeper.now_and_then()
    assert sweeps == [1]
    call.clock.advance(REST * SESSIONS)
    sweeper.now_and_then()
    sweeper.wait(60)
    assert sweeps == [1, 1]


def test_flows_without_work_need_no_sweep(line, counter):
    """Nothing is looked for where nothing can be left."""
    call = line(counter)
    call.dial()
    assert call.board._sweeper._thread is None


def test_whoever_asks_for_its_health_has_a_process_look_for_work(looking, deferred):
    """At night nobody calls, and a load balancer asks all the same."""
    call = looking()
    call.board._sweeper.wait()
    deferred.jobs.clear()
    call.clock.advance(61)
    assert call.board.is_healthy()
    call.board._sweeper.wait()
    assert call.record.conf == ["sorry"]


def test_a_result_outlives_a_moment_without_a_store(looking, caplog):
    """The work is done, and is not to be done again because its store was just being restarted."""
    store = Store()
    loads = iter([True, True, False])

    def load(call_sid):
        if next(loads, False):
            raise StoreUnavailableError("switched off")
        return MemoryStore.load(store, call_sid)

    def look(flow):
        vars(store)["load"] = load
        done.append(1)
        return "found"

    done: list[int] = []
    call = looking(look, store=store)
    call.work()
    assert call.record.conf == ["told"]
    assert done == [1]
    assert "a result is not delivered yet: switched off" in caplog.text
