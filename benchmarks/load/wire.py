"""The way of a request to one of several servers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from benchmarks.connection import Connection
from statechart_ivr.call import Answer

#: How often a request is sent before its caller gives up.
TRIES = 20
#: Seconds between two tries, once every server has had one.
PAUSE = 0.1

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
        self._urls = urls
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
                return await self._ask((first + attempt) % len(self._urls), request)
            except OSError:
                self.sent_again += 1
            if attempt >= len(self._urls):
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
        return await Connection.to(self._urls[server])

    def close(self) -> None:
        """Close the connections that are kept."""
        for connections in self._idle:
            while connections:
                connections.pop().close()
