"""A place where two processes meet that have the same session in hand.

Each says so once it has loaded the session, and is told to go on when the other one is there. So
both work on one revision, and one of them loses the race for sure.
"""

from __future__ import annotations

import socket
import socketserver
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from threading import Barrier, BrokenBarrierError, Lock, Thread

from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores import SessionStore, Stored

#: Seconds that one waits for the other.
PATIENCE = 10.0


class MeetingPoint(AbstractContextManager["MeetingPoint"]):
    """Listens on a port of this machine for processes that use a `MeetingStore`.

    Attributes:
        address: where, as ``HOST:PORT``.
        met: how many pairs came together.
        lost: by call SID, the saves that came too late.
    """

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Guest)
        self._server.point = self
        self._seats: dict[str, deque[Barrier]] = {}
        self._counting = Lock()
        self.met = 0
        self.lost: Counter[str] = Counter()
        self.address = "{}:{}".format(*self._server.socket.getsockname())
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def expect_two(self, call_sid: str) -> None:
        """Let the next two that load this session wait for each other; later ones do not."""
        self._seats[call_sid] = deque([Barrier(2)] * 2)

    def told(self, what: str, call_sid: str) -> None:
        """Take what a process says; returning lets it go on."""
        if what == "lost":
            with self._counting:
                self.lost[call_sid] += 1
        elif seats := self._seats.get(call_sid):
            self._wait(seats)

    def _wait(self, seats: deque[Barrier]) -> None:
        try:
            place = seats.popleft().wait(PATIENCE)
        except (IndexError, BrokenBarrierError):
            return  # a third one, or nobody else came
        with self._counting:
            self.met += place == 0


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64
    point: MeetingPoint


class _Guest(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.point.told(*self.rfile.readline().decode().split())
        self.wfile.write(b"\n")


class MeetingStore:
    """A store that tells a `MeetingPoint` what it has loaded, and which saves came too late.

    Args:
        store: the store behind it.
        address: of the meeting point.
    """

    def __init__(self, store: SessionStore, address: str) -> None:
        self._store = store
        host, _, port = address.rpartition(":")
        self._address = host, int(port)

    def load(self, call_sid: str) -> Stored | None:
        stored = self._store.load(call_sid)
        self._tell("loaded", call_sid)
        return stored

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        try:
            return self._store.save(call_sid, data, expected=expected, ttl=ttl)
        except StaleSessionError:
            self._tell("lost", call_sid)
            raise

    def delete(self, call_sid: str) -> None:
        self._store.delete(call_sid)

    def purge(self) -> int:
        return self._store.purge()

    def calls(self) -> Iterator[str]:
        return self._store.calls()

    def close(self) -> None:
        self._store.close()

    def _tell(self, what: str, call_sid: str) -> None:
        with socket.create_connection(self._address, timeout=2 * PATIENCE) as connection:
            connection.sendall(f"{what} {call_sid}\n".encode())
            connection.recv(1)


class CarelessStore(MeetingStore):
    """The same without compare-and-set: whoever saves last has it; calls come to harm with it."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        while True:
            stored = self._store.load(call_sid)
            revision = None if stored is None else stored.revision
            with suppress(StaleSessionError):
                return self._store.save(call_sid, data, expected=revision, ttl=ttl)
