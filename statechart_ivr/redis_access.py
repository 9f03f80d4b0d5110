"""How to reach a Redis: what its URL may say, connections, and what its complaints mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from statechart_ivr.errors import ConfigurationError

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

#: Complaints to which each user of Redis knows what to do: the keys for `explained`.
NO_PERMISSION = "NOPERM|NoPermission"
OUT_OF_MEMORY = "OOM|OutOfMemory"


def explained(name: str, error: Exception, hints: Mapping[str, str]) -> str:
    """Return an error of Redis's in words: the server's name, what it said, what to do.

    Args:
        name: of the server, from `checked_name`.
        error: that redis-py raised.
        hints: what to do, by a pattern of what is said; besides those that hold everywhere.
    """
    told = f"{type(error).__name__}: {error}"
    found = [hint for words, hint in {**_HINTS, **hints}.items() if re.search(words, told)]
    return "; ".join([f"{name}: {error}", *found])


def checked_name(url: str, whose: str) -> str:
    """Return how a server may be called in messages: without user and password.

    Args:
        url: see `~statechart_ivr.stores.RedisStore`.
        whose: the class that takes it, for messages.

    Raises:
        ConfigurationError: what is wrong with it, told without the password in it.
    """
    try:
        parts = urlsplit(url)
        if "[" in parts.netloc.rpartition("@")[0]:
            raise ValueError  # which older Pythons let pass
    except ValueError:
        raise ConfigurationError(f"the host cannot be read; {_ENCODE}") from None
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(f"{whose} takes redis://, rediss:// or unix://; {_ENCODE}")
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
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


_LONGEST_WAIT = 3600
_DATABASE = re.compile(r"/?|/\d+")
_ENCODE = "percent-encode what means something in a URL: %2F for a slash in the password"


def open_pool(url: str, *, timeout: float, max_connections: int) -> Any:
    """Return a pool of connections for threads to share; none is opened yet.

    Args:
        url: that `checked_name` let pass.
        timeout: seconds to wait for a connection, for a free one, and for each answer.
        max_connections: at most so many at once.

    Raises:
        ConfigurationError: an argument, or an option in the URL, cannot be meant.
    """
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

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
