"""A private Redis."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.services.service import Service

_SETTINGS: Mapping[str, str] = {
    "bind": "127.0.0.1",
    # What was acknowledged is in the file, whatever happens to the process.
    "appendonly": "yes",
    "appendfsync": "always",
    "auto-aof-rewrite-percentage": "0",
    "save": "",
    "logfile": "",
}


class RedisServer(Service):
    """A Redis of this run alone, which keeps all it has acknowledged.

    Args:
        folder: where it keeps its files.
        settings: more of its settings, as in ``redis.conf``.
    """

    #: The setting of where it listens.
    listens = "port"

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(folder)
        self._settings = {**_SETTINGS, **(settings or {})}

    @staticmethod
    def is_installed() -> bool:
        """Return whether there is a redis-server to start."""
        return shutil.which("redis-server") is not None

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def fresh_url(self) -> str:
        """Return the URL of a place that nobody has used, for one test."""
        return f"{self.url}?prefix={uuid4().hex}:"

    def client(self, **options: Any) -> Any:
        """Return a plain client; its annotations promise less than it does."""
        import redis

        return redis.Redis(port=self.port, **options)

    def command(self) -> list[str]:
        """Return the program and its arguments."""
        settings = {**self._settings, self.listens: str(self.port)}
        options = [word for pair in settings.items() for word in _option(*pair)]
        return ["redis-server", "--dir", str(self.folder), *options]

    def answers(self) -> bool:
        """Return whether it has read its file, and takes commands."""
        try:
            with self.connection() as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(100).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def connection(self) -> socket.socket:
        """Return a connection with it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=1)


def _option(name: str, value: str) -> list[str]:
    return [f"--{name}", *(value.split() or [""])]
