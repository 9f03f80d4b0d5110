"""What the commands share that explore a flow: options, and what they mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.console import Console

from statechart_ivr.checker import Entry
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.checker.settings import Progress as Told
from statechart_ivr.cli.target import Target, import_place, load_target, only_app, split_target
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import NotationError
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.web import IvrApp

Command = TypeVar("Command", bound=Callable[..., Any])

_WRITE_EVENTS = """write JSON such as '{"agent_ready": {"name": "Ann"}}'"""
_WRITE_AN_ENTRY = """write /path, or /path {"session": {"order": "7"}, "AnsweredBy": "human"}"""


@dataclass(frozen=True)
class Services:
    """What ``--services`` names.

    Attributes:
        value: what the flows find.
        place: module or file.
        name: in it.
        is_made: whether it is a function that returns them.
    """

    value: Mapping[str, Any]
    place: str
    name: str
    is_made: bool


@dataclass(frozen=True)
class Surroundings:
    """In what surroundings a call is made.

    Attributes:
        at: when calls come in.
        services: what flows find, or None.
        folder: of the sounds, or None.
        mount_path: below which they are served.
    """

    at: str
    services: Services | None
    folder: str | None
    mount_path: str

    @property
    def known_services(self) -> Mapping[str, Any] | None:
        """What flows find in ``self.services``; None if they are given nothing."""
        return self.services.value if self.services else None

    @property
    def words(self) -> list[str]:
        """The options that say so, as they are typed."""
        words = ["--at", self.at] if self.at != DEFAULT_MOMENT else []
        if self.services:
            words += ["--services", f"{self.services.place}:{self.services.name}"]
        if self.folder:
            words += ["--folder", self.folder, "--mount-path", self.mount_path]
        return words


@dataclass(frozen=True)
class Explored:
    """What a TARGET is explored as.

    Attributes:
        target: what it leads to.
        app: the application; None for flows.
    """

    target: Target
    app: IvrApp | None

    @property
    def flows(self) -> tuple[type[CallFlow], ...]:
        """The flows, of the application or themselves."""
        return self.app.switchboard.flows if self.app else self.target.flows


def load_explored(text: str, folder: str | None = None) -> Explored:
    """Import what a TARGET names.

    Raises:
        TargetError: it leads to nothing of use.
        click.UsageError: an application is given another folder of sounds.
    """
    target = load_target(text)
    app = only_app(target)
    if app is not None and folder is not None:
        raise click.UsageError("--folder is for flows; an application says itself what it serves")
    return Explored(target, app)


def _moment(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        as_moment(value)
    except ValueError:
        raise click.BadParameter(f"{value} is no moment; write 2026-01-05T17:00") from None
    return value


def _services(_: click.Context, __: click.Parameter, value: str | None) -> Services | None:
    return None if value is None else services_named(value)


def services_named(value: str) -> Services:
    """Return what ``--services`` names.

    Raises:
        click.BadParameter: there is no such name, or it is no dict of services.
        TargetError: what it stands in cannot be imported.
    """
    place, name = split_target(value)
    if not name:
        raise click.BadParameter(f"{value} names no services; write module:NAME or file.py:NAME")
    module = import_place(place)
    found = getattr(module, name, None)
    is_made = callable(found)
    made = found() if callable(found) else found
    if not isinstance(made, Mapping):
        what = f"{name}() returns" if is_made else f"{name} is"
        raise click.BadParameter(
            f"{what} {made!r}, in {place}; write a dict of services, or a function that returns one"
        )
    return Services(made, place, name, is_made)


def _entries(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> list[Entry]:
    return [_entry(value) for value in values]


def _entry(text: str) -> Entry:
    path, _, told = text.strip().partition(" ")
    if not path.startswith("/"):
        raise click.BadParameter(f"{text!r} is no path; {_WRITE_AN_ENTRY}")
    told = told.strip()
    quoted = f"'{told}'" if told.startswith("{") and "'" not in told else told
    try:
        steps = parse_call(f"dial {path} {quoted}")
    except NotationError as error:
        raise click.BadParameter(f"{error}; {_WRITE_AN_ENTRY}") from None
    if len(steps) != 1:
        raise click.BadParameter(f"{text!r} goes on after the entry; {_WRITE_AN_ENTRY}")
    known = json.loads(steps[0].data or "{}")
    session = known.pop("session", None)
    if not isinstance(session, dict | None) or not all(isinstance(v, str) for v in known.values()):
        raise click.BadParameter(
            f"{text!r}: a session is an object, and parameters are text; {_WRITE_AN_ENTRY}"
        )
    return Entry(path, session, known)


def check_entries(entries: list[Entry], explored: Explored) -> None:
    """Refuse an entry that is no route of the flows.

    Raises:
        click.UsageError: it says which there are.
    """
    paths = dict.fromkeys(route.path for flow in explored.flows for route in spec_of(flow).routes)
    for one in entries:
        if one.path.partition("?")[0] not in paths:
            known = " or --entry ".join(paths)
            raise click.UsageError(f"there is no route {one.path}; write --entry {known}")


def _event_data(
    _: click.Context, __: click.Parameter, value: str | None
) -> dict[str, dict[str, Any]]:
    try:
        found = json.loads(value or "{}")
    except ValueError as error:
        raise click.BadParameter(f"{error}; {_WRITE_EVENTS}") from None
    if not isinstance(found, dict) or not all(isinstance(v, dict) for v in found.values()):
        raise click.BadParameter(f"{value} is no object of objects; {_WRITE_EVENTS}")
    return found


def plays_a_call(command: Command) -> Command:
    """Add the options that say in what surroundings a call is made."""
    for option in reversed((
        click.option(
            "--at", default=DEFAULT_MOMENT, callback=_moment, metavar="MOMENT", show_default=True,
            help="When calls come in, in UTC.",
        ),
        click.option(
            "--services", callback=_services, metavar="MODULE:NAME",
            help="What flows find in self.services: a dict, or a function that returns one. "
            "Doubles, which give the same answers every time.",
        ),
        click.option(
            "--folder", type=click.Path(exists=True, file_okay=False), metavar="FOLDER",
            help="The sounds that flows play; an application has its own.",
        ),
        click.option(
            "--mount-path", default="/static", metavar="PATH", show_default=True,
            help="Below which they are served.",
        ),
    )):  # fmt: skip
        command = option(command)
    return command


def explores(command: Command) -> Command:
    """Add the options that say what is explored, and for how long."""
    for option in reversed((
        click.option(
            "--entry", "entries", multiple=True, callback=_entries, metavar="ENTRY",
            help="""How calls come in, if not at every route: /path, or /path {"session": {…}, """
            """"AnsweredBy": "human"}. May be repeated.""",
        ),
        click.option(
            "--event-data", callback=_event_data, metavar="JSON",
            help="What comes with events, as an object of objects; events from outside are tried "
            "if they are named here.",
        ),
        click.option(
            "--max-records", type=click.IntRange(min=1), default=20_000, show_default=True,
            metavar="NUMBER", help="How many records there may be.",
        ),
        click.option(
            "--max-seconds", type=click.FloatRange(min=0, min_open=True), default=60.0,
            show_default=True, metavar="SECONDS", help="How long it may take.",
        ),
    )):  # fmt: skip
        command = option(command)
    return plays_a_call(command)


@contextmanager
def progress_bar() -> Iterator[Told | None]:
    """Show on a terminal how many records are found, and how many of them are done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.completed:,} of {task.total:,} records"),
        BarColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=1)
        yield lambda found, left: bar.update(task, total=found, completed=found - left)
