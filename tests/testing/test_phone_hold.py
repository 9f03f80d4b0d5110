"""`Phone` is held for background work: as long as that goes on, by whose clock it may."""

from __future__ import annotations

import re
from threading import Event
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Pause, Say

from statechart_ivr import CallFlow, background, renders, routable
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import PhoneError
from statechart_ivr.runners import InlineRunner, ThreadRunner
from statechart_ivr.runners.base import Runner
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.testing.holding import Holding, is_poll


class LookUp(CallFlow):
    """Looks something up for up to ten minutes, and hears the service called each time it waits."""

    looking = State(initial=True)
    found = State(final=True)
    failed = State(final=True)

    looking.to(found, event="seen")
    looking.to(failed, event="background_failed")

    @routable("/in")
    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @renders(looking, waiting=True)
    def wait(self):
        return self.services["wait"]()

    @background(looking, timeout=600.0, events=["seen"])
    def look(self):
        self.services["look"]()
        return "seen"

    @renders(found)
    def say_found(self):
        return "Found."

    @renders(failed)
    def say_failed(self):
        return "Not found."


def switchboard(runner: Runner, **services: Any) -> Switchboard:
    """Return an application whose clock the phone moves."""
    clock = SimulatedClock("2026-01-05T10:00")
    return Switchboard(LookUp, store=MemoryStore(), runner=runner, clock=clock, services=services)


def nobody() -> InlineRunner:
    """Return a runner that does nothing any more."""
    runner = InlineRunner()
    runner.close()
    return runner


def polls(call: Phone) -> int:
    """Return how many wait documents were asked for."""
    return len(re.findall(r"POST /ivr/wait\?.*wait=\d+", call.transcript))


def test_work_of_a_flow_is_done_at_once() -> None:
    """The first wait document has the result."""
    call = Phone(LookUp, services={"wait": lambda: None, "look": lambda: None}).dial("/in")
    assert (call.heard, polls(call)) == ("One moment. Found.", 1)


def test_held_until_the_deadline() -> None:
    """Nobody does the work: the deadline ends the wait, however many documents that takes."""
    call = Phone(switchboard(nobody(), wait=lambda: Pause(length=2))).dial("/in")
    assert call.heard == "One moment. Not found."
    assert 290 < polls(call) <= 301


def test_held_for_work_that_takes_real_time() -> None:
    """Work in a thread is given real time, and what it finds is heard."""
    waited: list[int] = []
    may_find = Event()

    def wait() -> Pause:
        waited.append(1)
        if len(waited) == 4:
            may_find.set()
        return Pause()

    with_threads = switchboard(ThreadRunner(), wait=wait, look=lambda: may_find.wait(60))
    call = Phone(with_threads).dial("/in")
    with_threads.close()
    assert call.heard == "One moment. Found."
    assert polls(call) >= 4


def test_held_without_time_passing() -> None:
    """Wait documents of no length are a circle that no deadline ends."""
    breath = Say()
    breath.break_(strength="none")
    with pytest.raises(PhoneError, match="30 documents without anybody doing anything"):
        Phone(switchboard(nobody(), wait=lambda: breath), strict=False).dial("/in")


def test_real_time_is_given_in_small_pieces() -> None:
    """The first look is soon, the others a little later each; afterwards it begins afresh."""
    slept: list[float] = []
    holding = Holding(takes_real_time=True, sleep=slept.append)
    assert all(holding.goes_on(float(second)) for second in range(6))
    assert slept == [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]
    holding.begin_afresh()
    holding.goes_on(6.0)
    assert slept[-1] == 0.05


def test_no_real_time_is_given_where_work_takes_none() -> None:
    """Who does the work at once, or moves the clock, need not be waited for."""
    slept: list[float] = []
    Holding(takes_real_time=False, sleep=slept.append).goes_on(1.0)
    assert slept == []


def test_held_for_longer_than_twilio_does() -> None:
    """A call that would be held for ever is given up when Twilio would end it."""
    holding = Holding(takes_real_time=False)
    assert holding.goes_on(4 * 3600.0)
    with pytest.raises(PhoneError, match="held for four hours"):
        holding.goes_on(4 * 3600.0 + 1)


@pytest.mark.parametrize(
    ("url", "is_one"),
    [
        ("https://phone.example/ivr/wait?at=%2Fin&seq=1&wait=2", True),
        ("https://phone.example/ivr/turn?at=%2Fin&seq=1", False),
        ("https://phone.example/wait", False),
    ],
)
def test_polls(url: str, *, is_one: bool) -> None:
    """Only wait documents of this package are polls; other circles have an end of their own."""
    assert is_poll(url) is is_one
