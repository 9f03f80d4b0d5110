"""Loads the stores, one after the other, and prints how they did; ``scripts/load`` sets all up."""

from __future__ import annotations

import logging
import sys
from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.latencies import Latencies
from benchmarks.load.figures import Report
from benchmarks.load.places import PLACES, missing
from benchmarks.load.run import Load, run
from benchmarks.machine import Usage, facts, observed

#: How many differences are shown.
SHOWN = 10

_DEFAULTS = {field.name: field.default for field in fields(Load)}


def _option(name: str, kind: Any, text: str) -> Any:
    default = _DEFAULTS[name.replace("-", "_")]
    return click.option(f"--{name}", type=kind, default=default, show_default=True, help=text)


@click.command()
@click.option(
    "--store", "stores", multiple=True, type=click.Choice(list(PLACES)),
    help="Which one; may be given several times. All of them unless told.",
)  # fmt: skip
@_option("calls", click.IntRange(1), "How many there are at every moment.")
@_option("think", click.FloatRange(0.01), "Seconds between two webhooks of a call, on average.")
@_option("seconds", click.FloatRange(1), "How long each store is loaded.")
@_option("restart-every", click.FloatRange(1), "Seconds between two kills.")
@_option("twice", click.FloatRange(0, 1), "Share of the requests that are sent twice.")
@click.option("--keep-alive", is_flag=True, help="Use connections again.")
@_option("records", click.IntRange(0), "How many calls' records are compared in the end.")
@_option("seed", int, "Of everything that is random.")
@click.option(
    "--sync", is_flag=True, help="Have SQLite and Redis wait for the disk at every turn, too."
)
def main(stores: tuple[str, ...], sync: bool, **settings: Any) -> None:
    """Hold calls against two server processes on one store, and kill these over and over.

    Every answer is compared byte by byte with the one that was recorded when nothing was in the
    call's way. The exit code is 1 if any differs.
    """
    logging.disable(logging.CRITICAL)
    console, load = Console(soft_wrap=True, highlight=False), Load(**settings)
    names = stores or tuple(PLACES)
    if reasons := [reason for name in names if (reason := missing(name))]:
        raise click.UsageError("; ".join(reasons))
    console.print(facts())
    console.print(
        f"{load.calls:,} calls at every moment, a webhook of each every {load.think:g} s, "
        f"{'connections kept' if load.keep_alive else 'a connection for each request'}; "
        f"2 processes, one killed every {load.restart_every:g} s"
    )
    reports = [_run(name, load, console, sync=sync) for name in names]
    sys.exit(any(report.differences for report in reports))


def _run(name: str, load: Load, console: Console, *, sync: bool) -> Report:
    with (
        observed() as usage,
        TemporaryDirectory() as folder,
        PLACES[name](Path(folder), sync) as url,
    ):
        report = run(url, load)
    console.print(f"\n[bold]{name}[/bold]{', waits for the disk' if sync else ''}")
    _print_counts(report, usage, console)
    _print_latencies(report, console)
    colour = "red" if report.differences else "green"
    console.print(f"[{colour}]{len(report.differences):>10,}  calls that differ[/{colour}]")
    for difference in report.differences[:SHOWN]:
        console.print(f"            {difference}", markup=False)
    return report


def _print_counts(report: Report, usage: Usage, console: Console) -> None:
    counts = {
        "turns": report.turns,
        "turns/s": round(report.turns / report.seconds),
        "calls, over or under way": report.calls,
        "requests sent twice": report.doubles,
        "sent again, their process being down": report.sent_again,
        "kills": len(report.restarts) - 1,
        "records compared": report.records,
        "% of the cores used": round(usage.ours * 100),
    }
    if usage.others is not None:
        counts["% of the cores used by others"] = round(usage.others * 100)
    for what, count in counts.items():
        console.print(f"{count:>10,}  {what}")


def _print_latencies(report: Report, console: Console) -> None:
    table = Table(box=None, padding=(0, 0, 0, 2))
    table.add_column("ms")
    for name in ("requests", "p50", "p99", "p99.9", "longest"):
        table.add_column(name, justify="right")
    rows = {
        "all": report.all,
        "away from the restarts": report.away,
        "of all: not yet sent": report.late,
    }
    for name, latencies in rows.items():
        table.add_row(name, *_cells(latencies))
    console.print(table)


def _cells(latencies: Latencies) -> list[str]:
    return [f"{latencies.requests:,}", *(f"{value:.1f}" for value in latencies[1:])]


if __name__ == "__main__":
    main()
