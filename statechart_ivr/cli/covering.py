"""What ``check`` does with a list of calls, and with what is written into a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from statechart_ivr.checker import Coverage, Report, coverage_of_calls
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.cli.exploring import Explored, Surroundings
from statechart_ivr.errors import NotationError


def read_calls(_: click.Context, __: click.Parameter, path: Path | None) -> list[str] | None:
    """Return the calls of a file: one in a line, without comments.

    Raises:
        click.BadParameter: one cannot be read; it says in which line.
    """
    if path is None:
        return None
    calls = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f"{path}: {error}; write calls as text in UTF-8") from None
    for number, line in enumerate(lines, 1):
        call = line.strip()
        if not call or call.startswith("#"):
            continue
        try:
            parse_call(call)
        except NotationError as error:
            raise click.BadParameter(f"{path}:{number}: {error}") from None
        calls.append(call)
    return calls


def cover(
    calls: list[str],
    report: Report,
    explored: Explored,
    around: Surroundings,
    event_data: Mapping[str, Mapping[str, Any]],
) -> Coverage:
    """Make calls in the surroundings of a check, and return what they cover."""
    return coverage_of_calls(
        explored.flows,
        calls,
        known=report.found,
        services=around.known_services,
        at=around.at,
        event_data=event_data,
        like=explored.app,
        sounds=around.folder,
        mount_path=around.mount_path,
    )


def write_out(text: str, report: Report, output: Path | None) -> None:
    """Print text, or write it into a file and print the verdict.

    Raises:
        click.UsageError: the file cannot be written.
    """
    if output is None:
        click.echo(text)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise click.UsageError(f"--output {output}: {error.strerror}") from None
    click.echo(report.summary)
