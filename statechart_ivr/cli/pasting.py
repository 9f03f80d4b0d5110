"""What a command was told, as Python for the tests that it prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from statechart_ivr.checker import Entry, Limits
from statechart_ivr.checker.pasteable import Setting
from statechart_ivr.cli.exploring import Explored, Surroundings
from statechart_ivr.cli.target import import_place, split_target
from statechart_ivr.flow import spec_of
from statechart_ivr.testing.line import DEFAULT_MOMENT

#: What of a check's options a test has to repeat, besides where the flow is and its limits.
TOLD = ("entries", "event_data", "max_takeovers")


def setting_for(
    target: str,
    explored: Explored,
    around: Surroundings,
    *,
    entries: list[Entry],
    event_data: dict[str, dict[str, Any]],
    max_takeovers: int | None,
    limits: Limits,
) -> Setting:
    """Return what the tests for a command's findings have to say besides the call."""
    flows = tuple(flow.__name__ for flow in explored.flows)
    told = {
        "entries": f"[{', '.join(map(_entry, entries))}]" if entries else "",
        "event_data": repr(event_data) if event_data else "",
        "max_takeovers": "" if max_takeovers is None else str(max_takeovers),
        "sounds": repr(around.folder) if around.folder else "",
        "mount_path": repr(around.mount_path) if around.folder else "",
        "limits": "" if limits == Limits() else _limits(limits),
    }
    return Setting(
        options=_services(around),
        check_options=", ".join(f"{name}={value}" for name, value in told.items() if value),
        at="" if around.at == DEFAULT_MOMENT else around.at,
        flows=flows if len(flows) > 1 else (),
        app=_app_name(target, explored) if explored.app else "",
        first_route=spec_of(explored.flows[0]).routes[0].path,
    )


def _services(around: Surroundings) -> str:
    if around.services is None:
        return ""
    return f"services={around.services.name}{'()' * around.services.is_made}"


def _entry(entry: Entry) -> str:
    more = f", session={dict(entry.session)!r}" if entry.session is not None else ""
    more += f", parameters={dict(entry.parameters)!r}" if entry.parameters else ""
    return f"Entry({entry.path!r}{more})"


def _limits(limits: Limits) -> str:
    usual = vars(Limits())
    said = [f"{name}={value!r}" for name, value in vars(limits).items() if value != usual[name]]
    return f"Limits({', '.join(said)})"


def _app_name(target: str, explored: Explored) -> str:
    place, name = split_target(target)
    found = vars(import_place(place)).items()
    return name or next(known for known, value in found if value is explored.target.app)


def imports_for(target: str, explored: Explored, around: Surroundings) -> list[str]:
    """Return the lines that import what is checked, and the services."""
    place, _ = split_target(target)
    if explored.app:
        lines = [f"from {_module_of(place)} import {_app_name(target, explored)}"]
    else:
        own = import_place(place).__name__  # not the file's, where another module has that name
        modules = {own: _module_of(place)}
        lines = [
            f"from {modules.get(flow.__module__, flow.__module__)} import {flow.__name__}"
            for flow in explored.flows
        ]
    if around.services:
        place, name = around.services.place, around.services.name
        lines.append(f"from {_module_of(place)} import {name}")
    return lines


def _module_of(place: str) -> str:
    return Path(place).stem if place.endswith(".py") else place
