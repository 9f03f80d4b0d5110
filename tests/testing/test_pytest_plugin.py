"""``pytest --flow``: a user's flow is tested with the user's tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from statechart_ivr.checker import RULES
from statechart_ivr.testing.transcript import MASK

pytestmark = pytest.mark.slow

FLOW = """
from pathlib import Path
from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup
from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable

class Shop(CallFlow):
    menu = State(initial=True)
    ringing = State()
    goodbye = State(final=True)

    menu.to(ringing, event=key("1", say="For a person, press 1."))
    ringing.to(goodbye, event="dial")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(ringing)
    def ring(self):
        return Dial("+12345678900")

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]
"""
BAD = FLOW.replace('event="dial"', 'event=["dial.completed", "dial.answered", "dial.failed"]')
SECRET = """
from statemachine import State
from statechart_ivr import CallFlow, gather, on_input, renders, routable

class Bank(CallFlow):
    pin = State(initial=True)
    inside = State(final=True)
    pin.to(inside, event="right")

    @routable("/incoming-call")
    @renders(pin)
    def ask(self):
        return gather("Enter your number.", num_digits=4)

    @on_input(pin, secret=True, examples=["4711", "8"])
    def check(self, caller_input):
        if caller_input.digits == "4711":
            raise ValueError(f"no money for {caller_input.digits}")
        return "right"

    @renders(inside)
    def greet(self):
        return "Hello."
"""
NOTED = """
from statemachine import State
from statechart_ivr import CallFlow, background, renders, routable

class Search(CallFlow):
    looking = State(initial=True)
    told = State(final=True)
    looking.to(told, event="found")
    looking.to(told, event="background_failed")

    @routable("/search")
    @renders(looking)
    def wait(self):
        return "One moment."

    @background(looking, events=["found"])
    def look(self):
        return "found", {"what": "it"}

    def on_found(self, what):
        self.session["what"] = what

    @renders(told)
    def tell(self):
        return "Here it is."
"""
ITEMS = len(RULES) + 1

Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs pytest in an empty folder, and returns what it prints."""
    monkeypatch.chdir(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}

    def run_pytest(*arguments: str) -> str:
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rs",
            "-p",
            "no:cacheprovider",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=kept)
        return f"exit {done.returncode}\n{done.stdout}{done.stderr}"

    return run_pytest


def write(text: str, name: str = "flow.py") -> None:
    """Write a file, and the folders it is in."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")


def settings(*lines: str) -> None:
    """Write pytest's settings."""
    write("[pytest]\n" + "\n".join(lines), "pytest.ini")


def test_it_costs_nothing_unless_used(run: Run) -> None:
    """A run of pytest that names no flow loads neither the checker nor anything heavy."""
    heavy = ["statechart_ivr.checker", "statechart_ivr.flow", "statemachine", "click", "rich"]
    heavy += ["hypothesis", "bottle", "twilio", "waitress"]
    lines = f"import sys\n\ndef test_modules():\n    assert not {{*{heavy}}} & {{*sys.modules}}\n"
    lines += "    assert 'statechart_ivr.testing.pytest_plugin' in sys.modules\n"
    write(lines, "test_modules.py")
    write("nothing that could be read", "order.call")
    assert "1 passed" in run()


def test_a_flow_that_is_proved(run: Run) -> None:
    """There is a test for each kind of finding, by its code, and one for the proof; none else."""
    write(FLOW)
    write("def test_fails():\n    assert False\n", "test_other.py")
    listed = run("--flow", "flow.py", "--collect-only")
    expected = [f"flow.py::Shop::{name}" for name in (*RULES, "proved")]
    assert [line for line in listed.splitlines() if "::" in line] == expected
    assert f"exit 0\n{'.' * ITEMS}" in run("--flow", "flow.py", "--flow-prove")


def test_a_finding(run: Run) -> None:
    """Only the tests of its kind fail; they say where, with a command and a test; so does JUnit."""
    write(BAD)
    output = run("--flow", "flow.py", "--junitxml", "junit.xml")
    assert f"1 failed, {ITEMS - 2} passed, 1 skipped" in output
    assert re.search(
        r"^error unclaimed-outcome: Shop\.ringing \(flow\.py:\d+\)$", output, re.MULTILINE
    )
    assert "statechart-ivr replay flow.py 'dial 1 dial.busy'" in output
    assert "Traceback" not in output
    assert "def runtest" not in output
    tests = re.search(r"^from flow import Shop\n.*?\n\n(?=error)", output, re.DOTALL | re.MULTILINE)
    assert tests is not None
    write(tests[0], "test_found.py")
    assert "1 failed" in run("test_found.py")
    cases = list(ElementTree.parse("junit.xml").iter("testcase"))
    assert [case.get("name") for case in cases] == [*RULES, "proved"]
    assert {case.get("classname") for case in cases} == {"flow.Shop"}
    failed = [case for case in cases if case.find("failure") is not None]
    assert [case.get("name") for case in failed] == ["unclaimed-outcome"]


def test_it_is_explored_once(run: Run) -> None:
    """However many tests ask, no more calls are made than by the command."""
    counting = (
        '@routable("/incoming-call")\n    def count(self):\n        open("n", "a").write("1")\n'
    )
    write(FLOW.replace('@routable("/incoming-call")\n', counting + "\n"))
    write(
        FLOW.replace(
            '@routable("/incoming-call")\n    @r', f"{counting.replace(')', ', menu)', 1)}\n    @r"
        )
    )
    command = [sys.executable, "-m", "statechart_ivr.cli", "check", "flow.py"]
    subprocess.run(command, check=True, capture_output=True)
    once = Path("n").stat().st_size
    assert "passed" in run("--flow", "flow.py")
    assert Path("n").stat().st_size == 2 * once > 0
    run("--flow", "flow.py", "--collect-only")
    assert Path("n").stat().st_size == 2 * once


def test_settings(run: Run) -> None:
    """Flows in the settings are tested with everything; where paths are named, if among them."""
    write(FLOW, "phones/flow.py")
    write("def test_passes():\n    pass\n", "tests/test_other.py")
    settings("flows =", "    phones/flow.py", "        --prompt-seconds 0.1", "testpaths = tests")
    assert f"1 failed, {ITEMS - 1} passed, 1 skipped" in run()
    assert "1 passed" in run("tests")
    assert "2 passed" in run("phones/flow.py::Shop::raises", "tests")


def test_paths_beside_a_flow(run: Run) -> None:
    """What is typed counts all: paths, and flows beside them; a flow among paths counts once."""
    write(FLOW)
    write("def test_passes():\n    pass\n", "test_other.py")
    assert f"{ITEMS + 1} passed" in run("--flow", "flow.py", "test_other.py")
    assert f"{ITEMS + 1} passed" in run("--flow", "flow.py", ".")


@pytest.mark.parametrize("asked", [["--flow-prove"], ["-o", "flows_prove=true"]])
def test_what_cannot_be_proved(asked: list[str], run: Run) -> None:
    """The reason is said; it is a failure if a proof of all flows is asked for."""
    write(FLOW)
    output = run("--flow", "flow.py --max-records 3", "-k", "proved", *asked)
    assert "not exhausted: there are more than 3 records" in output
    assert "1 failed" in output


def test_a_proof_of_one_flow(run: Run) -> None:
    """What is not proved is skipped; the option that the command has asks for one flow's proof."""
    write(FLOW)
    output = run("--flow", "flow.py --max-records 3 --prove", "--flow", "flow.py --max-records 3")
    assert f"1 failed, {2 * ITEMS - 2} passed, 1 skipped" in output
    assert "_ Shop: proved _" in output
    assert re.search(r"SKIPPED .*not exhausted", output)


def test_a_note(run: Run) -> None:
    """What is only to be noted fails nothing, and is said."""
    write(NOTED)
    output = run("--flow", "flow.py")
    assert re.search(r"SKIPPED .*note needs-data: Search\.looking", output)
    assert "exit 0" in output


def test_modules_and_several_flows(run: Run) -> None:
    """A module is a target too; flows that are checked together are one."""
    write(FLOW + NOTED, "phones/flow.py")
    write("# dial\ndial /incoming-call 1 -> state ringing\n", "phones/flow.call")
    listed = run("--flow", "phones.flow", "--flow", "phones.flow:Shop", "--collect-only")
    assert "phones.flow::Shop+Search::raises" in listed
    assert "phones.flow::Shop::raises" in listed
    assert listed.count("phones/flow.call::Shop+Search") == 1


def test_what_cannot_be_collected(run: Run) -> None:
    """It is said once, without a traceback, and nothing is run."""
    write(FLOW)
    output = run("--flow", "nowhere.py", "--flow", "flow.py --tests", "--flow", "flow.py")
    assert "there is no file" in output
    assert "--tests has no use in tests" in output
    assert "2 errors in" in output
    assert "Traceback" not in output


def test_what_is_no_target(run: Run) -> None:
    """It is refused before anything is collected."""
    assert "ERROR: flows: '--prove': TARGET stands first" in run("--flow=--prove")


def test_a_check_that_breaks_off(run: Run) -> None:
    """The first test says why, the others that it has been said."""
    raising = "from statechart_ivr.errors import PhoneError\n" + FLOW.replace(
        "return gather(*self.choices())", 'raise PhoneError("no such way in")'
    )
    write(raising)
    output = run("--flow", "flow.py")
    assert f"{ITEMS - 1} skipped, 1 error" in output
    assert "\nno such way in\n" in output


CALLS = """
# What callers do most.
dial 1 dial.completed -> state goodbye hears Goodbye ended
dial . . .            -> ended
"""


def test_example_calls(run: Run) -> None:
    """A file beside a flow is a test, which says of each wrong line what is otherwise."""
    write(FLOW)
    write(CALLS, "usual.call")
    assert f"{ITEMS + 1} passed" in run("--flow", "flow.py")
    write(CALLS + "dial 7 -> state ringing\ndial 1 2\n", "usual.call")
    output = run("--flow", "flow.py", "-k", "call", "--tb=short")
    assert "usual.call:5: is in menu, not in ringing\n0:00 dials" in output
    assert "statechart-ivr replay flow.py 'dial 7'" in output
    assert "usual.call:6: step 3 of 3: " in output


def test_files_of_calls_that_say_nothing(run: Run) -> None:
    """A file that cannot be read, or holds no call, fails."""
    write(FLOW)
    write("# nothing yet\n", "empty.call")
    write("dial 1 nonsense\n", "wrong.call")
    output = run("--flow", "flow.py", "-k", "call")
    assert "empty.call: there is no call in it; write one a line" in output
    assert "wrong.call: line 1: 'nonsense' means nothing in a call" in output


def test_calls_elsewhere(run: Run) -> None:
    """Those that pytest comes across belong to the flow with their name, if there are several."""
    write(FLOW, "a/shop.py")
    write(FLOW, "a/store.py")
    write("dial 1 -> state ringing\n", "calls/shop.usual.call")
    write("dial 1 -> state ringing\n", "calls/other.call")
    settings("flows =", " a/shop.py", " a/store.py")
    output = run("calls", "--continue-on-collection-errors")
    assert "which flow other.call is for is not known; name it shop.call or store.call" in output
    assert "1 passed, 1 error" in output


@pytest.mark.parametrize("calls", ["dial 4711 -> ended\n", "dial '4711' nonsense\n"])
def test_secrets(calls: str, run: Run) -> None:
    """What is entered as a secret stands in no failure, not even where flow code repeats it."""
    write(SECRET)
    write(calls, "flow.call")
    output = run("--flow", "flow.py", "--junitxml", "junit.xml", "--showlocals", "-rA")
    assert "raises: Bank.pin" in output
    assert "2 failed" in output
    assert "no money" in output
    assert f"{MASK} stands for what may be a secret" in output
    assert "4711" not in output + Path("junit.xml").read_text("utf-8")
