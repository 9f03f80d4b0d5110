"""Sessions in Redis, for any number of processes on any number of machines."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import ceil
from typing import Any

from statechart_ivr.errors import MissingExtraError, StaleSessionError, StoreUnavailableError
from statechart_ivr.redis_access import (
    NO_PERMISSION,
    OUT_OF_MEMORY,
    checked_name,
    explained,
    open_pool,
)
from statechart_ivr.stores.base import Stored

try:
    import redis
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

_HINTS: Mapping[str, str] = {
    NO_PERMISSION: (
        "the user needs ~PREFIX* and "
        "+hmget +hset +pexpire +del +scan +info +ping +select +evalsha +script|load"
    ),
    OUT_OF_MEMORY: (
        "raise maxmemory, and set maxmemory-policy noeviction: sessions must not be evicted"
    ),
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
        self._name = checked_name(url, "RedisStore")
        self._prefix = prefix.encode()
        # Its annotations promise less than it does: answers are bytes unless one asks for text.
        self._client: Any = redis.Redis(
            connection_pool=open_pool(url, timeout=timeout, max_connections=max_connections)
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
            raise StoreUnavailableError(explained(self._name, error, _HINTS)) from error


def _literally(prefix: bytes) -> bytes:
    r"""Return a pattern of Redis's that matches a text.

    >>> _literally(b"ivr[1]:*")
    b'ivr\\[1\\]:\\*'
    """
    return b"".join(b"\\" + bytes([c]) if c in b"*?[]\\^-" else bytes([c]) for c in prefix)
