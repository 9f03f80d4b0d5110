"""Callers, each of whom makes one call after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from benchmarks.load.known import KnownCall
from benchmarks.load.wire import Balancer, UnansweredError
from statechart_ivr.call import Answer
from statechart_ivr.testing.parameters import new_sid

#: As far as thinking takes less, or more, than it does on average.
SPREAD = 0.5


class Sample(NamedTuple):
    """How long a request took.

    Attributes:
        due: when it was due, in seconds of `time.perf_counter`.
        seconds: from then to the last byte of the answer, whatever held it up: a server, the
            way there again, or this process itself.
        late: the part of it for which this process had not yet come to sending it.
    """

    due: float
    seconds: float
    late: float = 0.0


@dataclass
class MadeCall:
    """A call as it went.

    Attributes:
        known: what it should be like.
        sid: its SID.
        answered: how many of its webhooks were.
        difference: what was not as it should be; empty as long as all is.
    """

    known: KnownCall
    sid: str
    answered: int = 0
    difference: str = ""


@dataclass
class Crowd:
    """What callers share.

    Attributes:
        known: the calls they make.
        balancer: answers them.
        servers: how many there are behind it.
        random: decides what a caller does, and when.
        think: seconds between a webhook of a call and the next one, on average.
        twice: share of the requests that are sent twice at the same moment, to two servers.
        calls: what was made, in the order of beginning.
        samples: one for each request; the second of two has one of its own.
        turns: how many documents were given.
        doubles: how many requests were sent twice.
        is_over: whether it is time to stop.
    """

    known: Sequence[KnownCall]
    balancer: Balancer
    servers: int
    random: Random
    think: float
    twice: float
    calls: list[MadeCall] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    turns: int = 0
    doubles: int = 0
    is_over: bool = False

    async def call_for(self, count: int, seconds: float) -> None:
        """Let callers call, so that there are so many calls at every moment.

        They begin one after the other within the first `think` seconds, so that they are never
        in step. In the end every answer is waited for, and calls that are not over stay so.

        Args:
            count: of callers.
            seconds: how long.
        """
        now = time.perf_counter()
        callers = [Caller(self) for _ in range(count)]
        starts = (now + self.random.uniform(0, self.think) for _ in callers)
        tasks = [
            asyncio.ensure_future(caller.make_calls(start))
            for caller, start in zip(callers, starts, strict=True)
        ]
        await asyncio.sleep(seconds)
        self.is_over = True
        for caller, task in zip(callers, tasks, strict=True):
            if caller.is_thinking:
                task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def pause(self) -> float:
        """Return how long a caller thinks, in seconds."""
        return self.think * self.random.uniform(1 - SPREAD, 1 + SPREAD)


class Caller:
    """Makes one call after the other.

    Args:
        crowd: the others.

    Attributes:
        is_thinking: whether no answer is waited for.
    """

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.is_thinking = True

    async def make_calls(self, due: float) -> None:
        """Make calls until it is over.

        Args:
            due: when the first one is, in seconds of `time.perf_counter`.
        """
        crowd = self._crowd
        while not crowd.is_over:
            known = crowd.random.choice(crowd.known)
            call = MadeCall(known, new_sid("CA"))
            crowd.calls.append(call)
            due = await self._make(call, due)

    async def _make(self, call: MadeCall, due: float) -> float:
        """Make a call; return when the next one is due: at the end of this one."""
        for number, _ in enumerate(call.known.webhooks):
            if number:
                due = max(due, time.perf_counter()) + self._crowd.pause()
            await asyncio.sleep(due - time.perf_counter())
            self.is_thinking = False
            await self._turn(call, number, due)
            self.is_thinking = True
            if call.difference or self._crowd.is_over:
                break
        return max(due, time.perf_counter())

    async def _turn(self, call: MadeCall, number: int, due: float) -> None:
        crowd, wanted = self._crowd, call.known.webhooks[number].answer
        request = call.known.request(number, call.sid)
        first = crowd.random.randrange(crowd.servers)
        try:
            if crowd.random.random() < crowd.twice:
                crowd.doubles += 1
                both = (self._ask(request, server, due) for server in (first, first + 1))
                answers = list(await asyncio.gather(*both))
            else:
                answers = [await self._ask(request, first, due)]
        except UnansweredError:
            call.difference = f"webhook {number} was never answered"
            return
        call.answered = number + 1
        crowd.turns += wanted.status == 200
        for answer in answers:
            if answer != wanted:
                call.difference = f"webhook {number}: {_shown(answer)} for {_shown(wanted)}"

    async def _ask(self, request: bytes, first: int, due: float) -> Answer:
        sent = time.perf_counter()
        answer = await self._crowd.balancer.ask(request, first)
        self._crowd.samples.append(Sample(due, time.perf_counter() - due, sent - due))
        return answer


def _shown(answer: Answer) -> str:
    return f"{answer.status} {answer.body.decode(errors='replace')}"
