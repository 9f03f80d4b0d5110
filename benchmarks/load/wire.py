"""Requests and answers on sockets, at as little cost as possible."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from statechart_ivr.call import Answer
from statechart_ivr.testing.transport import PATIENCE

#: How often a request is sent before its caller gives up.
TRIES = 20
#: Seconds between two tries, once every server has had one.
PAUSE = 0.1

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = b"Connection: close\r\n"


class UnansweredError(Exception):
    """No server answered, however often it was asked."""


class Balancer:
    """Passes requests on to servers, as a load balancer in front of them would.

    A request whose server is down, or goes down before it has answered, is sent again to the
    next one.

    Args:
        urls: of the servers.
        keep_alive: whether connections are used again; there is one for each request otherwise.

    Attributes:
        sent_again: how many requests had to be.
    """

    def __init__(self, urls: Sequence[str], *, keep_alive: bool) -> None:
        self._places = [_place(url) for url in urls]
        self._idle: list[list[Connection]] = [[] for _ in urls]
        self._keep_alive = keep_alive
        self.sent_again = 0

    async def ask(self, request: bytes, first: int) -> Answer:
        """Send a request, and return the answer.

        Args:
            request: head and body.
            first: number of the server that is asked first; the next ones follow.

        Raises:
            UnansweredError: nobody answers.
        """
        if not self._keep_alive:
            line, _, rest = request.partition(b"\r\n")
            request = line + b"\r\n" + _CLOSE + rest
        for attempt in range(TRIES):
            try:
                return await self._ask((first + attempt) % len(self._places), request)
            except OSError:
                self.sent_again += 1
            if attempt >= len(self._places):
                await asyncio.sleep(PAUSE)
        raise UnansweredError

    async def _ask(self, server: int, request: bytes) -> Answer:
        connection = await self._connection(server)
        answer = await connection.ask(request)
        if self._keep_alive:
            self._idle[server].append(connection)
        else:
            connection.close()
        return answer

    async def _connection(self, server: int) -> Connection:
        if self._idle[server]:
            return self._idle[server].pop()
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(Connection, *self._places[server]))[1]

    def close(self) -> None:
        """Close the connections that are kept."""
        for connections in self._idle:
            while connections:
                connections.pop().close()


class Connection(asyncio.Protocol):
    """A connection to a server, for one request at a time."""

    _transport: asyncio.Transport
    _answered: asyncio.Future[Answer] | None = None
    _received = b""
    _is_lost = False

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and return the answer.

        Raises:
            ConnectionError: the connection ended before, or no answer came in time.
        """
        if self._is_lost:
            raise ConnectionResetError
        loop = asyncio.get_running_loop()
        self._received, self._answered = b"", loop.create_future()
        self._transport.write(request)
        giving_up = loop.call_later(PATIENCE, self._transport.abort)
        try:
            return await self._answered
        finally:
            giving_up.cancel()

    def close(self) -> None:
        """Close it."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; asyncio calls this."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take what came; asyncio calls this."""
        self._received += data
        answer = answer_in(self._received)
        if answer is not None and self._answered is not None and not self._answered.done():
            self._answered.set_result(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; asyncio calls this."""
        self._is_lost = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError(*exc.args if exc else ()))


def answer_in(received: bytes) -> Answer | None:
    r"""Return the answer in what came over a connection; None as long as some of it is missing.

    >>> answer_in(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHello")
    Answer(status=200, body=b'Hello')
    >>> answer_in(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHel")
    """
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return None
    length = _LENGTH.search(head)
    if length is not None and len(body) < int(length[1]):
        return None
    return Answer(int(head.split(b" ", 2)[1]), body)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port
