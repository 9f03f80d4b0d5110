"""Connections are given back, whatever happens, and broken ones replaced."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

import statechart_ivr
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import SqlStore, Stored
from tests.services.postgres import PostgresServer
from tests.stores.sql.conftest import OTHERS, lent, save

pytestmark = [pytest.mark.service, pytest.mark.slow]


def test_all_are_given_back(store: SqlStore, other: psycopg.Connection) -> None:
    """After each operation none is in use, nor while the calls are listed."""
    save(store)
    with pytest.raises(StaleSessionError):
        save(store)
    assert store.load("CA1")
    listing = store.calls()
    next(listing)
    assert lent(store) == 0
    assert save(store, expected=1) == 2  # with the only connection there is
    other.execute("ALTER TABLE ivr_session RENAME COLUMN data TO content")
    other.commit()
    with pytest.raises(StoreUnavailableError, match=r"column ivr_session\.data does not exist"):
        store.load("CA1")
    assert lent(store) == 0
    states = other.execute(f"SELECT state {OTHERS}").fetchall()
    assert states == [("idle",)]  # and in no transaction


def test_exhausted(store: SqlStore) -> None:
    """Whoever waits in vain for a connection is told in time, and what to raise."""
    with store._connections._engine.connect():
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=r"; raise max_connections to the thr"):
            store.load("CA1")
        assert 0.9 < time.monotonic() - began < 15
    assert store.load("CA1") is None


def test_no_more_than_max_connections(url: str, other: psycopg.Connection) -> None:
    """However many threads there are."""
    with closing(SqlStore(url, max_connections=2, timeout=30)) as store:
        save(store)
        with ThreadPoolExecutor(8) as threads:
            for loaded in threads.map(store.load, ["CA1"] * 200):
                assert loaded == Stored(b"x", 1)
        assert 1 <= len(other.execute(f"SELECT pid {OTHERS}").fetchall()) <= 2


def test_a_server_started_anew(url: str, postgres_server: PostgresServer) -> None:
    """The first operation of each kind works, whatever connections are in the pool."""
    with closing(SqlStore(url, max_connections=4)) as store:
        uses: list[Callable[[], object]] = [
            lambda: store.load("CA1"),
            lambda: save(store, expected=1),
            lambda: store.save("CA2", b"x", expected=None, ttl=60),
            lambda: list(store.calls()),
            store.purge,
            lambda: store.delete("CA2"),
        ]
        save(store)
        for use in uses:
            with ThreadPoolExecutor(4) as threads:
                list(threads.map(store.load, ["CA1"] * 20))
            postgres_server.kill()
            postgres_server.start()
            use()
        assert store.load("CA1") == Stored(b"x", 2)
        assert lent(store) == 0


def test_a_connection_that_was_ended(store: SqlStore, other: psycopg.Connection) -> None:
    """An administrator, or a proxy, may end connections: nobody hears of it."""
    save(store)
    for revision in range(1, 4):
        other.execute(f"SELECT pg_terminate_backend(pid) {OTHERS}")
        assert save(store, expected=revision) == revision + 1


def test_locked(store: SqlStore, other: psycopg.Connection) -> None:
    """Whoever waits in vain for a lock is told; it costs no connection."""
    save(store)
    with store._connections._engine.connect() as connection:
        (before,) = connection.execute(sa.text("SELECT pg_backend_pid()")).one()
    other.execute("LOCK TABLE ivr_session")
    with pytest.raises(StoreUnavailableError, match=r"statement timeout; somebody else has"):
        store.load("CA1")
    other.rollback()
    assert store.load("CA1") == Stored(b"x", 1)
    with store._connections._engine.connect() as connection:
        assert connection.execute(sa.text("SELECT pg_backend_pid()")).one() == (before,)


def test_standing_still(store: SqlStore, postgres_server: PostgresServer) -> None:
    """There is a limit to waiting for an answer, and it is waited for once."""
    save(store)
    postgres_server.pause()
    try:
        for words in ("no answer in 2 s", "timeout expired"):
            began = time.monotonic()
            with pytest.raises(StoreUnavailableError, match=words):
                store.load("CA1")
            assert time.monotonic() - began < 15
    finally:
        postgres_server.resume()
    assert store.load("CA1") == Stored(b"x", 1)


def test_options_of_the_server(url: str) -> None:
    """Those of the URL come on top of ours, however often the name stands there."""
    options = "options=-c%20work_mem%3D1MB&options=-c%20lock_timeout%3D7s"
    with closing(SqlStore(f"{url}?{options}", timeout=2)) as store:
        with store._connections._engine.connect() as connection:
            found = [
                connection.scalar(sa.text(f"SHOW {name}"))
                for name in ("work_mem", "lock_timeout", "statement_timeout")
            ]
        assert found == ["1MB", "7s", "2s"]


def test_closed_twice(store: SqlStore, other: psycopg.Connection) -> None:
    """Closing closes what is open."""
    save(store)
    store.close()
    store.close()
    deadline = time.monotonic() + 60
    while other.execute(f"SELECT pid {OTHERS}").fetchone():
        other.rollback()
        assert time.monotonic() < deadline
        time.sleep(0.01)  # the server does not tell when its process is gone


FORKING = """
import gc, os, sys
from contextlib import closing
from statechart_ivr.stores import SqlStore

with closing(SqlStore(sys.argv[1], max_connections=4)) as store:
    store.save("CA1", b"x", expected=None, ttl=60)
    children = []
    for number in range(4):
        child = os.fork()
        if not child:
            for _ in range(50):
                assert store.load("CA1").revision == 1
            gc.collect()  # what it has inherited
            store.save(f"child {number}", b"x", expected=None, ttl=60)
            sys.exit()
        children.append(child)
    for _ in range(50):
        assert store.load("CA1").revision == 1
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    assert store._connections._engine.pool.checkedin() == 1  # nobody has closed the parent's
    assert store.load("CA1").revision == 1
    print(codes, len(list(store.calls())))
"""


def test_forks(url: str) -> None:
    """A process that forks gets connections of its own; those of the parent are left alone."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKING, url],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([where, *sys.path])},
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert (run.stdout, run.stderr) == ("[0, 0, 0, 0] 5\n", "")
