"""Makes the mistakes, and prints what finds them; ``scripts/mutations`` sets all up."""

from __future__ import annotations

import sys
import time

import click
from rich.console import Console

from tests.mutations.hunt import Fate, all_examples
from tests.mutations.run import PROCESSES, run
from tests.mutations.tally import HEAD


@click.command()
@click.argument("examples", nargs=-1, type=click.Choice([*all_examples()]), metavar="[EXAMPLE]...")
@click.option("--small", is_flag=True, help="A few of each kind, as in the test suite.")
@click.option("--same", is_flag=True, help="List those that make no difference, too.")
def main(examples: tuple[str, ...], *, small: bool, same: bool) -> None:
    """Make small mistakes in EXAMPLEs, one at a time, and count what finds them.

    Each is looked for when the class is made, by the checker, and in calls whose end the author
    knows. The exit code is 1 if too few are found, or one survives and nobody says why.
    """
    console = Console(soft_wrap=True, highlight=False)
    began = time.monotonic()
    tally = run(small=small, examples=examples)
    console.print("| " + " | ".join(HEAD) + " |", markup=False)
    console.print("|---|" + "---:|" * (len(HEAD) - 1))
    for row in tally.rows():
        console.print("| " + " | ".join(row) + " |", markup=False)
    seconds = time.monotonic() - began
    console.print(f"\n{seconds:.0f} s in {PROCESSES} processes; found: {tally.share:.1%}")
    for name in tally.survivors:
        console.print(f"survived: {name}: {tally.explained.get(name, '?')}", markup=False)
    for one in tally.outcomes if same else ():
        if one.fate is Fate.SAME:
            console.print(f"no difference: {one.mutant.name}", markup=False)
    failures = [*tally.failures()]
    for failure in failures:
        console.print(failure, style="red", markup=False)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
