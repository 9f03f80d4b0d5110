"""Stores that can be taken away from those who use them, and brought back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.durability.backends.base import Backend
from tests.durability.backends.servers import PostgresBackend, RedisBackend
from tests.durability.backends.sqlite import SqliteBackend

__all__ = ["BACKENDS", "Backend", "missing", "started"]

#: By the name that each has on the command line.
BACKENDS: Mapping[str, type[Backend]] = {
    "sqlite": SqliteBackend,
    "redis": RedisBackend,
    "postgresql": PostgresBackend,
}


def missing(store: str) -> str:
    """Return what to say when a store is not installed; nothing if it is."""
    backend = BACKENDS[store]
    return "" if backend.is_installed() else f"{store} is not installed: {backend.advice}"


@contextmanager
def started(store: str) -> Iterator[Backend]:
    """Start a store of its own for one experiment.

    Args:
        store: a key of `BACKENDS`.
    """
    with TemporaryDirectory() as folder:
        backend = BACKENDS[store](Path(folder))
        try:
            backend.start()
            yield backend
        finally:
            backend.stop()
