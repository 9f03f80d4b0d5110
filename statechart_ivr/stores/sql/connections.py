"""Connections to PostgreSQL: how many, how patient, and what their errors mean."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from selectors import PollSelector
from time import monotonic
from typing import Any, TypeVar
from urllib.parse import parse_qs
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import make_conninfo
from sqlalchemy import event, exc

from statechart_ivr.errors import ConfigurationError, StoreUnavailableError
from statechart_ivr.stores.sql.table import is_missing, make_table

T = TypeVar("T")
Result = sa.CursorResult[Any]

_LONGEST_WAIT = 3600

#: Seconds that the server has more than a statement has: its own limit costs no connection.
_GRACE = 1.0

# What the server or SQLAlchemy says, and what to do about it.
_HINTS = {
    "QueuePool limit": "raise max_connections to the threads of this process",
    "too many clients": "raise max_connections of the server, or lower that of its clients",
    "remaining connection slots": "raise max_connections of the server, or lower its clients'",
    "password": "user and password in the URL must be those of the server",
    "permission denied for schema": "let somebody who may make the table; SqlStore says which",
    "permission denied for table": "the user needs SELECT, INSERT, UPDATE and DELETE",
    "read-only transaction": "this server is a standby; name the primary",
    "statement timeout": "somebody else has locked the session or the table, or the server is slow",
}


class NoTableError(Exception):
    """There is no table yet."""


class NoAnswerError(psycopg.OperationalError):
    """The server did not answer in time; the connection was given up."""


class PatientConnection(psycopg.Connection[Any]):
    """A connection whose patience ends.

    libpq has limits for connecting, and for a network that swallows what is sent. None is for a
    server that takes what is sent and does not answer; and the limit of a statement is kept by
    the server itself, so by nobody when it stands still.

    Attributes:
        patience: seconds to wait for an answer.
        owner: id of the process that opened it.
    """

    patience: float = _LONGEST_WAIT
    owner = 0

    def wait(self, gen: Generator[int, int, T], *_: object, **__: object) -> T:
        """Wait for whatever an operation waits for, until it is done.

        Args:
            gen: the operation. It yields the events of the socket it can go on with, as
                `selectors` has them, and takes those that have come.

        Raises:
            NoAnswerError: it took too long.
        """
        deadline = monotonic() + self.patience
        try:
            with PollSelector() as selector:
                selector.register(self.fileno(), next(gen))
                while True:
                    events = selector.select(max(0, deadline - monotonic()))
                    if not events:
                        self.close()
                        raise NoAnswerError(f"no answer in {self.patience:g} s")
                    selector.modify(self.fileno(), gen.send(events[0][1]))
        except StopIteration as done:
            result: T = done.value
            return result

    def __del__(self, *_: Any) -> None:
        """Warn if it was left open; one that a fork has inherited is the parent's to close."""
        if self.owner == os.getpid():
            super().__del__()


class Connections:
    """A pool of connections, which are opened when they are needed.

    Args:
        url: of the database.
        timeout: seconds to wait, for each thing there is to wait for.
        max_connections: as many as are opened.

    Raises:
        ConfigurationError: one of them cannot be meant.
    """

    def __init__(self, url: str, *, timeout: float, max_connections: int) -> None:
        if not 0 < timeout <= _LONGEST_WAIT:
            raise ConfigurationError(
                f"timeout is in seconds, more than 0 and at most {_LONGEST_WAIT}, not {timeout}"
            )
        if max_connections < 1:
            raise ConfigurationError(f"max_connections is at least 1, not {max_connections}")
        address, threshold = _checked(url), _prepare_threshold(url)
        self._name = _shown(address)
        try:
            self._engine = _engine(address, timeout, max_connections, prepare_threshold=threshold)
        except (exc.ArgumentError, ValueError):
            raise ConfigurationError(_UNREADABLE) from None
        _engines.add(self._engine)

    def run(self, statement: sa.Executable, read: Callable[[Result], T], **values: object) -> T:
        """Execute a statement, and return what is read of its result.

        Once more, if the connection from the pool turns out to be broken, because the server was
        started anew. A save that was done before the connection broke is stale then, and who
        saved finds in the record that it was done.

        Raises:
            NoTableError: there is none yet.
            StoreUnavailableError: the database gives no answer, or refuses.
        """
        with self._explained():
            try:
                return self._run_once(statement, read, values)
            except exc.DBAPIError as error:
                if not _was_broken(error):
                    raise
            return self._run_once(statement, read, values)

    def make_table(self) -> None:
        """Make the table, unless somebody was faster.

        Raises:
            StoreUnavailableError: the database gives no answer, or refuses.
        """
        with self._explained(), self._engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            make_table(connection, driver)

    def close(self) -> None:
        """Close all that are not in use, and the others when they are given back."""
        self._engine.dispose()

    def _run_once(
        self, statement: sa.Executable, read: Callable[[Result], T], values: dict[str, object]
    ) -> T:
        with self._engine.connect() as connection:
            return read(connection.execute(statement, values))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLAlchemy's errors into ours, with the server's name and what to do."""
        try:
            yield
        except exc.SQLAlchemyError as error:
            if is_missing(error):
                raise NoTableError from error
            orig = getattr(error, "orig", None)
            details = orig.diag if isinstance(orig, psycopg.Error) else None
            reason = " ".join(str((details and details.message_primary) or orig or error).split())
            hints = [hint for words, hint in _HINTS.items() if words in reason]
            text = "; ".join([f"{self._name}: {reason}", *hints])
            # Details may show the row, and so what was to be saved.
            has_row = details is not None and details.message_detail is not None
            raise StoreUnavailableError(text) from (None if has_row else error)


def _was_broken(error: exc.DBAPIError) -> bool:
    """Return whether a connection was found to be broken. Waiting for it once is enough."""
    return error.connection_invalidated and not isinstance(error.orig, NoAnswerError)


def _checked(url: str) -> sa.URL:
    # The causes are left out: they may repeat a part of the password. So may the names of options,
    # if there is a question mark in it.
    if "@" in url.partition("?")[2]:
        raise ConfigurationError(_UNREADABLE)
    try:
        address = sa.make_url(url)
    except (exc.ArgumentError, ValueError):
        raise ConfigurationError(_UNREADABLE) from None
    if address.drivername not in _SCHEMES:
        raise ConfigurationError(f"SqlStore knows PostgreSQL, not {address.drivername}")
    address = address.difference_update_query(["prepare_threshold"])  # is not libpq's
    try:
        make_conninfo("", **{name: str(value) for name, value in address.query.items()})
    except psycopg.Error as error:
        raise ConfigurationError(str(error)) from None
    return address.set(drivername="postgresql+psycopg")


_UNREADABLE = (
    "it cannot be read; write postgresql://user:password@host/database, and in the password "
    "%2F for '/', %3A for ':', %3F for '?', %40 for '@', %25 for '%'"
)
_SCHEMES = ("postgresql", "postgresql+psycopg")


def _shown(address: sa.URL) -> str:
    """Return a URL without the password, which may also be among the options."""
    shown = sa.URL.create(
        "postgresql", host=address.host, port=address.port, database=address.database
    )
    return shown.render_as_string()


def _prepare_threshold(url: str) -> int | None:
    """Return how often a statement is executed before it is prepared; None if it never is.

    That is so unless told: a pooler may lead the next statement to a connection of the server's
    where nothing was prepared, or something else.
    """
    options = parse_qs(url.partition("?")[2], keep_blank_values=True)
    if "prepare_threshold" not in options:
        return None
    given = " ".join(options["prepare_threshold"])
    if not re.fullmatch("[0-9]{1,9}", given):
        raise ConfigurationError(
            f"prepare_threshold is a whole number from 0 to 999999999, not {given!r}; "
            "write prepare_threshold=5, or leave it out, and nothing is prepared"
        )
    return int(given)


def _engine(
    address: sa.URL, timeout: float, max_connections: int, *, prepare_threshold: int | None
) -> sa.Engine:
    engine = sa.create_engine(
        address,
        isolation_level="AUTOCOMMIT",  # each statement is a transaction
        pool_size=max_connections,
        max_overflow=0,
        pool_timeout=timeout,
        pool_use_lifo=True,  # so that what is rarely needed is left alone
        hide_parameters=True,  # they are the callers'
        use_native_hstore=False,
        connect_args={"prepare_threshold": prepare_threshold, **_options(address, timeout)},
    )

    @event.listens_for(engine, "do_connect")
    def connect(_: object, __: object, args: Any, options: Any) -> PatientConnection:
        connection = PatientConnection.connect(*args, **options)
        connection.patience, connection.owner = timeout + _GRACE, os.getpid()
        return connection

    return engine


def _options(address: sa.URL, timeout: float) -> dict[str, Any]:
    """Return the limits of libpq and the server; what the URL says comes before."""
    milliseconds = round(timeout * 1000)
    limits = {
        "connect_timeout": str(max(2, round(timeout))),
        "tcp_user_timeout": str(milliseconds),
    }
    given = " ".join(address.normalized_query.get("options", ()))
    return {
        **{name: value for name, value in limits.items() if name not in address.query},
        "options": f"-c statement_timeout={milliseconds} {given}".strip(),
    }


_engines: WeakSet[sa.Engine] = WeakSet()


def _forget_connections() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)  # they are the parent's


os.register_at_fork(after_in_child=_forget_connections)
