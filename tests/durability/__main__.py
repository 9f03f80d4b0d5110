"""Runs the experiments, and prints what they counted; ``scripts/durability`` sets all up."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence

import click
from rich.console import Console

from tests.durability import suites
from tests.durability.backends import BACKENDS, missing
from tests.durability.figures import Figures
from tests.durability.suites import SUITES

#: The stores that an experiment is for; those that are for none run once.
EXPERIMENTS: Mapping[str, Sequence[str]] = {
    "machines": (),
    "simulated_outages": (),
    "retries": (*BACKENDS,),
    "races": (*BACKENDS,),
    "crashes": (*BACKENDS,),
    "restarts": ("redis", "postgresql"),
    "outages": (*BACKENDS,),
    "jobs": (*BACKENDS,),
    "waiting": (),
    **dict.fromkeys(SUITES, ()),
}


@click.command()
@click.argument("names", nargs=-1, metavar="[EXPERIMENT]...", type=click.Choice([*EXPERIMENTS]))
@click.option(
    "--store",
    type=click.Choice([*BACKENDS, "all"]),
    default="all",
    show_default=True,
    help="Where calls are kept; 'all' are those that are installed, which in CI has to be each.",
)
@click.option("--small", is_flag=True, help="The size at which they run in the test suite.")
def main(names: tuple[str, ...], store: str, small: bool) -> None:
    """Run EXPERIMENTs: all of them unless some are named.

    Each does to calls what may happen to them, and compares them with calls that nothing
    happened to. The exit code is 1 if any differs.
    """
    logging.disable(logging.CRITICAL)  # the package complains of what is done to it on purpose
    console = Console(soft_wrap=True)
    runs = plan(names, store)
    if not runs:
        raise click.UsageError(f"{', '.join(names)}: {store} has no server to be killed")
    absent = {why for _, one in runs if one and (why := missing(one))}
    if absent and (store != "all" or os.environ.get("CI") == "true"):
        raise click.UsageError("; ".join(sorted(absent)))
    for why in sorted(absent):
        console.print(f"[yellow]{why}[/yellow]")
    there = [(name, one) for name, one in runs if not (one and missing(one))]
    figures = [_run(name, one, console, full=not small) for name, one in there]
    sys.exit(any(one.failures for one in figures))


def plan(names: Sequence[str], store: str) -> list[tuple[str, str]]:
    """Return what there is to run: names of experiments, each with a store or nothing.

    Args:
        names: what was asked for; nothing for all.
        store: one of `BACKENDS`, or ``all``. With one of them goes what is for it, and what is
            named.
    """
    stores = [*BACKENDS] if store == "all" else [store]
    runs = []
    for name in names or EXPERIMENTS:
        if not EXPERIMENTS[name] and (names or store == "all"):
            runs.append((name, ""))
        runs += [(name, one) for one in EXPERIMENTS[name] if one in stores]
    return runs


def _run(name: str, store: str, console: Console, *, full: bool) -> Figures:
    about = [store] if store else []
    began = time.monotonic()
    figures = suites.run(name) if name in SUITES else _experiment(name)(*about, full=full)
    seconds = time.monotonic() - began
    console.print(f"[bold]{' on '.join([name, *about])}[/bold], {seconds:.0f} s")
    for what, count in figures.counts.items():
        console.print(f"{count:>12,}  {what}")
    colour = "red" if figures.failures else "green"
    console.print(f"[{colour}]{len(figures.failures):>12,}  differences[/{colour}]")
    for failure in figures.failures:
        console.print(f"              {failure}", markup=False)
    return figures


def _experiment(name: str) -> Callable[..., Figures]:
    run: Callable[..., Figures] = importlib.import_module(f"tests.durability.{name}").run
    return run


if __name__ == "__main__":
    main()
