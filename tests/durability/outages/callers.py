"""Calls in real time, each in a thread of its own, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import cycle
from threading import Event
from typing import NamedTuple

from examples.servers import ROOT, TOKEN
from statechart_ivr.stores import MemoryStore
from statechart_ivr.testing.parameters import new_sid
from statechart_ivr.testing.transport import Transport, WsgiTransport
from statechart_ivr.web import IvrApp
from tests.durability.documents import action, comeback
from tests.durability.errands import ENTRY, PIN, Errands
from tests.durability.records import stored, without_token
from tests.durability.webhooks import webhook

#: What callers press, over and over.
ROUND = ("1", "5", PIN, "2", "3")
LAST_KEY = "0"


class LiveTurn(NamedTuple):
    """One turn of a call, however often the application had to be asked.

    Attributes:
        began: when it was asked first, on the monotonic clock.
        longest: seconds that the slowest of the requests took.
        patience: what was heard in each document that asked for patience.
        body: what came in the end.
    """

    began: float
    longest: float
    patience: tuple[str, ...]
    body: bytes


class LiveCall:
    """A caller who dials, presses keys with some thought in between, and says goodbye.

    Args:
        lines: to the processes; they take the requests in turn.
        over: set when it is time for the last key.
        keys: what is pressed, over and over; a PIN comes after the key that asks for it.
        think: seconds before each key.
        pause: how a Pause is heard; it takes seconds.

    Attributes:
        sid: the call's SID.
        keys: what was pressed, as the application should have understood it.
        documents: what was heard, without what asked for patience.
        turns: what was asked.
        asked_again: how often a PIN had to be entered again.
    """

    def __init__(
        self,
        lines: Sequence[Transport],
        over: Event,
        *,
        keys: Sequence[str] = ROUND,
        think: float,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._lines = cycle(lines)
        self._over = over
        self._round = cycle(keys)
        self._think = think
        self._pause = pause
        self.sid = new_sid("CA")
        self.keys: list[str] = []
        self.documents: list[bytes] = []
        self.turns: list[LiveTurn] = []
        self.asked_again = 0

    def make(self, *, after: float) -> None:
        """Make the call.

        Args:
            after: seconds to wait before.
        """
        self._over.wait(after)
        self.documents.append(self._ask(ENTRY, CallStatus="ringing").body)
        while not self._over.wait(self._think):
            self._press(next(self._round))
        if "s=1" in action(self.documents[-1]):
            self._press(PIN)
        self._press(LAST_KEY)

    def _press(self, digits: str) -> None:
        self.keys.append(digits)
        question = self.documents[-1]
        turn = self._ask(action(question), Digits=digits)
        while turn.patience and turn.body == question and digits == PIN:
            self.asked_again += 1
            turn = self._ask(action(question), Digits=digits)
        self.documents.append(turn.body)

    def _ask(self, url: str, **told: str) -> LiveTurn:
        began, longest, patience = time.monotonic(), 0.0, list[str]()
        while True:
            asked = time.monotonic()
            request = webhook(self.sid, url, new_sid("token"), **told)
            status, _, body, _ = next(self._lines).send(request)
            assert status == 200, f"{url} was answered {status}"
            longest = max(longest, time.monotonic() - asked)
            again = comeback(body)
            if again is None:
                self.turns.append(LiveTurn(began, longest, tuple(patience), body))
                return self.turns[-1]
            patience.append(again.words)
            self._pause(again.pause)
            url, told = again.url, {}  # Twilio follows a Redirect without what was pressed


def complaints(call: LiveCall, record: bytes) -> Iterator[str]:
    """Compare a call with the same one when nothing is ever away.

    Args:
        call: when it is over.
        record: what is stored of it then.
    """
    documents, wanted = _undisturbed(call)
    if call.documents != documents:
        pairs = zip(call.documents, documents, strict=True)
        number = next(i for i, (heard, meant) in enumerate(pairs) if heard != meant)
        yield f"document {number} differs: {call.documents[number]!r} for {documents[number]!r}"
    if without_token(record) != without_token(wanted):
        yield f"the record differs: {record!r}"
    for turn in call.turns:
        if turn.patience != (Errands.one_moment, *[""] * len(turn.patience))[: len(turn.patience)]:
            yield f"while the caller waited, {turn.patience} was said"


def _undisturbed(call: LiveCall) -> tuple[list[bytes], bytes]:
    """Return what a caller with the same keys hears, and the record, without any outage."""
    app = IvrApp(Errands, auth_token=TOKEN, base_url=ROOT, store=MemoryStore())
    with closing(app):
        line = WsgiTransport(app, ROOT, TOKEN)
        dialled = webhook(call.sid, ENTRY, "", CallStatus="ringing")
        documents = [line.send(dialled).body]
        for digits in call.keys:
            key = webhook(call.sid, action(documents[-1]), "", Digits=digits)
            documents.append(line.send(key).body)
        record = stored(app.switchboard.store, call.sid)
        assert record is not None
        return documents, record
