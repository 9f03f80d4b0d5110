"""``statechart-ivr diff``: what callers notice of the change from one version to another."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from statechart_ivr.checker.diff import Comparison, compare
from statechart_ivr.checker.difference import Change, Difference
from statechart_ivr.cli.exploring import Services, Surroundings, explores, progress_bar
from statechart_ivr.cli.revisions import exported, split_revision
from statechart_ivr.cli.tables import shown
from statechart_ivr.cli.target import HELP
from statechart_ivr.cli.version import Order, Version

EPILOG = """\b
Examples:
  statechart-ivr diff flow.py
  statechart-ivr diff HEAD~3:flow.py flow.py
  statechart-ivr diff v1.0:phones/flow.py:FrontDesk v1.1:phones/flow.py:FrontDesk
  statechart-ivr diff old/flow.py new/flow.py --format json
"""

#: There is something that callers notice.
DIFFERENCES = 1

#: What is seen in the old version only.
_GONE = frozenset({Change.WAY_GONE, Change.FINDING_GONE})


@click.command(
    epilog=EPILOG,
    help="Make every call in two versions at once, and say what is different for callers: each "
    "difference with the shortest call that shows it. OLD and NEW are TARGETs, or git revisions "
    "of them: REVISION:TARGET, seen from the present folder. Without NEW it is OLD as it stands "
    "in the working tree; if that is no revision, it is compared with HEAD. Exit code 1 if there "
    f"are differences.\n\n{HELP}",
)
@click.argument("old")
@click.argument("new", required=False)
@explores
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text",
              help="For people, or for programs.")  # fmt: skip
@click.pass_context
def diff(
    context: click.Context,
    /,
    old: str,
    new: str | None,
    at: str,
    services: Services | None,
    folder: str | None,
    mount_path: str,
    form: str,
    **wanted: Any,
) -> None:
    """Compare two versions of a flow."""
    around = Surroundings(at, services, folder, mount_path)
    names = _named(old, new)
    with _versions(names, around, wanted) as (before, after), progress_bar() as progress:
        limits = wanted["max_records"], wanted["max_seconds"]
        found = compare(before, after, *limits, progress=progress)
    if form == "json":
        content = {"old": names[0], "new": names[1], **found.to_json()}
        click.echo(json.dumps(content, indent=2))
    else:
        _print(found, names[1], around)
    context.exit(DIFFERENCES if found.differences else 0)


def _named(old: str, new: str | None) -> tuple[str, str]:
    if new is not None:
        return old, new
    revision, target = split_revision(old)
    return (old if revision else f"HEAD:{target}"), target


@contextmanager
def _versions(
    names: tuple[str, str], around: Surroundings, wanted: dict[str, Any]
) -> Iterator[tuple[Version, Version]]:
    """Have both loaded, each in a process of its own."""
    with ExitStack() as stack:
        old, new = (_started(name, around, wanted, stack) for name in names)
        old.wait()
        new.wait()
        yield old, new


def _started(name: str, around: Surroundings, wanted: dict[str, Any], stack: ExitStack) -> Version:
    revision, target = split_revision(name)
    tree = stack.enter_context(exported(revision, target)) if revision else None
    services = around.services
    order = Order(
        target=target,
        tree=tree,
        at=around.at,
        services=f"{services.place}:{services.name}" if services else "",
        folder=around.folder,
        mount_path=around.mount_path,
        **{**wanted, "entries": tuple(wanted["entries"])},
    )
    version = Version(order)
    stack.callback(version.close)
    return version


def _print(found: Comparison, new: str, around: Surroundings) -> None:
    console = Console(highlight=False)
    for one in found.differences:
        _say(console, one.message)
        for line in _calls(one, new, around):
            _say(console, f"    {line}", "dim")
        console.print()
    _say(console, found.summary, "bold")


def _calls(one: Difference, new: str, around: Surroundings) -> Iterator[str]:
    if one.steps:
        yield f"call: {one.call}"
        if one.change not in _GONE and not split_revision(new)[0]:
            yield shlex.join(["statechart-ivr", "replay", new, one.call, *around.words])


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(Text(shown(text), style=style), soft_wrap=True)
