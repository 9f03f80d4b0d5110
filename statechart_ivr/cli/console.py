"""The URLs of an application as Twilio's console asks for them."""

from __future__ import annotations

from collections.abc import Iterable

from statechart_ivr.switchboard import Switchboard

# What the console calls the fields of a number's voice configuration.
CALL_COMES_IN = "A call comes in"
STATUS_CHANGES = "Call status changes"
HANDLER_FAILS = "Primary handler fails"


def console_fields(board: Switchboard, entries: Iterable[str]) -> list[tuple[str, str]]:
    """Return field and path of all that is to be pasted into the console.

    Args:
        board: the application.
        entries: paths of the routes that calls may come in by.
    """
    return [
        *((CALL_COMES_IN, path) for path in entries),
        (STATUS_CHANGES, f"{board.prefix}/status"),
        (HANDLER_FAILS, f"{board.prefix}/fallback"),
    ]


def labelled(label: str, value: str) -> str:
    """Return a line of the output: what, and what it is."""
    return f"{label:<22} {value}"
