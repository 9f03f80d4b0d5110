"""``check --calls`` and ``--format html``: what a list of calls covers, and where it is written."""

from __future__ import annotations

import json
from pathlib import Path

from statechart_ivr.cli.check import FINDINGS
from statechart_ivr.cli.main import OK, USAGE
from tests.cli.test_check import GOOD, Run, run, write

__all__ = ["run"]

CALLS = """# what the tests do
dial 1 dial.busy

  # and what was found
dial .
"""


def test_text(run: Run) -> None:
    """What is covered, in per cent by kind, and what is not, with the nearest call."""
    code, output, errors = run(write(GOOD), "--calls", write(CALLS, "calls.txt"))
    assert (code, errors) == (OK, "")
    lines = output.splitlines()
    assert "covered by 2 calls" in lines
    assert "  states: 3 of 3, 100 %" in lines
    assert "  transitions: 2 of 2, 100 %" in lines
    assert "  hang-ups: 0 of 2, 0 %" in lines
    assert "  Shop: hang-up in ringing: dial 1, then hang up" in lines
    assert "not made as they stand" not in lines
    assert lines[-1].startswith("Shop: proved")


def test_a_call_that_cannot_be_made(run: Run) -> None:
    """A list with such a call is out of date, and the exit code says so."""
    code, output, _ = run(write(GOOD), "--calls", write("dial 1 5\n", "calls.txt"))
    assert code == FINDINGS
    assert "covered by 1 call\n" in output
    assert "not made as they stand\n  dial 1 5: step 3 of 3: press() is not possible" in output


def test_everything_is_covered(run: Run) -> None:
    """Then nothing is listed."""
    calls = "dial hangup\ndial again\ndial .\ndial 1 again hangup again\ndial 1 dial.busy again\n"
    output = run(write(GOOD), "--calls", write(calls, "calls.txt"))[1]
    assert "not covered" not in output


def test_a_list_that_cannot_be_read(run: Run) -> None:
    """The message says in which line, or that it is no text."""
    code, _, errors = run(write(GOOD), "--calls", write("dial\ndial one\n", "calls.txt"))
    assert code == USAGE
    assert "calls.txt:2: 'one' means nothing in a call" in errors
    Path("calls.txt").write_bytes(b"\xff\n")
    code, _, errors = run("flow.py", "--calls", "calls.txt")
    assert code == USAGE
    assert "write calls as text in UTF-8" in errors


def test_json(run: Run) -> None:
    """The coverage of the list, or else of the check itself."""
    output = run(write(GOOD), "--calls", write(CALLS, "calls.txt"), "--format", "json")[1]
    assert json.loads(output)["coverage"]["kinds"]["hang-ups"]["percent"] == 0
    output = run("flow.py", "--format", "json")[1]
    content = json.loads(output)["coverage"]
    assert content["calls"] is None
    assert content["uncovered"] == []


def test_into_a_file(run: Run) -> None:
    """The file has the page or the JSON, and the verdict is printed."""
    write(GOOD)
    code, output, _ = run("flow.py", "--format", "html", "-o", "report.html")
    assert code == OK
    assert output.startswith("Shop: proved, for this alphabet")
    page = Path("report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "Shop" in page
    assert run("flow.py", "--format", "html")[1].startswith("<!doctype html>")
    assert run("flow.py", "--format", "json", "--output", "report.json")[0] == OK
    assert json.loads(Path("report.json").read_text("utf-8"))["verdict"] == "proved"


def test_files_that_make_no_sense(run: Run) -> None:
    """Text is not written into a file, and a folder that is not there is not made."""
    write(GOOD)
    code, _, errors = run("flow.py", "-o", "report.txt")
    assert code == USAGE
    assert "--output is for --format html and json" in errors
    assert run("flow.py", "--format", "json", "--tests", "-o", "x")[0] == USAGE
    code, _, errors = run("flow.py", "--tests", "--calls", write(CALLS, "calls.txt"))
    assert code == USAGE
    assert "--tests are for findings; leave --calls out" in errors
    code, _, errors = run("flow.py", "--format", "html", "-o", "nowhere/report.html")
    assert code == USAGE
    assert "--output nowhere/report.html: No such file or directory" in errors
