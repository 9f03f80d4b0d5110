"""Sessions in PostgreSQL, for any number of processes on any number of machines.

Three parts, one job each: ``store`` knows the statements, ``table`` what is there to be read and
how it comes to be, ``connections`` who may use which connection, for how long, and what an error
means.
"""

from __future__ import annotations

from importlib import import_module

from statechart_ivr.errors import MissingExtraError

try:
    for library in ("sqlalchemy", "psycopg"):
        import_module(library)
except ImportError as error:
    raise MissingExtraError("SqlStore", "sql") from error

from statechart_ivr.stores.sql.store import SqlStore

__all__ = ["SqlStore"]
