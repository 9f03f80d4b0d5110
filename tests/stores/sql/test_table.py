"""The table is made by the first save."""

from __future__ import annotations

import inspect
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from uuid import uuid4

import psycopg
import pytest

from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import SqlStore, open_store
from statechart_ivr.stores.sql.table import LOCK
from tests.stores.sql.conftest import PASSWORD, save, wait_for_lock

pytestmark = [pytest.mark.service, pytest.mark.slow]


def columns(connection: psycopg.Connection) -> list[object]:
    """Return the columns and indexes of the table."""
    found = connection.execute(
        "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns"
        " WHERE table_name = 'ivr_session' ORDER BY ordinal_position"
    ).fetchall()
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'ivr_session' ORDER BY 1"
    ).fetchall()
    connection.rollback()
    return [*found, *indexes]


def test_reading_makes_nothing(store: SqlStore, other: psycopg.Connection) -> None:
    """No table is as good as an empty one; only a save makes one, even one that is stale."""
    assert store.load("CA1") is None
    assert list(store.calls()) == []
    assert store.purge() == 0
    store.delete("CA1")
    assert columns(other) == []
    with pytest.raises(StaleSessionError):
        save(store, expected=1)
    assert len(columns(other)) == 6


def test_documented(store: SqlStore, other: psycopg.Connection, url: str) -> None:
    """The statements in the documentation make the table that the store makes."""
    save(store)
    made = columns(other)
    assert len(made) == 6
    other.execute("DROP TABLE ivr_session")
    statements = re.search(
        r"CREATE TABLE.*?\n(?= +GRANT)", inspect.getdoc(SqlStore) or "", re.DOTALL
    )
    assert statements
    other.execute(statements[0])
    other.commit()
    assert columns(other) == made


def test_made_by_many_at_once(url: str, other: psycopg.Connection) -> None:
    """All that find none make it, and one does."""
    with ExitStack() as stack, ThreadPoolExecutor(8) as threads:
        stores = [stack.enter_context(closing(SqlStore(url))) for _ in range(8)]
        starting = threading.Barrier(8, timeout=60)

        def first(number: int) -> int:
            stores[number].load("CA")
            starting.wait()
            return stores[number].save(f"CA{number}", b"x", expected=None, ttl=60)

        assert list(threads.map(first, range(8))) == [1] * 8
        assert len(list(stores[0].calls())) == 8
    assert len(columns(other)) == 6


def test_waits_for_who_is_making_it(url: str, other: psycopg.Connection) -> None:
    """Whoever comes while it is being made finds it."""
    with closing(SqlStore(url, timeout=30)) as store:
        store.load("CA1")
        other.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        with ThreadPoolExecutor(1) as threads:
            saved = threads.submit(save, store)
            wait_for_lock(other)
            other.execute("CREATE TABLE ivr_session (call_sid text PRIMARY KEY, data bytea,"
                          " revision bigint, expires double precision)")  # fmt: skip
            other.commit()
            assert saved.result() == 1


def test_lost(store: SqlStore, other: psycopg.Connection) -> None:
    """A table that somebody took away is made again."""
    save(store)
    other.execute("DROP TABLE ivr_session")
    other.commit()
    assert store.load("CA1") is None
    assert save(store) == 1


def test_a_user_who_may_not_make_it(url: str, other: psycopg.Connection) -> None:
    """It is said what is missing; where the table is there, that user can work."""
    name = f"clerk_{uuid4().hex}"
    other.execute(f"CREATE USER {name} PASSWORD 'clerk'")
    other.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    other.commit()
    clerk = url.replace(f"//ivr:{PASSWORD}", f"//{name}:clerk")
    with closing(SqlStore(clerk)) as store, closing(SqlStore(url)) as owner:
        with pytest.raises(StoreUnavailableError, match=r"schema public.*; let somebody who"):
            save(store)
        save(owner)
        with pytest.raises(StoreUnavailableError, match=r"for table .*; the user needs SELECT"):
            store.load("CA1")
        other.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ivr_session TO {name}")
        other.commit()
        assert save(store, b"y", expected=1) == 2
        assert list(store.calls()) == ["CA1"]
        store.delete("CA1")
        assert (save(store), store.purge()) == (1, 0)


def test_another_schema(url: str, other: psycopg.Connection) -> None:
    """Options of the server's are kept beside ours: the table may be in another schema."""
    other.execute("CREATE SCHEMA lines")
    other.commit()
    with closing(open_store(f"{url}?options=-csearch_path%3Dlines")) as store:
        assert save(store) == 1
    rows = other.execute("SELECT call_sid, revision, data FROM lines.ivr_session").fetchall()
    assert rows == [("CA1", 1, b"x")]
