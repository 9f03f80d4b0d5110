"""The stores that are loaded, each a private one that is made for one run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.service import Service

#: Opens a place in a folder, for stores that wait for the disk at every turn or that do not.
Opener = Callable[[Path, bool], AbstractContextManager[str]]


@contextmanager
def sqlite_file(folder: Path, waits_for_disk: bool) -> Iterator[str]:
    """Give the URL of a file that is not there yet."""
    yield f"sqlite:///{folder}/calls.db?synchronous={'FULL' if waits_for_disk else 'NORMAL'}"


@contextmanager
def redis_server(folder: Path, waits_for_disk: bool) -> Iterator[str]:
    """Give the URL of a Redis with an append-only file, which it syncs every second or always."""
    policy = "always" if waits_for_disk else "everysec"
    server = RedisServer(folder, {"appendfsync": policy})
    with _running(server):
        yield server.url


@contextmanager
def postgres_server(folder: Path, waits_for_disk: bool) -> Iterator[str]:
    """Give the URL of a PostgreSQL, which always waits for the disk, as it does unless told.

    There is no pooler between, so statements are prepared.
    """
    del waits_for_disk
    server = PostgresServer(folder, {"fsync": "on"})
    with _running(server):
        yield f"{server.url}?prepare_threshold=5"


#: By name: how to open it.
PLACES: Mapping[str, Opener] = {
    "sqlite": sqlite_file,
    "redis": redis_server,
    "postgresql": postgres_server,
}


def missing(name: str) -> str:
    """Return what is to be installed before a place can be opened; empty if nothing is."""
    if name == "redis" and not RedisServer.is_installed():
        return "there is no redis-server; on Debian: apt-get install redis-server"
    if name == "postgresql" and not PostgresServer.is_installed():
        return "there is no PostgreSQL; on Debian: apt-get install postgresql"
    return ""


@contextmanager
def _running(server: Service) -> Iterator[None]:
    server.start()
    try:
        yield
    finally:
        server.stop()
