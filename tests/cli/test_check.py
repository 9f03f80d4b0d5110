"""``check``: what is printed of a flow, and what the shell gets to know."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from statechart_ivr.checker import Finding, Report
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.cli.check import FINDINGS, NOT_EXHAUSTED
from statechart_ivr.cli.main import FAILURE, FOUND, OK, USAGE, main
from statechart_ivr.cli.report_view import print_report

FLOW = """
from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup
from statechart_ivr import CallFlow, background, gather, key, renders, routable

class Shop(CallFlow):
    apology = "Bye."

    menu = State(initial=True)
    ringing = State()
    goodbye = State(final=True)

    menu.to(ringing, event=key("1", say="For a person, press 1."))
    ringing.to(goodbye, event={dial!r})

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
GOOD = FLOW.format(dial="dial")
BAD = FLOW.format(dial=["dial.completed", "dial.answered", "dial.busy", "dial.failed"])

PLACED = """
from statemachine import State
from twilio.twiml.voice_response import Hangup
from statechart_ivr import CallFlow, background, renders, routable

class Reminder(CallFlow):
    asking = State(initial=True)
    told = State(final=True)

    asking.to(told, event="looked_up")
    asking.to(told, event="background_failed")

    @routable("/reminder")
    @renders(asking)
    def ask(self):
        return f"It is {self.session['when']}. One moment."

    @background(asking, events=["looked_up"])
    def look_up(self):
        self.services["calendar"].append("looked")
        return "looked_up"

    def on_enter_told(self):
        self.session["said"] = self.call.answered_by

    @renders(told)
    def tell(self):
        return ["Goodbye.", Hangup()]
"""
SERVICES = "SERVICES = {'calendar': []}\ndef services():\n    return SERVICES\nnone = 1\n"
APP = """
from pathlib import Path
from statechart_ivr.web import IvrApp
app = IvrApp({flows}, auth_token="1", base_url="https://ivr.example.com", store="memory:")
"""
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command: exit code, output, complaints."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main(["check", *arguments])
        return code, *capsys.readouterr()

    return run_command


def write(text: str, name: str = "flow.py") -> str:
    """Write a module, and return its name."""
    Path(name).write_text(text, "utf-8")
    return name


def test_a_flow_that_is_proved(run: Run) -> None:
    """The verdict says for which alphabet, and the alphabet stands above it, long kinds cut."""
    code, output, errors = run(write(GOOD), "--prove")
    assert (code, errors) == (OK, "")
    lines = output.splitlines()
    assert lines[0] == "alphabet"
    assert "  calls come in: dial" in lines
    assert "  silence: ." in lines
    assert lines[-1].startswith("Shop: proved, for this alphabet: ")
    assert "passed" not in output


def test_findings(run: Run) -> None:
    """Each has its code, place, message, advice and call, and a command that can be pasted."""
    code, output, _ = run(write(BAD))
    assert code == FINDINGS == FAILURE
    lines = output.splitlines()
    assert lines[0] == "errors"
    assert lines[1] == "  unclaimed-outcome  Shop.ringing  flow.py:21"
    assert lines[2] == "      dial.canceled comes, and no transition claims it"
    assert lines[3].startswith("      -> write a transition for it")
    assert lines[4] == "      call: dial 1 dial.canceled"
    assert lines[5] == "      statechart-ivr replay flow.py 'dial 1 dial.canceled'"
    assert "exhausted for this alphabet; 2 findings" in lines[-1]


def test_the_replay_line_fails(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed to be pasted makes the call that shows the finding."""
    write(PLACED)
    _, output, _ = run("flow.py")
    (line,) = [one for one in output.splitlines() if "statechart-ivr replay" in one]
    assert main(line.split()[1:]) == FAILURE
    assert "KeyError: 'when'" in capsys.readouterr().err


def test_long_alphabets(run: Run) -> None:
    """A long kind is shortened, with a count, unless all of it is asked for."""
    more = "".join(f'    menu.to(goodbye, event=said("word {n}"))\n' for n in range(20))
    text = GOOD.replace("key, renders", "key, renders, said").replace(
        "    @routable", f"{more}\n    @routable", 1
    )
    assert " … and 9 more" in run(write(text))[1]
    output = run("flow.py", "--alphabet")[1]
    assert "say 'word 19'" in output
    assert "more" not in output


def test_moments(run: Run) -> None:
    """Where guards ask for the time, it is said when calls come in."""
    text = GOOD.replace(
        "ringing.to(goodbye, event='dial')",
        "ringing.to(goodbye, event='dial', cond='is_day')\n    ringing.to(goodbye, event='dial')",
    )
    text = text.replace(
        "    @routable",
        "    def is_day(self):\n        return 9 <= self.now().hour < 17\n\n    @routable",
        1,
    )
    output = run(write(text), "--at", "2026-03-01T10:00")[1]
    assert "  moments: 2026-03-01T10:00:00+00:00, 2026-03-01T17:00:00+00:00" in output


def test_a_session_without_an_end(run: Run) -> None:
    """What cannot be exhausted is never called proved; only --prove makes an exit code of it."""
    write(GOOD)
    code, output, _ = run("flow.py", "--max-records", "3")
    assert code == OK
    assert "Shop: explored" in output
    assert "not exhausted: there are more than 3 records" in output
    assert "proved" not in output
    assert run("flow.py", "--max-records", "3", "--prove")[0] == NOT_EXHAUSTED == FOUND
    assert "0.001 seconds are over" in run("flow.py", "--max-seconds", "0.001")[1]


def test_budgets(run: Run) -> None:
    """Limits are options."""
    limits = ("--seconds-to-choice", "1", "--seconds-to-person", "1", "--prompt-seconds", "1")
    code, output, _ = run(write(GOOD), *limits)
    assert code == FINDINGS
    assert "warnings\n  late-choice  Shop.menu" in output
    assert "  long-prompt  Shop.menu" in output


def test_the_replay_line_has_the_surroundings(run: Run) -> None:
    """What the check was told about them, the command is told, too."""
    write(SERVICES, "doubles.py")
    around = ("--at", "2026-02-01T10:00", "--services", "doubles:SERVICES")
    output = run(write(BAD), *around)[1]
    assert f"replay flow.py 'dial 1 dial.canceled' {' '.join(around)}" in output


def test_json(run: Run) -> None:
    """All of it for programs, with the test and the command of each finding."""
    code, output, _ = run(write(BAD), "--format", "json", "--prompt-seconds", "1")
    assert code == FINDINGS
    content = json.loads(output)
    assert content["verdict"] == "findings"
    assert content["imports"] == ["from flow import Shop"]
    first = content["findings"][0]
    assert first["replay"] == "statechart-ivr replay flow.py 'dial 1 dial.canceled'"
    assert 'call.dial_result("canceled")' in first["test"]


def test_findings_without_a_call(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no call shows it, there is none to be replayed; control characters are shown."""
    found = Finding("unreached-state", "Shop", "", "no call\nreaches \x1b it", "mend it", (), "?:0")
    report = Report((found,), Exploration(()))
    print_report(report, lambda _: "nothing to be replayed", all_of_it=False)
    assert capsys.readouterr().out.splitlines()[:5] == [
        "errors",
        "  unreached-state  Shop  ?:0",
        "      no call",
        "      reaches \\x1b it",
        "      -> mend it",
    ]


def pytest_on(name: str) -> tuple[int, str]:
    """Run a file of tests in a process of its own."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name]
    here = {**os.environ, "PYTHONPATH": f".{os.pathsep}{os.environ['PYTHONPATH']}"}
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=here)
    return run.returncode, run.stdout + run.stderr


def test_tests_that_can_be_pasted(run: Run) -> None:
    """They fail as long as the flow is wrong, and pass when it is mended."""
    code, output, errors = run(write(BAD), "--tests", "--prompt-seconds", "1.2")
    assert (code, "3 findings" in errors) == (FINDINGS, True)
    write(output, "test_found.py")
    assert "3 failed" in pytest_on("test_found.py")[1]
    write(GOOD.replace("For a person, press 1.", "Press 1."))
    assert pytest_on("test_found.py")[0] == 0


def test_no_tests_without_findings(run: Run) -> None:
    """Of a flow that is proved nothing is printed but the verdict, beside the output."""
    code, output, errors = run(write(GOOD), "--tests")
    assert (code, output) == (OK, "")
    assert errors.startswith("Shop: proved")


def test_tests_say_what_the_command_was_told(run: Run) -> None:
    """Services, entries, data, moment, sounds and limits stand in them, and their imports."""
    write(SERVICES, "doubles.py")
    Path("sounds").mkdir()
    _, output, _ = run(
        write(PLACED), "--tests", "--services", "doubles:services", "--at", "2026-02-01T09:00",
        "--entry", '/reminder {"session": {"when": "x"}, "AnsweredBy": "human"}',
        "--entry", "/reminder", "--event-data", '{"looked_up": {}}', "--folder", "sounds",
        "--prompt-seconds", "0.5", "--turns", "9",
    )  # fmt: skip
    head, _, tests = output.partition("\n\n\n")
    assert head.splitlines() == [
        "from doubles import services",
        "from flow import Reminder",
        "from statechart_ivr.checker import Entry, Limits, check_flow",
        "from statechart_ivr.testing import Phone",
    ]
    assert "Phone(Reminder, services=services(), at='2026-02-01T09:00', by_hand=True)" in tests
    assert (
        "check_flow(Reminder, services=services(), at='2026-02-01T09:00', entries=[Entry("
        "'/reminder', session={'when': 'x'}, parameters={'AnsweredBy': 'human'}), "
        "Entry('/reminder')], event_data={'looked_up': {}}, sounds='sounds', "
        "mount_path='/static', limits=Limits(prompt_seconds=0.5, turns=9))"
    ) in tests
    compile(output, "test_found.py", "exec")


@pytest.mark.parametrize(("target", "name"), [("flow.py", "app"), ("flow:app", "app")])
def test_an_application(run: Run, target: str, name: str) -> None:
    """Its flows are checked as it serves them, and tests call the application."""
    write(BAD + APP.format(flows="Shop"))
    code, output, _ = run(target, "--tests")
    assert code == FINDINGS
    assert output.startswith(f"from flow import {name}\n")
    assert f"call = Phone({name})\n" in output


def test_an_applications_own_services_do_no_work(run: Run) -> None:
    """Background work is done only with services that are named, and then counts."""
    write(SERVICES, "doubles.py")
    app = APP.format(flows="Reminder").replace(")\n", ", services={'calendar': None})\n")
    write(PLACED + app)
    entry = ("--entry", """/reminder '{"session": {"when": "nine"}}'""")
    assert run("flow.py", *entry)[0] == OK
    assert run("flow.py", *entry, "--services", "doubles.py:SERVICES")[0] == OK
    assert sys.modules["doubles"].SERVICES["calendar"]


def test_several_flows(run: Run) -> None:
    """They are checked together; where a call goes from one to the other, the checker is asked."""
    other = PLACED.replace("Reminder", "Second").replace("/reminder", "/second")
    _, output, _ = run(write(GOOD + other), "--tests")
    assert output.startswith("from flow import Second\nfrom flow import Shop\n")
    assert 'call = Phone(Second, by_hand=True)\n    call.dial("/second")' in output
    assert "report = check_flow(Shop, Second)\n    assert not report.having(" in output


def test_missing_sounds(run: Run) -> None:
    """With a folder of sounds, a file that is not there is found, and replayed so."""
    text = GOOD.replace("Dial, Hangup", "Dial, Hangup, Play")
    text = text.replace('"Goodbye."', 'Play("/static/bye.mp3")')
    Path("sounds").mkdir()
    code, output, _ = run(write(text), "--folder", "sounds")
    assert code == FINDINGS
    assert "  missing-sound  Shop.goodbye" in output
    assert "--folder sounds --mount-path /static" in output
    Path("sounds/bye.mp3").write_bytes(b"")
    assert run("flow.py", "--folder", "sounds")[0] == OK


def test_a_definition_that_is_wrong(run: Run) -> None:
    """All problems are listed, and nothing is explored."""
    code, output, errors = run(write(GOOD.replace('"/incoming-call"', '"incoming-call"')))
    assert (code, output) == (FAILURE, "")
    assert "1 problem in the definition of a flow" in errors


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--at", "noon"], "noon is no moment; write 2026-01-05T17:00"),
        (["--entry", "incoming-call"], "'incoming-call' is no path; write /path, or"),
        (["--entry", "/incoming-call 'x"], "close the quotes; write /path"),
        (["--entry", "/incoming-call {"], "write JSON in quotes; write /path"),
        (["--entry", "/incoming-call 5"], "goes on after the entry; write /path"),
        (["--entry", '/incoming-call {"session": 5}'], "a session is an object"),
        (["--entry", '/incoming-call {"AnsweredBy": 5}'], "parameters are text; write /path"),
        (["--entry", "/nowhere"], "there is no route /nowhere; write --entry /incoming-call"),
        (["--event-data", "{"], 'write JSON such as \'{"agent_ready"'),
        (["--event-data", "[]"], "[] is no object of objects; write JSON such as"),
        (["--event-data", '{"a": 1}'], "is no object of objects; write JSON such as"),
        (["--services", "doubles"], "names no services; write module:NAME or file.py:NAME"),
        (["--services", "nowhere:NAME"], "no module 'nowhere'"),
        (["--services", "doubles:none"], "none is 1, in doubles; write a dict of services"),
        (["--services", "doubles:missing"], "missing is None, in doubles; write a dict"),
        (["--folder", "nowhere"], "Directory 'nowhere' does not exist"),
        (["--max-records", "0"], "--max-records"),
        (["--prompt-seconds", "long"], "--prompt-seconds"),
    ],
)
def test_usage(arguments: list[str], complaint: str, run: Run) -> None:
    """What makes no sense as typed is answered with what to write."""
    write(SERVICES, "doubles.py")
    code, output, errors = run(write(GOOD), *arguments)
    assert (code, output) == (USAGE, "")
    assert complaint in " ".join(errors.split())


def test_a_function_that_returns_no_services(run: Run) -> None:
    """The complaint tells the function from what it returns."""
    write("def services():\n    return None\n", "doubles.py")
    _, _, errors = run(write(GOOD), "--services", "doubles.py:services")
    assert "services() returns None, in doubles.py" in errors


def test_an_application_has_its_own_sounds(run: Run) -> None:
    """A folder beside it makes no sense."""
    Path("sounds").mkdir()
    code, _, errors = run(write(GOOD + APP.format(flows="Shop")), "--folder", "sounds")
    assert code == USAGE
    assert "--folder is for flows" in errors


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is beside the output, and gone when it is done."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert main(["check", write(BAD)]) == FINDINGS
    output, errors = capsys.readouterr()
    assert "records" in errors
    assert "\x1b[31munclaimed-outcome" in output
