"""The statements that make a SQLite file a session store."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.errors import ConfigurationError, StaleSessionError
from statechart_ivr.stores.base import Stored
from statechart_ivr.stores.sqlite.connections import Connections
from statechart_ivr.stores.sqlite.database import Database

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


class SqliteStore:
    """Keeps sessions in a SQLite file, with a write-ahead log (WAL).

    Any number of threads and processes of *one machine* may share the file; a network file
    system will not do. The file is opened when it is first needed, and closed around a fork, so
    that an application may be made before its server forks workers.

    How durable a session is: once `save` has returned, no crash of the process loses it. With
    ``synchronous="NORMAL"`` a power cut, or a crash of the operating system, may lose the last
    turns of all calls, never more, and never damages the file. ``"FULL"`` loses nothing then
    either, and waits for the disk at every turn.

    A file that may only be read can still be read; saving raises. Whatever is in the way (the
    file locked, the disk full or gone, the folder missing), nothing that was saved is lost, and
    work goes on when it is out of the way. A file that was replaced while it was open is opened
    anew.

    >>> store = SqliteStore("/var/lib/ivr/calls.db", synchronous="FULL")  # opens nothing yet
    >>> store.close()

    Args:
        path: the file; made when it is not there, its folder is not.
        clock: tells when a session's time is over; the system's clock unless told.
        timeout: seconds to wait for other writers before giving up. A request may have to wait
            that long two or three times, and Twilio gives up after 15.
        synchronous: ``"NORMAL"`` or ``"FULL"``, see above.

    Raises:
        ConfigurationError: an argument that cannot be meant.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        clock: Clock | None = None,
        timeout: float = 3.0,
        synchronous: str = "NORMAL",
    ) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._database = Database(_checked_path(path), timeout, synchronous.upper())
        self._connections = Connections(self._database)

    @property
    def path(self) -> Path:
        """The file."""
        return self._database.path

    def read_only(self) -> SqliteStore:
        """Return a handle of its own on the same file, which makes and changes nothing there."""
        store = copy(self)
        store._database = replace(self._database, is_read_only=True)
        store._connections = Connections(store._database)
        return store

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
