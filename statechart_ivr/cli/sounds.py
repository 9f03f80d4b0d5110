"""``statechart-ivr sounds``: every recording that a flow can play, and whether it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from statechart_ivr.checker import Report
from statechart_ivr.checker.line import BASE_URL
from statechart_ivr.checker.notation import written
from statechart_ivr.checker.sounds import (
    Shelf,
    Sound,
    board_with_sounds,
    header_of,
    shelf_of,
    sounds_of,
)
from statechart_ivr.cli.check import explore_for
from statechart_ivr.cli.exploring import Explored, Services, Surroundings, explores, load_explored
from statechart_ivr.cli.tables import add_row, print_line, print_table, table
from statechart_ivr.cli.target import HELP

EPILOG = """\b
Examples:
  statechart-ivr sounds phones.wsgi:app
  statechart-ivr sounds flow.py --folder sounds --mount-path /static
"""


@click.command(
    epilog=EPILOG,
    help="List every sound that a call can play: whether it is there, how long it is and in what "
    "format, which states play it, and the shortest call that does. Files are those of the "
    "application's FingerprintPlugin, or of --folder. Needs the extra sounds. Exit code 1 if "
    f"something is missing.\n\n{HELP}",
)
@click.argument("target")
@explores
@click.pass_context
def sounds(
    context: click.Context,
    /,
    target: str,
    at: str,
    services: Services | None,
    folder: str | None,
    mount_path: str,
    **wanted: Any,
) -> None:
    """List sounds."""
    explored = load_explored(target, folder)
    report = explore_for(explored, Surroundings(at, services, folder, mount_path), **wanted)
    shelf = _shelf(explored, folder, mount_path)
    found = sounds_of(report.found, shelf, _hold_music(explored))
    _print_sounds(found)
    if shelf:
        _print_unplayed(found, shelf)
    missing = sum(one.is_missing for one in found)
    _conclude(report, len(found), missing)
    context.exit(1 if missing else 0)


def _shelf(explored: Explored, folder: str | None, mount_path: str) -> Shelf | None:
    if explored.app:
        return shelf_of(explored.app.switchboard)
    if folder is None:
        return None
    return shelf_of(board_with_sounds(explored.flows, folder, mount_path))


def _hold_music(explored: Explored) -> str:
    environment = explored.app.switchboard.environment if explored.app else None
    if environment is None or environment.hold_music is None:
        return ""
    return environment.hold_music(environment.base_url or BASE_URL)


def _print_sounds(found: list[Sound]) -> None:
    rows = table("sound", "", "seconds", "format", "states", "call", numbers=["seconds"])
    for one in found:
        seconds, form = _header(one.file)
        states, style = ", ".join(one.states), "red" if one.is_missing else ""
        where = "missing" if one.is_missing else "present" if one.file else "elsewhere"
        call = written(one.steps)
        add_row(rows, one.name or one.url, where, seconds, form, states, call, style=style)
    if found:
        print_table(rows)


def _header(file: Path | None) -> tuple[str, str]:
    if file is None:
        return "", ""
    header = header_of(file)
    return "" if header.seconds is None else f"{header.seconds:.1f}", header.form


def _print_unplayed(found: list[Sound], shelf: Shelf) -> None:
    played = {one.name for one in found}
    for name in shelf.names:
        if name not in played:
            print_line(f"nothing plays {name}", style="cyan")


def _conclude(report: Report, total: int, missing: int) -> None:
    count = f"{total} sound{'' if total == 1 else 's'}, {missing} missing"
    if not report.is_exhausted:
        count += f"; there may be more: {'; '.join(report.found.unfinished)}"
    print_line(count)
