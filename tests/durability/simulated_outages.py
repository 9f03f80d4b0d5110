"""Simulated outages: every turn of every example meets some, in no time.

Outages in real time, of real stores, are those of `tests.durability.outages`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from statechart_ivr.call import Answer, Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.record import Record
from statechart_ivr.stores import MemoryStore, Stored
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.parameters import standard
from statechart_ivr.turn.outage import TRIES
from tests.durability.calls import BASE_URL, Turn, recorded_calls, turns_of
from tests.durability.documents import Comeback, comeback, hangs_up, words
from tests.durability.figures import Figures
from tests.durability.records import TTL, stored, without_token
from tests.durability.webhooks import request as request_to

#: Seconds of an outage that ends in time, and of one that does not.
SHORT, ENDLESS = 10.0, 1e6

#: What Twilio says about a call in every request, whatever has happened.
_STANDARD = frozenset(standard("", "", ""))

Follow = Callable[[Request, Comeback], Request]


class Away(MemoryStore):
    """A store that can neither be read nor written for some time.

    Args:
        clock: tells when the time is over.
        data: what is stored of the call; None if nothing is.
        call_sid: the call.
    """

    def __init__(self, clock: SimulatedClock, call_sid: str, data: bytes | None) -> None:
        super().__init__(clock=clock)
        self._comes_back = 0.0
        if data is not None:
            super().save(call_sid, data, expected=None, ttl=TTL)

    def go_away(self, seconds: float) -> None:
        """Begin an outage."""
        self._comes_back = self._now() + seconds

    def load(self, call_sid: str) -> Stored | None:
        self.read()
        return super().load(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        self.write()
        return super().save(call_sid, data, expected=expected, ttl=ttl)

    def read(self) -> None:
        """Raise if nothing can be read."""
        self.write()

    def write(self) -> None:
        """Raise if nothing can be written."""
        if self._now() < self._comes_back:
            raise StoreUnavailableError("away")


class Locked(Away):
    """A store that can be read, and not written."""

    def read(self) -> None:
        """Let everything be read."""


class Unsure(Locked):
    """A store that writes, and cannot say so."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        revision = MemoryStore.save(self, call_sid, data, expected=expected, ttl=ttl)
        self.write()
        return revision


OUTAGES = (Away, Locked, Unsure)


def follow(request: Request, again: Comeback) -> Request:
    """Ask as Twilio does after a Redirect: with what is said of the call, not of what happened."""
    about = {name: value for name, value in request.form if name in _STANDARD}
    form = {**about, "CallStatus": "in-progress"}
    asked = request_to(again.url, form, token=f"{request.token}+")
    return replace(asked, base_url=request.base_url)


class Met(NamedTuple):
    """What a turn came to.

    Attributes:
        answer: the last one.
        patience: the documents before it.
        seconds: how long they took.
        board: who answered; the store is there again.
    """

    answer: Answer
    patience: list[Comeback]
    seconds: float
    board: Switchboard


def meet(turn: Turn, outage: type[Away], seconds: float, *, following: Follow = follow) -> Met:
    """Let a turn meet an outage, and follow the documents that ask for patience."""
    example, request = turn.call.example, turn.now.request
    clock = SimulatedClock(example.at)
    store = outage(clock, turn.call.sid, turn.now.before)
    board = Switchboard(example.flow, store=store, clock=clock, base_url=BASE_URL)
    began = clock.now()
    store.go_away(seconds)
    patience: list[Comeback] = []
    answer = board.answer(request)
    while (again := comeback(answer.body)) and len(patience) <= TRIES:
        patience.append(again)
        clock.advance(again.pause)
        request = following(request, again)
        answer = board.answer(request)
    taken = (clock.now() - began).total_seconds()
    store.go_away(0)
    return Met(answer, patience, taken, board)


def differences(turn: Turn, outage: type[Away], *, following: Follow = follow) -> Iterator[str]:
    """Say what differs when a turn meets an outage that ends in time."""
    met = meet(turn, outage, SHORT, following=following)
    if met.answer != turn.now.answer:
        yield f"{met.answer} for {turn.now.answer}"
    said = [again.words for again in met.patience]
    one_moment = [turn.call.example.flow.one_moment, *[""] * len(said)]
    if said != one_moment[: len(said)] or (not said and _needs(turn, outage)):
        yield f"the caller was told {said} while waiting"
    record = stored(met.board.store, turn.call.sid)
    if record is None or _essence(record) != _essence(turn.now.after):
        yield f"the record is {record!r}"
    for webhook in turn.later:
        if met.board.answer(webhook.request) != webhook.answer:
            yield f"afterwards {webhook.request.path} was answered otherwise"


def excesses(turn: Turn, outage: type[Away], *, following: Follow = follow) -> Iterator[str]:
    """Say what is not as promised when a turn meets an outage that does not end."""
    if not _needs(turn, outage) or outage is Unsure:
        return  # it needs nothing that is away, or finds its answer written
    met = meet(turn, outage, ENDLESS, following=following)
    body, flow = met.answer.body, turn.call.example.flow
    if not hangs_up(body) or words(body) != flow.apology:
        yield f"the last words are {body!r}"
    if len(met.patience) != TRIES:
        yield f"the caller was asked for patience {len(met.patience)} times"
    if stored(met.board.store, turn.call.sid) != turn.now.before:
        yield "the call was moved"


def refusals(turn: Turn, outage: type[Away]) -> Iterator[str]:
    """Say what is wrong when a callback, which is not followed, meets an outage."""
    met = meet(turn, outage, SHORT)
    if met.answer.status != 503 and _needs(turn, outage):
        yield f"a callback was answered {met.answer.status}"
    if outage is not Unsure and stored(met.board.store, turn.call.sid) != turn.now.before:
        yield "the call was moved"


def run(*, full: bool) -> Figures:
    """Let every turn meet each kind of outage, a short one and an endless one."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    turns = turns_of(recorded_calls())
    for turn in turns if full else turns[::5]:
        for outage in OUTAGES:
            kind, found = _tried(turn, outage)
            counts[kind] += 1
            failures += [f"{turn}, {outage.__name__}: {why}" for why in found]
    return Figures("simulated outages", dict(sorted(counts.items())), failures)


def _tried(turn: Turn, outage: type[Away]) -> tuple[str, list[str]]:
    request = turn.now.request
    if request.path.endswith("/status"):
        return "callbacks", list(refusals(turn, outage))
    if request.parameters["CallStatus"] == "completed":
        return "requests after the end", []  # nobody hears what they are answered
    return "turns", [*differences(turn, outage), *excesses(turn, outage)]


def _needs(turn: Turn, outage: type[Away]) -> bool:
    return outage is Away or turn.now.before != turn.now.after


def _essence(data: bytes) -> Record:
    """Read a record, without what differs between a request and a Redirect to the same place."""
    record = without_token(data)
    return replace(record, call={**record.call, "status": ""})
