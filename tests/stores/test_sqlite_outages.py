"""A SQLite file that cannot be read or written for a while: nothing is lost, and work goes on."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

import statechart_ivr
from statechart_ivr.clock import Clock
from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.stores import SessionStore, SqliteStore, Stored
from statechart_ivr.testing.store_contract import OutageContract

# Takes the locks of a writer and of a recovery, in bytes 120 and 122 of the index of the
# write-ahead log, and makes the first copy of its header invalid, as a crash may leave it
# (https://www.sqlite.org/walformat.html, 2.3). So whoever comes wants to make the index anew
# from the log, and waits for this process to be done with that.
RECOVERING = """
    import fcntl, os, sys

    index = os.open(sys.argv[1] + "-shm", os.O_RDWR)
    for byte in (120, 122):
        fcntl.lockf(index, fcntl.LOCK_EX, 1, byte)
    os.pwrite(index, bytes(48), 0)
    print("held", flush=True)
    sys.stdin.read()
"""

# Takes the file for itself, which works while nobody else has it open.
EXCLUSIVE = """
    import sqlite3, sys

    connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
    connection.execute("PRAGMA locking_mode = exclusive")
    connection.execute("BEGIN EXCLUSIVE")
    print("held", flush=True)
    sys.stdin.read()
    connection.close()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database file goes."""
    return tmp_path / "disk" / "calls.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Return a store on that file, in a folder of its own, that waits for nobody."""
    path.parent.mkdir()
    with closing(SqliteStore(path, timeout=0)) as store:
        yield store


def start(program: str, path: Path) -> subprocess.Popen[str]:
    """Start another Python that does something to a file."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", dedent(program), str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([where, *sys.path])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def holding(program: str, path: Path) -> subprocess.Popen[str]:
    """Start a process that holds a lock until it is let go, and wait until it has it."""
    process = start(program, path)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    """End a process that waits for the end of its input, or for nothing."""
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors


def save(store: SessionStore, data: bytes = b"x", expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", data, expected=expected, ttl=3600)


def assert_sound(path: Path) -> None:
    """Hold a file to what SQLite expects of it."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


class TestLocked(OutageContract):
    """The file is away while another process recovers it, and does not come to an end."""

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path: Path) -> None:
        self.path = tmp_path / "calls.db"

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store that soon gives up."""
        return SqliteStore(self.path, clock=clock, timeout=0.05)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another store on the same file."""
        return SqliteStore(self.path, clock=self.clock, timeout=0.05)

    def take_away(self) -> None:
        """Have a process begin a recovery."""
        self.process = holding(RECOVERING, self.path)

    def bring_back(self) -> None:
        """Let it go."""
        let_go(self.process)


class TestLock:
    """What a lock does to those who wait, and what they are told."""

    def test_taken_by_a_tool(self, store: SqliteStore, path: Path) -> None:
        """Whoever has the file for itself locks reading and writing out, and is asked for."""
        with closing(SqliteStore(path)) as earlier:
            save(earlier, b"menu")
        process = holding(EXCLUSIVE, path)
        for use in (lambda: store.load("CA1"), lambda: save(store, expected=1), store.purge):
            with pytest.raises(StoreUnavailableError, match=r"calls\.db: .*locked; .*is one stuck"):
                use()
        let_go(process)
        assert store.load("CA1") == Stored(b"menu", 1)
        assert save(store, b"order", expected=1) == 2

    def test_killed_while_it_held_the_locks(self, store: SqliteStore, path: Path) -> None:
        """The end of a process is the end of its locks; the next one recovers the log."""
        save(store, b"menu")
        process = holding(RECOVERING, path)
        with pytest.raises(StoreUnavailableError, match="locked"):
            store.load("CA1")
        process.kill()
        process.communicate(timeout=60)
        assert store.load("CA1") == Stored(b"menu", 1)
        assert save(store, b"order", expected=1) == 2
        assert_sound(path)


class TestFolder:
    """The folder vanishes, as a disk does that is unmounted."""

    def test_vanishes_and_returns(self, store: SqliteStore, path: Path) -> None:
        """Who has the file open is told, too: what it wrote now would go nowhere."""
        save(store, b"menu")
        away = path.parent.rename(path.parent.with_name("away"))
        for use in (lambda: store.load("CA1"), lambda: save(store, expected=1), store.purge):
            with pytest.raises(StoreUnavailableError, match=f"the folder {path.parent} must exist"):
                use()
        away.rename(path.parent)
        assert store.load("CA1") == Stored(b"menu", 1)
        assert save(store, b"order", expected=1) == 2
        assert_sound(path)

    def test_vanishes_unnoticed(self, store: SqliteStore, path: Path) -> None:
        """When nobody asked meanwhile, nothing has happened."""
        save(store, b"menu")
        path.parent.rename(path.parent.with_name("away")).rename(path.parent)
        assert save(store, b"order", expected=1) == 2
        assert_sound(path)

    def test_another_disk(self, store: SqliteStore, path: Path) -> None:
        """A file put in place of the old one is the file; the old one stays as it was."""
        save(store, b"old")
        old = path.parent.rename(path.parent.with_name("old disk"))
        path.parent.mkdir()
        with closing(SqliteStore(path)) as writer:
            writer.save("CA2", b"new", expected=None, ttl=3600)
            assert store.load("CA1") is None
            assert store.load("CA2") == Stored(b"new", 1)
            writer.save("CA2", b"newer", expected=1, ttl=3600)
            assert store.load("CA2") == Stored(b"newer", 2)
        with closing(SqliteStore(old / path.name)) as copy:
            assert copy.load("CA1") == Stored(b"old", 1)
        assert_sound(path)
        assert_sound(old / path.name)

    def test_deleted_file(self, store: SqliteStore, path: Path) -> None:
        """A file that was deleted is made anew, for all who use it."""
        save(store, b"old")
        for file in path.parent.iterdir():
            file.unlink()
        assert store.load("CA1") is None
        assert save(store, b"new") == 1
        with closing(SqliteStore(path)) as other:
            assert other.load("CA1") == Stored(b"new", 1)


class TestFull:
    """There is no room for another session."""

    LIMITED = """
        import resource, sys
        from statechart_ivr.errors import StoreUnavailableError
        from statechart_ivr.stores import SqliteStore, Stored

        path, large = sys.argv[1], b"large" * 100_000
        store = SqliteStore(path)
        store.save("CA1", b"menu", expected=None, ttl=3600)
        before = resource.getrlimit(resource.RLIMIT_FSIZE)

        def refused():
            try:
                store.save("CA1", large, expected=1, ttl=3600)
            except StoreUnavailableError as error:
                assert "disk I/O error; is the disk full" in str(error), error
                return True

        for limit in (0, 100, 5_000, 100_000, 300_000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
            assert refused(), limit
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert store.load("CA1") == Stored(b"menu", 1)
            assert list(store.calls()) == ["CA1"]
            assert store.save(f"CA{limit}", b"x", expected=None, ttl=3600) == 1
            store.delete(f"CA{limit}")
        assert store.save("CA1", large, expected=1, ttl=3600) == 2
        assert store.load("CA1") == Stored(large, 2)
        store.close()
    """

    def test_limit_of_file_sizes(self, store: SqliteStore, path: Path) -> None:
        """The system refuses to write at one place after the other, in the middle of a save."""
        process = start(self.LIMITED, path)
        let_go(process)
        assert store.load("CA1") == Stored(b"large" * 100_000, 2)
        assert_sound(path)

    def test_limit_of_the_database(self, store: SqliteStore, path: Path) -> None:
        """A disk that is full can be read; when there is room again, saving works."""
        save(store, b"small")
        with store._connections.lent() as connection:
            connection.execute("PRAGMA max_page_count = 20")
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match="is full; make room on the disk"):
                save(store, b"x" * 1_000_000, expected=1)
            assert store.load("CA1") == Stored(b"small", 1)
        with store._connections.lent() as the_same:
            assert the_same is connection
            connection.execute("PRAGMA max_page_count = 100000")
        assert save(store, b"y" * 1_000_000, expected=1) == 2
        assert_sound(path)
