"""A Redis that cannot be reached, or cannot write, for a while: it is said in time, and goes on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from statechart_ivr.clock import Clock
from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.stores import RedisStore, SessionStore, Stored
from statechart_ivr.testing.store_contract import OutageContract

if TYPE_CHECKING:
    from tests.services.redis import RedisServer

pytestmark = pytest.mark.service

Start = Callable[[dict[str, str]], "RedisServer"]

# What the process has acknowledged is with the system, and stays there when the process is
# killed; that a busy disk lets one wait is not what these tests are about.
QUICK = {"appendfsync": "no"}


@pytest.fixture(scope="class")
def start(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return what starts a server with settings of its own."""
    servers = []

    def start(settings: dict[str, str]) -> RedisServer:
        server = type(redis_server)(tmp_path_factory.mktemp("redis"), {**QUICK, **settings})
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="class")
def server(start: Start) -> RedisServer:
    """Return a server for the tests of one class."""
    return start({})


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Any]:
    """Return a plain client of the server."""
    with closing(server.client()) as plain:
        yield plain


@pytest.fixture
def store(server: RedisServer) -> Iterator[RedisStore]:
    """Return a store with keys of its own."""
    with closing(RedisStore(server.url, prefix=f"{uuid4().hex}:", timeout=10)) as store:
        yield store


def save(store: SessionStore, data: bytes = b"x", expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", data, expected=expected, ttl=3600)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so; pytest ends a test that waits for ever."""
    while not is_so():
        time.sleep(0.02)  # the server does not tell


@pytest.mark.slow
class TestPaused(OutageContract):
    """The server's processes stand still: connections are there, and answers are not."""

    many = 1500  # of which Redis looks at a thousand in a step

    @pytest.fixture(autouse=True)
    def _server(self, server: RedisServer) -> None:
        self.server = server
        self.prefix = f"{uuid4().hex}:"

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store that gives up after a second."""
        return RedisStore(self.server.url, prefix=self.prefix, timeout=1)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another store with the same keys."""
        return self.make_store(self.clock)

    def take_away(self) -> None:
        """Have the server stand still."""
        self.server.pause()

    def bring_back(self) -> None:
        """Have it go on."""
        self.server.resume()


@pytest.mark.slow
def test_time_out(server: RedisServer) -> None:
    """Nobody waits longer than twice the time-out, whether they have a connection or not."""
    timeout, threads = 3.0, 8
    with closing(RedisStore(server.url, timeout=timeout, max_connections=4)) as store:
        save(store)

        def waited(operation: Callable[[], object]) -> float:
            start = time.monotonic()
            with pytest.raises(StoreUnavailableError, match=r"No connection available|Timeout"):
                operation()
            return time.monotonic() - start

        operations = [partial(store.load, "CA1"), partial(save, store)] * (threads // 2)
        server.pause()
        try:
            with ThreadPoolExecutor(threads) as pool:
                times = list(pool.map(waited, operations))
        finally:
            server.resume()
        assert timeout * 0.9 < min(times)
        assert max(times) < timeout * 3  # room for a busy machine, not for another wait
        assert store.load("CA1") is not None


def test_all_connections_in_use(server: RedisServer) -> None:
    """Who finds no connection free is told what to raise; when one is, all goes on."""
    with closing(RedisStore(server.url, timeout=0.05, max_connections=1)) as store:
        keeping_one = store._client.client()
        with keeping_one, pytest.raises(StoreUnavailableError, match="raise max_connections to"):
            store.load("CA2")
        assert store.load("CA2") is None


class TestRefusedWrites:
    """A server that can be read, and not written to."""

    def test_out_of_memory(self, store: RedisStore, redis: Any) -> None:
        """A full server says what to set; sessions in it can be read, and are not evicted."""
        save(store, b"menu")
        redis.config_set("maxmemory", 1)
        with pytest.raises(StoreUnavailableError, match=r"maxmemory.*must not be evicted"):
            save(store, b"order", expected=1)
        assert store.load("CA1") == Stored(b"menu", 1)
        redis.config_set("maxmemory", 0)
        assert save(store, b"order", expected=1) == 2

    def test_replica(self, store: RedisStore, redis: Any) -> None:
        """A server that was made a replica says that it is none to write to."""
        save(store, b"menu")
        redis.replicaof("127.0.0.1", "1")  # where nobody is
        with pytest.raises(StoreUnavailableError, match="is a replica; name the primary"):
            save(store, b"order", expected=1)
        assert store.load("CA1") == Stored(b"menu", 1)
        redis.replicaof("NO", "ONE")
        assert save(store, b"order", expected=1) == 2

    def test_disk(self, start: Start, tmp_path: Path) -> None:
        """A server that has failed to write its file takes no writes."""
        server = start({"appendonly": "no", "save": "3600 1"})
        with closing(RedisStore(server.url)) as store, closing(server.client()) as redis:
            save(store, b"menu")
            shutil.rmtree(server.folder)
            redis.bgsave()
            wait_until(lambda: redis.info("persistence")["rdb_last_bgsave_status"] == "err")
            with pytest.raises(StoreUnavailableError, match="cannot write to its disk"):
                save(store, b"order", expected=1)
            assert store.load("CA1") == Stored(b"menu", 1)
            server.folder.mkdir()
            redis.config_set("stop-writes-on-bgsave-error", "no")
            assert save(store, b"order", expected=1) == 2
            redis.config_set("save", "")  # it would not end without


def test_loading(start: Start) -> None:
    """A server that has come back, and still reads its file, says so."""
    server = start({"enable-debug-command": "yes", "loading-process-events-interval-bytes": "1024"})
    with closing(RedisStore(server.url)) as store, closing(server.client()) as redis:
        save(store, b"menu")
        redis.mset({f"other {number}": os.urandom(2000) for number in range(300)})
        redis.config_set("key-load-delay", 200_000)  # microseconds: a minute in all
        with ThreadPoolExecutor(1) as pool:
            reloading = pool.submit(server_command, server, "DEBUG", "RELOAD")
            wait_until(lambda: "reading its file" in complaint(store) or reloading.done())
            assert not reloading.done()
            redis.config_set("key-load-delay", 0)
            reloading.result()
        assert store.load("CA1") == Stored(b"menu", 1)


def server_command(server: RedisServer, *words: str) -> None:
    """Have the server do something."""
    with closing(server.client()) as redis:
        redis.execute_command(*words)


def complaint(store: RedisStore) -> str:
    """Return why a store cannot be read, or nothing if it can."""
    try:
        store.load("CA1")
    except StoreUnavailableError as error:
        return str(error)
    return ""
