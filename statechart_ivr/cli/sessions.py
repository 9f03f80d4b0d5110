"""``statechart-ivr sessions``: which calls are live, and what a deploy would do to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import click

from statechart_ivr.cli.env_file import load_env_file
from statechart_ivr.cli.served_store import check_is_served, open_served
from statechart_ivr.cli.session_view import print_session
from statechart_ivr.cli.tables import add_row, print_line, print_table, table
from statechart_ivr.cli.target import HELP, Target, load_target, only_app
from statechart_ivr.sessions import Prospect, StoredCall, prospects, stored_call, stored_calls
from statechart_ivr.stores import EncryptedStore, SessionStore, SqliteStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import Environment

EPILOG = """\b
Examples:
  statechart-ivr sessions list --store sqlite:////var/lib/ivr/calls.db
  statechart-ivr sessions show CA0123456789abcdef0123456789abcdef
  statechart-ivr sessions check flow.py:FrontDesk --env-file /etc/ivr.env
"""


class FindingsError(click.ClickException):
    """What was looked for was found; the exit code tells it from a command that failed."""


Command = TypeVar("Command", bound=Callable[..., Any])


@click.group(epilog=EPILOG)
def sessions() -> None:
    """Look at the sessions in a store. Nothing is ever written into it."""


def _set_environment(_: click.Context, __: click.Parameter, path: str | None) -> None:
    if path:
        load_env_file(path)


def _reads_store(command: Command) -> Command:
    """Add the options that say where the sessions are."""
    store = click.option("--store", metavar="URL", help="Where sessions are kept.  [IVR_STORE]")
    env_file = click.option(
        "--env-file", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
        callback=_set_environment, expose_value=False,
        help="Set environment variables that are not set yet: IVR_STORE, IVR_STORE_KEYS.",
    )  # fmt: skip
    return store(env_file(command))


@sessions.command("list", epilog="Example: statechart-ivr sessions list --json | jq .call_sid")
@_reads_store
@click.option("--all", "with_ended", is_flag=True, help="Calls that have ended as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for programs.")
def list_(store: str | None, with_ended: bool, as_json: bool) -> None:
    """List live calls: flow, active states, who calls whom, turns, missed attempts.

    A call is live until its end is known, which needs the status callback; or else until its
    session is forgotten.
    """
    with _opened(store) as opened:
        found = list(stored_calls(opened))
    chosen = [one for one in found if one.is_live or one.record is None or with_ended]
    if as_json:
        for one in chosen:
            click.echo(json.dumps(_as_json(one)))
    else:
        _print_list(chosen)
        _print_damaged(chosen)
        print_line(_counts(found))


def _as_json(found: StoredCall) -> dict[str, Any]:
    content = {"call_sid": found.call_sid, "revision": found.revision, "damage": found.damage}
    if found.record is None:
        return {**content, "put_aside": found.is_put_aside}
    record = found.record
    return {
        **content,
        "flow": record.flow,
        "entry": record.entry,
        "states": record.conf,
        **{name: record.call[name] for name in ("from", "to", "direction", "status")},
        **{name: getattr(record, name) for name in ("turns", "seq", "attempts", "ended")},
    }


def _print_list(found: Iterable[StoredCall]) -> None:
    rows = table(
        "call SID", "flow", "states", "from -> to", "turns", "attempts",
        numbers=["turns", "attempts"],
    )  # fmt: skip
    for one in found:
        if one.record is not None:
            between = "{from} -> {to}".format_map(one.record.call)
            states = ", ".join(one.record.conf) + " (ended)" * one.record.ended
            numbers = one.record.turns, one.record.attempts
            add_row(rows, one.call_sid, one.record.flow, states, between, *numbers)
    if rows.row_count:
        print_table(rows)


def _print_damaged(found: Iterable[StoredCall]) -> None:
    for one in found:
        if one.record is None:
            print_line(f"{one.call_sid}, {_kind(one)}: {one.damage}", style="red")


_LOCKED = "under another key"


def _counts(found: Iterable[StoredCall]) -> str:
    counts = Counter(map(_kind, found))
    kinds = ["live", "ended", "damaged", "put aside", *[_LOCKED] * (_LOCKED in counts)]
    return ", ".join(f"{counts[kind]} {kind}" for kind in kinds)


def _kind(found: StoredCall) -> str:
    if found.record is not None:
        return "ended" if found.record.ended else "live"
    if found.is_put_aside:
        return "put aside"
    return _LOCKED if found.is_locked else "damaged"


@sessions.command(
    epilog="Example: statechart-ivr sessions show CA0123456789abcdef0123456789abcdef --values"
)
@click.argument("call_sid")
@_reads_store
@click.option(
    "--values", is_flag=True,
    help="Values of the session, too. They are personal, and a flow may keep a secret there.",
)  # fmt: skip
def show(call_sid: str, store: str | None, values: bool) -> None:
    """Show what is known of a call: states, question, session, last answer.

    Of the session, names, types and sizes are shown, unless --values is given. The last answer
    is what the caller heard, as it was.
    """
    with _opened(store) as opened:
        found = stored_call(opened, call_sid)
    if found is None:
        raise click.ClickException(f"there is no session of {call_sid}; sessions list shows all")
    if found.record is None:
        raise click.ClickException(f"{call_sid} cannot be shown: {found.damage}")
    print_session(found.record, revision=found.revision, values=values)


@sessions.command(
    epilog="Example: statechart-ivr sessions check flow.py:FrontDesk --env-file /etc/ivr.env",
    help="Say before a deploy what becomes of the live calls: which go on, and which lose their "
    "place because TARGET does not know the states they are in. Exit code 2 if there are any.\n\n"
    f"{HELP} An application's own store is looked at, unless --store names another one.",
)
@click.argument("target")
@_reads_store
def check(target: str, store: str | None) -> None:
    """Say what becomes of live calls."""
    with _taking_over(load_target(target), store) as environment:
        found = list(prospects(environment))
    calls = [one for one in found if isinstance(one, Prospect)]
    unreadable = [one for one in found if isinstance(one, StoredCall)]
    _print_prospects(calls)
    _print_damaged(unreadable)
    _conclude(calls, [one for one in unreadable if not one.is_put_aside])


def _print_prospects(calls: Iterable[Prospect]) -> None:
    counts = Counter(
        (not one.verdict.is_stranded, one.flow, ", ".join(one.states), one.outlook) for one in calls
    )
    rows = table("flow", "states", "calls", "at the next input", numbers=["calls"])
    for (is_safe, flow, states, outlook), count in sorted(counts.items()):
        add_row(rows, flow, states, count, outlook, style="" if is_safe else "red")
    if counts:
        print_table(rows)


def _conclude(calls: list[Prospect], unreadable: list[StoredCall]) -> None:
    """Print the sum; an error if anybody loses their place.

    A record that cannot be read counts: it may be one of another version of this package. One
    that cannot be opened counts, too: its caller is asked for patience until the apology.
    """
    stranded = sum(one.verdict.is_stranded for one in calls)
    total = f"{len(calls)} live calls" if len(calls) != 1 else "1 live call"
    if not stranded and not unreadable:
        print_line(f"{total}, none stranded" if calls else "no live calls")
        return
    locked = sum(one.is_locked for one in unreadable)
    damaged = len(unreadable) - locked
    restarts = f"; {damaged} more cannot be read, and start again" if damaged else ""
    apologies = f"; {locked} more {_LOCKED} would hear the apology" if locked else ""
    raise FindingsError(f"{stranded} of {total} would be stranded{restarts}{apologies}")


@contextmanager
def _taking_over(target: Target, url: str | None) -> Iterator[Environment]:
    """Open what a deploy of TARGET would find: its flows, and the sessions there are."""
    app = only_app(target)
    if app is None:
        with _opened(url) as store:
            yield Switchboard(*target.flows, store=store).environment
        return
    board = app.switchboard
    with closing(_readable(board.store)) if url is None else _opened(url) as store:
        yield replace(board.environment, store=store)


@contextmanager
def _opened(url: str | None) -> Iterator[SessionStore]:
    with closing(_readable(open_served(url))) as readable:
        yield readable


def _readable(store: SessionStore) -> SessionStore:
    """Return a store in which there may be something to look at.

    Raises:
        click.UsageError: its sessions are in the memory of another process.
        ConfigurationError: there is no such file, and looking must not make one.
    """
    if isinstance(store, EncryptedStore):
        return store.around(_readable(store.store))
    check_is_served(store)
    return store.read_only() if isinstance(store, SqliteStore) else store
