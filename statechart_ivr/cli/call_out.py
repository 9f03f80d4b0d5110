"""``statechart-ivr call-out``: an application calls somebody."""

from __future__ import annotations

import json
import re
from contextlib import closing
from typing import Any

import click

from statechart_ivr.cli.console import labelled
from statechart_ivr.cli.env_file import load_env_file
from statechart_ivr.cli.served_store import check_is_served, open_served
from statechart_ivr.cli.tables import print_line
from statechart_ivr.cli.target import HELP, Target, load_target, only_app
from statechart_ivr.cli.twilio_account import client_of_account, phone_number, public_root
from statechart_ivr.errors import RestError, SessionValueError, UnknownUrlError
from statechart_ivr.record import check_json
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn.outbound import path_of

EPILOG = """\b
Examples:
  statechart-ivr call-out flow.py /reminder --to +4930123456 --from +14158675309 --dry-run
  statechart-ivr call-out phones.wsgi:app remind --to +4930123456 --from +14158675309 \\
      --session '{"appointment": "2026-01-08T09:30"}' --machine-detection Enable
"""

_NO_NUMBER = re.compile(r"(sip|client):.+")


def _callee(context: click.Context, parameter: click.Parameter, value: str) -> str:
    return value if _NO_NUMBER.fullmatch(value) else phone_number(context, parameter, value)


def _session(_: click.Context, __: click.Parameter, value: str | None) -> dict[str, Any]:
    try:
        session = json.loads(value or "{}")
        check_json(session, "session")
    except (ValueError, RecursionError, SessionValueError) as error:
        raise click.BadParameter(f"{error}; {_WRITE_AN_OBJECT}") from None
    if not isinstance(session, dict):
        raise click.BadParameter(f"{value} is no object; {_WRITE_AN_OBJECT}")
    return session


_WRITE_AN_OBJECT = """write JSON such as '{"order": "123456"}'"""


@click.command(
    "call-out",
    epilog=EPILOG,
    help="Call somebody: the application of TARGET places the call, and has it come in at ROUTE, a "
    "path or a route's name. Prints the SID of the call. TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN "
    "say who pays, unless an application has a client of its own. The session of the call is "
    "stored before Twilio is asked, so IVR_STORE has to name the store of the application that is "
    f"served, which Twilio reaches at IVR_BASE_URL.\n\n{HELP} An application's own store is taken, "
    "unless --store names another one.",
)
@click.argument("target")
@click.argument("route")
@click.option(
    "--to", required=True, callback=_callee, metavar="NUMBER",
    help="Whom to call: in E.164, such as +4930123456; sip:… or client:….",
)  # fmt: skip
@click.option(
    "--from", "from_", required=True, callback=phone_number, metavar="NUMBER",
    help="A number of the account.",
)  # fmt: skip
@click.option(
    "--session", callback=_session, metavar="JSON",
    help="What the flow finds in its session, as a JSON object.",
)  # fmt: skip
@click.option(
    "--machine-detection", type=click.Choice(["Enable", "DetectMessageEnd"]),
    help="Find out who answers; DetectMessageEnd waits for a mailbox's tone.",
)  # fmt: skip
@click.option("--store", metavar="URL", help="Where sessions are kept.  [IVR_STORE]")
@click.option("--base-url", metavar="URL", help="Public URL of the root.  [IVR_BASE_URL]")
@click.option("--dry-run", is_flag=True, help="Show what Twilio would be asked, and call nobody.")
@click.option(
    "--env-file", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="Set environment variables that are not set yet, such as TWILIO_AUTH_TOKEN.",
)  # fmt: skip
def call_out(
    target: str,
    route: str,
    to: str,
    from_: str,
    session: dict[str, Any],
    machine_detection: str | None,
    store: str | None,
    base_url: str | None,
    dry_run: bool,
    env_file: str | None,
) -> None:
    """Call somebody."""
    if env_file:
        load_env_file(env_file)
    with closing(_board(load_target(target), store, base_url)) as board:
        path = _path(board, route)
        if dry_run:
            _show(board, path, to=to, from_=from_)
        else:
            options = {"machine_detection": machine_detection} if machine_detection else {}
            print_line(_called(board, path, to=to, from_=from_, session=session, **options))


def _board(target: Target, store: str | None, base_url: str | None) -> Switchboard:
    """Return what places the call: over the store of the application that will answer it."""
    app = only_app(target)
    own = app.switchboard if app else None
    root = public_root(app, base_url)
    client = (own and own.environment.client) or client_of_account()
    opened = own.store if own and store is None else open_served(store)
    check_is_served(opened)
    options: dict[str, Any] = {
        "store": opened,
        "runner": InlineRunner(),
        "client": client,
        "base_url": root,
    }
    if own is None:
        return Switchboard(*target.flows, **options)
    kept_for = own.environment.session_ttl
    return Switchboard(*own.flows, **options, prefix=own.prefix, session_ttl=kept_for)


def _path(board: Switchboard, route: str) -> str:
    try:
        return path_of(board.environment, route)
    except UnknownUrlError as error:
        raise click.UsageError(str(error)) from None


def _show(board: Switchboard, path: str, *, to: str, from_: str) -> None:
    root = board.environment.base_url
    for label, value in (
        ("To", to),
        ("From", from_),
        ("Asked for TwiML", root + path),
        ("Told of its end", f"{root}{board.prefix}/status"),
    ):
        print_line(labelled(label, value))
    print_line("Nobody was called: --dry-run.")


def _called(board: Switchboard, path: str, **options: Any) -> str:
    try:
        return board.place_call(path, **options)
    except RestError as error:
        if not error.maybe_done:
            raise
        raise click.ClickException(
            f"{error}: the phone may be ringing; look into the call log in Twilio's console "
            "before you try again"
        ) from None
