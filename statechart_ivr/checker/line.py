"""The application under the explorer's hands: its flows, and a store of one call."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from statechart_ivr.call import Answer, Request
from statechart_ivr.clock import Clock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.flow import CallFlow
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.stores.base import Stored
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import HeldRunner
from statechart_ivr.testing.outage import Interruptible, check_reachable
from statechart_ivr.testing.transport import Webhook, WsgiTransport
from statechart_ivr.urls import encode_query, join_url
from statechart_ivr.web import IvrApp

BASE_URL = "https://phone.example"


class OneCallStore(Interruptible):
    """Keeps what was saved last of each call, for as long as the explorer wants it.

    Nothing expires, and a sweep for work that was left finds nothing: all of it is done by hand.
    """

    def __init__(self) -> None:
        self._sessions: dict[str, Stored] = {}

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            StoreUnavailableError: a test wants it away.
        """
        check_reachable()
        return self._sessions.get(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first."""
        del ttl
        stored = self._sessions.get(call_sid)
        if (stored and stored.revision) != expected:
            raise StaleSessionError(call_sid, expected)
        revision = (expected or 0) + 1
        self._sessions[call_sid] = Stored(data, revision)
        return revision

    def delete(self, call_sid: str) -> None:
        """Forget a session."""
        self._sessions.pop(call_sid, None)

    def purge(self) -> int:
        """Remove nothing."""
        return 0

    def calls(self) -> Iterator[str]:
        """Return nothing: there is nothing to be swept for."""
        return iter(())

    def close(self) -> None:
        """Do nothing."""


class _Board(Switchboard):
    """An application that asks the real one for what its flows do not answer: hold music.

    Args:
        *flows: that it serves.
        beyond: the real one, or None.
        **options: as for a `Switchboard`.
    """

    def __init__(
        self, *flows: type[CallFlow], beyond: IvrApp | None = None, **options: Any
    ) -> None:
        super().__init__(*flows, **options)
        self._beyond = beyond

    def answer(self, request: Request) -> Answer:
        """Answer one webhook."""
        answer = super().answer(request)
        if answer.status != 404 or self._beyond is None:
            return answer
        return _asked(self._beyond, self.environment.base_url, request)


def _asked(app: IvrApp, base_url: str, request: Request) -> Answer:
    """Have an application answer a webhook over HTTP, as far as there is HTTP without a socket."""
    query: dict[str, list[str]] = {}
    for name, value in request.query:
        query.setdefault(name, []).append(value)
    url = join_url(base_url, request.path, query=encode_query(query), absolute=True)
    method = "POST" if request.form else "GET"
    token = next(iter(app.auth_tokens), None)
    reply = WsgiTransport(app, base_url, token).send(Webhook(method, url, request.form, ""))
    return Answer(reply.status, reply.body)


def board_for(
    flows: Sequence[type[CallFlow]],
    clock: Clock,
    services: Mapping[str, Any] | None,
    like: Switchboard | IvrApp | None = None,
    *,
    runner: InlineRunner | None = None,
) -> Switchboard:
    """Return an application of flows, whose background work waits to be done by hand.

    Args:
        flows: that it serves.
        clock: tells the time.
        services: for the flows.
        like: the real application, for its URLs and its sounds.
        runner: does background work after all.
    """
    app = like if isinstance(like, IvrApp) else None
    real = like.switchboard if isinstance(like, IvrApp) else like
    options: dict[str, Any] = {"services": services}
    if real is not None:
        known = real.environment
        options = {"services": known.services if services is None else services}
        options["prefix"] = real.prefix
    board = _Board(
        *flows,
        beyond=app,
        store=OneCallStore(),
        runner=runner or HeldRunner(),
        clock=clock,
        base_url=(real.environment.base_url if real else "") or BASE_URL,
        **options,
    )
    if real is not None:
        if real.environment.fingerprinter is not None:
            board.use_fingerprinter(real.environment.fingerprinter)
        for name, path in real.environment.paths.items():
            board.name_path(name, path)
    return board


@contextmanager
def silenced() -> Iterator[None]:
    """Keep the package's log from telling of calls that nobody makes."""
    logger = logging.getLogger("statechart_ivr")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
