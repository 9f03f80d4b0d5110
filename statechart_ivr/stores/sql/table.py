"""The table of sessions, and how it comes to be."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from psycopg import Connection
from psycopg.errors import UndefinedTable

_metadata = sa.MetaData()

session = sa.Table(
    "ivr_session",
    _metadata,
    sa.Column("call_sid", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.Double, nullable=False, index=True),
    sa.Column("data", sa.LargeBinary, nullable=False),
)

#: Any number that is ours: it keeps two processes from making the table at the same time.
LOCK = 7_402_217_389


def make_table(connection: sa.Connection, driver: Connection[Any]) -> None:
    """Make the table and its index, both or nothing, unless somebody was faster.

    Args:
        connection: on which each statement is a transaction of its own.
        driver: the one behind it, which can begin a transaction nevertheless. (Some versions of
            SQLAlchemy do not go back to what it was when they are told to do so for a while.)
    """
    with driver.transaction():
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK)))
        _metadata.create_all(connection)


def is_missing(error: Exception) -> bool:
    """Return whether a statement failed because there is no table yet."""
    return isinstance(getattr(error, "orig", None), UndefinedTable)
