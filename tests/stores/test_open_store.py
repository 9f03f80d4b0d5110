"""Stores by URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.stores import MemoryStore, SessionStore, SqliteStore, Stored, open_store


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
        open_store(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("redis://localhost/0", "no session store for 'redis'; known schemes are memory, sqlite"),
        ("postgresql://localhost/ivr", "no session store for 'postgresql'"),
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
    ],
)
def test_wrong_url(url: str, complaint: str) -> None:
    """A URL that names no store is refused with what to write."""
    with pytest.raises(ConfigurationError) as caught:
        open_store(url)
    assert complaint in str(caught.value)


def test_passwords_stay_secret() -> None:
    """The complaint about an unknown scheme repeats nothing but the scheme."""
    with pytest.raises(ConfigurationError) as caught:
        open_store("mysql://ivr:hunter2@db.example.com/ivr")
    assert "hunter2" not in str(caught.value)
    assert "sqlite:///calls.db" in str(caught.value)
    assert "statechart_ivr.stores" in str(caught.value)


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
        with pytest.raises(ConfigurationError, match=r"gone, memory, misspelt, shelf, sqlite;"):
            open_store("cupboard:")

    @pytest.mark.parametrize("scheme", ["gone", "misspelt"])
    def test_not_loadable(self, scheme: str) -> None:
        """A package that is broken is named, with the reason."""
        with pytest.raises(ConfigurationError, match=rf"'{scheme}' \(ivr_\w+:\w+\) cannot be"):
            open_store(f"{scheme}:")
