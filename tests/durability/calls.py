"""Every turn of every example: calls that are recorded once, to be compared with.

A turn says the same bytes wherever it runs, so a call that goes through faults can be held to
its recording document by document.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from examples.catalogue import EXAMPLES, Example
from examples.walks import EVERYTHING, all_that_leads, do
from statechart_ivr.call import Answer, Pairs, Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.stores import MemoryStore, SessionStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from tests.durability.records import put, stored

BASE_URL = "https://ivr.example.com"


class Exchanged(NamedTuple):
    """One webhook of a call that nothing disturbs.

    Attributes:
        request: as Twilio sent it.
        answer: what came back.
        before: the record in the store before; None if there was none.
        after: the record in the store after.
    """

    request: Request
    answer: Answer
    before: bytes | None
    after: bytes


@dataclass(frozen=True)
class RecordedCall:
    """A call from its first webhook to its last.

    Attributes:
        example: what was called.
        sid: the call's SID, which no other recorded call has.
        doings: what the caller did, in words.
        webhooks: what was exchanged.
    """

    example: Example
    sid: str
    doings: str
    webhooks: tuple[Exchanged, ...]

    def __str__(self) -> str:
        return f"{self.example}: {self.doings or 'dials'}"


@dataclass(frozen=True)
class Turn:
    """One webhook of a recorded call.

    Attributes:
        call: the call.
        number: which of its webhooks, from 0.
    """

    call: RecordedCall
    number: int

    @property
    def now(self) -> Exchanged:
        """The webhook itself."""
        return self.call.webhooks[self.number]

    @property
    def earlier(self) -> tuple[Exchanged, ...]:
        """The webhooks before it."""
        return self.call.webhooks[: self.number]

    @property
    def later(self) -> tuple[Exchanged, ...]:
        """The webhooks after it, to the end of the call."""
        return self.call.webhooks[self.number + 1 :]

    def __str__(self) -> str:
        return f"{self.call}, webhook {self.number}"


@cache
def recorded_calls() -> tuple[RecordedCall, ...]:
    """Record a call for each thing that can be done at each question of each example.

    After it the caller does one thing more, if the call goes on, and hangs up.
    """
    return tuple(call for example in EXAMPLES for call in _calls_of(example))


@cache
def calls_that_lost_their_record() -> tuple[RecordedCall, ...]:
    """Record calls whose record is gone, or damaged, when their second webhook comes."""
    return tuple(
        _replayed(call, what, record)
        for call in recorded_calls()
        if len(call.webhooks) > 3 and "," not in call.doings
        for what, record in (("lost", None), ("damaged", b"?"))
    )


def turns_of(calls: tuple[RecordedCall, ...]) -> list[Turn]:
    """Return the turns of calls, each once: calls that begin alike share their first ones."""
    turns: dict[object, Turn] = {}
    for call in calls:
        way: tuple[object, ...] = (call.example.flow, call.example.at)
        for number, webhook in enumerate(call.webhooks):
            way = (*way, _without_ids(webhook.request))
            turns.setdefault(way, Turn(call, number))
    return list(turns.values())


def switchboard_for(example: Example, store: SessionStore) -> Switchboard:
    """Return a switchboard that answers an example's calls as in the recording."""
    clock = SimulatedClock(example.at)
    return Switchboard(example.flow, store=store, clock=clock, base_url=BASE_URL)


def _calls_of(example: Example) -> Iterator[RecordedCall]:
    for way, leads in example.table.values():
        waiting = _called(_RecordingSwitchboard(example), way)
        for doing in all_that_leads(waiting, leads):
            yield _recorded(example, ", ".join(filter(None, [way, doing])))


def _recorded(example: Example, doings: str) -> RecordedCall:
    board = _RecordingSwitchboard(example)
    call = _called(board, doings)
    if not call.ended:
        do(call, EVERYTHING[call.waiting_for or ""][1])
    if not call.ended:
        call.hang_up()
    return RecordedCall(example, call.call_sid, doings, tuple(board.exchanged))


def _replayed(call: RecordedCall, what: str, record: bytes | None) -> RecordedCall:
    board = _RecordingSwitchboard(call.example)
    put(board.store, call.sid, record)
    for webhook in call.webhooks[1:]:
        board.answer(webhook.request)
    doings = f"{call.doings}, with the record {what}"
    return RecordedCall(call.example, call.sid, doings, tuple(board.exchanged))


def _called(board: Switchboard, doings: str) -> Phone:
    call = Phone(board).dial("/incoming-call")
    for doing in filter(None, doings.split(", ")):
        do(call, doing)
    return call


class _RecordingSwitchboard(Switchboard):
    """Takes down what goes over the wire, and what lies in the store before and after."""

    def __init__(self, example: Example) -> None:
        clock = SimulatedClock(example.at)
        super().__init__(
            example.flow, store=MemoryStore(clock=clock), clock=clock, base_url=BASE_URL
        )
        self.exchanged: list[Exchanged] = []

    def answer(self, request: Request) -> Answer:
        """Answer one webhook, and take it down."""
        call_sid = request.parameters["CallSid"]
        before = stored(self.store, call_sid)
        answer = super().answer(request)
        after = stored(self.store, call_sid)
        assert after is not None, "every webhook of an example leaves a record"
        self.exchanged.append(Exchanged(request, answer, before, after))
        return answer


def _without_ids(request: Request) -> tuple[str, Pairs, Pairs]:
    return request.path, request.query, tuple(p for p in request.form if not _is_id(p[0]))


def _is_id(name: str) -> bool:
    return name.endswith(("Sid", "Url"))
