"""Work that leads to work has an end."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.errors import RunnerFullError
from statechart_ivr.turn.jobs import LEASE


class Hopeless(CallFlow):
    """Fails, and fails in what it does about that."""

    menu = State(initial=True)
    trying = State()
    menu.to(trying, event=key("1"))
    trying.to.itself(event="background_failed")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(trying)
    def say_wait(self):
        return "One moment."

    @background(trying)
    def look_up(self):
        return self.services["work"](self)

    @background("background_failed")
    def complain(self, error):
        self.services["complaints"].append(error)
        raise RuntimeError("nobody listens")


def test_what_is_done_about_failures_is_not_done_about_its_own(line, deferred, caplog):
    """It would fail without an end."""
    complaints: list[str] = []
    services = {"complaints": complaints, "work": lambda flow: None}
    call = line(Hopeless, runner=deferred, services=services)
    call.dial()
    call.board.deliver("CA1", "background_failed", error="by hand")
    call.work()
    assert complaints == ["by hand"]
    assert call.record.jobs == []
    assert "nobody listens" in caplog.text


def test_work_that_is_tried_again_and_again_has_an_end(line, deferred, caplog):
    """As many times as a call has turns; then the caller is let go."""

    class Tireless(CallFlow):
        max_turns = 7
        trying = State(initial=True)
        trying.to.itself(event="background_failed")

        @routable("/call")
        @renders(trying)
        def say_wait(self):
            return "One moment."

        @background(trying)
        def look_up(self):
            self.services["tries"].append(self.job.id)
            raise RuntimeError("no answer")

    tries: list[str] = []
    call = line(Tireless, runner=deferred, services={"tries": tries})
    call.dial()
    call.work()
    assert len(tries) == 7
    assert "max_turns = 7 reached; the work ends" in caplog.text
    call.poll()
    assert call.heard == ["One moment.", CallFlow.apology]
    assert call.record.ended


def test_a_full_runner_cannot_fail_without_an_end(line, deferred, caplog):
    """What a call does about a failure may wait until there is room."""
    complaints: list[str] = []
    services = {"complaints": complaints, "work": lambda flow: None}
    call = line(Hopeless, runner=deferred, services=services)
    call.dial()
    deferred.error = lambda sid, job: RunnerFullError(sid, job, limit=3, advice="raise queue")
    call.press("1")
    assert [job.on for job in call.record.jobs] == ["trying", "background_failed"]
    assert "complain has to wait: job" in caplog.text
    deferred.error = None
    call.clock.advance(LEASE)
    call.poll()
    call.work()
    assert complaints == ["too much to do"]
    assert call.record.jobs == []
