"""Callers: what is done in a call, in words, and the webhooks that come of it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Protocol

from statechart_ivr import CallFlow
from statechart_ivr.call import Request
from statechart_ivr.flow import spec_of
from statechart_ivr.switchboard import Switchboard
from tests.durability.documents import action, redirect
from tests.durability.machines.living import Snapshot
from tests.durability.webhooks import request

_KEYS = ["press 1", "press 2", "press 3", "press *", "press 12", "press 0"]
_INPUTS = [*_KEYS, *_KEYS, "say Hello!", "silence"]
_SIGNALS = ["deliver a", "deliver b", "deliver c", "deliver no_match.strange"]
_REST = ["dial busy", "record", "take over", "press late", "deliver leave", "ring off"]
#: All that callers at random do, in words; what stands here more often is done more often.
DOINGS = [*_INPUTS, *_INPUTS, *_SIGNALS, *_SIGNALS, *_REST]

_DATA = {"amount": 3, "name": "Köln"}
_FORMS: Mapping[str, Callable[[str], dict[str, str]]] = {
    "press": lambda keys: {"Digits": keys},
    "say": lambda words: {"SpeechResult": words, "Confidence": "0.75"},
    "silence": lambda _: {},
    "dial": lambda status: {"DialCallStatus": status, "DialCallDuration": "7"},
    "record": lambda _: {"RecordingSid": "RE1", "RecordingUrl": "https://x.test/RE1"},
}


class AnyCall(Protocol):
    """A call, wherever it is kept."""

    def answer(self, request: Request) -> bytes:
        """Answer a webhook with TwiML."""
        ...

    def deliver(self, event: str, data: Mapping[str, Any]) -> bool:
        """Take an event from outside; return whether the chart moved."""
        ...

    def status(self, request: Request) -> None:
        """Take a status callback."""
        ...

    def snapshot(self) -> Snapshot | None:
        """Return what the call has become; None if it has not come in."""
        ...


class StoredCall:
    """A call that is nowhere but in the store between two turns.

    Args:
        board: what answers it.
        call_sid: the call.
    """

    def __init__(self, board: Switchboard, call_sid: str) -> None:
        self._board = board
        self._call_sid = call_sid

    def answer(self, request: Request) -> bytes:
        """Answer a webhook with TwiML."""
        return self._board.answer(request).body

    def deliver(self, event: str, data: Mapping[str, Any]) -> bool:
        """Take an event from outside; return whether the chart moved."""
        return self._board.deliver(self._call_sid, event, **data)

    def status(self, request: Request) -> None:
        """Take a status callback."""
        self._board.answer(request)

    def snapshot(self) -> Snapshot | None:
        """Return what the call has become; None if it has not come in."""
        record = self._board.peek(self._call_sid)
        if record is None:
            return None
        kept = {one.name: getattr(record, one.name) for one in fields(Snapshot)}
        unheard = [source for source, _ in record.unheard]
        return Snapshot(**{**kept, "data": list(record.data.items()), "unheard": unheard})


class Caller:
    """Someone in a call, who does what is written in words.

    Args:
        call: the call.
        flow: whose routes it comes in by: the first, and is taken over to by the last.
        call_sid: the call.
    """

    def __init__(self, call: AnyCall, flow: type[CallFlow], call_sid: str) -> None:
        self.call = call
        self._routes = [route.path for route in spec_of(flow).routes]
        self._sid = call_sid
        self._urls = ["", ""]
        self._numbers = itertools.count()

    def do(self, doing: str) -> bytes:
        """Do one thing, and return what comes of it: TwiML, or whether a signal moved anything."""
        what, _, detail = doing.partition(" ")
        if what == "deliver":
            return str(self.call.deliver(detail, _DATA)).encode()
        if what == "ring":
            self.call.status(self._request("/ivr/status", CallStatus="completed"))
            return b""
        xml = self.call.answer(self._webhook(what, detail))
        self._urls = [self._urls[-1], self._next_url(xml)]
        return xml

    def _webhook(self, what: str, detail: str) -> Request:
        number = next(self._numbers)
        if what == "enter":
            return self._request(self._routes[0], CallStatus="ringing")
        if what == "take":
            return self._request(f"{self._routes[-1]}?nonce={number}")
        if detail == "late":
            return self._request(self._urls[0] or self._urls[1], Digits=f"77{number}")
        return self._request(self._urls[1], **_FORMS[what](detail))

    def _next_url(self, xml: bytes) -> str:
        """Return where a document goes on; one that ends the call may go on all the same."""
        now = self.call.snapshot()
        here = f"/ivr/turn?at={self._routes[0]}&seq={now.seq if now else 0}"
        return action(xml) or redirect(xml) or here

    def _request(self, url: str, **form: str) -> Request:
        standard = {"CallSid": self._sid, "From": "+12025550100", "CallStatus": "in-progress"}
        return request(url, {**standard, **form})
