"""Checks trees and examples, and prints the figures; ``scripts/checker`` sets all up."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from rich.console import Console

from benchmarks.checker.run import DifferenceError, Figures, Plan, run
from benchmarks.machine import facts, observed

_COLUMNS = (
    "states",
    "records",
    "moves",
    "records/s",
    "moves/s",
    "s",
    "CPU s",
    "most MB",
    "verdict",
)


@click.command()
@click.option(
    "--tree", "trees", type=click.IntRange(15, 1123), multiple=True, default=Plan.trees,
    show_default=True, metavar="STATES", help="May be given several times.",
)  # fmt: skip
@click.option("--examples/--no-examples", default=True, help="Check the examples, too.")
@click.option(
    "--plain", type=click.IntRange(0), default=Plan.plain, show_default=True, metavar="STATES",
    help="The largest tree that is also checked with a new machine for each turn.",
)  # fmt: skip
def main(trees: tuple[int, ...], *, examples: bool, plain: int) -> None:
    """Explore phone trees and the examples to the end, each in a process of its own.

    Where it is done in two ways, both have to find the same: the exit code is 1 if they do not.
    """
    console = Console(soft_wrap=True, highlight=False)
    console.print(facts())
    for line in _head():
        console.print(line, markup=False)
    try:
        with observed() as usage:
            for name, way, figures in run(Plan(trees, examples, plain)):
                console.print(row(name, way, figures), markup=False)
    except DifferenceError as error:
        console.print(f"[red]not the same:[/red] {error}")
        sys.exit(1)
    console.print(f"\n{usage.ours:.0%} of the cores used")
    if usage.others is not None:
        console.print(f"{usage.others:.0%} of the cores used by others")


def _head() -> Iterator[str]:
    yield _line("", "", *_COLUMNS)
    yield f"|---|---|{'---:|' * (len(_COLUMNS) - 1)}---|"


def row(name: str, way: str, figures: Figures) -> str:
    """Return a line of the table in ``benchmarks/README.md``."""
    return _line(
        name,
        way,
        f"{figures.states:,}",
        f"{figures.records:,}",
        f"{figures.moves:,}",
        f"{figures.records_per_second:,.0f}",
        f"{figures.moves_per_second:,.0f}",
        f"{figures.seconds:,.1f}",
        f"{figures.cpu_seconds:,.1f}",
        f"{figures.memory / 1e6:,.0f}",
        figures.verdict if figures.is_exhausted else f"{figures.verdict}, not exhausted",
    )


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
