"""Callers who wait: all of them in one thread, with as many requests at a time as wanted."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from benchmarks.load.wire import Balancer
from examples.servers import TOKEN
from statechart_ivr.testing.parameters import new_sid
from tests.durability.documents import action, hangs_up, redirect, wait_url, words
from tests.durability.webhooks import webhook

#: Seconds between two polls once what is waited for has come.
BREATH = 0.05
#: Seconds within which it is heard of, on a busy machine.
PATIENCE = 120.0


class Door:
    """Lets so many requests in at a time.

    Args:
        url: of the server.
        at_once: how many.
    """

    def __init__(self, url: str, at_once: int) -> None:
        self._balancer = Balancer([url], keep_alive=True)
        self._places = asyncio.Semaphore(at_once)

    async def ask(self, call_sid: str, url: str, **told: str) -> bytes:
        """Send a signed webhook, and return the document."""
        sent = webhook(call_sid, url, new_sid("token"), **told)
        place = urlsplit(sent.url)
        headers = {**sent.headers(TOKEN), "Host": place.netloc, "Content-Length": len(sent.body)}
        lines = [f"POST {place.path}?{place.query} HTTP/1.1".replace("? ", " ")]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        async with self._places:
            answer = await self._balancer.ask(head + sent.body, 0)
        assert answer.status == 200, f"{url} is answered with {answer.status}"
        return answer.body

    def close(self) -> None:
        """Close all connections."""
        self._balancer.close()


@dataclass
class Caller:
    """One who waits.

    Attributes:
        door: the way to the server.
        entry: ``/held`` or ``/queued``.
        sid: of the call.
        polls: how often something to wait with was asked for.
        heard: the last words.
    """

    door: Door
    entry: str
    sid: str = field(default_factory=lambda: new_sid("CA"))
    polls: int = 0
    heard: str = ""

    async def dial(self) -> None:
        """Call, and begin to wait."""
        body = await self.door.ask(self.sid, self.entry, CallStatus="ringing")
        self._action = action(body)
        self._next = redirect(body) or wait_url(body)

    async def wait(self, polls: int) -> None:
        """Ask so often for something to wait with, without a pause."""
        for _ in range(polls):
            self._next = redirect(await self._poll())

    async def hear(self) -> None:
        """Wait until what was waited for has come, and hear it."""
        if self.entry == "/queued":
            body = await self.door.ask(self.sid, self._action, QueueResult="bridged")
            self.heard = words(body)
            return
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            body = await self._poll()
            if hangs_up(body) or not redirect(body):
                self.heard = words(body)
                return
            self._next = redirect(body)
            await asyncio.sleep(BREATH)

    async def _poll(self) -> bytes:
        self.polls += 1
        return await self.door.ask(self.sid, self._next)
