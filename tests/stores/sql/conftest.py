"""A database of one test's, with a store in it, and somebody else who is connected to it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa

from statechart_ivr.stores import SessionStore, SqlStore
from tests.services.postgres import PostgresServer

if TYPE_CHECKING:
    from typing_extensions import LiteralString

PASSWORD = "open-sesame"

#: The connections to the database but the one that asks.
OTHERS: LiteralString = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    """Return the URL of an empty database."""
    return postgres_server.fresh_url()


@pytest.fixture
def store(url: str) -> Iterator[SqlStore]:
    """Return a store in it with one connection."""
    with closing(SqlStore(url, timeout=1, max_connections=1)) as store:
        yield store
        assert lent(store) == 0


@pytest.fixture
def other(url: str) -> Iterator[psycopg.Connection]:
    """Return a connection of somebody else's to it."""
    with closing(psycopg.connect(url)) as connection:
        yield connection


def save(store: SessionStore, data: bytes = b"x", expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", data, expected=expected, ttl=60)


def lent(store: SqlStore) -> int:
    """Return how many connections are in use."""
    pool = store._connections._engine.pool
    assert isinstance(pool, sa.QueuePool)
    return pool.checkedout()


def wait_for_lock(connection: psycopg.Connection) -> None:
    """Wait until somebody waits for a lock of this connection's."""
    deadline = time.monotonic() + 60
    while not connection.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchone():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # the server does not tell who waits
