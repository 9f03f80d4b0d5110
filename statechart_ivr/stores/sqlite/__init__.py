"""Sessions in one SQLite file, for any number of threads and processes of one machine.

Three parts, one job each: ``store`` knows the statements, ``connections`` who may use which
connection and for how long, ``database`` the file and what its errors mean.
"""

from __future__ import annotations

from statechart_ivr.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
