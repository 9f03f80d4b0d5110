"""Who may use which connection to a SQLite file, and for how long."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Condition, Lock, Thread, current_thread
from weakref import WeakSet

from statechart_ivr.stores.sqlite.database import Connection, Database

_PASSING = ("locked", "is full")


class Connections:
    """One connection per thread, none of them across a fork.

    A process that was forked off while a connection was open cannot use the file safely, not
    even with a connection of its own: SQLite's table of the locks this process holds is
    inherited, the locks are not, so that another process may throw the log away as "the last
    one" (https://www.sqlite.org/howtocorrupt.html, 2.6). So before a fork all are closed, and
    opened again when needed. Forks by C code run no hooks; for them at least the owner's process
    id is compared, and what is inherited is neither used nor closed.

    Args:
        database: the file.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._open: dict[tuple[int, Thread], Connection] = {}
        self._changed = Condition()
        self._lent = 0
        self._is_pausing = False
        self._is_closed = False
        _ALL.add(self)

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """Lend the connection of this thread; after an error of SQLite's it is thrown away.

        So whatever was wrong with it (a disk that failed, a file that could only be read), the
        next statement starts afresh. So it does when the file is no longer where it was. A lock
        or a full disk is nothing that is wrong with a connection: a new one would only need
        room for the index of the log, and there may be none.
        """
        with self._changed:
            # A pause goes first; among busy threads it would never come otherwise.
            self._changed.wait_for(lambda: not self._is_pausing)
            self._lent += 1
        try:
            yield self._own()
        except sqlite3.Error as error:
            if not any(words in str(error) for words in _PASSING):
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
        try:
            self._changed.wait_for(lambda: not self._lent)
            self._close([owner for owner in self._open if owner[0] == os.getpid()])
        except BaseException:  # Ctrl-C; whoever waits would wait for ever
            self.resume()
            raise

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

    def _own(self) -> Connection:
        owner = _owner()
        if owner in self._open and not self._database.is_open_in(self._open[owner]):
            self._close([owner])
        if owner not in self._open:
            if self._is_closed:
                raise sqlite3.ProgrammingError("the store has been closed")
            self._close(_gone(list(self._open)))
            self._open[owner] = self._database.connect()
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


_ALL: WeakSet[Connections] = WeakSet()
_PAUSED: list[Connections] = []
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
