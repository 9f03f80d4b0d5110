"""Runs the experiments, and prints what they counted; ``scripts/durability`` sets all up."""

from __future__ import annotations

import importlib
import logging
import sys
import time

import click
from rich.console import Console

from tests.durability.figures import Figures

EXPERIMENTS = ("machines", "retries", "races", "crashes", "outages")


@click.command()
@click.argument("names", nargs=-1, metavar="[EXPERIMENT]...", type=click.Choice(EXPERIMENTS))
@click.option("--small", is_flag=True, help="The size at which they run in the test suite.")
def main(names: tuple[str, ...], small: bool) -> None:
    """Run EXPERIMENTs: all of them unless some are named.

    Each does to calls what may happen to them, and compares them with calls that nothing
    happened to. The exit code is 1 if any differs.
    """
    logging.disable(logging.CRITICAL)  # the package complains of what is done to it on purpose
    console = Console(soft_wrap=True)
    figures = [_run(name, console, full=not small) for name in names or EXPERIMENTS]
    sys.exit(any(one.failures for one in figures))


def _run(name: str, console: Console, *, full: bool) -> Figures:
    began = time.monotonic()
    figures: Figures = importlib.import_module(f"tests.durability.{name}").run(full=full)
    seconds = time.monotonic() - began
    console.print(f"[bold]{name}[/bold], {seconds:.0f} s")
    for what, count in figures.counts.items():
        console.print(f"{count:>12,}  {what}")
    colour = "red" if figures.failures else "green"
    console.print(f"[{colour}]{len(figures.failures):>12,}  differences[/{colour}]")
    for failure in figures.failures:
        console.print(f"              {failure}", markup=False)
    return figures


if __name__ == "__main__":
    main()
