"""What is said is of use, and keeps secrets."""

from __future__ import annotations

import traceback
from contextlib import closing

import psycopg
import pytest

from statechart_ivr.errors import ConfigurationError, StoreUnavailableError
from statechart_ivr.stores import SqlStore, Stored, open_store
from tests.services.postgres import PostgresServer
from tests.stores.sql.conftest import PASSWORD, save


@pytest.mark.service
@pytest.mark.slow
def test_no_password(url: str, postgres_server: PostgresServer) -> None:
    """Neither the right one nor a wrong one is in a message or in what caused it."""
    wrong = url.replace(PASSWORD, "hunter2")
    option = url.replace(f":{PASSWORD}", "") + "?password=hunter2"
    for address in (wrong, option):
        with (
            closing(SqlStore(address)) as store,
            pytest.raises(StoreUnavailableError) as caught,
        ):
            store.load("CA1")
        assert str(caught.value).startswith(f"postgresql://127.0.0.1:{postgres_server.port}/")
        assert "; user and password in the URL must be" in str(caught.value)
        assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.service
@pytest.mark.slow
def test_no_content(store: SqlStore, other: psycopg.Connection) -> None:
    """Of what was to be saved nothing is said, though PostgreSQL would show the row."""
    data = b"PIN 4938"
    save(store)
    other.execute("ALTER TABLE ivr_session ADD CHECK (octet_length(data) < 5)")
    other.commit()
    with pytest.raises(StoreUnavailableError, match="violates check constraint") as caught:
        save(store, data, expected=1)
    said = "".join(traceback.format_exception(caught.value))
    assert data.decode() not in said
    assert data.hex() not in said


@pytest.mark.service
@pytest.mark.slow
def test_no_database(url: str) -> None:
    """A database that is not there is named."""
    said = r'database "ivr_\w+_gone" does not exist'
    with (
        closing(SqlStore(f"{url}_gone")) as store,
        pytest.raises(StoreUnavailableError, match=said),
    ):
        store.load("CA1")


@pytest.mark.service
@pytest.mark.slow
def test_a_standby(store: SqlStore, other: psycopg.Connection) -> None:
    """A server that only reads is told from one that is broken."""
    save(store)
    name = other.info.dbname
    other.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    other.commit()
    store.close()  # a new connection goes by it
    assert store.load("CA1") == Stored(b"x", 1)
    with pytest.raises(StoreUnavailableError, match=r"read-only .*; this server is a standby"):
        save(store, expected=1)


@pytest.mark.service
@pytest.mark.slow
def test_tls(url: str) -> None:
    """Options of the client library are in the URL; this server has no TLS to insist on."""
    with (
        closing(open_store(f"{url}?sslmode=require")) as store,
        pytest.raises(StoreUnavailableError, match="server does not support SSL"),
    ):
        store.load("CA1")
    with closing(open_store(f"{url}?sslmode=prefer&connect_timeout=5")) as store:
        assert store.load("CA1") is None


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://db/ivr", "SqlStore knows PostgreSQL, not mysql"),
        ("sqlite:///calls.db", "SqlStore knows PostgreSQL, not sqlite"),
        ("db/ivr", "it cannot be read; write postgresql://user:password@host/database"),
        ("postgresql://ivr:hunter?2@db/ivr", "it cannot be read"),
        ("postgresql://db/ivr?port=x", "it cannot be read"),
        ("postgresql://db/ivr?sslmod=require", 'invalid connection option "sslmod"'),
    ],
)
def test_wrong_urls(url: str, complaint: str) -> None:
    """They are refused when the store is made."""
    with pytest.raises(ConfigurationError) as caught:
        SqlStore(url)
    assert str(caught.value).startswith(complaint)
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize("wrong", ["", "None", "-1", "5.0", "1_0", "٣", "1" * 10, "5 5"])
def test_a_threshold_that_is_none(wrong: str) -> None:
    """It is a whole number, and stands there once."""
    options = "&".join(f"prepare_threshold={text}" for text in wrong.split(" "))
    with pytest.raises(ConfigurationError) as caught:
        SqlStore(f"postgresql://db/ivr?{options}&sslmode=require")
    assert str(caught.value) == (
        f"prepare_threshold is a whole number from 0 to 999999999, not {wrong!r}; write "
        "prepare_threshold=5, or leave it out, and nothing is prepared"
    )
