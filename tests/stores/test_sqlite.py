"""Sessions in a SQLite file."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from textwrap import dedent
from threading import Barrier, Thread

import pytest

import statechart_ivr
from statechart_ivr.clock import Clock, SimulatedClock
from statechart_ivr.errors import ConfigurationError, StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import SessionStore, SqliteStore, Stored
from statechart_ivr.testing.store_contract import StoreContract

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database file goes."""
    return tmp_path / "calls.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    """Return a store on that file that waits for nobody."""
    with closing(SqliteStore(path, timeout=0)) as store:
        yield store


@pytest.fixture
def public() -> Iterator[Path]:
    """Return a folder that any user can reach; pytest's, and TMPDIR, are for one alone."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    folder.chmod(0o777)
    shutil.rmtree(folder)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Go on as a user to whom file permissions mean something; root may do anything."""
    user = os.geteuid()
    os.seteuid(user or NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


def save(store: SessionStore, data: bytes = b"x", expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", data, expected=expected, ttl=3600)


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Start another Python that runs a program, on the package these tests run on."""
    where = str(Path(statechart_ivr.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", dedent(program), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([where, *sys.path])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a program, and return what it printed."""
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output


class TestSqliteStore(StoreContract):
    """`SqliteStore` keeps the contract; it is away while its folder is."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "disk"
        self.folder.mkdir()
        self.path = self.folder / "calls.db"

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store on a file of its own."""
        return SqliteStore(self.path, clock=clock)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another store on the same file."""
        return SqliteStore(self.path, clock=self.clock)

    def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
        """Return what opens the same file elsewhere."""
        return partial(SqliteStore, self.path, timeout=30)

    def take_away(self) -> None:
        """Move the folder, as if its disk had been unmounted."""
        self.folder.rename(self.folder.with_name("not mounted"))

    def bring_back(self) -> None:
        """Move it back."""
        self.folder.with_name("not mounted").rename(self.folder)


class TestFile:
    """The file and how it is opened."""

    def test_is_opened_when_needed(self, path: Path) -> None:
        """Making a store touches no file."""
        with closing(SqliteStore(path)) as store:
            assert not path.exists()
            assert store.load("CA1") is None
            assert path.exists()

    def test_outlives_the_store(self, path: Path) -> None:
        """What was saved is there for the next process."""
        with closing(SqliteStore(path)) as store:
            save(store, b"menu")
        with closing(SqliteStore(str(path))) as store:
            assert store.load("CA1") == Stored(b"menu", 1)

    def test_has_a_write_ahead_log(self, store: SqliteStore, path: Path) -> None:
        """Readers and a writer do not wait for each other."""
        save(store)
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)

    @pytest.mark.parametrize(("synchronous", "number"), [("NORMAL", 1), ("full", 2)])
    def test_durability(self, path: Path, synchronous: str, number: int) -> None:
        """The option decides whether SQLite waits for the disk at every save."""
        with (
            closing(SqliteStore(path, synchronous=synchronous)) as store,
            store._connections.lent() as connection,
        ):
            assert connection.execute("PRAGMA synchronous").fetchone() == (number,)

    def test_purge_uses_an_index(self, store: SqliteStore) -> None:
        """A purge reads the sessions that are over, not all."""
        with store._connections.lent() as connection:
            plan = connection.execute(
                "EXPLAIN QUERY PLAN SELECT rowid FROM session WHERE expires <= ? ORDER BY expires",
                [0],
            ).fetchall()
        assert [row[-1].split(" USING ")[1] for row in plan] == [
            "COVERING INDEX session_expires (expires<?)"
        ]

    def test_many_sessions(self, path: Path) -> None:
        """Listing and purging take more sessions than one statement handles."""
        clock = SimulatedClock()
        with closing(SqliteStore(path, clock=clock)) as store:
            sids = [f"CA{number:04}" for number in range(2001)]
            for sid in sids:
                store.save(sid, b"x", expected=None, ttl=60)
            assert sorted(store.calls()) == sids
            clock.advance(60)
            assert store.purge() == 2001

    @pytest.mark.parametrize("name", ["", ":memory:"])
    def test_needs_a_file(self, name: str) -> None:
        """A database in memory would be another one for each thread."""
        with pytest.raises(ConfigurationError, match="needs a file"):
            SqliteStore(name)


class TestFailures:
    """Whatever SQLite says becomes an error that names the file and what to do."""

    def test_missing_folder(self, tmp_path: Path) -> None:
        """A missing folder is named; it is not made, for it may be a disk not mounted yet."""
        store = SqliteStore(tmp_path / "not" / "there.db")
        with pytest.raises(StoreUnavailableError) as caught:
            save(store)
        assert f"the folder {tmp_path / 'not'} must exist" in str(caught.value)
        assert isinstance(caught.value.__cause__, sqlite3.OperationalError)

    def test_folder_appears(self, tmp_path: Path) -> None:
        """What was wrong and is put right needs no restart."""
        folder = tmp_path / "disk"
        with closing(SqliteStore(folder / "calls.db")) as store:
            with pytest.raises(StoreUnavailableError):
                store.load("CA1")
            folder.mkdir()
            assert store.load("CA1") is None

    def test_a_folder_instead(self, tmp_path: Path) -> None:
        """A folder is no database."""
        with pytest.raises(StoreUnavailableError, match="unable to open"):
            SqliteStore(tmp_path).load("CA1")

    def test_not_a_database(self, path: Path) -> None:
        """A file that is something else is left as it is."""
        text = b"Dear caller, this is no database. " * 100
        path.write_bytes(text)
        store = SqliteStore(path)
        for use in (lambda: save(store), lambda: store.load("CA1"), store.purge):
            with pytest.raises(StoreUnavailableError, match=r"not a database; .*name another"):
                use()
        assert path.read_bytes() == text

    def test_locked(self, store: SqliteStore, path: Path) -> None:
        """Whoever waits in vain for another writer is told; reading goes on meanwhile."""
        save(store, b"menu")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError, match=r"locked; .*more than 0 s") as caught:
                save(store, b"late", expected=1)
            assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
            assert store.load("CA1") == Stored(b"menu", 1)
            other.execute("ROLLBACK")
        assert save(store, b"in time", expected=1) == 2

    def test_locked_while_switching_to_wal(self, store: SqliteStore, path: Path) -> None:
        """Whoever cannot switch to the log within the time-out gives up."""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("CREATE TABLE theirs (x)")
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreUnavailableError, match="locked"):
                save(store)

    def test_switches_to_wal_again(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """SQLite refuses the switch at once while somebody writes: it is tried again."""
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            monkeypatch.setattr(time, "sleep", lambda _: other.execute("ROLLBACK"))
            with closing(SqliteStore(path)) as store:
                assert save(store) == 1
            assert not other.in_transaction

    def test_unknown_trouble(self, store: SqliteStore, path: Path) -> None:
        """An error there is no advice for is passed on as SQLite words it."""
        save(store)
        with closing(sqlite3.connect(path)) as other:
            other.execute("ALTER TABLE session RENAME COLUMN data TO content")
        with pytest.raises(StoreUnavailableError, match=r"calls\.db: no such column: data$"):
            store.load("CA1")

    def test_lost_table(self, store: SqliteStore, path: Path) -> None:
        """A table that somebody took away is made again."""
        save(store)
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE session")
        with pytest.raises(StoreUnavailableError, match="no such table"):
            store.load("CA1")
        assert store.load("CA1") is None

    def test_closed(self, store: SqliteStore) -> None:
        """A store that was closed is not opened again by accident."""
        save(store)
        store.close()
        with pytest.raises(StoreUnavailableError, match="has been closed"):
            store.load("CA1")


class TestReadOnly:
    """A file that may only be read can be read, and says so when it is written."""

    @pytest.fixture
    def saved(self, public: Path) -> Path:
        """Return a file with a session in it, closed as it should be."""
        path = public / "what? 100%#1.db"
        with closing(SqliteStore(path)) as store:
            save(store, b"menu")
        return path

    def assert_read_only(self, path: Path, expected: Stored) -> None:
        """Hold a store on the file to reading and refusing."""
        with unprivileged(), closing(SqliteStore(path)) as store:
            assert store.load("CA1") == expected
            assert list(store.calls()) == ["CA1"]
            with pytest.raises(StoreUnavailableError, match=r"allowed to write the file, and in"):
                save(store, expected=expected.revision)
            with pytest.raises(StoreUnavailableError, match="readonly"):
                store.delete("CA1")
            assert store.load("CA1") == expected

    def test_file(self, saved: Path) -> None:
        """The file is read-only."""
        saved.chmod(0o444)
        self.assert_read_only(saved, Stored(b"menu", 1))

    def test_file_and_folder(self, saved: Path) -> None:
        """The file and its folder are read-only, as on a read-only disk."""
        saved.chmod(0o444)
        saved.parent.chmod(0o555)
        self.assert_read_only(saved, Stored(b"menu", 1))

    def test_without_a_log(self, saved: Path) -> None:
        """The file is a copy that knows nothing of write-ahead logs."""
        with closing(sqlite3.connect(saved)) as connection:
            connection.execute("PRAGMA journal_mode=delete")
        saved.chmod(0o444)
        saved.parent.chmod(0o555)
        self.assert_read_only(saved, Stored(b"menu", 1))

    def test_beside_a_writer(self, saved: Path) -> None:
        """Somebody else writes: the newest session is read, out of the log."""
        with closing(SqliteStore(saved)) as writer:
            save(writer, b"newer", expected=1)
            for file in saved.parent.iterdir():
                file.chmod(0o644)
            if os.geteuid():
                pytest.skip("takes two users, and so root")
            saved.parent.chmod(0o755)
            self.assert_read_only(saved, Stored(b"newer", 2))

    def test_after_a_crash(self, saved: Path) -> None:
        """A log without its index cannot be read, and is not passed over in silence."""
        with closing(SqliteStore(saved)) as writer:
            save(writer, b"newer", expected=1)
            log = Path(f"{saved}-wal").read_bytes()
        Path(f"{saved}-wal").write_bytes(log)
        saved.chmod(0o444)
        saved.parent.chmod(0o555)
        with (
            unprivileged(),
            closing(SqliteStore(saved)) as store,
            pytest.raises(StoreUnavailableError),
        ):
            store.load("CA1")

    def test_folder_no_one_may_enter(self, saved: Path) -> None:
        """A folder this user may not enter is named."""
        saved.parent.chmod(0o000)
        with (
            unprivileged(),
            closing(SqliteStore(saved)) as store,
            pytest.raises(StoreUnavailableError, match=f"the folder {saved.parent} must"),
        ):
            store.load("CA1")

    def test_becomes_writable(self, saved: Path) -> None:
        """When permissions are put right, saving works without a restart."""
        saved.parent.chmod(0o555)
        with closing(SqliteStore(saved)) as store:
            with unprivileged():
                assert store.load("CA1") == Stored(b"menu", 1)
                with pytest.raises(StoreUnavailableError):
                    save(store, expected=1)
            saved.parent.chmod(0o777)
            saved.chmod(0o666)
            with unprivileged():
                assert save(store, expected=1) == 2


class TestThreads:
    """Each thread has a connection, for as long as it needs one."""

    def test_close_closes_all(self, path: Path) -> None:
        """Closing a store closes the connections of all threads."""
        store = SqliteStore(path)
        connected = Barrier(4, timeout=30)

        def connect() -> None:
            store.load("CA1")
            connected.wait()

        with ThreadPoolExecutor(4) as threads:
            jobs = [threads.submit(connect) for _ in range(4)]
        for job in jobs:
            job.result()
        connections = list(store._connections._open.values())
        store.close()
        assert len(connections) == 4
        for connection in connections:
            with pytest.raises(sqlite3.ProgrammingError, match="closed"):
                connection.execute("SELECT 1")

    def test_ended_threads_leave_nothing(self, store: SqliteStore) -> None:
        """Threads that come and go do not pile up connections."""
        store.load("CA1")
        for _ in range(20):
            thread = Thread(target=store.load, args=["CA1"])
            thread.start()
            thread.join()
            assert len(store._connections._open) == 2

    def test_an_error_costs_one_connection(self, store: SqliteStore) -> None:
        """After an error of SQLite's the next statement starts with a fresh connection."""
        with store._connections.lent() as before:
            pass
        with pytest.raises(sqlite3.OperationalError), store._connections.lent() as broken:
            broken.execute("SELECT nonsense")
        with store._connections.lent() as after:
            assert before is broken
            assert after is not before


class TestProcesses:
    """Several processes share a file."""

    def test_killed(self, path: Path) -> None:
        """A process that is killed after a save has lost nothing, and leaves no lock."""
        program = """
            import os, signal, sys
            from statechart_ivr.stores import SqliteStore

            SqliteStore(sys.argv[1]).save("CA1", b"menu", expected=None, ttl=3600)
            os.kill(os.getpid(), signal.SIGKILL)
        """
        process = start(program, path)
        process.communicate(timeout=60)
        assert process.returncode < 0
        with closing(SqliteStore(path)) as store:
            assert store.load("CA1") == Stored(b"menu", 1)
            assert save(store, expected=1) == 2


def test_an_interrupted_wait_for_the_others(store: SqliteStore) -> None:
    """Ctrl-C while a store waits for its statements, to be closed or to fork, leaves it usable."""

    class PressedError(Exception):
        pass

    def press(*_: object) -> None:
        raise PressedError

    save(store)
    before = signal.signal(signal.SIGALRM, press)
    try:
        with store._connections.lent():
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(PressedError):
                store.close()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert store.load("CA1") == Stored(b"x", 1)


class TestFork:
    """A store that was used before a fork is safe to use after it, on both sides."""

    SETUP = """
        import ctypes, os, sys
        from statechart_ivr.stores import SqliteStore, Stored
        from statechart_ivr.stores.sqlite import connections

        store = SqliteStore(sys.argv[1])
        other = SqliteStore(sys.argv[1] + ".other")
        revision = store.save("CA1", b"parent", expected=None, ttl=3600)
        other.load("CA1")
        (inherited,) = store._connections._open.values()
        to_child, from_parent = os.pipe()
        to_parent, from_child = os.pipe()

        def tell(pipe): os.write(pipe, b"x")
        def hear(pipe): assert os.read(pipe, 1)
    """

    def run(self, program: str, path: Path) -> str:
        """Run a program after the set-up."""
        return finish(start(dedent(self.SETUP) + dedent(program), path))

    def test_saves_outlive_the_parents_closing(self, path: Path) -> None:
        """What the child saves is kept, though the parent closes its store meanwhile.

        SQLite's own tables would have it otherwise: see ``Connections``.
        """
        program = """
            pid = os.fork()
            if not pid:
                store.save("CA1", b"child", expected=1, ttl=3600)
                tell(from_child), hear(to_child)
                store.save("CA1", b"child again", expected=2, ttl=3600)
                os._exit(0)
            assert store.load("CA1")
            hear(to_parent)
            store.close()
            tell(from_parent)
            assert os.waitpid(pid, 0)[1] == 0
            other.close()
        """
        self.run(program, path)
        with closing(SqliteStore(path)) as store:
            assert store.load("CA1") == Stored(b"child again", 3)

    def test_both_sides_go_on(self, path: Path) -> None:
        """Parent and child read each other's sessions, neither with the old connection."""
        program = """
            pid = os.fork()
            if not pid:
                assert store.load("CA1") == Stored(b"parent", 1)
                store.save("CA1", b"child", expected=1, ttl=3600)
                store.close()
                other.close()
                sys.exit()
            assert os.waitpid(pid, 0)[1] == 0
            assert store.load("CA1") == Stored(b"child", 2)
            assert inherited not in store._connections._open.values()
            store.close()
            other.close()
        """
        self.run(program, path)

    def test_among_busy_threads(self, path: Path) -> None:
        """A fork waits for the statements of other threads, however busy; no save is lost."""
        program = """
            import threading, warnings
            from statechart_ivr.errors import StaleSessionError

            warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks with threads
            store.save("count", b"0", expected=None, ttl=3600)
            counts, forks_done = [], threading.Event()

            def add_one():
                saved = False
                while not saved:
                    data, revision = store.load("count")
                    try:
                        store.save("count", b"%d" % (int(data) + 1), expected=revision, ttl=3600)
                        saved = True
                    except StaleSessionError:
                        pass

            def work():
                while not forks_done.is_set():
                    add_one()
                    counts.append(1)

            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads:
                thread.start()
            for _ in range(5):
                pid = os.fork()
                if not pid:
                    for _ in range(10):
                        add_one()
                    os._exit(0)
                assert os.waitpid(pid, 0)[1] == 0
            forks_done.set()
            for thread in threads:
                thread.join()
            assert int(store.load("count").data) == len(counts) + 50
            store.close()
            other.close()
        """
        self.run(program, path)

    def test_fork_without_hooks(self, path: Path) -> None:
        """When C code forks, the child leaves alone what it has inherited."""
        program = """
            pid = ctypes.PyDLL(None).fork()
            if not pid:
                connections._resume_all()  # some servers run the hooks for the child, and no others
                assert store.load("CA1") == Stored(b"parent", 1)
                assert inherited in store._connections._open.values()
                store.close()
                (left,) = store._connections._open.values()
                assert left is inherited
                assert inherited.execute("SELECT 1").fetchone() == (1,)
                os._exit(0)
            assert os.waitpid(pid, 0)[1] == 0
            assert store.load("CA1") == Stored(b"parent", 1)
            store.close()
            other.close()
        """
        self.run(program, path)


def test_loser_of_a_race_is_named(store: SqliteStore) -> None:
    """The error of a lost race says which call, and what the save was based on."""
    save(store)
    with pytest.raises(StaleSessionError, match="CA1 is no longer at no session; load it again"):
        save(store)
