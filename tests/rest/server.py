"""A server that plays Twilio's REST API, for twilio's own client."""

from __future__ import annotations

import base64
import json
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, NoReturn, final
from urllib.parse import parse_qsl, urlsplit

from twilio.rest import Client

from tests.rest.resources import Account, RefusedError

ACCOUNT = "AC0123456789abcdef0123456789abcdef"
TOKEN = "f00dfeedf00dfeedf00dfeedf00dfeed"

Hook = Callable[..., object]


@dataclass(frozen=True)
class Asked:
    """A request that arrived.

    Attributes:
        method: GET or POST.
        path: without its query.
        pairs: names and values of the query or the body, in order; a list repeats its name.
        peer: address of the client; requests over one connection have one.
    """

    method: str
    path: str
    pairs: tuple[tuple[str, str], ...]
    peer: tuple[str, int]

    @property
    def form(self) -> dict[str, str]:
        """The values by name, the last one of those that repeat it."""
        return dict(self.pairs)

    def values(self, name: str) -> list[str]:
        """Return all values of a name."""
        return [value for other, value in self.pairs if other == name]


class _Cut(Exception):  # noqa: N818 - an order, not an error
    """The connection is cut in the middle of the answer."""


class _Garbled(Exception):  # noqa: N818 - an order, not an error
    """Something else is answered."""


@dataclass(frozen=True)
class _Order:
    """What is to go wrong with one request, instead of carrying it out or afterwards."""

    go_wrong: Callable[[], object]
    instead: bool = False


def _raising(error: Exception) -> Callable[[], NoReturn]:
    def go_wrong() -> NoReturn:
        raise error

    return go_wrong


@final
@dataclass
class TwilioApi:
    """Plays Twilio's REST API on a free port of the loopback device: calls, messages, numbers.

    What it is told to do wrong, it does once per order, to the requests that come next, in the
    order told; then it works again::

        with TwilioApi() as api:
            api.refuse_next(429, 20429, "Too many requests", times=2)
            api.client().calls("CA1").update(url="https://ivr.example.com/")

    Args:
        listening: whether it takes connections from the start; otherwise they are refused until
            `listen`.

    Attributes:
        asked: the requests, as they arrived, also those that were not answered well.
        account: calls, messages and numbers of the account; tests look there, and change it.
        subaccounts: more accounts, by SID; the account's credentials open them.
        on_create: called with the form of each new call, which is the last one in ``account``.
        on_update: called with SID and form of each call that is changed. Both run before the
            answer is sent; what they raise is raised again when the server is closed.
    """

    listening: bool = True
    on_create: Hook = lambda form: None
    on_update: Hook = lambda call_sid, form: None
    asked: list[Asked] = field(default_factory=list)
    account: Account = field(default_factory=lambda: Account(ACCOUNT))
    subaccounts: dict[str, Account] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._orders: deque[_Order] = deque()
        self._closing = threading.Event()
        self.failures: list[Exception] = []
        self._server = _Server(self)
        self._server.server_bind()
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> TwilioApi:
        if self.listening:
            self.listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.cut_connections()
        self._server.server_close()
        for failure in self.failures:
            raise failure

    def listen(self) -> None:
        """Take connections from now on."""
        self._server.server_activate()
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def client(self, account_sid: str = ACCOUNT, token: str = TOKEN, **options: Any) -> Client:
        """Return a client of twilio's that asks this server."""
        client = Client(account_sid, token, **options)
        client.api.base_url = self.url
        return client

    def refuse_next(
        self, status: int, code: int | None = None, message: str = "No", *, times: int = 1
    ) -> None:
        """Answer with an error of Twilio's; without a code, with a page as a proxy's."""
        refusal = RefusedError(status, code, message)
        self._orders.extend([_Order(_raising(refusal), instead=True)] * times)

    def cut_next(self, *, times: int = 1) -> None:
        """Carry out what is asked, and cut the connection in the middle of the answer."""
        self._orders.extend([_Order(_raising(_Cut()))] * times)

    def hang_next(self, *, times: int = 1) -> None:
        """Carry out what is asked, and answer only when the server is closed."""
        self._orders.extend([_Order(self._closing.wait)] * times)

    def garble_next(self, text: str = "Welcome to the hotel", *, times: int = 1) -> None:
        """Carry out what is asked, and answer 200 with something else than what was done."""
        self._orders.extend([_Order(_raising(_Garbled(text)))] * times)

    def answer(self, asked: Asked, authorization: str) -> tuple[int, bytes]:
        """Carry out a request: the status and the body to answer; the server calls this."""
        self.asked.append(asked)
        order = self._orders.popleft() if self._orders else _Order(lambda: None)
        try:
            self._check(authorization)
            if order.instead:
                order.go_wrong()
            status, content = self._carry_out(asked)
            order.go_wrong()
        except RefusedError as refusal:
            return refusal.status, refusal.body()
        except _Garbled as garbled:
            return 200, str(garbled).encode()
        return status, json.dumps(content).encode()

    def _check(self, authorization: str) -> None:
        expected = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if authorization != f"Basic {expected}":
            raise RefusedError(401, 20003, "Authenticate")

    def _carry_out(self, asked: Asked) -> tuple[int, dict[str, Any]]:
        account_sid, _, rest = asked.path.removeprefix("/2010-04-01/Accounts/").partition("/")
        account = {ACCOUNT: self.account, **self.subaccounts}.get(account_sid)
        if account is None:
            raise RefusedError.no_such(asked.path)
        answer = account.carry_out(asked.method, rest, asked.form)
        self._tell(asked, rest.removesuffix(".json"))
        return answer

    def _tell(self, asked: Asked, place: str) -> None:
        kind, _, sid = place.partition("/")
        if (asked.method, kind) != ("POST", "Calls"):
            return
        try:
            self.on_update(sid, asked.form) if sid else self.on_create(asked.form)
        except Exception as error:  # noqa: BLE001 - raised again when the server is closed
            self.failures.append(error)


class _Server(ThreadingTCPServer):
    """The sockets; `server_close` waits for the threads, which end once they are cut off."""

    def __init__(self, api: TwilioApi) -> None:
        super().__init__(("127.0.0.1", 0), _Handler, bind_and_activate=False)
        self.api = api
        self.connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """Let nobody wait for another request over a connection that is kept."""
        for connection in [*self.connections]:
            _shut(connection)

    def handle_error(self, *_: object) -> None:
        """Keep what went wrong for the test; that the client has left is no wonder."""
        error = sys.exc_info()[1]
        if isinstance(error, Exception) and not isinstance(error, ConnectionError):
            self.api.failures.append(error)


class _Handler(BaseHTTPRequestHandler):
    """Translates HTTP."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, text: str) -> None:
        pairs = tuple(parse_qsl(text, keep_blank_values=True))
        asked = Asked(self.command, urlsplit(self.path).path, pairs, self.client_address)
        try:
            status, body = self.server.api.answer(asked, self.headers.get("Authorization", ""))
        except _Cut:
            self._send(200, b'{"sid": ', length=1000)
            _shut(self.connection)
            self.close_connection = True
        else:
            self._send(status, body, length=len(body))

    def _send(self, status: int, body: bytes, *, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json;charset=utf-8")
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: tests look at what was asked."""


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
