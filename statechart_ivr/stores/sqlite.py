"""Sessions in one SQLite file, for any number of threads and processes of one machine.

Three parts, one job each: `SqliteStore` knows the statements, ``_Connections`` who may use which
connection and for how long, ``_Database`` the file and what its errors mean.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Lock, Thread, current_thread
from typing import Any
from weakref import WeakSet

from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.errors import ConfigurationError, StaleSessionError, StoreUnavailableError
from statechart_ivr.stores.base import Stored

_TABLE = (
    "CREATE TABLE IF NOT EXISTS session (call_sid TEXT NOT NULL PRIMARY KEY,"
    " revision INTEGER NOT NULL, expires REAL NOT NULL, data BLOB NOT NULL)"
)
_INDEX = "CREATE INDEX IF NOT EXISTS session_expires ON session (expires)"
_LOAD = "SELECT data, revision FROM session WHERE call_sid = ? AND expires > ?"
# Compare-and-set is one statement, so that it needs no transaction around it, and a writer
# never waits with the lock in its hands. A row whose time is over is as good as none.
_CREATE = (
    "INSERT INTO session (call_sid, revision, expires, data) VALUES (?, 1, ?, ?)"
    " ON CONFLICT (call_sid) DO UPDATE SET revision = 1, expires = excluded.expires,"
    " data = excluded.data WHERE session.expires <= ?"
)
_REPLACE = (
    "UPDATE session SET revision = revision + 1, expires = ?, data = ?"
    " WHERE call_sid = ? AND revision = ? AND expires > ?"
)
_DELETE = "DELETE FROM session WHERE call_sid = ?"
_PURGE = (
    "DELETE FROM session WHERE rowid IN"
    " (SELECT rowid FROM session WHERE expires <= ? ORDER BY expires LIMIT ?)"
)
_PAGE = "SELECT rowid, call_sid FROM session WHERE rowid > ? AND expires > ? ORDER BY rowid LIMIT ?"

#: Rows per statement where there may be many: callers wait while one statement writes.
_BATCH = 1000

_DURABILITIES = ("NORMAL", "FULL")
_LONGEST_WAIT = 3600
_WAL_PAUSE = 0.01

# What SQLite says (its words have been stable for decades; error codes need Python 3.11), and
# what to do about it.
_HINTS = {
    "locked": "somebody has been writing for more than {timeout:g} s; is a process stuck?",
    "readonly": "this process must be allowed to write the file, and in the folder {folder}",
    "unable to open": "the folder {folder} must exist, and this process be allowed to write in it",
    "is full": "make room on the disk",
    "not a database": "this file is something else; name another one",
    "malformed": "the file is damaged; move it away, and calls start again at their entry",
}


class SqliteStore:
    """Keeps sessions in a SQLite file, with a write-ahead log (WAL).

    Any number of threads and processes of *one machine* may share the file; a network file
    system will not do. The file is opened when it is first needed, and closed around a fork, so
    that an application may be made before its server forks workers.

    How durable a session is: once `save` has returned, no crash of the process loses it. With
    ``synchronous="NORMAL"`` a power cut, or a crash of the operating system, may lose the last
    turns of all calls, never more, and never damages the file. ``"FULL"`` loses nothing then
    either, and waits for the disk at every turn.

    A file that may only be read can still be read; saving raises.

    >>> store = SqliteStore("/var/lib/ivr/calls.db", synchronous="FULL")  # opens nothing yet
    >>> store.close()

    Args:
        path: the file; made when it is not there, its folder is not.
        clock: tells when a session's time is over; the system's clock unless told.
        timeout: seconds to wait for other writers before giving up.
        synchronous: ``"NORMAL"`` or ``"FULL"``, see above.

    Raises:
        ConfigurationError: an argument that cannot be meant.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock | None = None,
        timeout: float = 5.0,
        synchronous: str = "NORMAL",
    ) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._database = _Database(_checked_path(path), timeout, synchronous.upper())
        self._connections = _Connections(self._database.connect)

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            StoreUnavailableError: the file cannot be read.
        """
        rows = self._read(_LOAD, call_sid, self._now())
        return Stored(*rows[0]) if rows else None

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first.

        Args:
            call_sid: the call; any text.
            data: what to keep.
            expected: the revision that `load` gave; None when it gave None.
            ttl: seconds until the session may be forgotten, from now.

        Returns:
            The new revision.

        Raises:
            StaleSessionError: the session is not at ``expected``; nothing was written.
            StoreUnavailableError: the file cannot be written: locked, full, read-only.
        """
        now = self._now()
        if expected is None:
            written = self._write(_CREATE, call_sid, now + ttl, data, now)
        else:
            written = self._write(_REPLACE, now + ttl, data, call_sid, expected, now)
        if not written:
            raise StaleSessionError(call_sid, expected)
        return (expected or 0) + 1

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none.

        Raises:
            StoreUnavailableError: the file cannot be written.
        """
        self._write(_DELETE, call_sid)

    def purge(self) -> int:
        """Remove the sessions whose time is over, and return how many they were.

        Raises:
            StoreUnavailableError: the file cannot be written.
        """
        now, purged, batch = self._now(), 0, _BATCH
        while batch == _BATCH:
            batch = self._write(_PURGE, now, _BATCH)
            purged += batch
        return purged

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store; saving and deleting meanwhile is allowed.

        Raises:
            StoreUnavailableError: the file cannot be read.
        """
        last = 0
        while rows := self._read(_PAGE, last, self._now(), _BATCH):
            for last, call_sid in rows:  # noqa: B007 - the next page starts after it
                yield call_sid

    def close(self) -> None:
        """Wait for the statements that are under way, and close every thread's connection."""
        self._connections.close()

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._database.explained():
            try:
                with self._connections.lent() as connection:
                    return connection.execute(statement, values).fetchall()
            except sqlite3.OperationalError as error:
                if not self._database.is_frozen(error):
                    raise
            with closing(self._database.connect_frozen()) as connection:
                return connection.execute(statement, values).fetchall()

    def _write(self, statement: str, *values: object) -> int:
        with self._database.explained(), self._connections.lent() as connection:
            return connection.execute(statement, values).rowcount

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _checked_path(path: str | os.PathLike[str]) -> Path:
    name = os.fspath(path)
    if name in ("", ":memory:"):
        # SQLite would take either, and give each thread an empty database of its own.
        raise ConfigurationError(f"SqliteStore needs a file, not {name!r}; write MemoryStore()")
    # A server may change its folder after the application was made.
    return Path(name).absolute()


@dataclass(frozen=True)
class _Database:
    """A file, how to open it, and what its errors mean."""

    path: Path
    timeout: float
    synchronous: str

    def __post_init__(self) -> None:
        if not 0 <= self.timeout <= _LONGEST_WAIT:
            raise ConfigurationError(
                f"timeout is in seconds, from 0 to {_LONGEST_WAIT}, not {self.timeout}"
            )
        if self.synchronous not in _DURABILITIES:
            known = " or ".join(_DURABILITIES)
            raise ConfigurationError(f"synchronous is {known}, not {self.synchronous!r}")

    def connect(self) -> sqlite3.Connection:
        """Open the file, and make what is missing in it."""
        connection = sqlite3.connect(
            self.path,
            timeout=self.timeout,
            isolation_level=None,  # each statement is a transaction
            check_same_thread=False,  # so that any thread can close them all
        )
        try:
            self._prepare(connection)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def connect_frozen(self) -> sqlite3.Connection:
        """Open the file as one that nobody writes. True for a moment only: don't keep it."""
        uri = f"{self.path.as_uri()}?immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None)

    def is_frozen(self, error: sqlite3.OperationalError) -> bool:
        """Tell whether opening failed for one reason only: that WAL needs files beside this one.

        SQLite cannot make them in a folder, or on a disk, that is read-only. If there are any,
        the newest sessions may be in them, and the file alone would tell old news.
        """
        if not any(words in str(error) for words in ("readonly", "unable to open")):
            return False
        beside = (self.path.with_name(self.path.name + end) for end in ("-wal", "-journal"))
        try:
            return self.path.exists() and not any(file.exists() for file in beside)
        except OSError:
            return False

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, with the file's name and what to do."""
        try:
            yield
        except sqlite3.Error as error:
            hints = [
                hint.format(folder=self.path.parent, timeout=self.timeout)
                for words, hint in _HINTS.items()
                if words in str(error)
            ]
            raise StoreUnavailableError("; ".join([f"{self.path}: {error}", *hints])) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        self._switch_to_wal(connection)
        connection.execute(f"PRAGMA synchronous={self.synchronous}")
        connection.execute(_TABLE)
        connection.execute(_INDEX)

    def _switch_to_wal(self, connection: sqlite3.Connection) -> None:
        # While somebody else switches or writes, SQLite refuses without waiting, as the lock
        # that it would have to wait with might be the one the other is waiting for.
        deadline = time.monotonic() + self.timeout
        while True:
            try:
                connection.execute("PRAGMA journal_mode=wal")
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() >= deadline:
                    raise
            else:
                return
            time.sleep(_WAL_PAUSE)


class _Connections:
    """One connection per thread, none of them across a fork.

    A process that was forked off while a connection was open cannot use the file safely, not
    even with a connection of its own: SQLite's table of the locks this process holds is
    inherited, the locks are not, so that another process may throw the log away as "the last
    one" (https://www.sqlite.org/howtocorrupt.html, 2.6). So before a fork all are closed, and
    opened again when needed. Forks by C code run no hooks; for them at least the owner's process
    id is compared, and what is inherited is neither used nor closed.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._open: dict[tuple[int, Thread], sqlite3.Connection] = {}
        self._changed = Condition()
        self._lent = 0
        self._is_pausing = False
        self._is_closed = False
        _ALL.add(self)

    @contextmanager
    def lent(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection of this thread; after an error of SQLite's it is thrown away.

        So whatever was wrong with it (a file that was replaced, or could only be read), the
        next statement starts afresh.
        """
        with self._changed:
            # A pause goes first; among busy threads it would never come otherwise.
            self._changed.wait_for(lambda: not self._is_pausing)
            self._lent += 1
        try:
            yield self._own()
        except sqlite3.Error:
            self._close([_owner()])
            raise
        finally:
            with self._changed:
                self._lent -= 1
                self._changed.notify_all()

    def pause(self) -> None:
        """Wait until all are given back, close them, and lend none until `resume`."""
        self._changed.acquire()
        self._is_pausing = True
        self._changed.wait_for(lambda: not self._lent)
        self._close([owner for owner in self._open if owner[0] == os.getpid()])

    def resume(self) -> None:
        """Lend connections again."""
        self._is_pausing = False
        self._changed.notify_all()
        self._changed.release()

    def close(self) -> None:
        """Close all, for good."""
        self.pause()
        self._is_closed = True
        self.resume()

    def _own(self) -> sqlite3.Connection:
        owner = _owner()
        if owner not in self._open:
            if self._is_closed:
                raise sqlite3.ProgrammingError("the store has been closed")
            self._close(_gone(list(self._open)))
            self._open[owner] = self._connect()
        return self._open[owner]

    def _close(self, owners: list[tuple[int, Thread]]) -> None:
        for owner in owners:
            connection = self._open.pop(owner, None)
            if connection is not None:
                connection.close()


def _owner() -> tuple[int, Thread]:
    return os.getpid(), current_thread()


def _gone(owners: list[tuple[int, Thread]]) -> list[tuple[int, Thread]]:
    """Return the threads of this process that have ended."""
    return [(pid, thread) for pid, thread in owners if pid == os.getpid() and not thread.is_alive()]


_ALL: WeakSet[_Connections] = WeakSet()
_PAUSED: list[_Connections] = []
_FORKING = Lock()


def _pause_all() -> None:
    _FORKING.acquire()
    for connections in list(_ALL):
        connections.pause()
        _PAUSED.append(connections)


def _resume_all() -> None:
    while _PAUSED:
        _PAUSED.pop().resume()
    with suppress(RuntimeError):  # not locked, if C code forked and runs the last hook alone
        _FORKING.release()


os.register_at_fork(before=_pause_all, after_in_parent=_resume_all, after_in_child=_resume_all)
