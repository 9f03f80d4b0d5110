"""``call-out``: somebody is called, by way of a server that plays Twilio's REST API."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from importlib import import_module
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE, main
from statechart_ivr.stores import open_store
from statechart_ivr.testing import Phone
from tests.cli.conftest import ROOT
from tests.rest.server import ACCOUNT, TOKEN, TwilioApi

pytestmark = pytest.mark.server

CALLEE, NUMBER = "+4930123456", "+14158675309"
ENDS = ("--to", CALLEE, "--from", NUMBER)
STORE = "sqlite:///served.db"

FLOW = """
from statemachine import State
from statechart_ivr import CallFlow, renders, routable

class Reminder(CallFlow):
    reminder = State(initial=True, final=True)
    alarm = State(final=True)

    @routable("/reminder")
    @renders(reminder)
    def remind(self):
        return f"Your appointment is at {self.session.get('time', 'nine')}."

    @routable("/alarm")
    @renders(alarm)
    def warn(self):
        return "Leave the building."
"""
APP = """
from statechart_ivr.web import IvrApp
app = IvrApp(Reminder, auth_token="1", store="{store}", prefix="/own",
             base_url="https://app.example.com"{more})
"""

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _settings(twilio_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lay out a flow that is served elsewhere, over a store that is there already."""
    Path("flow.py").write_text(FLOW, "utf-8")
    monkeypatch.setenv("IVR_STORE", STORE)
    monkeypatch.delenv("IVR_STORE_KEYS", raising=False)
    make_store(STORE)


def make_store(url: str) -> None:
    """Make a store as an application does that is served with it."""
    with closing(open_store(url)) as store:
        store.save("CA1", b"{}", expected=None, ttl=60)
        store.delete("CA1")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command: exit code, output, complaints."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main(["call-out", *arguments])
        return code, *capsys.readouterr()

    return run_command


def stored() -> list[str]:
    """Return what the sessions in the served store are under."""
    with closing(open_store(STORE)) as store:
        return [*store.calls()]


def test_calling(api: TwilioApi, run: Run) -> None:
    """Twilio is told whom to call and where the application is; the SID is all that is printed."""
    code, output, errors = run("flow.py", "/reminder", *ENDS)
    assert (code, errors) == (OK, "")
    assert [output.strip()] == [*api.account.calls]
    form = api.asked[-1].form
    assert (form["To"], form["From"]) == (CALLEE, NUMBER)
    assert form["Url"].startswith(f"{ROOT}/reminder?placed=")
    assert form["StatusCallback"].startswith(f"{ROOT}/ivr/status?placed=")
    assert form["FallbackUrl"] == f"{ROOT}/ivr/fallback"
    assert "MachineDetection" not in form


def test_what_the_call_knows(api: TwilioApi, run: Run) -> None:
    """The application that is served finds the session, over the store it shares."""
    run("flow.py", "remind", *ENDS, "--session", '{"time": "half past nine"}',
        "--machine-detection", "Enable")  # fmt: skip
    form = api.asked[-1].form
    assert form["MachineDetection"] == "Enable"
    flow = import_module("flow").Reminder  # as the other process does
    with Phone(flow, store=STORE, base_url=ROOT) as phone:
        url = urlsplit(form["Url"])
        assert (
            phone.dial(f"{url.path}?{url.query}").heard == "Your appointment is at half past nine."
        )
    assert parse_qs(url.query)["placed"][0] not in stored()


def test_a_dry_run(api: TwilioApi, run: Run) -> None:
    """What Twilio would be told is shown; nobody is called, and nothing is stored."""
    code, output, _ = run("flow.py", "warn", *ENDS, "--dry-run")
    assert code == OK
    assert output.splitlines() == [
        f"To                     {CALLEE}",
        f"From                   {NUMBER}",
        f"Asked for TwiML        {ROOT}/alarm",
        f"Told of its end        {ROOT}/ivr/status",
        "Nobody was called: --dry-run.",
    ]
    assert (api.asked, stored()) == ([], [])


@pytest.mark.parametrize("callee", ["sip:ann@example.com", "client:ann"])
def test_callees_without_a_number(callee: str, api: TwilioApi, run: Run) -> None:
    """A SIP address and a browser's name can be called, too."""
    assert run("flow.py", "remind", "--to", callee, "--from", NUMBER)[0] == OK
    assert api.asked[-1].form["To"] == callee


@pytest.mark.parametrize("ends", [("--to", "030123456", "--from", NUMBER),
                                  ("--to", CALLEE, "--from", "client:me")])  # fmt: skip
def test_a_number_that_is_none(ends: tuple[str, ...], api: TwilioApi, run: Run) -> None:
    """Numbers are written in E.164, and the message shows how."""
    code, _, errors = run("flow.py", "/reminder", *ends)
    assert code == USAGE
    assert "is not in E.164: a plus, the country and the number, such as +1" in errors
    assert api.asked == []


def test_no_such_route(api: TwilioApi, run: Run) -> None:
    """The routes there are are listed, by name and path."""
    code, _, errors = run("flow.py", "/remind", *ENDS)
    assert code == USAGE
    assert "there is no route '/remind'; there are remind (/reminder), warn (/alarm)" in errors
    assert (api.asked, stored()) == ([], [])


@pytest.mark.parametrize(
    ("session", "wrong"),
    [
        ("{order: 1}", "Expecting property name"),
        ('["order"]', '["order"] is no object'),
        ('{"price": NaN}', "session['price'] is nan, which is not JSON"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_a_session_that_is_none(session: str, wrong: str, api: TwilioApi, run: Run) -> None:
    """A session is a JSON object, and the message shows one."""
    code, _, errors = run("flow.py", "remind", *ENDS, "--session", session)
    assert code == USAGE
    assert wrong in errors
    assert """write JSON such as '{"order": "123456"}'""" in errors
    assert api.asked == []


def test_an_application(api: TwilioApi, run: Run) -> None:
    """An application has its own base URL, prefix and store; the account is the environment's."""
    Path("wsgi.py").write_text(FLOW + APP.format(store="sqlite:///own.db", more=""), "utf-8")
    make_store("sqlite:///own.db")
    assert run("wsgi.py", "remind", *ENDS)[0] == OK
    form = api.asked[-1].form
    assert form["Url"].startswith("https://app.example.com/reminder?placed=")
    assert form["StatusCallback"].startswith("https://app.example.com/own/status?placed=")
    assert stored() == []
    assert run("wsgi.py", "remind", *ENDS, "--store", STORE, "--base-url", ROOT)[0] == OK
    assert api.asked[-1].form["Url"].startswith(f"{ROOT}/reminder?placed=")
    assert len(stored()) == 1


def test_an_application_with_a_client(
    api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client of the application's own is asked, whatever the environment says."""
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "of another account")
    client = f", client=RestClient(account_sid='{ACCOUNT}', auth_token='{TOKEN}')"
    app = APP.format(store=STORE, more=client)
    Path("wsgi.py").write_text(f"from statechart_ivr.rest import RestClient\n{FLOW}{app}", "utf-8")
    assert run("wsgi.py", "remind", *ENDS)[0] == OK


def test_a_store_in_memory(api: TwilioApi, run: Run) -> None:
    """A session that only this process could find is not even begun."""
    code, _, errors = run("flow.py", "remind", *ENDS, "--store", "memory:")
    assert code == USAGE
    assert "name a store that is shared: --store sqlite:////var/lib/ivr/calls.db" in errors
    assert api.asked == []


def test_a_store_that_nobody_serves(api: TwilioApi, run: Run) -> None:
    """A file that is not there is no application's, and is not made."""
    code, _, errors = run("flow.py", "remind", *ENDS, "--store", "sqlite:///other.db")
    assert code == FAILURE
    assert "other.db; name the store that is served: --store URL, or IVR_STORE" in errors
    assert not Path("other.db").exists()
    assert api.asked == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("IVR_BASE_URL", "the public URL is not known; set IVR_BASE_URL, or add --base-url"),
        ("TWILIO_ACCOUNT_SID", "Twilio cannot be asked; set TWILIO_ACCOUNT_SID, from Twilio's"),
        ("TWILIO_AUTH_TOKEN", "Twilio cannot be asked; set TWILIO_AUTH_TOKEN, from Twilio's"),
    ],
)
def test_a_setting_that_is_missing(
    name: str, message: str, api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Base URL and credentials are asked for by the names of their settings."""
    monkeypatch.delenv(name)
    code, _, errors = run("flow.py", "remind", *ENDS)
    assert code == FAILURE
    assert message in errors


def test_settings_from_a_file(api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All settings may stand in a file."""
    for name in ("TWILIO_AUTH_TOKEN", "IVR_STORE"):
        monkeypatch.delenv(name)
    Path("settings").write_text(f"TWILIO_AUTH_TOKEN={TOKEN}\nIVR_STORE={STORE}\n", "utf-8")
    assert run("flow.py", "remind", *ENDS, "--env-file", "settings")[0] == OK
    assert len(stored()) == 1


def test_twilios_refusal(api: TwilioApi, run: Run) -> None:
    """What Twilio says is repeated, with its number; the session that nobody needs is gone."""
    api.refuse_next(400, 21210, f"The source phone number {NUMBER} is not yet verified")
    code, output, errors = run("flow.py", "remind", *ENDS)
    assert (code, output) == (FAILURE, "")
    assert errors == (
        f"Error: calling {CALLEE} failed: Unable to create record: The source phone number "
        f"{NUMBER} is not yet verified (error 21210)\n"
    )
    assert stored() == []


def test_an_answer_that_is_lost(api: TwilioApi, run: Run) -> None:
    """Where the phone may be ringing, nobody is told to try again; the call finds its session."""
    api.cut_next()
    code, output, errors = run("flow.py", "remind", *ENDS)
    assert (code, output) == (FAILURE, "")
    assert "the phone may be ringing; look into the call log in Twilio's console before" in errors
    assert len(api.account.calls) == len(stored()) == 1
