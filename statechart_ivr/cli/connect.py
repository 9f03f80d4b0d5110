"""``statechart-ivr connect``: a phone number at Twilio is pointed at an application."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from contextlib import closing

import click

from statechart_ivr.cli.console import (
    CALL_COMES_IN,
    HANDLER_FAILS,
    STATUS_CHANGES,
    console_fields,
    labelled,
)
from statechart_ivr.cli.env_file import load_env_file
from statechart_ivr.cli.tables import print_line
from statechart_ivr.cli.target import HELP, Target, load_target, only_app
from statechart_ivr.cli.twilio_account import client_of_account, phone_number, public_root
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.rest import PhoneNumber, RestClient, Webhooks
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard

EPILOG = """\b
Examples:
  statechart-ivr connect flow.py +14158675309 --env-file /etc/ivr.env --dry-run
  statechart-ivr connect phones.wsgi:app +14158675309 --route /incoming-call
"""

_SHOWN_NUMBERS = 5
_FIELDS = (CALL_COMES_IN, STATUS_CHANGES, HANDLER_FAILS)


@click.command(
    epilog=EPILOG,
    help="Point a phone number of your Twilio account at flows or an application: the URLs that "
    "serve prints to be pasted into Twilio's console are set there. TWILIO_ACCOUNT_SID and "
    f"TWILIO_AUTH_TOKEN say whose number it is.\n\n{HELP}",
)
@click.argument("target")
@click.argument("number", callback=phone_number)
@click.option("--route", metavar="PATH", help="Where calls come in, if there are several routes.")
@click.option("--base-url", metavar="URL", help="Public URL of the root.  [IVR_BASE_URL]")
@click.option("--dry-run", is_flag=True, help="Show what would be changed, and change nothing.")
@click.option(
    "--env-file", type=click.Path(exists=True, dir_okay=False), metavar="FILE",
    help="Set environment variables that are not set yet, such as TWILIO_AUTH_TOKEN.",
)  # fmt: skip
def connect(
    target: str,
    number: str,
    route: str | None,
    base_url: str | None,
    dry_run: bool,
    env_file: str | None,
) -> None:
    """Point a phone number at an application."""
    if env_file:
        load_env_file(env_file)
    wanted = _wanted(load_target(target), route, base_url)
    client = client_of_account()
    found = _found(client, number)
    print_line(f"{found.number} ({found.sid})")
    for line in _changes(found.webhooks, wanted):
        print_line(line)
    if found.webhooks == wanted:
        print_line("Nothing to change.")
    elif dry_run:
        print_line("Nothing was changed: --dry-run.")
    else:
        client.set_webhooks(found, wanted)
        print_line("Changed.")


def _wanted(target: Target, route: str | None, base_url: str | None) -> Webhooks:
    """Return the URLs that a number should have."""
    app = only_app(target)
    board = app.switchboard if app else Switchboard(*target.flows, store=MemoryStore())
    with closing(board):
        paths = dict(console_fields(board, [_entry(board.entries, route)]))
        root = public_root(app, base_url)
    return Webhooks(
        voice_url=root + paths[CALL_COMES_IN],
        status_callback=root + paths[STATUS_CHANGES],
        voice_fallback_url=root + paths[HANDLER_FAILS],
    )


def _entry(entries: Sequence[str], route: str | None) -> str:
    chosen = entries if route is None else [path for path in entries if path == route]
    if len(chosen) == 1:
        return chosen[0]
    wrong = f"there is no route {route}" if route else "calls can come in by several routes"
    raise click.UsageError(f"{wrong}; write which: --route {' or --route '.join(entries)}")


def _found(client: RestClient, number: str) -> PhoneNumber:
    """Return the number as it is now.

    Raises:
        ConfigurationError: the account does not have it, or its URLs do not count.
    """
    found = client.phone_number(number)
    if found is None:
        raise ConfigurationError(
            f"{number} is no number of account {client.account_sid}; "
            f"{_others(number, client.phone_numbers())}"
        )
    if found.handled_by:
        raise ConfigurationError(
            f"calls to {number} are handled by {found.handled_by}, a TwiML application or a SIP "
            "trunk, and Twilio ignores the URLs of the number; change that in Twilio's console"
        )
    return found


def _others(number: str, numbers: Sequence[str]) -> str:
    if not numbers:
        return "it has none at all"
    near = difflib.get_close_matches(number, numbers, n=_SHOWN_NUMBERS) or numbers[:_SHOWN_NUMBERS]
    more = f" and {len(numbers) - len(near)} more" if len(numbers) > len(near) else ""
    return f"it has {', '.join(near)}{more}"


def _changes(before: Webhooks, after: Webhooks) -> Iterator[str]:
    for label, old, new in zip(_FIELDS, _requests(before), _requests(after), strict=True):
        yield labelled(label, f"{new} (as it is)" if old == new else f"{old} -> {new}")


def _requests(webhooks: Webhooks) -> Iterator[str]:
    """Go through what Twilio requests, in the order of `_FIELDS`."""
    for method, url in (
        (webhooks.voice_method, webhooks.voice_url),
        (webhooks.status_callback_method, webhooks.status_callback),
        (webhooks.voice_fallback_method, webhooks.voice_fallback_url),
    ):
        yield f"{method} {url}" if url else "(none)"
