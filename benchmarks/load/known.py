"""Calls of which every byte is known before: the requests, ready to be sent, and the answers.

They are recorded once, in this process, with nothing in their way. A load generator that shares
the machine with what it loads has to be cheap, so that a request takes no more than putting in
the call's SID and signing.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from urllib.parse import urlencode, urlsplit

from benchmarks.load.served import line, path_of
from examples.catalogue import EXAMPLES
from examples.servers import ROOT, TOKEN
from statechart_ivr.call import Answer, Pairs, Request
from statechart_ivr.stores import MemoryStore
from statechart_ivr.testing.transport import FORM_TYPE, USER_AGENT
from tests.durability.calls import RecordedCall, recorded_calls


@dataclass(frozen=True)
class Webhook:
    """One request of a known call, and its answer.

    Attributes:
        head: of the request, but for the signature at its end.
        body: of the request.
        signed: what the signature is of.
        answer: what has to come back.
    """

    head: bytes
    body: bytes
    signed: bytes
    answer: Answer


@dataclass(frozen=True)
class KnownCall:
    """A way through one of the examples.

    Attributes:
        number: of the example.
        recorded: the call that is made again and again, each time under another SID.
        webhooks: what is sent, and what comes back.
    """

    number: int
    recorded: RecordedCall
    webhooks: tuple[Webhook, ...]

    def request(self, number: int, call_sid: str) -> bytes:
        """Return a request as it goes over the wire.

        Args:
            number: which of `webhooks`.
            call_sid: the call.
        """
        webhook, old, new = self.webhooks[number], self.recorded.sid.encode(), call_sid.encode()
        signature = hmac.digest(TOKEN.encode(), webhook.signed.replace(old, new), "sha1")
        head = webhook.head.replace(old, new) + b64encode(signature)
        return head + b"\r\n\r\n" + webhook.body.replace(old, new)

    def record(self, count: int, call_sid: str) -> bytes:
        """Return what has to be in the store.

        Args:
            count: how many of `webhooks` have been answered.
            call_sid: the call.
        """
        store = MemoryStore()
        with closing(line(self.number, store)) as app:
            _answers(self, app.switchboard.answer, call_sid, count)
            stored = store.load(call_sid)
        assert stored is not None, "every webhook of an example leaves a record"
        return stored.data

    def __str__(self) -> str:
        return str(self.recorded)


@cache
def known_calls() -> tuple[KnownCall, ...]:
    """Return a call for each thing that can be done at each question of each example."""
    numbers = {example: number for number, example in enumerate(map(str, EXAMPLES))}
    return tuple(_known(numbers[str(call.example)], call) for call in recorded_calls())


def _known(number: int, recorded: RecordedCall) -> KnownCall:
    bare = KnownCall(number, recorded, ())
    with closing(line(number, MemoryStore())) as app:
        answers = _answers(bare, app.switchboard.answer, recorded.sid, len(recorded.webhooks))
    assert not any(recorded.sid.encode() in answer.body for answer in answers)
    requests = (exchanged.request for exchanged in recorded.webhooks)
    webhooks = (_webhook(number, *pair) for pair in zip(requests, answers, strict=True))
    return replace(bare, webhooks=tuple(webhooks))


def _answers(
    call: KnownCall, answer: Callable[[Request], Answer], call_sid: str, count: int
) -> Sequence[Answer]:
    """Make a call under another SID, without HTTP, as far as so many webhooks."""

    def renamed(pairs: Pairs) -> Pairs:
        return tuple((name, value.replace(call.recorded.sid, call_sid)) for name, value in pairs)

    root = ROOT + path_of(call.number)
    requests = [exchanged.request for exchanged in call.recorded.webhooks[:count]]
    return [
        answer(replace(one, query=renamed(one.query), form=renamed(one.form), base_url=root))
        for one in requests
    ]


def _webhook(number: int, request: Request, answer: Answer) -> Webhook:
    query = f"?{urlencode(request.query)}" if request.query else ""
    place = path_of(number) + request.path + query
    values = "".join(name + value for name, value in sorted(set(request.form)))
    body = urlencode(request.form).encode()
    headers = {
        "Host": urlsplit(ROOT).netloc,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Content-Type": FORM_TYPE,
        "Content-Length": str(len(body)),
        "I-Twilio-Idempotency-Token": request.token,
        "X-Twilio-Signature": "",
    }
    lines = [f"POST {place} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return Webhook("\r\n".join(lines).encode(), body, (ROOT + place + values).encode(), answer)
