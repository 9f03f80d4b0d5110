"""Requests and answers on a socket, at as little cost as possible."""

from __future__ import annotations

import asyncio
import re
from urllib.parse import urlsplit

from statechart_ivr.call import Answer
from statechart_ivr.testing.transport import PATIENCE

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSE = re.compile(rb"\r\nconnection: *close", re.IGNORECASE)


class Connection(asyncio.Protocol):
    """A connection to a server, for one request at a time.

    Attributes:
        is_ending: whether the server has said that it takes no other request.
    """

    _transport: asyncio.Transport
    _answered: asyncio.Future[Answer] | None = None
    _size: int | None = None
    _is_lost = False

    def __init__(self) -> None:
        self._received = bytearray()
        self.is_ending = False

    @classmethod
    async def to(cls, url: str) -> Connection:
        """Connect to a server.

        Args:
            url: of the server, with a port.

        Raises:
            OSError: nobody listens there.
        """
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(cls, *place(url)))[1]

    async def ask(self, request: bytes) -> Answer:
        """Send a request, and return the answer.

        Raises:
            ConnectionError: the connection ended before, or no answer came in time.
        """
        if self._is_lost:
            raise ConnectionResetError
        loop = asyncio.get_running_loop()
        self._received, self._size = bytearray(), None
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

    def data_received(self, data: bytes) -> None:
        """Take what came; asyncio calls this."""
        self._received += data
        if self._size is None:
            self._size = size_in(self._received)
        if self._size is None or len(self._received) < self._size:
            return
        if self._answered is not None and not self._answered.done():
            self.is_ending = (
                _CLOSE.search(self._received, 0, self._received.index(_END)) is not None
            )
            self._answered.set_result(_answer(self._received))

    def connection_lost(self, exc: Exception | None) -> None:
        """End; asyncio calls this."""
        self._is_lost = True
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError(*exc.args if exc else ()))


def size_in(received: bytes | bytearray) -> int | None:
    r"""Return how many bytes an answer has, by what came of it; None before its head is complete.

    >>> size_in(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nHel")
    43
    >>> size_in(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")
    48
    >>> size_in(b"HTTP/1.1 200 OK\r\nContent-Le")
    """
    end = received.find(_END)
    if end < 0:
        return None
    length = _LENGTH.search(received, 0, end)
    # What a 304 says is the length of the body that it leaves out (RFC 9110, section 8.6).
    has_body = length is not None and _status(received) != 304
    return end + len(_END) + (int(length[1]) if length and has_body else 0)


def place(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    parts = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def _answer(received: bytearray) -> Answer:
    """Return a complete answer, and what came after it, as part of the body."""
    # One copy: a body may have many megabytes.
    body = bytes(memoryview(received)[received.index(_END) + len(_END) :])
    return Answer(_status(received), body)


def _status(received: bytes | bytearray) -> int:
    return int(received[:32].split(b" ", 2)[1])
