"""Folders served with a bug; for ``benchmarks.static``, which is to notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.static.served import Served, bottle_static_file

#: How many right answers there are before the only wrong one: each file is first asked for once,
#: and then several connections ask for the first one.
RIGHT = 4

Chunks = Iterator[bytes]


def wrong_byte(folder: Path) -> Served:
    """Return what once sends a byte that is not in the file, far from both ends."""

    def spoilt(body: bytes) -> bytes:
        middle = len(body) // 2
        return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]

    return _once(folder, lambda status, body: (status, spoilt(body)))


def short_body(folder: Path) -> Served:
    """Return what once sends a byte less, and says so."""
    return _once(folder, lambda status, body: (status, body[:-1]))


def wrong_status(folder: Path) -> Served:
    """Return what once sends the right body with a wrong status."""
    return _once(folder, lambda _, body: ("203 Non-Authoritative Information", body))


def not_for_ever(folder: Path) -> Served:
    """Return what lets nobody keep a file."""
    right = bottle_static_file(folder)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            kept = [(name, value) for name, value in headers if name != "Cache-Control"]
            return start_response(status, [*kept, ("Cache-Control", "no-cache")], *rest)

        return right.app(environ, start)

    return right._replace(app=app)


def _once(folder: Path, change: Callable[[str, bytes], tuple[str, bytes]]) -> Served:
    """Return what serves the folder, but for one answer, of which status and body are changed."""
    right, numbers = bottle_static_file(folder), count()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if next(numbers) != RIGHT:
            return right.app(environ, start_response)
        started: list[str] = []
        body = right.app(environ, lambda status, *_: started.append(status))
        status, changed = change(started[0], b"".join(body))
        start_response(status, [("Content-Length", str(len(changed)))])
        return [changed]

    return right._replace(app=app)
