"""How a worker finds the application whose jobs it is to carry out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Protocol

from statechart_ivr.errors import ConfigurationError
from statechart_ivr.runners.base import Runner

#: The environment variable that names the application.
VARIABLE = "IVR_APP"

_WRITE = f"set {VARIABLE}=package.module:app, where app is the application that answers the calls"


class Performer(Protocol):
    """What a worker needs of a switchboard."""

    runner: Runner

    def perform(self, call_sid: str, job_id: str) -> object:
        """Carry out a job that lies in a call's record."""
        ...


def load_switchboard(environ: Mapping[str, str]) -> Performer:
    """Import the application that the environment names, and return its switchboard.

    Args:
        environ: has ``IVR_APP``: a module and, behind a colon, an application in it with its
            switchboard, or a switchboard.

    Raises:
        ConfigurationError: it leads to nothing of the kind; the message says what was found.
    """
    name = environ.get(VARIABLE, "")
    place, _, path = name.partition(":")
    if not (place and path):
        raise ConfigurationError(f"{VARIABLE}={name!r} names no application; {_WRITE}")
    found: Any = _import(place)
    for part in path.split("."):
        if not hasattr(found, part):
            raise ConfigurationError(f"{VARIABLE}={name}: there is no {part}; {_WRITE}")
        found = getattr(found, part)
    switchboard: Performer = getattr(found, "switchboard", found)
    if not (hasattr(switchboard, "perform") and hasattr(switchboard, "runner")):
        raise ConfigurationError(f"{VARIABLE}={name} has no switchboard: {found!r}; {_WRITE}")
    return switchboard


def _import(name: str) -> object:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
        raise ConfigurationError(
            f"{VARIABLE}: no module {error.name!r} in the current folder or among the installed "
            f"packages; {_WRITE}"
        ) from None
