"""Compares what serves static files, and prints the figures; ``scripts/static`` sets all up."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.machine import Usage, facts, observed
from benchmarks.static.figures import Figures, Report
from benchmarks.static.files import SIZES, Case
from benchmarks.static.markdown import tables
from benchmarks.static.run import Plan, WrongAnswerError, run
from benchmarks.static.served import APPLICATIONS, THREADS

_PACKAGES = ("bottle", "waitress", "whitenoise")
_REQUESTS = {
    "whole": "all of it (200)",
    "unchanged": "is it the same still? (304)",
    "range": "half of it, from a quarter on (206)",
}


def _option(name: str, kind: Any, text: str) -> Any:
    default = getattr(Plan(), name)
    return click.option(f"--{name}", type=kind, default=default, show_default=True, help=text)


@click.command()
@_option("seconds", click.FloatRange(0), "How long an application is asked one thing, each round.")
@_option("rounds", click.IntRange(1), "How often its turn comes.")
@_option("connections", click.IntRange(1), "How many ask at a time.")
@click.option(
    "--size", "sizes", multiple=True, type=(click.Choice(list(SIZES)), click.IntRange(4)),
    metavar="FILE BYTES", help=f"Of {', '.join(SIZES)}; may be given several times.",
)  # fmt: skip
@click.option("--markdown", is_flag=True, help="Print the README's tables, too.")
def main(
    seconds: float,
    rounds: int,
    connections: int,
    sizes: tuple[tuple[str, int], ...],
    markdown: bool,
) -> None:
    """Serve one folder by several applications, each in a process of its own, and compare.

    Every byte of every answer is checked. The exit code is 1 if one is wrong; nothing counts then.
    """
    console = Console(soft_wrap=True, highlight=False)
    plan = Plan(seconds, rounds, connections, {**SIZES, **dict(sizes)})
    console.print(f"{facts()}, {', '.join(f'{name} {version(name)}' for name in _PACKAGES)}")
    console.print(
        f"{rounds} rounds of {seconds:g} s for each line, {connections} connections, "
        f"waitress with {THREADS} threads"
    )
    try:
        with observed() as usage:
            report = run(plan, APPLICATIONS)
    except WrongAnswerError as error:
        console.print(f"[red]a wrong answer:[/red] {error}")
        sys.exit(1)
    _print(report, plan, usage, console)
    if markdown:
        console.print(f"\n{tables(report)}", markup=False)


def _print(report: Report, plan: Plan, usage: Usage, console: Console) -> None:
    for case, figures in report.figures.items():
        console.print(_table(case, figures, plan))
    console.print(_memory(report))
    console.print(f"\n{usage.ours:.0%} of the cores used")
    if usage.others is not None:
        console.print(f"{usage.others:.0%} of the cores used by others")


def _table(case: Case, figures: Mapping[str, Figures], plan: Plan) -> Table:
    title = f"{case.file}, {plan.sizes[case.file]:,} bytes: {_REQUESTS[case.request]}"
    table = _columns(title, "requests/s", "MB/s", "p50 ms", "p99 ms", "CPU s/1,000", "of a core")
    for name, one in figures.items():
        table.add_row(
            name,
            f"{one.per_second:,.0f}",
            f"{one.megabytes_per_second:,.1f}",
            f"{one.latencies.p50:.1f}",
            f"{one.latencies.p99:.1f}",
            f"{one.cpu_per_thousand:.2f}",
            f"{one.core_share:.0%}",
        )
    return table


def _memory(report: Report) -> Table:
    table = _columns("most memory, MB", "after the start", "after the run")
    for name, memory in report.memory.items():
        table.add_row(name, *(f"{one / 1e6:.1f}" for one in memory))
    return table


def _columns(title: str, *names: str) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", box=None, padding=(0, 0, 0, 2))
    table.add_column("", min_width=30)
    for name in names:
        table.add_column(name, justify="right")
    return table


if __name__ == "__main__":
    main()
