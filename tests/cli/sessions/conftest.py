"""What the tests of ``sessions`` share: a flow, calls on it, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from statechart_ivr.call import Request
from statechart_ivr.cli.main import main
from statechart_ivr.cli.target import load_target
from statechart_ivr.stores import SqliteStore
from statechart_ivr.switchboard import Switchboard

FLOW = """
from statemachine import HistoryState, State
from statechart_ivr import CallFlow, gather, key, on_input, renders, routable

class Desk(CallFlow):
    class open_line(State.Compound):
        menu = State(initial=True)
        PIN = State()
        back = HistoryState()
        menu.to(PIN, event=key("1"))
        PIN.to(menu, event="entered")
        back.to(menu)
    away = State()
    open_line.to(away, event=key("8"))
    away.to(open_line.back, event=key("8"))

    @routable("/desk", open_line.menu)
    def begin(self):
        self.session["shop"] = {"name": "Café"}

    @renders(open_line.menu, away)
    def say_menu(self):
        return gather("Menu.")

    @renders(open_line.PIN)
    def ask_pin(self):
        return gather("Your number?", num_digits=4)

    @on_input(open_line.PIN, secret=True)
    def take_pin(self, caller_input):
        self.session["pin"] = caller_input.digits
        return "entered"
"""
APP = """
from statechart_ivr.stores import MemoryStore, SqliteStore
from statechart_ivr.web import IvrApp
app = IvrApp(Desk, validate=False, store={store})
"""

FIRST, SECOND, THIRD = (f"CA{number:032x}" for number in range(3))
PIN = "493817"


@pytest.fixture(autouse=True)
def _files(_own_folder: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out two versions of a flow, and unset every setting."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("IVR_STORE", "IVR_STORE_KEYS"):
        monkeypatch.setenv(name, "")
    Path("flow.py").write_text(FLOW, "utf-8")
    Path("next.py").write_text(FLOW.replace("PIN", "secret_number"), "utf-8")


class Calls:
    """Calls on a switchboard of the flow, with their sessions in a file."""

    def __init__(self, file: str = "calls.db") -> None:
        self.store = SqliteStore(file)
        self.board = Switchboard(*load_target("flow.py").flows, store=self.store)

    def begin(self, call_sid: str, *inputs: str, **parameters: str) -> None:
        """Begin a call, and press what is given, one after another."""
        who = {"From": "+14158675309", "To": "+18005551212", **parameters, "CallSid": call_sid}
        self.board.answer(Request(path="/desk", form=tuple(who.items())))
        for pressed in inputs:
            self.press(call_sid, pressed)

    def press(self, call_sid: str, digits: str) -> None:
        """Press keys."""
        record = self.board.peek(call_sid)
        assert record is not None
        query = (("at", "/desk"), ("seq", str(record.seq)))
        form = (("CallSid", call_sid), ("Digits", digits))
        self.board.answer(Request(path="/ivr/turn", query=query, form=form))

    def end(self, call_sid: str) -> None:
        """Let Twilio say that a call has ended."""
        form = (("CallSid", call_sid), ("CallStatus", "completed"))
        self.board.answer(Request(path="/ivr/status", form=form))

    def rewrite(self, call_sid: str, **changes: object) -> None:
        """Change what is stored of a call."""
        stored = self.store.load(call_sid)
        assert stored is not None
        data = json.dumps({**json.loads(stored.data), **changes}).encode()
        self.store.save(call_sid, data, expected=stored.revision, ttl=60)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def calls() -> Calls:
    """Return calls with their sessions in calls.db, which nobody has open any more."""
    return Calls()


@pytest.fixture
def run(calls: Calls, capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs a subcommand: exit code, output, complaints."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        calls.store.close()
        capsys.readouterr()
        code = main(["sessions", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


def lines(output: str) -> list[str]:
    """Return lines without spaces at their ends."""
    return [line.rstrip() for line in output.splitlines()]


def contents() -> dict[str, object]:
    """Return what is in calls.db."""
    store = SqliteStore("calls.db")
    found: dict[str, object] = {call_sid: store.load(call_sid) for call_sid in store.calls()}
    store.close()
    return found
