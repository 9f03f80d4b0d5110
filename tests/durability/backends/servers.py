"""Redis and PostgreSQL: servers of our own, which can be killed, and made to stand still."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.service import Service


class ServerBackend:
    """A store that is a server.

    ======  =========================================================================
    killed  nobody listens; what the server has acknowledged is there when it is back
    paused  it takes connections and requests, and says nothing until it goes on
    ======  =========================================================================

    What it was asked while it stood still, it does when it goes on, although nobody waits for
    the answer any more: a save comes then at a moment when others may have been faster.

    Args:
        server: which has not been started.
    """

    outages: Sequence[str] = ("killed", "paused")

    def __init__(self, server: Service) -> None:
        self._server = server
        self._ending = ExitStack()

    def start(self) -> None:
        """Start the server."""
        self._server.start()

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Begin an outage; who the users are makes no difference."""
        begin, end = self._outage(outage)
        begin()
        self._ending.callback(end)

    def bring_back(self) -> None:
        """End the outage; returns when the server answers."""
        self._ending.close()

    def stop(self) -> None:
        """End the server, and an outage that has not been ended."""
        try:
            self.bring_back()
        finally:
            self._server.stop()

    def _outage(self, outage: str) -> tuple[Callable[[], None], Callable[[], None]]:
        server = self._server
        ways = {"killed": (server.kill, server.start), "paused": (server.pause, server.resume)}
        return ways[outage]


class RedisBackend(ServerBackend):
    """A Redis that writes all to its file before it acknowledges it, unless set otherwise.

    Args:
        folder: for its files.
        settings: of Redis, as in its configuration file.
    """

    advice = "apt-get install redis-server"

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        self._redis = RedisServer(folder, settings)
        super().__init__(self._redis)

    @property
    def url(self) -> str:
        """Its first database."""
        return self._redis.url

    @staticmethod
    def is_installed() -> bool:
        """Return whether there is one to start."""
        return RedisServer.is_installed()


class PostgresBackend(ServerBackend):
    """A PostgreSQL."""

    advice = "apt-get install postgresql"

    def __init__(self, folder: Path) -> None:
        self._postgres = PostgresServer(folder)
        super().__init__(self._postgres)

    @property
    def url(self) -> str:
        """Its database."""
        return self._postgres.url

    @staticmethod
    def is_installed() -> bool:
        """Return whether there is one to start."""
        return PostgresServer.is_installed()
