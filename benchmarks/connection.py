"""Requests and answers on a socket, at as little cost as possible."""

from __future__ import annotations

import asyncio
import re
from typing import NamedTuple
from urllib.parse import urlsplit

from statechart_ivr.call import Answer
from statechart_ivr.testing.transport import PATIENCE

# Bytes that a connection has room for at first; no head is longer.
_ROOM = 8192
_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Head(NamedTuple):
    """What an answer begins with.

    Attributes:
        status: of the answer.
        size: bytes of the head itself.
        body_size: bytes of the body.
        is_last: whether the server ends the connection after it.
    """

    status: int
    size: int
    body_size: int
    is_last: bool


class Connection(asyncio.BufferedProtocol):
    """A connection to a server, for one request at a time.

    Answers are received where the one before was, which for long ones costs less than half of what
    it costs to put pieces together.

    Attributes:
        is_ending: whether the server has said that it takes no other request.
    """

    _transport: asyncio.Transport
    _answered: asyncio.Future[Answer] | None = None
    _head: Head | None = None
    _is_lost = False

    def __init__(self) -> None:
        self._buffer = bytearray(_ROOM)
        self._received = 0
        self.is_ending = False

    @classmethod
    async def to(cls, url: str) -> Connection:
        """Connect to a server.

        Args:
            url: of the server, with a port.

        Raises:
            OSError: nobody listens there.
        """
        parts, loop = urlsplit(url), asyncio.get_running_loop()
        return (await loop.create_connection(cls, parts.hostname, parts.port))[1]

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and return the answer.

        Raises:
            ConnectionError: the connection ended before, or no answer came in time.
        """
        if self._is_lost:
            raise ConnectionResetError
        loop = asyncio.get_running_loop()
        self._received, self._head = 0, None
        self._answered = loop.create_future()
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

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where to put what comes next; asyncio calls this."""
        del sizehint
        wanted = self._head.size + self._head.body_size if self._head else 0
        if self._received == len(self._buffer):
            wanted = max(wanted, 2 * self._received)
        self._buffer.extend(bytes(max(0, wanted - len(self._buffer))))
        return memoryview(self._buffer)[self._received :]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; asyncio calls this."""
        self._received += nbytes
        if self._head is None:
            self._head = head_in(bytes(self._buffer[: min(self._received, _ROOM)]))
        head = self._head
        if head is None or self._received < head.size + head.body_size:
            return
        if self._answered is not None and not self._answered.done():
            self.is_ending = head.is_last
            # With what came after it, which should not be there.
            body = bytes(memoryview(self._buffer)[head.size : self._received])
            self._answered.set_result(Answer(head.status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        """End; asyncio calls this."""
        self._is_lost = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError(*exc.args if exc else ()))


def head_in(received: bytes) -> Head | None:
    r"""Return the head of an answer, by what came of it; None as long as some of it is missing.

    >>> head_in(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHel")
    Head(status=200, size=38, body_size=5, is_last=False)
    >>> head_in(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nConnection: close\r\n\r\n")
    Head(status=304, size=67, body_size=0, is_last=True)
    >>> head_in(b"HTTP/1.1 200 OK\r\nContent-Le")
    """
    head, end, _ = received.partition(_END)
    if not end:
        return None
    status, length = int(head.split(b" ", 2)[1]), _LENGTH.search(head)
    # What a 304 says is the length of the body that it leaves out (RFC 9110, section 8.6).
    body_size = int(length[1]) if length and status != 304 else 0
    return Head(status, len(head) + len(end), body_size, _CLOSE.search(head) is not None)
