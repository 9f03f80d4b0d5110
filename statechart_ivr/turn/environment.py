"""What every turn needs, and what a request for one says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from statechart_ivr.call import (
    CALLERS_PARAMETERS,
    INPUT_PARAMETERS,
    Request,
    caller_input_pairs,
    is_told,
)
from statechart_ivr.clock import Clock
from statechart_ivr.flow import CallFlow, Outside, spec_of
from statechart_ivr.runners.base import Runner
from statechart_ivr.spec import Route
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.urls import Fingerprinter, Links, encode_query, join_url

#: In the query of a placed call's URLs: what its session is stored under until its SID is known.
PLACED = "placed"

#: Set to a list, it collects every exception that flow code raises in this thread; the caller
#: hears the apology all the same. For tests.
flow_errors: ContextVar[list[BaseException] | None] = ContextVar("flow_errors", default=None)


class Client(Protocol):
    """Asks things of Twilio, as `statechart_ivr.rest.RestClient` does."""

    def redirect(self, call_sid: str, url: str, *, account_sid: str = "") -> bool:
        """Have a call go on at a URL; return whether there still is such a call."""
        ...

    def place_call(
        self,
        *,
        to: str,
        from_: str,
        url: str,
        status_callback: str,
        fallback_url: str = "",
        **options: Any,
    ) -> str:
        """Call somebody, and return the call's SID."""
        ...

    def send_sms(self, body: str, *, to: str, from_: str, **options: Any) -> str:
        """Send a text message, and return its SID."""
        ...

    @property
    def client(self) -> Any:
        """The `twilio.rest.Client`, for everything else."""
        ...


@dataclass(frozen=True)
class Environment:
    """What is the same for all calls of an application.

    Attributes:
        flows: class by name.
        routes: class and route by path.
        store: where sessions are kept.
        clock: tells the time.
        services: for the flows.
        base_url: public URL of the application's root, where a request brings none.
        session_ttl: seconds a session is kept after its last turn.
        prefix: of the application's own URLs.
        digest_key: keeps digests of caller input from being guessed; up to 64 bytes.
        runner: does background work; None where there is none to do.
        perform: does the work of a call SID and a job's id, in this process.
        client: asks things of Twilio; None where nobody can.
        outside: what background work can do to the world; None outside an application.
        call_back: has a live call come for what it has not heard.
        hold_music: returns the URL of the sound callers hear while they are held, for the public
            URL of the application's root; None where there is none.
        paths: path by name, of what the application serves besides the routes of its flows.
        fingerprinter: where static files are served, or None.
    """

    flows: Mapping[str, type[CallFlow]]
    routes: Mapping[str, tuple[type[CallFlow], Route]]
    store: SessionStore
    clock: Clock
    services: Mapping[str, Any] = field(default_factory=dict)
    base_url: str = ""
    session_ttl: float = 86400.0
    prefix: str = "/ivr"
    digest_key: bytes = b""
    runner: Runner | None = None
    perform: Callable[[str, str], None] | None = None
    client: Client | None = None
    outside: Outside | None = None
    call_back: Callable[[Callable[[], object], str], None] | None = None
    hold_music: Callable[[str], str] | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    fingerprinter: Fingerprinter | None = None

    def links(
        self,
        flow: type[CallFlow],
        request: Request | None,
        *,
        call_sid: str,
        entry: str,
        seq: int,
    ) -> Links:
        """Return the URLs of one document of one call; a flow's own routes win over others'."""
        by_name = {route.name: path for path, (_, route) in self.routes.items()}
        own = {route.name: route.path for route in spec_of(flow).routes}
        return Links(
            base_url=(request.base_url if request else "") or self.base_url,
            prefix=self.prefix,
            entry=entry,
            call_sid=call_sid,
            seq=seq,
            routes={**by_name, **own},
            paths=self.paths,
            fingerprinter=self.fingerprinter,
        )

    def digest(self, *parts: object) -> str:
        """Return a keyed digest: equal for equal parts, and telling nothing of them."""
        content = json.dumps(parts, separators=(",", ":")).encode("ascii")
        return hashlib.blake2b(content, key=self.digest_key, digest_size=16).hexdigest()

    def flow_at(self, path: str) -> type[CallFlow] | None:
        """Return the flow that has a route with this path."""
        return self.routes[path][0] if path in self.routes else None


@dataclass(frozen=True)
class TurnRequest:
    """A request for a document, as its URL and parameters describe it.

    Attributes:
        request: as it came.
        call_sid: the call.
        is_entry: whether it came to a route, not to an action URL.
        at: path of the route: the one requested, or the one the call came in by.
        seq: number of the document that is answered; None at a route.
        wait: counts wait documents; None elsewhere.
        again: how often it has come back from an outage of the store.
        is_secret: whether its input may hold a secret.
        in_queue: whether a queue asks, for a document that it plays to whoever waits.
    """

    request: Request
    call_sid: str
    is_entry: bool
    at: str
    seq: int | None
    wait: int | None
    again: int
    is_secret: bool
    in_queue: bool

    @classmethod
    def read(cls, request: Request, prefix: str) -> TurnRequest:
        """Read a request to a route, a turn URL or a wait URL below ``prefix``."""
        query = dict(request.query)
        is_entry = request.path not in {f"{prefix}/turn", f"{prefix}/wait"}
        return cls(
            request,
            # A store keeps text; halves of characters are none.
            request.parameters.get("CallSid", "").encode(errors="replace").decode(),
            is_entry,
            request.path if is_entry else query.get("at", ""),
            None if is_entry else _count(query.get("seq"), missing=0),
            _count(query.get("wait"), missing=1) if request.path == f"{prefix}/wait" else None,
            _count(query.get("again"), missing=0),
            query.get("s") == "1",
            query.get("q") == "1",
        )

    @property
    def parameters(self) -> Mapping[str, str]:
        """Everything the request says, query included."""
        return self.request.parameters

    def key(self, environment: Environment) -> str:
        """Return the digest that two requests share if they are the same one come twice."""
        if self.is_entry and self.again and (first := dict(self.request.query).get("was")):
            return first
        parts: list[object] = [self.at, self.seq, self.wait]
        if self.is_entry:
            # A call that rings comes in; one in progress is taken over, maybe at the same route.
            parts = [self.at, self._own_query(), self.parameters.get("CallStatus", "")]
        return environment.digest(*parts, caller_input_pairs(self.parameters))

    def url_again(self, environment: Environment) -> str:
        """Return the same URL once more, with the input in its query where that is no secret."""
        told = {name: value for name, value in self.parameters.items() if is_told(name)}
        secret = CALLERS_PARAMETERS.intersection(told) if self.is_secret else frozenset()
        query: dict[str, list[str]] = {}
        for name, value in self._own_query():
            query.setdefault(name, []).append(value)
        query |= {name: [value] for name, value in told.items() if name not in secret}
        query |= {"again": [str(self.again + 1)]}
        if self.is_entry and not secret:
            # All of an entry's query counts, and what comes back has more of it.
            query |= {"was": [self.key(environment)]}
        base_url = self.request.base_url or environment.base_url
        return join_url(base_url, self.request.path, query=encode_query(query), absolute=False)

    def _own_query(self) -> list[tuple[str, str]]:
        """Return what the URL was made with; with GET, Twilio's CamelCase names stand there too."""
        is_get = not self.request.form
        return [
            (name, value)
            for name, value in self.request.query
            if not (name[:1].isupper() if is_get else name in INPUT_PARAMETERS)
        ]


def _count(text: str | None, *, missing: int) -> int:
    # Longer ones are not ours, and int() refuses thousands of digits.
    is_count = text and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if text and is_count else missing
