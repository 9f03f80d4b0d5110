"""One request and its answer, byte for byte, and a server that is not waitress."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from typing import Any, NamedTuple
from wsgiref.simple_server import WSGIRequestHandler, make_server

#: Seconds to wait for a busy machine; nothing here takes that long.
PATIENCE = 60.0


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: such as 206.
        headers: of the answer; None for one that is missing.
        body: all that came after the headers until the connection was closed.
    """

    status: int
    headers: Message
    body: bytes


def request_text(method: str, target: str, headers: Mapping[str, str], version: str) -> bytes:
    """Return a request as it goes over the wire; nothing in it is quoted or put right."""
    lines = [f"{method} {target} HTTP/{version}", *(f"{k}: {v}" for k, v in headers.items())]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")


def exchange(
    port: int,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    *,
    version: str = "1.1",
) -> Answer:
    """Send one request, and read until the server closes the connection.

    So bytes that should not be there, as after a HEAD or a 304, are seen.
    """
    full = {"Host": "ivr.example.com", "Connection": "close", **(headers or {})}
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request_text(method, target, full, version))
        received = b"".join(iter(lambda: connection.recv(1 << 16), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    status_line, _, fields = head.partition(b"\r\n")
    return Answer(int(status_line.split()[1]), message_from_bytes(fields, policy=HTTP), body)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving_simply(app: Any) -> Iterator[int]:
    """Serve an application with the standard library's server; gives the port."""
    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
