"""One statement each, in no transaction but its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores import SqlStore, Stored, open_store
from tests.services.postgres import PostgresServer
from tests.stores.sql.conftest import save, wait_for_lock

pytestmark = [pytest.mark.service, pytest.mark.slow]


@pytest.fixture
def logging_server(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[PostgresServer]:
    """Return a server that logs each statement, if any is installed."""
    server = PostgresServer(tmp_path, {"log_statement": "all"})
    server.start()
    try:
        yield server
    finally:
        server.stop()


def test_one_each(logging_server: PostgresServer) -> None:
    """A load is one SELECT, the first save one INSERT, each further one an UPDATE."""
    with closing(SqlStore(logging_server.url)) as store:
        save(store)
        store.load("CA0")
        seen = len(logging_server.log())
        store.load("CA1")
        store.save("CA2", b"x", expected=None, ttl=60)
        store.save("CA1", b"x", expected=1, ttl=60)
        for stale in (None, 1, 7):
            with pytest.raises(StaleSessionError):
                save(store, expected=stale)
        store.delete("CA2")
        logged = logging_server.log()[seen:]
    found = re.findall(r"LOG:  (?:statement|execute [^:]+): (\w+)", logged)
    assert found == ["SELECT", "INSERT", "UPDATE", "INSERT", "UPDATE", "UPDATE", "DELETE"]


def prepared_by(store: SqlStore) -> list[str]:
    """Return what a store's only connection has prepared after ten loads, this query left out."""
    for _ in range(10):
        store.load("CA1")
    prepared = sa.text("SELECT statement FROM pg_prepared_statements")
    with store._connections._engine.connect() as connection:
        return [text for text in connection.scalars(prepared) if text != prepared.text]


def test_nothing_is_prepared(store: SqlStore) -> None:
    """A pooler may lead each statement to another connection of the server's."""
    save(store)
    assert prepared_by(store) == []


@pytest.mark.parametrize(("threshold", "loads"), [(0, 1), (9, 1), (10, 0)])
def test_prepared_where_the_url_says_so(url: str, threshold: int, loads: int) -> None:
    """The load is, once, when it has been executed so many times before."""
    address = f"{url}?prepare_threshold={threshold}"
    with closing(open_store(address + "&max_connections=1")) as store:
        assert isinstance(store, SqlStore)
        save(store)
        found = prepared_by(store)
    assert [text.startswith("SELECT ivr_session.data") for text in found].count(True) == loads


def test_prepared_statements_outlive_their_table(url: str, other: psycopg.Connection) -> None:
    """One that was prepared for a table that is gone serves the next of its name."""
    with closing(SqlStore(f"{url}?prepare_threshold=0", max_connections=1)) as store:
        for _ in range(2):
            assert store.load("CA1") is None
            assert save(store) == 1
            assert store.load("CA1") == Stored(b"x", 1)
            other.execute("DROP TABLE ivr_session")
            other.commit()


def test_a_session_saved_while_it_is_purged(url: str, other: psycopg.Connection) -> None:
    """What was over when the purge began, and is saved anew before it ends, is kept."""
    clock = SimulatedClock()
    with closing(SqlStore(url, clock=clock, timeout=30)) as store:
        save(store, b"over")
        clock.advance(60)
        other.execute(
            "UPDATE ivr_session SET expires = %s, data = 'new'", [clock.now().timestamp() + 60]
        )
        with ThreadPoolExecutor(1) as threads, closing(psycopg.connect(url)) as third:
            purged = threads.submit(store.purge)
            wait_for_lock(third)
            other.commit()
            assert purged.result() == 0
        assert store.load("CA1") == Stored(b"new", 1)


def test_call_sids_with_nul(store: SqlStore) -> None:
    """A text of PostgreSQL's has no NUL; a call SID may, and all are kept apart."""
    sids = ["CA\0", "CA", "CA\\0", "CA\\\0", "CA\\\\0", "\0", "\\"]
    for call_sid in sids:
        store.save(call_sid, call_sid.encode(), expected=None, ttl=60)
    assert sorted(store.calls()) == sorted(sids)
    for call_sid in sids:
        assert store.load(call_sid) == Stored(call_sid.encode(), 1)
        store.delete(call_sid)
    assert list(store.calls()) == []
