"""Where an application is: its public URL, and the path under which another one has mounted it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bottle import Bottle

from statechart_ivr.errors import ConfigurationError

#: The public URL of an application's root, or what finds it in a request's WSGI environ.
BaseUrl = str | Callable[[dict[str, Any]], str]

# What needs no quoting in a URL and means nothing to Bottle's router.
_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def checked_base_url(base_url: BaseUrl) -> BaseUrl:
    """Return the URL without a slash at its end; leave a function alone.

    Raises:
        ConfigurationError: it is not the ``http`` or ``https`` URL of a place.
    """
    if callable(base_url):
        return base_url
    if not base_url.startswith(("http://", "https://")) or set(base_url) & set("?# "):
        raise ConfigurationError(
            f"base_url={base_url!r} is not a public URL; write one like 'https://ivr.example.com'"
        )
    return base_url.rstrip("/")


def checked_path(option: str, path: str) -> str:
    """Return a path without a slash at its end; nothing for the root.

    Args:
        option: what to call it in the error.
        path: such as ``/static``.

    Raises:
        ConfigurationError: it begins without a slash, or holds what a URL would have to quote.
    """
    bare = path.rstrip("/")
    if bare and not _PATH.fullmatch(bare):
        raise ConfigurationError(
            f"{option}={path!r}: write a path such as '/static', of A-Za-z0-9._~-"
        )
    return bare


def root_url(base_url: BaseUrl, environ: dict[str, Any]) -> str:
    """Return the public URL of the application's root, without a slash at its end."""
    return base_url(environ).rstrip("/") if callable(base_url) else base_url


def root_of(app: Bottle, environ: dict[str, Any]) -> str:
    """Return where an application's root is, as far as that is known: its URL, or its path.

    Args:
        app: an `IvrApp`, whose ``base_url`` says it, or any other.
        environ: of the present request.
    """
    base_url: BaseUrl | None = getattr(app, "base_url", None)
    if base_url is not None:
        return root_url(base_url, environ)
    script_name: str = environ.get("SCRIPT_NAME", "")
    return script_name.rstrip("/") + mount_path(app, environ)


def path_below(app: Bottle, environ: dict[str, Any]) -> str:
    """Return the path below the application's root."""
    path: str = environ["PATH_INFO"]
    return path.removeprefix(mount_path(app, environ))


def mount_path(app: Bottle, environ: dict[str, Any]) -> str:
    """Return the path under which the application is mounted in the one that was called.

    Bottle copies the routes of a mounted application into its parent and leaves ``PATH_INFO``
    and ``SCRIPT_NAME`` as they are.
    """
    path = ""
    while app is not environ["bottle.app"] and "_mount.app" in app.config:
        path = app.config["_mount.prefix"].rstrip("/") + path
        app = app.config["_mount.app"]
    return path
