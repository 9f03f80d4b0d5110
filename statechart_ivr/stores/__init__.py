"""Where sessions are kept between requests.

A URL names a store, so that settings and command lines can: ``memory:``,
``sqlite:///calls.db``, ``redis://sessions.internal``. Other packages add schemes of their own
through the entry point group ``statechart_ivr.stores``: the entry's name is the scheme, its
object is called with the URL and the keyword ``clock`` and returns a `SessionStore`::

    [options.entry_points]
    statechart_ivr.stores =
        dynamodb = ivr_dynamodb:open_dynamodb
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, unquote, urlencode

from statechart_ivr.clock import Clock
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.stores.base import SessionStore, Stored
from statechart_ivr.stores.encrypted import EncryptedStore, Keys
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.stores.sqlite import SqliteStore

if TYPE_CHECKING:
    from statechart_ivr.stores.redis import RedisStore
    from statechart_ivr.stores.sql import SqlStore

__all__ = [
    "EncryptedStore",
    "MemoryStore",
    "RedisStore",
    "SessionStore",
    "SqlStore",
    "SqliteStore",
    "Stored",
    "open_store",
]

GROUP = "statechart_ivr.stores"


class _Opener(Protocol):
    def __call__(self, url: str, /, *, clock: Clock | None) -> SessionStore: ...


def open_store(
    url: str | SessionStore, *, clock: Clock | None = None, keys: Keys = ()
) -> SessionStore:
    """Return the store that a URL names.

    =======================================  ===========================================
    ``memory:``                              in this process, gone with it
    ``sqlite:///calls.db``                   a file in the current folder
    ``sqlite:////var/lib/ivr/calls.db``      a file, from the root (four slashes)
    ``…?timeout=10&synchronous=FULL``        options of `SqliteStore`
    ``redis://user:password@host:6379/0``    Redis; ``rediss://`` with TLS, ``unix://`` a socket
    ``…?timeout=1&max_connections=16``       options of `RedisStore`, and redis-py's own
    ``postgresql://user:password@host/ivr``  PostgreSQL
    ``…?timeout=1&sslmode=require``          options of `SqlStore`, and the driver's own
    =======================================  ===========================================

    >>> type(open_store("memory:")).__name__
    'MemoryStore'

    Args:
        url: see above; characters that mean something in a URL are percent-encoded
            (``%3F`` for a question mark). A store instead of a URL is returned as it is.
        clock: tells when a session's time is over; the system's clock unless told. A store
            that was passed keeps its own, and Redis goes by that of its server.
        keys: of an `EncryptedStore` around it, if there are any.

    Raises:
        ConfigurationError: no store has this scheme, or the rest of the URL is wrong, or a key;
            the message says what to write, and repeats no password and no key.
        MissingExtraError: a package is not installed; the message says what to type.
    """
    store = url if isinstance(url, SessionStore) else _named(url, clock)
    return EncryptedStore(store, keys) if keys else store


def shown_url(url: str) -> str:
    """Return the URL of a store as it may be shown: its password may be in front, or an option.

    >>> shown_url("postgresql://ivr:secret@db.internal/ivr?sslpassword=secret")
    'postgresql://***@db.internal/ivr'
    >>> shown_url("sqlite:///calls.db?timeout=10")
    'sqlite:///calls.db?timeout=10'
    """
    if _scheme(url) in _WITHOUT_PASSWORD:
        return url
    # A password may have any of these signs in it, however it should have been written.
    user, at, place = url.partition(":")[2].removeprefix("//").rpartition("@")
    shown = "" if "?" in user else place.partition("?")[0]
    return f"{_scheme(url)}://{'***@' if at else ''}{shown}"


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _named(url: str, clock: Clock | None) -> SessionStore:
    if not isinstance(url, str):
        raise ConfigurationError(f"a store is a URL or a SessionStore, not {url!r}; {_EXAMPLES}")
    scheme = _scheme(url)
    if scheme in _OPENERS:
        return _OPENERS[scheme](url, clock=clock)
    added = {entry.name: entry for entry in entry_points(group=GROUP)}
    if scheme in added:
        return _loaded(added[scheme])(url, clock=clock)
    known = ", ".join(sorted({*_OPENERS, *added}))
    raise ConfigurationError(
        f"there is no session store for {scheme!r}; known schemes are {known}; {_EXAMPLES}; "
        f"other packages add schemes through the entry point group {GROUP}"
    )


_EXAMPLES = (
    "write 'memory:', 'sqlite:///calls.db' for a file in the current folder, "
    "'sqlite:////var/lib/ivr/calls.db' for one anywhere, 'redis://host' or 'postgresql://host/ivr'"
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
    place, ours, others = _split(url, _SQLITE_OPTIONS)
    path = unquote(place.removeprefix("///"))
    if not place.startswith("///") or not path:
        raise ConfigurationError(f"{url} names no file; {_EXAMPLES}")
    with _complaints_about(url):
        if others:
            known = " and ".join(_SQLITE_OPTIONS)
            raise ConfigurationError(f"there is no option {others[0][0]!r}; there are {known}")
        return SqliteStore(path, clock=clock, **_values(ours, _SQLITE_OPTIONS))


def _open_redis(url: str, /, *, clock: Clock | None) -> SessionStore:
    del clock  # Redis goes by its own
    from statechart_ivr.stores.redis import RedisStore

    with _complaints_about(url):
        place, ours, others = _split_checked(url, _REDIS_OPTIONS)
        address = _joined(f"{_scheme(url)}:{place}", others)
        return RedisStore(address, **_values(ours, _REDIS_OPTIONS))


def _open_postgresql(url: str, /, *, clock: Clock | None) -> SessionStore:
    from statechart_ivr.stores.sql import SqlStore

    with _complaints_about(url):
        place, ours, others = _split_checked(url, _SQL_OPTIONS)
        address = _joined(f"postgresql:{place}", others)
        return SqlStore(address, clock=clock, **_values(ours, _SQL_OPTIONS))


Options = list[tuple[str, str]]
Kinds = Mapping[str, Callable[[str], Any]]


def _split(url: str, kinds: Kinds) -> tuple[str, Options, Options]:
    """Return what is between a URL's scheme and query, and the options: ours, and the others."""
    place, _, query = url.partition(":")[2].partition("?")
    options = parse_qsl(query, keep_blank_values=True)
    ours = [option for option in options if option[0] in kinds]
    return place, ours, [option for option in options if option[0] not in kinds]


def _split_checked(url: str, kinds: Kinds) -> tuple[str, Options, Options]:
    """Split the URL of a server, unless a part of its password would be taken for options."""
    if "@" in url.partition("?")[2]:
        raise ConfigurationError(
            "there is an '@' behind a '?'; in names, passwords and options write %40 and %3F"
        )
    return _split(url, kinds)


def _values(options: Options, kinds: Kinds) -> dict[str, Any]:
    values = {}
    for name, text in options:
        try:
            values[name] = kinds[name](text)
        except ValueError:
            raise ConfigurationError(f"{name} is a number, not {text!r}") from None
    return values


def _joined(address: str, options: Options) -> str:
    return f"{address}?{urlencode(options)}" if options else address


@contextmanager
def _complaints_about(url: str) -> Iterator[None]:
    try:
        yield
    except ConfigurationError as error:
        raise ConfigurationError(f"{shown_url(url)}: {error}") from None


_SQLITE_OPTIONS: Kinds = {"timeout": float, "synchronous": str}
_REDIS_OPTIONS: Kinds = {"timeout": float, "max_connections": int, "prefix": str}
_SQL_OPTIONS: Kinds = {"timeout": float, "max_connections": int}
_OPENERS: Mapping[str, _Opener] = {
    "memory": _open_memory,
    "postgres": _open_postgresql,
    "postgresql": _open_postgresql,
    "postgresql+psycopg": _open_postgresql,
    "redis": _open_redis,
    "rediss": _open_redis,
    "sqlite": _open_sqlite,
    "unix": _open_redis,
}
_WITHOUT_PASSWORD = ("memory", "sqlite")

#: Loaded when somebody asks for it: what it needs is an extra, and takes its time to be loaded.
_EXTRA_STORES = {"RedisStore": "redis", "SqlStore": "sql"}


def __getattr__(name: str) -> Any:
    if name not in _EXTRA_STORES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_EXTRA_STORES[name]}"), name)
