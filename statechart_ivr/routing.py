"""Which flow is called what, and found where."""

from __future__ import annotations

import re

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.spec import Route

_URL_SAFE = re.compile(r"[A-Za-z0-9._~/-]+")


def check_prefix(prefix: str) -> None:
    """Check the path of an application's own URLs.

    Raises:
        ConfigurationError: it is none, or ends with a slash.
    """
    if not (prefix.startswith("/") and _URL_SAFE.fullmatch(prefix)) or prefix.endswith("/"):
        raise ConfigurationError(f"prefix={prefix!r}: write a path such as '/ivr'")


def by_name(flows: tuple[type[CallFlow], ...]) -> dict[str, type[CallFlow]]:
    """Return flows by the name that records know them by.

    Raises:
        ConfigurationError: there is none, something is no flow, or two have one name.
    """
    if not flows:
        raise ConfigurationError("no flow: pass one or several subclasses of CallFlow")
    by_name: dict[str, type[CallFlow]] = {}
    for flow in flows:
        if not (isinstance(flow, type) and issubclass(flow, CallFlow)):
            raise ConfigurationError(f"{flow!r} is not a subclass of CallFlow")
        if by_name.setdefault(flow.__name__, flow) is not flow:
            raise ConfigurationError(f"two flows are named {flow.__name__}; rename one of them")
    return by_name


def by_path(
    flows: tuple[type[CallFlow], ...], prefix: str
) -> dict[str, tuple[type[CallFlow], Route]]:
    """Return the routes of flows by path, with their flows.

    Args:
        flows: the classes.
        prefix: of the application's own URLs.

    Raises:
        ConfigurationError: two routes have one path, or one is the application's own.
    """
    by_path: dict[str, tuple[type[CallFlow], Route]] = {}
    for flow in flows:
        for route in spec_of(flow).routes:
            name = f"{flow.__name__}.{route.name}"
            if route.path in by_path:
                other, first = by_path[route.path]
                raise ConfigurationError(
                    f"{other.__name__}.{first.name} and {name} have one path: {route.path}"
                )
            if route.path == "/healthz" or f"{route.path}/".startswith(f"{prefix}/"):
                raise ConfigurationError(f"{name}: the path {route.path} is the application's own")
            by_path[route.path] = (flow, route)
    return by_path
