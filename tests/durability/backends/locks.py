"""A process that holds a lock of a SQLite file until its standard input ends.

::

    python locks.py write|all FILE

It is a process of its own because locks belong to one, and are lost when any descriptor of the
file is closed in it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

# Bytes of the index of the write-ahead log that are locked, and what they are locked for
# (https://www.sqlite.org/walformat.html, 2.3.1 and 2.3.2).
_WRITE, _RECOVER = 120, 122


@contextmanager
def write_lock(path: Path) -> Iterator[None]:
    """Keep others from writing, as a process does that is stuck in a transaction."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def all_locks(path: Path) -> Iterator[None]:
    """Keep others from reading and writing, as a process does that is stuck in a recovery.

    The index is made invalid, as a crash may leave it. Who comes next wants to make it anew from
    the log, and waits for whoever holds these locks to be done with that.
    """
    index = os.open(path.with_name(f"{path.name}-shm"), os.O_RDWR)
    try:
        for byte in (_WRITE, _RECOVER):
            fcntl.lockf(index, fcntl.LOCK_EX, 1, byte)
        os.pwrite(index, bytes(48), 0)  # the first of two copies that have to agree
        yield
    finally:
        os.close(index)


_LOCKS = {"write": write_lock, "all": all_locks}


if __name__ == "__main__":
    with _LOCKS[sys.argv[1]](Path(sys.argv[2])):
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()
