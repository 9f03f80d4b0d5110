"""The statements that make a table of PostgreSQL's a session store."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql

from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import Stored
from statechart_ivr.stores.sql.connections import Connections, NoTableError, Result
from statechart_ivr.stores.sql.table import session

T = TypeVar("T")

_NO_CALLS: list[str] = []
#: Rows per statement where there may be many: callers wait while one statement writes.
_BATCH = 1000

_is_the_call = session.c.call_sid == bindparam("sid")
_is_over = session.c.expires <= bindparam("now")
_is_alive = session.c.expires > bindparam("now")

_LOAD = sa.select(session.c.data, session.c.revision).where(_is_the_call, _is_alive)

# Compare-and-set is one statement, and so a transaction that waits for nobody with a lock in its
# hands. A row whose time is over is as good as none.
_new = postgresql.insert(session).values(
    call_sid=bindparam("sid"), revision=1, expires=bindparam("until"), data=bindparam("bytes")
)
_CREATE = _new.on_conflict_do_update(
    index_elements=[session.c.call_sid],
    set_={name: _new.excluded[name] for name in ("revision", "expires", "data")},
    where=_is_over,
).returning(session.c.revision)
_REPLACE = (
    sa.update(session)
    .where(_is_the_call, session.c.revision == bindparam("expected"), _is_alive)
    .values(
        revision=session.c.revision + 1, expires=bindparam("until"), data=bindparam("bytes")
    )
    .returning(session.c.revision)
)  # fmt: skip

_DELETE = sa.delete(session).where(_is_the_call)
# What is over is asked twice: a session may be saved anew between finding and deleting it.
_PURGE = sa.delete(session).where(
    session.c.call_sid.in_(
        sa.select(session.c.call_sid).where(_is_over).order_by(session.c.expires).limit(_BATCH)
    ),
    _is_over,
)
_PAGE = (
    sa.select(session.c.call_sid).where(_is_alive).order_by(session.c.call_sid).limit(_BATCH)
)  # fmt: skip


class SqlStore:
    """Keeps sessions as rows of a table in PostgreSQL.

    Any number of threads may share one. Each operation borrows a connection for one statement,
    which is a transaction of its own, and gives it back. Connections are opened when they are
    needed; a process that forks gets connections of its own.

    The first `save` makes the table, if it is not there; the user must be allowed to. Who is not
    needs somebody else to make it before::

        CREATE TABLE ivr_session (
            call_sid TEXT NOT NULL PRIMARY KEY,
            revision BIGINT NOT NULL,
            expires DOUBLE PRECISION NOT NULL,  -- seconds since 1970
            data BYTEA NOT NULL
        );
        CREATE INDEX ix_ivr_session_expires ON ivr_session (expires);
        GRANT SELECT, INSERT, UPDATE, DELETE ON ivr_session TO ivr;

    How durable a session is: once `save` has returned, no crash of the server loses it, unless
    its ``synchronous_commit`` is off.

    Whatever is in the way, an operation ends in time, also when the server stands still: mostly
    after one ``timeout``, and after three and a second if it has to wait for a connection, to open
    it, and then for the answer. Only for looking up the server's name the limit is the system's.
    A write that had no answer may still be done when the server goes on, if nobody else has saved
    the session meanwhile.

    >>> store = SqlStore("postgresql://ivr:secret@db.internal/ivr")  # opens nothing yet
    >>> store.close()

    Args:
        url: ``postgresql://[user:password@]host[:port]/database``. Options of the client library,
            libpq, may stand in its query, such as ``sslmode=verify-full``, and one of psycopg's:
            ``prepare_threshold=5`` has the server prepare a statement that a connection executes
            for the sixth time, which saves it from reading and planning it again. Nothing is
            prepared unless told, so that any pooler may stand between; where the server is
            reached directly, prepare.
        clock: tells when a session's time is over; the system's clock unless told. All processes
            on one database go by one time.
        timeout: seconds to wait for a free connection, for opening one (at least 2, as libpq has
            it), and for each statement.
        max_connections: at most so many at once; as many as the server has threads will do.

    Raises:
        ConfigurationError: the URL or an argument cannot be meant.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock | None = None,
        timeout: float = 3.0,
        max_connections: int = 16,
    ) -> None:
        self._clock = SystemClock() if clock is None else clock
        self._connections = Connections(url, timeout=timeout, max_connections=max_connections)

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            StoreUnavailableError: the database gives no answer.
        """
        sid, now = _escaped(call_sid), self._now()
        return self._run(_LOAD, _stored, None, sid=sid, now=now)

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
            StoreUnavailableError: the database gives no answer, or cannot write.
        """
        now = self._now()
        statement = _CREATE if expected is None else _REPLACE
        values = {"sid": _escaped(call_sid), "bytes": data, "until": now + ttl, "now": now}
        revision = self._run_or_make(statement, _revision, expected=expected, **values)
        if revision is None:
            raise StaleSessionError(call_sid, expected)
        return revision

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none.

        Raises:
            StoreUnavailableError: the database gives no answer, or cannot write.
        """
        self._run(_DELETE, Result.close, None, sid=_escaped(call_sid))

    def purge(self) -> int:
        """Remove the sessions whose time is over, and return how many they were.

        Raises:
            StoreUnavailableError: the database gives no answer, or cannot write.
        """
        now, purged, batch = self._now(), 0, _BATCH
        while batch == _BATCH:
            batch = self._run(_PURGE, _count, 0, now=now)
            purged += batch
        return purged

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store; saving and deleting meanwhile is allowed.

        Raises:
            StoreUnavailableError: the database gives no answer.
        """
        page = _PAGE
        while found := self._run(page, _column, _NO_CALLS, now=self._now()):
            yield from map(_unescaped, found)
            page = _PAGE.where(session.c.call_sid > found[-1])

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def _run(
        self, statement: sa.Executable, read: Callable[[Result], T], nothing: T, **values: object
    ) -> T:
        """Execute a statement for which no table is as good as an empty one."""
        try:
            return self._connections.run(statement, read, **values)
        except NoTableError:
            return nothing

    def _run_or_make(
        self, statement: sa.Executable, read: Callable[[Result], T], **values: object
    ) -> T:
        """Execute a statement that takes a table."""
        try:
            return self._connections.run(statement, read, **values)
        except NoTableError:
            self._connections.make_table()
            return self._connections.run(statement, read, **values)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _stored(result: Result) -> Stored | None:
    row = result.one_or_none()
    return None if row is None else Stored(row.data, row.revision)


def _revision(result: Result) -> int | None:
    return result.scalar_one_or_none()


def _count(result: Result) -> int:
    return result.rowcount


def _column(result: Result) -> list[str]:
    return [*result.scalars()]


def _escaped(call_sid: str) -> str:
    r"""Return a call SID as it can be kept: a text of PostgreSQL's has no NUL.

    >>> _escaped("CA\0")
    'CA\\0'
    """
    return call_sid.replace("\\", "\\\\").replace("\0", "\\0")


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\0" if found[1] == "0" else found[1], text)
