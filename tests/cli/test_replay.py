"""``replay``: a call that is written down is made, and what is heard is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE, main

FLOW = """
from statemachine import State
from twilio.twiml.voice_response import Play
from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable

class Bank(CallFlow):
    menu = State(initial=True)
    asking = State()
    looking_up = State()
    told = State(final=True)

    menu.to(asking, event=key("1", say="For your balance, press 1."))
    menu.to(told, event=key("2", say="To be cut off, press 2."), on="break_off")
    asking.to(looking_up, event="pin")
    looking_up.to(told, event=["found", "background_failed"])

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @routable("/late", told)
    def late(self):
        self.session["balance"] = self.now().hour

    def break_off(self):
        raise ValueError("cut off")

    @renders(asking)
    def ask(self):
        return gather("Your PIN, please.", num_digits=4)

    @on_input(asking, secret=True)
    def take(self, caller_input):
        if caller_input.digits == "6666":
            raise ValueError("the devil")
        return "pin"

    @renders(looking_up)
    def say_wait(self):
        return "One moment."

    @background(looking_up, events=["found"])
    def look_up(self):
        return "found", {"balance": self.services["bank"]}

    def on_found(self, balance):
        self.session["balance"] = balance

    @renders(told)
    def tell(self):
        return f"You have {self.session.get('balance', 'nothing')}."
"""
APP = """
from statechart_ivr.web import IvrApp
app = IvrApp(Bank, auth_token="1", base_url="https://ivr.example.com", store="memory:",
             services={"bank": "the app's money"})
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command over a flow of its own: exit code, output, complaints."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    Path("flow.py").write_text(FLOW, "utf-8")
    Path("app.py").write_text(f"from flow import Bank\n{APP}", "utf-8")
    Path("doubles.py").write_text("SERVICES = {'bank': 'ten euros'}\n", "utf-8")

    def run_command(call: str, *arguments: str, target: str = "flow.py") -> tuple[int, str, str]:
        code = main(["replay", target, call, *arguments])
        return code, *capsys.readouterr()

    return run_command


def test_a_call(run: Run) -> None:
    """The transcript is printed line by line, then where the call is."""
    code, output, errors = run("dial 9")
    assert (code, errors) == (OK, "")
    lines = output.splitlines()
    assert lines[0] == "0:00 dials"
    assert "0:00 hears: For your balance, press 1." in lines
    assert lines[-2:] == ["state: Bank.menu", "waiting for: gather"]


def test_a_call_that_is_over(run: Run) -> None:
    """The end is said."""
    output = run("dial hangup")[1]
    assert output.splitlines()[-2:] == ["state: Bank.menu", "the call is over"]


def test_secrets_stay_hidden(run: Run) -> None:
    """What is entered where a secret may be is not shown, not even where the flow raises."""
    code, output, errors = run("dial 1 6666")
    assert code == FAILURE
    assert "6666" not in output + errors
    assert "presses ••••••" in output
    assert "Error: step 3 of 3: ValueError: the devil (flow.py:" in errors


def test_what_the_flow_raises(run: Run) -> None:
    """The call so far is printed, then the error with the line of the flow it came through."""
    code, output, errors = run("dial 2")
    assert code == FAILURE
    assert "presses 2" in output
    assert errors == "Error: step 2 of 2: ValueError: cut off (flow.py:27)\n"


def test_what_is_not_possible(run: Run) -> None:
    """So is what the caller cannot do."""
    code, _, errors = run("dial record")
    assert code == FAILURE
    assert "Error: step 2 of 2: record() is not possible: a Gather listens for keys" in errors


def test_a_path_that_is_no_route(run: Run) -> None:
    """A call that nobody answers has no state."""
    code, output, errors = run("dial /nowhere")
    assert code == FAILURE
    assert "state:" not in output
    assert "calls come in at /incoming-call" in errors


def test_work_by_hand(run: Run) -> None:
    """Where the call says what work comes to, it is not done."""
    code, output, _ = run("""dial 1 1234 . work found '{"balance": "a lot"}'""")
    assert code == OK
    assert "hears: You have a lot." in output


def test_work_with_services(run: Run) -> None:
    """Otherwise it is done with the services that are named."""
    output = run("dial 1 1234", "--services", "doubles:SERVICES")[1]
    assert "hears: You have ten euros." in output


@pytest.mark.parametrize(
    ("options", "heard"),
    [((), "waiting for: redirect"), (("--services", "doubles:SERVICES"), "You have ten euros.")],
)
def test_an_application(options: tuple[str, ...], heard: str, run: Run) -> None:
    """The work of an application has effects: it waits, unless there are doubles."""
    code, output, _ = run("dial 1 1234", *options, target="app.py")
    assert code == OK
    assert heard in output


@pytest.mark.parametrize(
    ("call", "options"),
    [("dial /late", ("--at", "2026-01-05T17:00")), ("at 2026-01-05T17:00 dial /late", ())],
)
def test_the_time(call: str, options: tuple[str, ...], run: Run) -> None:
    """The clock stands where the option or the call says."""
    assert "You have 17." in run(call, *options)[1]


def test_the_session_of_a_placed_call(run: Run) -> None:
    """A call that the application placed knows something from the beginning."""
    assert "hears: For your balance" in run("""dial '{"session": {"balance": "1"}}'""")[1]


def test_a_folder_of_sounds(run: Run) -> None:
    """A sound that is missing is missed here, too."""
    Path("sounds").mkdir()
    text = FLOW.replace('"One moment."', 'Play(self.url_for("/static/one.mp3"))')
    Path("flow.py").write_text(text, "utf-8")
    code, _, errors = run("dial 1 1234", "--folder", "sounds")
    assert code == FAILURE
    assert "UnknownFileError: no file for '/static/one.mp3'" in errors


def test_an_error_outside_the_flow(run: Run) -> None:
    """Where no line of the flow is in it, the last one is named."""
    text = FLOW.replace('raise ValueError("cut off")', "self.session['x'] = object")
    Path("flow.py").write_text(text, "utf-8")
    assert "(flow.py:27)" in run("dial 2")[2]
    Path("helper.py").write_text("def fail():\n    raise ValueError('help')\n", "utf-8")
    Path("base.py").write_text(
        "from statechart_ivr import CallFlow\nimport helper\n"
        "class Base(CallFlow):\n    def break_off(self):\n        helper.fail()\n", "utf-8"
    )  # fmt: skip
    text = FLOW.replace("(CallFlow)", "(Base)").replace(
        '\n    def break_off(self):\n        raise ValueError("cut off")\n', ""
    )
    Path("other.py").write_text(f"from base import Base\n{text}", "utf-8")
    assert "helper.py:2)" in run("dial 2", target="other.py")[2]


@pytest.mark.parametrize("call", ["", "2 dial", "dial foo", "dial 'x", "dial work"])
def test_bad_notation(call: str, run: Run) -> None:
    """What cannot be read is answered with what can."""
    code, output, errors = run(call)
    assert (code, output) == (USAGE, "")
    assert "a call begins with dial or dial /path; then come KEYS" in errors
