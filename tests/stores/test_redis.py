"""Sessions in Redis: what every store does, and what this one promises besides."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

import statechart_ivr
from statechart_ivr.clock import Clock
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import RedisStore, SessionStore, Stored, open_store
from statechart_ivr.testing.store_contract import StoreContract
from tests.services.proxy import Proxy

if TYPE_CHECKING:
    from tests.services.redis import RedisServer

pytestmark = pytest.mark.service

SID = "CA1"


class UnhurriedStore(RedisStore):
    """A store for which a second of the test's is a thousand of Redis's.

    The tests look at a session a second before its time is over. Redis goes by the real time,
    and a machine may well take a second to get from one line of a test to the next.
    """

    factor = 1000

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save for a longer time."""
        return super().save(call_sid, data, expected=expected, ttl=ttl * self.factor)


@pytest.mark.slow
class TestContract(StoreContract):
    """What every session store does; its server being killed is one of the ways to be away."""

    many = 1500  # of which Redis looks at a thousand in a step

    @pytest.fixture(autouse=True)
    def _server(self, redis_server: RedisServer) -> None:
        self.server = redis_server
        self.prefix = f"{uuid4().hex}:"

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store with keys of its own; Redis has no other clock than its own."""
        return UnhurriedStore(self.server.url, prefix=self.prefix, timeout=10)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another store with the same keys."""
        return UnhurriedStore(self.server.url, prefix=self.prefix, timeout=10)

    def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
        """Return what opens the same keys elsewhere."""
        return partial(RedisStore, self.server.url, prefix=self.prefix, timeout=10)

    def take_away(self) -> None:
        """Kill the server."""
        self.server.kill()

    def bring_back(self) -> None:
        """Start it again."""
        self.server.start()

    def advance(self, seconds: float) -> None:
        """Take time from all sessions of the test: Redis's clock goes as it goes."""
        with closing(self.server.client()) as redis:
            for key in list(redis.scan_iter(f"{self.prefix}*")):
                left = redis.pttl(key)
                assert left != -1, "it would stay for ever"
                redis.pexpire(key, left - round(seconds * 1000 * UnhurriedStore.factor))

    def test_purge(self) -> None:
        """There is nothing to remove: Redis has done it, and what is over does not lie there."""
        self.store.save("short", b"x", expected=None, ttl=10)
        self.store.save("long", b"x", expected=None, ttl=20)
        self.advance(10)
        with closing(self.server.client()) as redis:
            assert redis.keys(f"{self.prefix}*") == [f"{self.prefix}long".encode()]
        assert self.store.purge() == 0
        assert list(self.store.calls()) == ["long"]


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Any]:
    """Return a plain client of the server."""
    with closing(redis_server.client()) as plain:
        yield plain


@pytest.fixture
def prefix() -> str:
    """Return what the keys of a test begin with."""
    return f"{uuid4().hex}:"


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    """Return a way to the server that can be watched and cut."""
    proxy = Proxy(redis_server.port)
    proxy.start()
    yield proxy
    proxy.stop()


@pytest.fixture
def store(proxy: Proxy, prefix: str) -> Iterator[RedisStore]:
    """Return a store that goes that way."""
    url = f"redis://127.0.0.1:{proxy.port}/0"
    with closing(RedisStore(url, prefix=prefix, timeout=10)) as store:
        yield store


def save(store: SessionStore, data: bytes = b"x", expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save(SID, data, expected=expected, ttl=3600)


class TestKeys:
    """What lies in Redis."""

    def test_one_key_for_each_call(self, store: RedisStore, redis: Any, prefix: str) -> None:
        """A call has one key, in no relation with any other, and Redis knows when it is over."""
        save(store, b"first")
        save(store, b"menu", expected=1)
        store.save("CA2", b"y", expected=None, ttl=60)
        assert sorted(redis.keys(f"{prefix}*")) == [
            f"{prefix}CA1".encode(),
            f"{prefix}CA2".encode(),
        ]
        kept = redis.hgetall(f"{prefix}CA1")
        assert len(kept.pop(b"writer")) == 12
        assert kept == {b"revision": b"2", b"data": b"menu"}
        assert 3_000_000 < redis.pttl(f"{prefix}CA1") <= 3_600_000

    @pytest.mark.parametrize("ttl", [0.0005, 1e-9])
    def test_shortest_time(self, store: RedisStore, ttl: float) -> None:
        """However short a session's time is, Redis can be told: it counts in milliseconds."""
        assert store.save(SID, b"x", expected=None, ttl=ttl) == 1

    def test_odd_prefixes(self, redis_server: RedisServer) -> None:
        """A prefix is itself, not a pattern; those that look alike are kept apart."""
        unique = uuid4().hex
        prefixes = [f"{unique}{odd}" for odd in ("*", "?", "[a-z]", "\\", "a", "^", "ö")]
        stores = [RedisStore(redis_server.url, prefix=prefix) for prefix in prefixes]
        for number, store in enumerate(stores):
            store.save(f"CA{number}", b"x", expected=None, ttl=60)
        for number, store in enumerate(stores):
            assert list(store.calls()) == [f"CA{number}"]
            store.close()

    def test_databases(self, redis_server: RedisServer, prefix: str) -> None:
        """The number in the URL is that of the database."""
        url = redis_server.url.removesuffix("/0")
        stores = [open_store(f"{url}/{number}?prefix={prefix}") for number in (1, 2)]
        save(stores[0])
        assert stores[1].load(SID) is None
        assert stores[0].load(SID) == Stored(b"x", 1)
        for store in stores:
            store.close()

    def test_something_else_under_the_key(self, store: RedisStore, redis: Any, prefix: str) -> None:
        """What somebody else has put there is left as it is, and told."""
        redis.set(f"{prefix}{SID}", "not ours")
        for use in (lambda: store.load(SID), lambda: save(store)):
            with pytest.raises(StoreUnavailableError, match="WRONGTYPE"):
                use()
        assert redis.get(f"{prefix}{SID}") == b"not ours"


class TestRoundTrips:
    """How often something goes to Redis and back."""

    def test_one_for_each_operation(self, store: RedisStore, proxy: Proxy) -> None:
        """Once a connection is open, and Redis knows the script, each operation takes one."""
        save(store)
        operations: list[Callable[[], object]] = [
            lambda: store.load(SID),
            lambda: save(store, expected=1),
            lambda: store.delete(SID),
            lambda: store.load(SID),
            lambda: save(store),
            store.purge,
        ]
        for operation in operations:
            before = proxy.requests
            operation()
            assert proxy.requests == before + 1

    def test_forgotten_script(self, store: RedisStore, redis: Any) -> None:
        """Where Redis has forgotten the script, it is told once more."""
        save(store)
        redis.script_flush()
        assert save(store, expected=1) == 2

    def test_restart(self, store: RedisStore, redis_server: RedisServer) -> None:
        """A restart between two operations goes unnoticed: connections, script, sessions."""
        save(store, b"menu")
        redis_server.kill()
        redis_server.start()
        assert save(store, b"order", expected=1) == 2
        assert store.load(SID) == Stored(b"order", 2)


class TestLostConnections:
    """Connections that break, as firewalls do to those that are long unused."""

    def test_before_an_operation(self, store: RedisStore, proxy: Proxy) -> None:
        """An operation that finds its connection cut goes on with another."""
        save(store)
        proxy.cut()
        assert store.load(SID) == Stored(b"x", 1)
        proxy.cut()
        assert save(store, expected=1) == 2

    def test_before_the_answer(self, store: RedisStore, proxy: Proxy) -> None:
        """A save whose answer got lost is sent again, and done once."""
        assert save(store, b"first") == 1
        proxy.loses_answer = True
        assert save(store, b"second", expected=1) == 2
        assert not proxy.loses_answer
        assert store.load(SID) == Stored(b"second", 2)
        assert save(store, b"third", expected=2) == 3

    def test_before_the_first_answer(self, store: RedisStore, proxy: Proxy) -> None:
        """So is a first save, which would otherwise meet itself."""
        store.save("other", b"x", expected=None, ttl=60)  # there is a connection
        proxy.loses_answer = True
        assert save(store, b"first") == 1
        assert store.load(SID) == Stored(b"first", 1)

    def test_same_bytes_of_somebody_else(self, store: RedisStore, proxy: Proxy) -> None:
        """Whoever saves the same as somebody else did is not taken for them."""
        save(store, b"first")
        save(store, b"second", expected=1)
        with pytest.raises(StaleSessionError):
            save(store, b"second", expected=1)


def test_restart_while_listing(redis_server: RedisServer, prefix: str) -> None:
    """A list goes on over a restart, after which a place in it means another, and is whole."""
    with closing(RedisStore(redis_server.url, prefix=prefix, timeout=10)) as store:
        sids = {f"CA{number}" for number in range(3000)}
        for call_sid in sids:
            store.save(call_sid, b"x", expected=None, ttl=3600)
        listing = store.calls()
        listed = [next(listing)]
        redis_server.kill()
        redis_server.start()
        listed += listing
    assert len(listed) == len(sids)
    assert set(listed) == sids


@pytest.mark.usefixtures("redis_server")  # skipped where there is none
def test_unix_socket() -> None:
    """A server on this machine can be reached through a file."""
    from tests.services.redis import RedisServer

    # Not in pytest's folder: the path may have 107 bytes.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = f"{folder}/redis.sock"
        server = RedisServer(Path(folder), {"unixsocket": path, "databases": "2"})
        server.start()
        with closing(open_store(f"unix://{path}?db=1&timeout=10")) as store:
            assert save(store) == 1
            assert store.load(SID) == Stored(b"x", 1)
        with closing(server.client(db=1)) as redis:
            assert redis.dbsize() == 1
        server.stop()


FORKING = """
    import os, sys
    from statechart_ivr.stores import RedisStore, Stored

    store = RedisStore(sys.argv[1], prefix=sys.argv[2], timeout=10)
    for number in range(20):
        store.save(f"CA{number}", b"%d" % number, expected=None, ttl=3600)
    child = os.fork()
    mine = range(0, 20, 2) if child else range(1, 20, 2)
    for revision in range(1, 50):
        for number in mine:
            data = b"%d" % (number + 100 * revision)
            assert store.save(f"CA{number}", data, expected=revision, ttl=3600) == revision + 1
            assert store.load(f"CA{number}") == Stored(data, revision + 1)
    if child:
        assert os.waitpid(child, 0)[1] == 0
        assert len(list(store.calls())) == 20
    store.close()
"""


def test_fork(redis_server: RedisServer, prefix: str) -> None:
    """A process and its fork use the same store at a time, and neither gets the other's answers."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    program = f"import sys; sys.path[:0] = {[where, *sys.path]!r}\n{dedent(FORKING)}"
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, redis_server.url, prefix],
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
