"""TARGET: how every command is told which flow or application it is about."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from bottle import Bottle

from statechart_ivr.errors import IvrError, TargetError
from statechart_ivr.flow import CallFlow
from statechart_ivr.web.app import IvrApp

HELP = """TARGET is package.module:Flow, package.module:app, or path/to/file.py with or without
:Flow. Without a name it is the module's only application, or the one named app; or else all flows
defined in the module."""


@dataclass(frozen=True)
class Target:
    """What a TARGET leads to: flows, or an application.

    Attributes:
        flows: one or more `CallFlow` classes; none if it is an application.
        app: an `IvrApp`, or a Bottle application that one is mounted in; or None.
    """

    flows: tuple[type[CallFlow], ...] = ()
    app: Bottle | None = None


def load_target(text: str) -> Target:
    """Import what a TARGET names.

    Args:
        text: as in `HELP`.

    Raises:
        TargetError: it leads to nothing of use; the message says what was looked for and what
            was found instead.
        FlowDefinitionError: or another error of this package, raised by the module itself.
    """
    place, name = split_target(text)
    module = import_place(place)
    return _named(module, place, name) if name else _unnamed(module, place)


def import_place(place: str) -> ModuleType:
    """Import a module or a file.

    Raises:
        TargetError: there is none, or it breaks off.
    """
    try:
        return _import_file(Path(place)) if place.endswith(".py") else _import_module(place)
    except IvrError:
        raise
    except Exception as error:
        raise TargetError(_where_it_broke(place, error)) from error


def split_target(text: str) -> tuple[str, str]:
    """Return the module or file of a TARGET, and the name in it or nothing.

    >>> split_target("phones/flow.py:FrontDesk"), split_target("phones.flow")
    (('phones/flow.py', 'FrontDesk'), ('phones.flow', ''))
    """
    if text.endswith(".py"):
        return text, ""
    place, colon, name = text.rpartition(":")
    return (place, name) if colon else (text, "")


def _import_module(name: str) -> ModuleType:
    _search_first(Path.cwd())  # as `python -m` does, and a console script does not
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):
            raise
        raise TargetError(
            f"no module {error.name!r} below {Path.cwd()} or among the installed packages; "
            "a file is written with .py at its end"
        ) from None


def _import_file(path: Path) -> ModuleType:
    path = path.resolve()
    if not path.is_file():
        raise TargetError(f"there is no file {path}")
    name = _module_name(path)
    if name in sys.modules:
        return sys.modules[name]
    _search_first(path.parent)
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # noqa: S101 - a file whose name ends in .py has a loader
    assert spec.loader is not None  # noqa: S101 - as above
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _module_name(path: Path) -> str:
    """Return the name a file is imported by: its own, unless another module has that."""
    taken = sys.modules.get(path.stem)
    if taken is None or getattr(taken, "__file__", None) == str(path):
        return path.stem
    return f"{path.stem}_{zlib.crc32(bytes(path)):08x}"


def _search_first(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def _where_it_broke(place: str, error: Exception) -> str:
    if isinstance(error, SyntaxError):
        line = f"{error.filename}:{error.lineno}"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        line = f"{last.filename}:{last.lineno}"
    return f"importing {place} failed at {line}: {type(error).__name__}: {error}"


def _named(module: ModuleType, place: str, name: str) -> Target:
    value = getattr(module, name, None)
    if _is_flow(value):
        return Target(flows=(value,))
    if ivr_apps(value):
        return Target(app=value)
    wrong = f"{name} is {value!r}" if hasattr(module, name) else f"no {name}"
    raise TargetError(
        f"looked for a CallFlow or an IvrApp named {name} in {place}: {wrong}; {_found(module)}"
    )


def _unnamed(module: ModuleType, place: str) -> Target:
    apps, flows = _apps(module), _flows(module)
    if len(apps) == 1 or "app" in apps:
        return Target(app=apps.get("app") or apps.popitem()[1])
    if apps:
        raise TargetError(
            f"looked for the application in {place}, and there are several; "
            f"write which: {place}:{min(apps)}; {_found(module)}"
        )
    if flows:
        return Target(flows=tuple(flows.values()))
    imported = min(_imported_flows(module), default=None)
    advice = f"; {imported} is imported there: write {place}:{imported}" if imported else ""
    raise TargetError(f"looked for a CallFlow or an IvrApp in {place}; {_found(module)}{advice}")


def ivr_apps(value: object) -> tuple[IvrApp, ...]:
    """Return the applications in an object: itself, and those mounted in it; often none."""
    if not isinstance(value, Bottle):
        return ()
    # Bottle copies the routes of what is mounted; each knows where it comes from.
    owners = dict.fromkeys(route.app for route in value.routes)
    return tuple(app for app in owners if isinstance(app, IvrApp))


def only_app(target: Target) -> IvrApp | None:
    """Return the application that a TARGET is about; None if it names flows.

    Raises:
        TargetError: several are mounted in one.
    """
    apps = ivr_apps(target.app)
    if len(apps) > 1:
        raise TargetError("several applications are mounted there; name one: module:name")
    return apps[0] if apps else None


def _apps(module: ModuleType) -> dict[str, Bottle]:
    """Return the applications of a module by name, each once, without those mounted in others."""
    apps: dict[str, Bottle] = {}
    for name, value in vars(module).items():
        if ivr_apps(value) and value not in apps.values():
            apps[name] = value
    return {
        name: app for name, app in apps.items() if app.config.get("_mount.app") not in apps.values()
    }


def _flows(module: ModuleType) -> dict[str, type[CallFlow]]:
    """Return the flows defined in a module by name, each once."""
    return {
        value.__name__: value
        for value in vars(module).values()
        if _is_flow(value) and value.states and value.__module__ == module.__name__
    }


def _imported_flows(module: ModuleType) -> list[str]:
    """Return the names by which a module knows flows of other modules."""
    return [
        name
        for name, value in vars(module).items()
        if _is_flow(value) and value.states and value.__module__ != module.__name__
    ]


def _is_flow(value: object) -> TypeGuard[type[CallFlow]]:
    return isinstance(value, type) and issubclass(value, CallFlow)


def _found(module: ModuleType) -> str:
    names = [*_apps(module), *_flows(module)]
    return f"found there: {', '.join(names)}" if names else "found there: neither"
