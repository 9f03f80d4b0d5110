"""``sessions list`` and ``show``, and what holds for all three: nothing is written."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE
from statechart_ivr.cli.served_store import DEFAULT_STORE
from statechart_ivr.web import IvrApp
from tests.cli.sessions.conftest import APP, FIRST, FLOW, PIN, SECOND, THIRD, Calls, contents, lines


def test_list(calls, run):
    """Live calls with their states, the others by number; no line is folded."""
    calls.begin(FIRST, "1")
    calls.begin(SECOND)
    calls.end(SECOND)
    calls.begin(THIRD, "8", "9", From="client:" + "anna" * 30)
    calls.store.save("CA4", b"{", expected=None, ttl=60)
    calls.store.save("CA4.damaged", b"{", expected=None, ttl=60)
    code, output, _ = run("list")
    assert code == OK
    first, second = lines(output)[1:3]
    numbers = "+14158675309 -> +18005551212"
    assert first.split(None, 2)[:2] == [FIRST, "Desk"]
    assert f"  open_line, PIN  {numbers} " in first
    assert first.endswith("    2         0")
    assert second.startswith(f"{THIRD}  Desk  away            client:annaanna")
    assert second.endswith("    3         1")
    assert lines(output)[3:] == [
        "CA4, damaged: the record is not JSON",
        "CA4.damaged, put aside: the record is not JSON",
        "2 live, 1 ended, 1 damaged, 1 put aside",
    ]


def test_list_all(calls, run):
    """Calls that have ended are listed too, and said to have."""
    calls.begin(FIRST)
    calls.end(FIRST)
    _, output, _ = run("list", "--all")
    assert f"{FIRST}  Desk  open_line, menu (ended)  " in output


def test_list_nothing(calls, run):
    """An empty store is no error."""
    calls.begin(FIRST)
    calls.store.delete(FIRST)
    assert run("list") == (OK, "0 live, 0 ended, 0 damaged, 0 put aside\n", "")


def test_list_for_programs(calls, run):
    """One object a line: calls, and what cannot be read."""
    calls.begin(FIRST, "1")
    calls.store.save("CA4", b"{", expected=None, ttl=60)
    _, output, _ = run("list", "--json")
    assert [json.loads(line) for line in output.splitlines()] == [
        {
            "call_sid": FIRST,
            "revision": 2,
            "damage": "",
            "flow": "Desk",
            "entry": "/desk",
            "states": ["open_line", "PIN"],
            "from": "+14158675309",
            "to": "+18005551212",
            "direction": "",
            "status": "",
            "turns": 2,
            "seq": 2,
            "attempts": 0,
            "ended": False,
        },
        {"call_sid": "CA4", "revision": 1, "damage": "the record is not JSON", "put_aside": False},
    ]


def test_show(calls, run):
    """All that is known of a call; of its session names, types and sizes."""
    calls.begin(FIRST, "1", "", CallerName="Ann\x1b[2J\u202e")
    job = {"id": "j1", "method": "look_up", "on": "away", "data": {}, "deadline": 0, "lease": 0}
    calls.rewrite(FIRST, lang="de", jobs=[job], unheard=[["away", "<r><Say>Soon.</Say></r>"]])
    action = 'action="/ivr/turn?at=%2Fdesk&amp;seq=3&amp;s=1"'
    attributes = f'numDigits="4" {action} actionOnEmptyResult="true"'
    code, output, _ = run("show", FIRST)
    assert code == OK
    assert lines(output) == [
        f"call SID       {FIRST}",
        "from           +14158675309",
        "to             +18005551212",
        r"caller name    Ann\x1b[2J\u202e",
        "flow           Desk",
        "entry          /desk",
        "active states  open_line, PIN",
        "asking         PIN",
        "attempts       1",
        "language       de",
        "turns          3, seq 3, revision 4",
        "ended          no",
        "session  type    bytes",
        "shop     object     21",
        "job j1: look_up on away, until 1970-01-01T00:00:00+00:00",
        "unheard, of away",
        "  <r>",
        "    <Say>Soon.</Say>",
        "  </r>",
        "last answer",
        "  <Response>",
        f"    <Gather {attributes}>",
        "      <Say>Your number?</Say>",
        "    </Gather>",
        "  </Response>",
    ]


@pytest.mark.parametrize("answer", [None, {"token": "", "key": "", "body": "no <XML"}])
def test_show_what_is_rare(calls, run, answer):
    """A call at rest with a memory, without a session, prepared or broken: nothing fails."""
    calls.begin(FIRST, "8")
    calls.rewrite(FIRST, data={}, answer=answer, asking=[], ended=True)
    _, output, _ = run("show", FIRST)
    assert "history back   menu" in output
    assert "asking         nothing" in output
    assert "language       the flow's own" in output
    assert "ended          yes" in output
    assert "the session is empty" in output
    assert ("no <XML" in output) is (answer is not None)


def test_show_values(calls, run):
    """They are shown when they are asked for."""
    calls.begin(FIRST)
    _, output, _ = run("show", FIRST, "--values")
    assert '"shop":' not in output
    assert '{"name": "Caf\\u00e9"}' in output


def test_a_secret_is_not_shown(calls, run):
    """What was keyed in at a secret state is nowhere, though the flow has kept it."""
    calls.begin(FIRST, "1", PIN, "8")
    code, output, errors = run("show", FIRST)
    assert code == OK
    assert "pin      string" in output
    assert PIN not in output + errors
    assert PIN not in "".join(run("list", "--all")[1:] + run("list", "--json")[1:])
    assert PIN in run("show", FIRST, "--values")[1]


def test_show_needs_a_record(calls, run):
    """A call that is not known, and one that cannot be read, are told apart."""
    calls.store.save("CA4", b"{", expected=None, ttl=60)
    assert run("show", FIRST) == (
        FAILURE, "", f"Error: there is no session of {FIRST}; sessions list shows all\n"
    )  # fmt: skip
    message = "Error: CA4 cannot be shown: the record is not JSON\n"
    assert run("show", "CA4") == (FAILURE, "", message)


@pytest.mark.parametrize("arguments", [["list"], ["show", FIRST], ["check", "flow.py"]])
def test_a_file_that_is_not_there_is_not_made(run, arguments):
    """Looking at nothing is an error, and leaves nothing behind."""
    code, _, errors = run(*arguments, "--store", "sqlite:///no.db")
    assert code == FAILURE
    assert f"there is no file {Path('no.db').absolute()}; name the store that is served" in errors
    assert not Path("no.db").exists()


def test_the_application_s_file_is_not_made_either(run):
    """It is only named there, and opened by the first call."""
    Path("wsgi.py").write_text(FLOW + APP.format(store='SqliteStore("no.db")'), "utf-8")
    code, _, errors = run("check", "wsgi.py")
    assert (code, "there is no file" in errors) == (FAILURE, True)
    assert not Path("no.db").exists()


@pytest.mark.parametrize("arguments", [["list"], ["check", "flow.py"]])
def test_memory_is_refused(run, arguments):
    """Nobody sees into the memory of another process."""
    code, _, errors = run(*arguments, "--store", "memory:")
    assert (code, "sessions in memory are seen by the process" in errors) == (USAGE, True)


def test_a_store_that_is_away(run):
    """It is said what is wrong with it, without a traceback."""
    Path("broken.db").write_bytes(b"this is not a database, whatever its name may say" * 100)
    code, _, errors = run("list", "--store", "sqlite:///broken.db")
    assert code == FAILURE
    assert errors.startswith("Error: ")
    assert "file is not a database" in errors


def test_the_store_is_named_by_the_environment(calls, run, monkeypatch):
    """By IVR_STORE, also out of a file; without it, it is where serve keeps sessions too."""
    own = Calls("own.db")
    own.begin(FIRST)
    own.begin(SECOND)
    own.store.close()
    calls.begin(FIRST)
    assert "1 live" in run("list")[1]
    Path("ivr.env").write_text("IVR_STORE=sqlite:///own.db\n", "utf-8")
    monkeypatch.delenv("IVR_STORE")
    assert "2 live" in run("list", "--env-file", "ivr.env")[1]
    monkeypatch.setenv("IVR_STORE", "sqlite:///calls.db")
    assert "1 live" in run("list")[1]


def test_the_default_is_that_of_serve():
    """Both commands look into the same file if nobody says anything."""
    assert inspect.signature(IvrApp).parameters["store"].default == DEFAULT_STORE


def test_nothing_is_written(calls, run):
    """Whatever is looked at, every byte and every revision stays as it was."""
    calls.begin(FIRST, "1")
    calls.store.save("CA4", b"{", expected=None, ttl=60)
    before = contents()
    for arguments in (
        ["list", "--all"],
        ["show", FIRST],
        ["check", "next.py"],
        ["check", "flow.py"],
    ):
        run(*arguments)
    assert contents() == before


def test_a_narrow_terminal_folds_no_call_sid(calls, run, monkeypatch):
    """A call SID can be copied wherever it is shown."""
    calls.begin(FIRST, "1")
    monkeypatch.setenv("FORCE_COLOR", "1")  # which makes rich take anything for a terminal
    monkeypatch.setenv("COLUMNS", "50")
    _, output, _ = run("list")
    assert FIRST in output
    assert "+14158675309 ->  " in output
    assert "+18005551212    " in output
