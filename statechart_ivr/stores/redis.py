"""Sessions in Redis, for any number of processes on any number of machines."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from statechart_ivr.errors import (
    ConfigurationError,
    MissingExtraError,
    StaleSessionError,
    StoreUnavailableError,
)
from statechart_ivr.stores.base import Stored

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:
    raise MissingExtraError("RedisStore", "redis") from error

# Compare-and-set and the time to live in one step, on a hash with the revision, the bytes, and
# who wrote them. A save may be sent again when its connection breaks, and must not find itself
# in the way.
_SAVE = """
local revision, writer = unpack(redis.call('HMGET', KEYS[1], 'revision', 'writer'))
if writer == ARGV[2] then
    return tonumber(revision)
end
if (revision or '') ~= ARGV[1] then
    return 0
end
revision = (tonumber(revision) or 0) + 1
redis.call('HSET', KEYS[1], 'revision', revision, 'writer', ARGV[2], 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return revision
"""

#: Keys that Redis looks at in one step of going through all.
_BATCH = 1000

#: What may stand in the query of a URL, for the client in redis-py.
_OPTIONS = (
    "client_name db health_check_interval protocol socket_keepalive ssl_ca_certs ssl_ca_data "
    "ssl_ca_path ssl_cert_reqs ssl_certfile ssl_check_hostname ssl_keyfile ssl_password"
).split()

# What Redis or its client say, and what to do about it. Inside the script, Redis 6 puts words of
# its own in front; the client takes some of the first words away.
_HINTS: Mapping[str, str] = {
    "NOAUTH|Authentication required|HELLO must be called": "write the password into the URL: redis://:password@host",
    "WRONGPASS|invalid username-password|AUTH called with|AUTH <password> called": (
        "name and password in the URL are not those of the server"
    ),
    "NOPERM|NoPermission": (
        "the user needs ~PREFIX* and "
        "+hmget +hset +pexpire +del +scan +info +ping +select +evalsha +script|load"
    ),
    "OOM|OutOfMemory": (
        "raise maxmemory, and set maxmemory-policy noeviction: sessions must not be evicted"
    ),
    "READONLY|ReadOnly": "this server is a replica; name the primary",
    "MISCONF": "the server cannot write to its disk, and so takes no writes",
    "LOADING|BusyLoading": "the server is reading its file, and will answer when it has",
    "MOVED|MovedError": (
        "the server is one of several in a cluster, and this client keeps to one; name an "
        "address that leads to them all"
    ),
    "No connection available": "raise max_connections to the number of the server's threads",
    "CERTIFICATE_VERIFY_FAILED": "name who has signed it: rediss://host?ssl_ca_certs=/path/ca.pem",
}


class RedisStore:
    """Keeps each session under a key of its own, which Redis forgets when its time is over.

    A load and a save are one round trip each. Any number of threads may share one; connections
    are opened when they are needed. A process that forks gets connections of its own. Redis 6
    and later; a cluster where one address leads to all its nodes.

    What is kept when Redis fails is a matter of its persistence: a save is answered when Redis
    has it in memory. See the how-to on scaling.

    >>> store = RedisStore("redis://:secret@sessions.internal:6379/0")  # opens nothing yet
    >>> store.close()

    Args:
        url: ``redis://[user:password@]host[:port][/database]``; ``rediss://`` for TLS,
            ``unix:///path?db=database``. Characters that mean something in a URL are
            percent-encoded. The query may have these options of the client in redis-py:
            ``client_name``, ``health_check_interval``, ``protocol``, ``socket_keepalive``, and
            those that begin with ``ssl_``, such as ``ssl_ca_certs=/etc/ca.pem``. Unless told
            otherwise, a certificate must be valid, and for this host.
        timeout: seconds to wait for a connection, for a free one, and for each answer.
        max_connections: at most so many at once; as many as the server has threads will do.
        prefix: of the keys; what is behind it is the call SID.

    Raises:
        ConfigurationError: the URL or an argument cannot be meant.
        MissingExtraError: redis-py is not installed.
    """

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 2.0,
        max_connections: int = 64,
        prefix: str = "ivr:session:",
    ) -> None:
        parts = _checked(url)
        self._name = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self._prefix = prefix.encode()
        # Its annotations promise less than it does: answers are bytes unless one asks for text.
        self._client: Any = redis.Redis(
            connection_pool=_pool(url, timeout=timeout, max_connections=max_connections)
        )
        self._save = self._client.register_script(_SAVE)

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            StoreUnavailableError: Redis gives no answer.
        """
        with self._explained():
            revision, data = self._client.hmget(self._key(call_sid), "revision", "data")
        return None if revision is None else Stored(data, int(revision))

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first.

        Args:
            call_sid: the call; any text.
            data: what to keep.
            expected: the revision that `load` gave; None when it gave None.
            ttl: seconds until Redis forgets the session, from now.

        Returns:
            The new revision.

        Raises:
            StaleSessionError: the session is not at ``expected``; nothing was written.
            StoreUnavailableError: Redis gives no answer, or takes no writes.
        """
        based = "" if expected is None else expected
        told = based, os.urandom(12), data, ceil(ttl * 1000)
        with self._explained():
            revision = int(self._save(keys=[self._key(call_sid)], args=told))
        if not revision:
            raise StaleSessionError(call_sid, expected)
        return revision

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none.

        Raises:
            StoreUnavailableError: Redis gives no answer.
        """
        with self._explained():
            self._client.delete(self._key(call_sid))

    def purge(self) -> int:
        """Return 0: Redis itself removes what is over.

        Raises:
            StoreUnavailableError: Redis gives no answer.
        """
        with self._explained():
            self._client.ping()
        return 0

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store; saving and deleting meanwhile is allowed.

        Raises:
            StoreUnavailableError: Redis gives no answer.
        """
        seen: set[bytes] = set()  # Redis may list a key twice
        run, cursor = "", 0
        while True:
            before = run
            run, cursor, keys = self._page(cursor)
            for key in keys:
                if key not in seen:
                    seen.add(key)
                    yield key[len(self._prefix) :].decode()
            if before not in ("", run):
                cursor = 0  # after a restart, its place means another: from the front
            elif not cursor:
                return

    def close(self) -> None:
        """Close all connections."""
        self._client.connection_pool.disconnect()

    def _key(self, call_sid: str) -> bytes:
        return self._prefix + call_sid.encode()

    def _page(self, cursor: int) -> tuple[str, int, list[bytes]]:
        """Return which run of the server answers, the next place in its keys, and some keys."""
        both = self._client.pipeline(transaction=False)
        both.info("server")
        both.scan(cursor, match=_literally(self._prefix) + b"*", count=_BATCH)
        with self._explained():
            server, (following, keys) = both.execute()
        return server["run_id"], following, keys

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the errors of Redis into ours, with the server's name and what to do."""
        try:
            yield
        except (redis.RedisError, UnicodeError) as error:  # the latter of a host there cannot be
            told = f"{type(error).__name__}: {error}"
            hints = [hint for words, hint in _HINTS.items() if re.search(words, told)]
            text = "; ".join([f"{self._name}: {error}", *hints])
            raise StoreUnavailableError(text) from error


def _checked(url: str) -> SplitResult:
    """Return the parts of a URL; what is wrong with one is told without the password in it."""
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc.rpartition("@")[0]:
            raise ValueError  # which older Pythons let pass
    except ValueError:
        raise ConfigurationError(f"the host cannot be read; {_ENCODE}") from None
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(f"RedisStore takes redis://, rediss:// or unix://; {_ENCODE}")
    try:
        parts.port  # noqa: B018 - it is read when it is asked for
    except ValueError:
        raise ConfigurationError(f"the port is not a number; {_ENCODE}") from None
    is_place = bool(parts.path) if parts.scheme == "unix" else _DATABASE.fullmatch(parts.path)
    if not is_place or parts.fragment:
        raise ConfigurationError(
            f"behind the host comes the number of a database, behind unix:// a path; {_ENCODE}"
        )
    for option in dict(parse_qsl(parts.query, keep_blank_values=True)):
        if option not in _OPTIONS:
            which = repr(option) if option.isidentifier() else "of that name"
            raise ConfigurationError(f"there is no option {which}; there are {', '.join(_OPTIONS)}")
    return parts


_LONGEST_WAIT = 3600
_DATABASE = re.compile(r"/?|/\d+")
_ENCODE = "percent-encode what means something in a URL: %2F for a slash in the password"


def _pool(url: str, *, timeout: float, max_connections: int) -> Any:
    if not 0 < timeout <= _LONGEST_WAIT:
        raise ConfigurationError(
            f"timeout is in seconds, more than 0 and at most {_LONGEST_WAIT}, not {timeout}"
        )
    if max_connections < 1:
        raise ConfigurationError(f"max_connections is at least 1, not {max_connections}")
    # Older releases of the client do not look whose certificate it is unless told to.
    safe = {"ssl_check_hostname": True} if _asks_for_certificate(url) else {}
    try:
        pool = redis.BlockingConnectionPool.from_url(
            url,
            timeout=timeout,
            max_connections=max_connections,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # A server, or a firewall between, may have dropped a connection that was not used
            # for long: once more, at once, on a new one.
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
            retry_on_error=[redis.ConnectionError],  # releases before 6 want it said twice
            **safe,
        )
        pool.connection_class(**pool.connection_kwargs)  # it takes them all; opens nothing
    except (ValueError, TypeError, redis.RedisError) as error:
        raise ConfigurationError(f"an option is not one for this kind of URL: {error}") from error
    return pool


def _asks_for_certificate(url: str) -> bool:
    parts = urlsplit(url)
    is_tls = parts.scheme == "rediss"
    return is_tls and dict(parse_qsl(parts.query)).get("ssl_cert_reqs") != "none"


def _literally(prefix: bytes) -> bytes:
    r"""Return a pattern of Redis's that matches a text.

    >>> _literally(b"ivr[1]:*")
    b'ivr\\[1\\]:\\*'
    """
    return b"".join(b"\\" + bytes([c]) if c in b"*?[]\\^-" else bytes([c]) for c in prefix)
