"""The store of an application that is served by another process."""

from __future__ import annotations

import os

import click

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.stores import (
    EncryptedStore,
    MemoryStore,
    SessionStore,
    SqliteStore,
    open_store,
)

#: Where ``serve`` keeps sessions, too, if nobody says.
DEFAULT_STORE = "sqlite:///calls.db"


def open_served(url: str | None) -> SessionStore:
    """Return the store that a URL names, or ``IVR_STORE``, or nobody.

    Raises:
        ConfigurationError: it leads to no store.
    """
    if url is None:
        url = os.environ.get("IVR_STORE") or DEFAULT_STORE
    return open_store(url, keys=os.environ.get("IVR_STORE_KEYS", ""))


def check_is_served(store: SessionStore) -> None:
    """Check that others can have written into a store, and can read there.

    Raises:
        click.UsageError: its sessions are in the memory of another process.
        ConfigurationError: there is no such file, and looking must not make one.
    """
    inner = store.store if isinstance(store, EncryptedStore) else store
    if isinstance(inner, MemoryStore):
        raise click.UsageError(
            "sessions in memory are seen by the process that serves them and by nobody else; "
            "name a store that is shared: --store sqlite:////var/lib/ivr/calls.db"
        )
    if isinstance(inner, SqliteStore) and not inner.path.is_file():
        raise ConfigurationError(
            f"there is no file {inner.path}; "
            "name the store that is served: --store URL, or IVR_STORE"
        )
