"""Where sessions are kept between requests.

A URL names a store, so that settings and command lines can: ``memory:``,
``sqlite:///calls.db``. Other packages add schemes of their own through the entry point group
``statechart_ivr.stores``: the entry's name is the scheme, its object is called with the URL and
the keyword ``clock`` and returns a `SessionStore`::

    [options.entry_points]
    statechart_ivr.stores =
        dynamodb = ivr_dynamodb:open_dynamodb
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from statechart_ivr.clock import Clock
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.stores.base import SessionStore, Stored
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.stores.sqlite import SqliteStore

__all__ = ["MemoryStore", "SessionStore", "SqliteStore", "Stored", "open_store"]

GROUP = "statechart_ivr.stores"


class _Opener(Protocol):
    def __call__(self, url: str, /, *, clock: Clock | None) -> SessionStore: ...


def open_store(url: str | SessionStore, *, clock: Clock | None = None) -> SessionStore:
    """Return the store that a URL names.

    ===================================  =======================================
    ``memory:``                          in this process, gone with it
    ``sqlite:///calls.db``               a file in the current folder
    ``sqlite:////var/lib/ivr/calls.db``  a file, from the root (four slashes)
    ``…?timeout=10&synchronous=FULL``    options of `SqliteStore`
    ===================================  =======================================

    >>> type(open_store("memory:")).__name__
    'MemoryStore'

    Args:
        url: see above; characters that mean something in a URL are percent-encoded
            (``%3F`` for a question mark). A store instead of a URL is returned as it is.
        clock: tells when a session's time is over; the system's clock unless told. A store
            that was passed keeps its own.

    Raises:
        ConfigurationError: no store has this scheme, or the rest of the URL is wrong; the
            message says what to write, and repeats no password.
    """
    if not isinstance(url, str):
        if isinstance(url, SessionStore):
            return url
        raise ConfigurationError(f"a store is a URL or a SessionStore, not {url!r}; {_EXAMPLES}")
    scheme = url.partition(":")[0].lower()
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if scheme in _OPENERS:
        return _OPENERS[scheme](url, clock=clock)
    if scheme in added:
        return _loaded(added[scheme])(url, clock=clock)
    known = ", ".join(sorted({*_OPENERS, *added}))
    raise ConfigurationError(
        f"there is no session store for {scheme!r}; known schemes are {known}; {_EXAMPLES}; "
        f"other packages add schemes through the entry point group {GROUP}"
    )


_EXAMPLES = (
    "write 'memory:', 'sqlite:///calls.db' for a file in the current folder, "
    "or 'sqlite:////var/lib/ivr/calls.db' for one anywhere"
)


def _loaded(entry: EntryPoint) -> _Opener:
    try:
        opener: _Opener = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"the session store for {entry.name!r} ({entry.value}) cannot be loaded: {error}"
        ) from error
    return opener


def _open_memory(url: str, /, *, clock: Clock | None) -> SessionStore:
    if url.partition(":")[2].strip("/"):
        raise ConfigurationError(f"{url}: memory has no name and no options; write 'memory:'")
    return MemoryStore(clock=clock)


def _open_sqlite(url: str, /, *, clock: Clock | None) -> SessionStore:
    address, _, query = url.partition(":")[2].partition("?")
    path = unquote(address.removeprefix("///"))
    if not address.startswith("///") or not path:
        raise ConfigurationError(f"{url} names no file; {_EXAMPLES}")
    try:
        return SqliteStore(path, clock=clock, **_sqlite_options(query))
    except (ConfigurationError, ValueError) as error:
        raise ConfigurationError(f"{url}: {error}") from error


def _sqlite_options(query: str) -> Mapping[str, Any]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name in options:
        if name not in _SQLITE_OPTIONS:
            known = " and ".join(_SQLITE_OPTIONS)
            raise ConfigurationError(f"there is no option {name!r}; there are {known}")
    return {name: _SQLITE_OPTIONS[name](value) for name, value in options.items()}


_SQLITE_OPTIONS = {"timeout": float, "synchronous": str}
_OPENERS: Mapping[str, _Opener] = {"memory": _open_memory, "sqlite": _open_sqlite}
