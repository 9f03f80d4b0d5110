"""What ``serve`` prints once it listens: what to paste into Twilio's console, and what is wrong."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from statechart_ivr.cli.console import console_fields, labelled
from statechart_ivr.cli.target import ivr_apps
from statechart_ivr.web.app import IvrApp
from statechart_ivr.web.mounting import mount_path

_LOUD = "bold red"


def print_summary(app: Any, url: str) -> None:
    """Print the URLs and settings of all applications in what is served.

    Args:
        app: what is served.
        url: where.
    """
    console = Console(highlight=False, soft_wrap=True)
    for ivr_app in ivr_apps(app):
        _print_app(console, ivr_app, _shown_root(ivr_app, app, url))
    console.print(f"Listening on {url}", style="bold", markup=False)


def _shown_root(ivr_app: IvrApp, served: Any, url: str) -> str:
    """Return the root to paste into Twilio's console; only dots where it depends."""
    if callable(ivr_app.base_url):
        return "…"
    return ivr_app.base_url or url + mount_path(ivr_app, {"bottle.app": served})


def _print_app(console: Console, app: IvrApp, root: str) -> None:
    board = app.switchboard
    lines = [
        ("Flows", ", ".join(flow.__name__ for flow in board.flows)),
        *((field, root + path) for field, path in console_fields(board, board.entries)),
    ]
    for label, value in lines:
        _print_line(console, label, value)
    if board.is_healthy():
        _print_line(console, "Sessions", app.store_name)
    else:
        trouble = f"{app.store_name} DOES NOT ANSWER; the log says why"
        _print_line(console, "Sessions", trouble, style=_LOUD)
    # That it is dangerous stands in the log, where everybody who serves an IvrApp sees it.
    if app.validate:
        _print_line(console, "Signature", "checked")
    else:
        _print_line(console, "Signature", "NOT CHECKED", style=_LOUD)


def _print_line(console: Console, label: str, value: str, style: str = "") -> None:
    console.print(labelled(label, value), style=style, markup=False)
