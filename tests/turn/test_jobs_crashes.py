"""Work whose process was killed, when nobody is there who would ask for its result."""

from __future__ import annotations

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.runners import InlineRunner, Job
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import Sweeper


class Line(CallFlow):
    """Files each call when it is over."""

    hello = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(hello)
    def say_hello(self):
        return "Hello."

    @background("hang_up")
    def file_call(self):
        self.services["filed"].append(self.job.id)


class Loses(InlineRunner):
    """Takes jobs on, and is killed before it gets to them."""

    def submit(self, job: Job) -> None:
        """Lose a job."""


def status(call_sid: str, what: str) -> Request:
    """Return a status callback."""
    return Request(path="/ivr/status", form=(("CallSid", call_sid), ("CallStatus", what)))


def time_passes(sweeper: Sweeper, clock: SimulatedClock, seconds: int) -> None:
    """Give a process the chance to sweep in each second, and wait for the sweeps it begins."""
    for _ in range(seconds):
        clock.advance(1)
        sweeper.now_and_then()
        sweeper.wait()


@pytest.mark.parametrize("swept_before", [0, 7, 14, 19])
def test_work_of_a_call_that_is_over_is_done_in_its_time(swept_before: int):
    """Whenever the last sweep was: one comes after its lease and before its 60 seconds are over."""
    store, clock, filed = MemoryStore(), SimulatedClock(), list[str]()
    services = {"filed": filed}
    lost = Switchboard(Line, store=store, runner=Loses(), clock=clock)
    other = Switchboard(Line, store=store, runner=InlineRunner(), clock=clock, services=services)
    sweeper = Sweeper(lambda: other.environment)
    lost.answer(Request(path="/incoming-call", form=(("CallSid", "CA1"),)))
    time_passes(sweeper, clock, 1 + swept_before)
    lost.answer(status("CA1", "completed"))
    time_passes(sweeper, clock, 59)
    assert len(filed) == 1
