"""A SQLite file: how it is opened, what lies in it, and what its errors mean."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from statechart_ivr.errors import ConfigurationError, StoreUnavailableError

_TABLE = (
    "CREATE TABLE IF NOT EXISTS session (call_sid TEXT NOT NULL PRIMARY KEY,"
    " revision INTEGER NOT NULL, expires REAL NOT NULL, data BLOB NOT NULL)"
)
_INDEX = "CREATE INDEX IF NOT EXISTS session_expires ON session (expires)"

_DURABILITIES = ("NORMAL", "FULL")
_LONGEST_WAIT = 3600
_WAL_PAUSE = 0.01

# What SQLite says (its words have been stable for decades; error codes need Python 3.11), and
# what to do about it.
_HINTS = {
    "locked": "another process has kept it for more than {timeout:g} s; is one stuck?",
    "locking protocol": "another process does not let go of its log; is one stuck?",
    "readonly": "this process must be allowed to write the file, and in the folder {folder}",
    "unable to open": "the folder {folder} must exist, and this process be allowed to write in it",
    "is full": "make room on the disk",
    "disk I/O error": "is the disk full, gone or broken, or a limit on file sizes reached?",
    "no such table": "this file holds no sessions; name another one",
    "not a database": "this file is something else; name another one",
    "malformed": "the file is damaged; move it away, and calls start again at their entry",
}


class Connection(sqlite3.Connection):
    """A connection that knows which file it has open, whatever is there under its name."""

    identity: tuple[int, int] | None = None


@dataclass(frozen=True)
class Database:
    """A file, how to open it, and what its errors mean."""

    path: Path
    timeout: float
    synchronous: str
    is_read_only: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.timeout <= _LONGEST_WAIT:
            raise ConfigurationError(
                f"timeout is in seconds, from 0 to {_LONGEST_WAIT}, not {self.timeout}"
            )
        if self.synchronous not in _DURABILITIES:
            known = " or ".join(_DURABILITIES)
            raise ConfigurationError(f"synchronous is {known}, not {self.synchronous!r}")

    def connect(self) -> Connection:
        """Open the file, and make what is missing in it, unless it is only to be read."""
        connection = sqlite3.connect(
            f"{self.path.as_uri()}?mode={'ro' if self.is_read_only else 'rwc'}",
            uri=True,
            timeout=self.timeout,
            isolation_level=None,  # each statement is a transaction
            check_same_thread=False,  # so that any thread can close them all
            factory=Connection,
        )
        try:
            if not self.is_read_only:
                self._prepare(connection)
        except sqlite3.Error:
            connection.close()
            raise
        connection.identity = self._identity()
        return connection

    def is_open_in(self, connection: Connection) -> bool:
        """Tell whether a connection has the file open that is there now.

        A file that is moved, deleted or replaced can still be written by who has it open: into
        nowhere. SQLite notices when it closes such a file, and leaves alone what lies beside
        the new one.
        """
        return connection.identity is not None and connection.identity == self._identity()

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

    def _identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

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
            time.sleep(_WAL_PAUSE)  # as SQLite itself would if it waited
