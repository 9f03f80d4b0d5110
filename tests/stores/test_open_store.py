"""Stores by URL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import statechart_ivr
from statechart_ivr import stores
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.stores import (
    EncryptedStore,
    MemoryStore,
    SessionStore,
    SqliteStore,
    Stored,
    open_store,
    shown_url,
)


@pytest.mark.parametrize("url", ["memory:", "memory://", "MEMORY:"])
def test_memory(url: str) -> None:
    """``memory:`` is a store in this process."""
    assert isinstance(open_store(url), MemoryStore)


def test_relative_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes name a file in the folder that is current when the URL is read."""
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///calls.db")
    monkeypatch.chdir("/")
    store.save("CA1", b"x", expected=None, ttl=60)
    store.close()
    assert (tmp_path / "calls.db").is_file()


def test_absolute_file(tmp_path: Path) -> None:
    """Four slashes name a file from the root; percent signs carry what URLs cannot."""
    store = open_store(f"sqlite:///{tmp_path}/all%20calls%3F.db")
    store.save("CA1", b"x", expected=None, ttl=60)
    store.close()
    assert (tmp_path / "all calls?.db").is_file()


def test_hash_sign_is_part_of_the_name(tmp_path: Path) -> None:
    """A file's name is not cut off where a web address would be."""
    store = open_store(f"sqlite:///{tmp_path}/line#2.db")
    store.save("CA1", b"x", expected=None, ttl=60)
    store.close()
    assert (tmp_path / "line#2.db").is_file()


def test_options(tmp_path: Path) -> None:
    """The query sets the store's options."""
    store = open_store(f"sqlite:///{tmp_path}/calls.db?timeout=0.5&synchronous=full")
    assert isinstance(store, SqliteStore)
    assert store._database.timeout == 0.5
    assert store._database.synchronous == "FULL"


@pytest.mark.parametrize("url", ["memory:", "sqlite:///{folder}/calls.db"])
def test_clock(url: str, tmp_path: Path) -> None:
    """The clock that is passed tells when a session's time is over."""
    clock = SimulatedClock()
    store = open_store(url.format(folder=tmp_path), clock=clock)
    store.save("CA1", b"x", expected=None, ttl=60)
    clock.advance(59)
    assert store.load("CA1") == Stored(b"x", 1)
    clock.advance(1)
    assert store.load("CA1") is None
    store.close()


def test_instance() -> None:
    """A store is returned as it is, its clock too."""
    store = MemoryStore()
    assert open_store(store, clock=SimulatedClock()) is store


@pytest.mark.parametrize("wrong", [None, Path("calls.db"), 7])
def test_neither_url_nor_store(wrong: object) -> None:
    """Anything else is refused with what to write."""
    with pytest.raises(ConfigurationError, match=r"not .*; write 'memory:'"):
        open_store(wrong)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://localhost/ivr", "no session store for 'mysql'; known schemes are memory, "),
        ("calls.db", "no session store for 'calls.db'"),
        ("", "no session store for ''"),
        ("memory:mine", "write 'memory:'"),
        ("memory:?timeout=3", "write 'memory:'"),
        ("sqlite:", "names no file; write"),
        ("sqlite:calls.db", "names no file; write"),
        ("sqlite://calls.db", "names no file; write"),
        ("sqlite:///", "names no file; write"),
        ("sqlite:///?timeout=3", "names no file; write"),
        ("sqlite:///:memory:", "needs a file"),
        ("sqlite:///calls.db?timeuot=3", "no option 'timeuot'; there are timeout and synchronous"),
        ("sqlite:///calls.db?timeout=", "timeout="),
        ("sqlite:///calls.db?timeout=soon", "'soon'"),
        ("sqlite:///calls.db?timeout=-1", "from 0 to 3600, not -1"),
        ("sqlite:///calls.db?timeout=nan", "from 0 to 3600, not nan"),
        ("sqlite:///calls.db?synchronous=off", "NORMAL or FULL, not 'OFF'"),
        ("redis://db?timeout=soon", "redis://db: timeout is a number, not 'soon'"),
        ("redis://db?timeout=0", "redis://db: timeout is in seconds"),
        ("redis://db?max_connections=many", "max_connections is a number, not 'many'"),
        ("redis://db?max_connections=0", "max_connections is at least 1, not 0"),
        ("redis:db", "redis://db: "),
        (
            "postgresql://db/ivr?timeout=soon",
            "postgresql://db/ivr: timeout is a number, not 'soon'",
        ),
        ("postgresql://db/ivr?timeout=0", "more than 0 and at most 3600, not 0"),
        ("postgresql://db/ivr?timeout=inf", "more than 0 and at most 3600, not inf"),
        ("postgresql://db/ivr?max_connections=0", "max_connections is at least 1, not 0"),
        ("postgresql://db/ivr?timeuot=3", 'invalid connection option "timeuot"'),
        ("postgresql://db/ivr?prepare_threshold=", "whole number from 0 to 999999999, not ''"),
        ("postgresql://db:port/ivr", "it cannot be read; write postgresql://user:password@host/"),
        ("postgres:db/ivr", "it cannot be read; write postgresql://user:password@host/"),
    ],
)
def test_wrong_url(url: str, complaint: str) -> None:
    """A URL that names no store is refused with what to write."""
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ivr:{}@db.example.com/ivr",
        "postgresql://ivr:{}@db.example.com/ivr?timeout=0",
        "postgresql://ivr:{}@db.example.com:port/ivr",
        "postgresql://db.example.com/ivr?password={}&timeout=0",
        "postgresql://db.example.com/ivr?passwort={}",
        "redis://:{}@db.example.com?timeout=0",
        "rediss://ivr:{}@db.example.com:port",
        "redis://db.example.com?password={}&timeout=0",
    ],
)
@pytest.mark.parametrize("password", ["hunter2", "hun/ter2", "hun?ter2", "1?hun=ter2", "hun@ter2"])
def test_passwords_stay_secret(url: str, password: str) -> None:
    """No complaint repeats one, or a part of it, nor does what it was caused by."""
    with pytest.raises(ConfigurationError) as caught:
        open_store(url.format(password))
    for part in ("hun", "ter2"):
        assert part not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("memory:", "memory:"),
        ("sqlite:////var/lib/all@home.db?timeout=3", "sqlite:////var/lib/all@home.db?timeout=3"),
        ("redis://db", "redis://db"),
        ("redis://:hunter2@db:6379/0", "redis://***@db:6379/0"),
        ("unix://:hunter2@/run/redis.sock?db=1", "unix://***@/run/redis.sock"),
        ("postgresql://ivr:hun@ter/2@db/ivr?sslpassword=x", "postgresql://***@db/ivr"),
        ("postgresql:ivr:hunter2@db/ivr", "postgresql://***@db/ivr"),
        ("postgresql://ivr:hun?ter@2@db/ivr", "postgresql://***@"),
        ("redis://db?password=hun@ter2", "redis://***@"),
        ("dynamodb://key:hunter2@table", "dynamodb://***@table"),
    ],
)
def test_shown_url(url: str, shown: str) -> None:
    """Of a server's URL neither the user nor the options are shown."""
    assert shown_url(url) == shown


def test_unknown_schemes_are_told_what_to_write() -> None:
    """Which URLs there are, and how others come about."""
    with pytest.raises(ConfigurationError) as caught:
        open_store("mysql://localhost/ivr")
    for part in ("sqlite:///calls.db", "postgresql://host/ivr", "statechart_ivr.stores"):
        assert part in str(caught.value)


class TestServers:
    """Stores on servers: opening one asks nobody."""

    @pytest.mark.parametrize(
        "url",
        ["redis://db", "REDIS://db:1/2?timeout=1&prefix=x", "rediss://db", "unix:///run/r.sock"],
    )
    def test_redis(self, url: str) -> None:
        """Redis over TCP, with TLS, or by a socket."""
        store = open_store(url)
        assert type(store) is stores.RedisStore
        store.close()

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres", "POSTGRES", "postgresql+psycopg"])
    def test_postgresql(self, scheme: str) -> None:
        """It has several names; options of ours and of libpq's may follow."""
        store = open_store(f"{scheme}://db/ivr?timeout=1&max_connections=2&sslmode=require")
        assert type(store) is stores.SqlStore
        store.close()

    def test_there_are_no_others(self) -> None:
        """A name that is none is an AttributeError, as in any module."""
        with pytest.raises(AttributeError, match=r"'statechart_ivr\.stores' .* 'MysqlStore'"):
            stores.MysqlStore  # noqa: B018 - that it raises is what is tested


def test_keys() -> None:
    """With keys, the store is encrypted, also one that was passed; with none it is as it is."""
    plain = MemoryStore()
    store = open_store(plain, keys="MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=")
    assert isinstance(store, EncryptedStore)
    assert store.store is plain
    assert isinstance(open_store("memory:", keys=[b"MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI="]),
                      EncryptedStore)  # fmt: skip
    assert isinstance(open_store("memory:", keys=""), MemoryStore)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("library", "extra", "use"),
    [
        ("redis", "redis", "open_store('redis://db')"),
        ("redis", "redis", "stores.RedisStore"),
        ("sqlalchemy", "sql", "open_store('postgresql://db/ivr')"),
        ("psycopg", "sql", "open_store('postgresql://db/ivr')"),
        ("psycopg", "sql", "stores.SqlStore"),
        ("cryptography", "encryption", "open_store('memory:', keys='k')"),
        ("cryptography", "encryption", "stores.EncryptedStore(stores.MemoryStore(), 'k')"),
    ],
)
def test_missing_extras(library: str, extra: str, use: str) -> None:
    """Where a library is not installed, it is said what to type; all else works."""
    program = f"""
import sys
sys.modules[{library!r}] = None  # as good as not installed
from statechart_ivr import stores
from statechart_ivr.errors import MissingExtraError
from statechart_ivr.stores import open_store
open_store("memory:").close()
try:
    {use}
except MissingExtraError as error:
    print(error.extra, error)
"""
    where = str(Path(statechart_ivr.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([where, *sys.path])},
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout.startswith(f"{extra} ")
    assert run.stdout.endswith(f"type: pip install 'statechart-ivr[{extra}]'\n")


class TestOtherPackages:
    """Other packages add schemes through an entry point."""

    @pytest.fixture(autouse=True)
    def _package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        info = tmp_path / "ivr_shelf-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ivr-shelf\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(
            "[statechart_ivr.stores]\n"
            "shelf = ivr_shelf:open_shelf\n"
            "sqlite = ivr_shelf:open_shelf\n"
            "gone = ivr_gone:open_gone\n"
            "misspelt = ivr_shelf:open_shlef\n"
        )
        (tmp_path / "ivr_shelf.py").write_text(
            "from statechart_ivr.stores import MemoryStore\n"
            "class Shelf(MemoryStore):\n"
            "    pass\n"
            "def open_shelf(url, *, clock=None):\n"
            "    store = Shelf(clock=clock)\n"
            "    store.url = url\n"
            "    return store\n"
        )
        monkeypatch.syspath_prepend(tmp_path)

    def test_opened(self) -> None:
        """The package's function gets the whole URL, and the clock."""
        clock = SimulatedClock()
        store = open_store("shelf://top/left?x=1", clock=clock)
        assert isinstance(store, SessionStore)
        assert vars(store)["url"] == "shelf://top/left?x=1"
        assert vars(store)["_clock"] is clock

    def test_own_schemes_win(self, tmp_path: Path) -> None:
        """Nobody can take over a scheme of ours."""
        assert isinstance(open_store(f"sqlite:///{tmp_path}/calls.db"), SqliteStore)

    def test_listed(self) -> None:
        """The complaint about an unknown scheme lists theirs, too."""
        with pytest.raises(
            ConfigurationError, match=r" gone, memory, misspelt, .*, shelf, sqlite,"
        ):
            open_store("cupboard:")

    @pytest.mark.parametrize("scheme", ["gone", "misspelt"])
    def test_not_loadable(self, scheme: str) -> None:
        """A package that is broken is named, with the reason."""
        with pytest.raises(ConfigurationError, match=rf"'{scheme}' \(ivr_\w+:\w+\) cannot be"):
            open_store(f"{scheme}:")
