"""Looking into a SQLite file, without a trace."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.stores import SqliteStore, Stored


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database file goes."""
    return tmp_path / "calls.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Return a store on that file."""
    with closing(SqliteStore(path, timeout=0)) as store:
        yield store


@pytest.fixture
def reader(store: SqliteStore) -> Iterator[SqliteStore]:
    """Return a handle that only reads."""
    with closing(store.read_only()) as reader:
        yield reader


def test_what_is_saved_is_read(store: SqliteStore, reader: SqliteStore) -> None:
    """Also what comes later; each handle is closed by itself."""
    store.save("CA1", b"x", expected=None, ttl=60)
    assert reader.path == store.path
    assert reader.load("CA1") == Stored(b"x", 1)
    store.save("CA1", b"y", expected=1, ttl=60)
    assert reader.load("CA1") == Stored(b"y", 2)
    assert list(reader.calls()) == ["CA1"]
    store.close()
    assert reader.load("CA1") == Stored(b"y", 2)


def test_nothing_is_written(store: SqliteStore, reader: SqliteStore) -> None:
    """Whoever tries is told."""
    store.save("CA1", b"x", expected=None, ttl=60)
    with pytest.raises(StoreUnavailableError, match="readonly"):
        reader.save("CA1", b"y", expected=1, ttl=60)
    with pytest.raises(StoreUnavailableError, match="readonly"):
        reader.delete("CA1")
    assert store.load("CA1") == Stored(b"x", 1)


def test_no_file_is_made(reader: SqliteStore, path: Path) -> None:
    """What is not there cannot be read."""
    with pytest.raises(StoreUnavailableError, match="unable to open"):
        reader.load("CA1")
    assert not path.exists()


def test_somebody_else_s_database(reader: SqliteStore, path: Path) -> None:
    """It is left as it is, byte by byte, and the error says what it is not."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE customers (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match="holds no sessions; name another one"):
        list(reader.calls())
    assert path.read_bytes() == before
