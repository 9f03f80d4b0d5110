"""``connect``: the URLs of a number are set, by way of a server that plays Twilio's REST API."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE, main
from tests.cli.conftest import ROOT
from tests.rest.server import ACCOUNT, TOKEN, TwilioApi

pytestmark = pytest.mark.server

NUMBER = "+14158675309"
#: What a number has that was just bought.
DEMO = "https://demo.twilio.com/welcome/voice/"

FLOW = """
from statemachine import State
from statechart_ivr import CallFlow, renders, routable

class Greeting(CallFlow):
    hello = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(hello)
    def say_hello(self):
        return "Hello."
"""
SECOND = """
class Night(CallFlow):
    bye = State(initial=True, final=True)

    @routable("/night")
    @renders(bye)
    def say_bye(self):
        return "Goodbye."
"""
APP = """
from bottle import Bottle
from statechart_ivr.web import IvrApp
app = IvrApp(Greeting, auth_token="1", store="memory:", prefix="/own",
             base_url={base_url})
"""

#: What the flow's number has in the end, as Twilio shows it.
CONNECTED = {
    "voice_url": f"{ROOT}/incoming-call",
    "voice_method": "POST",
    "status_callback": f"{ROOT}/ivr/status",
    "status_callback_method": "POST",
    "voice_fallback_url": f"{ROOT}/ivr/fallback",
    "voice_fallback_method": "POST",
}

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _settings(twilio_settings: None) -> None:
    """Lay out a flow, and set what it needs."""
    Path("flow.py").write_text(FLOW, "utf-8")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Return what runs the command: exit code, output, complaints."""

    def run_command(*arguments: str) -> tuple[int, str, str]:
        code = main(["connect", *arguments])
        return code, *capsys.readouterr()

    return run_command


def settings_of(api: TwilioApi, sid: str) -> dict[str, str]:
    """Return what a number has of what `connect` sets."""
    return {name: api.account.numbers[sid][name] for name in CONNECTED}


def test_connecting(api: TwilioApi, run: Run) -> None:
    """Each URL is shown as it was and as it is now, and what is right already stays."""
    sid = api.account.add_number(
        NUMBER,
        VoiceUrl=DEMO,
        VoiceMethod="GET",
        VoiceFallbackUrl=f"{ROOT}/ivr/fallback",
        VoiceFallbackMethod="POST",
    )
    code, output, errors = run("flow.py", NUMBER)
    assert (code, errors) == (OK, "")
    assert output.splitlines() == [
        f"{NUMBER} ({sid})",
        f"A call comes in        GET {DEMO} -> POST {ROOT}/incoming-call",
        f"Call status changes    (none) -> POST {ROOT}/ivr/status",
        f"Primary handler fails  POST {ROOT}/ivr/fallback (as it is)",
        "Changed.",
    ]
    assert settings_of(api, sid) == CONNECTED


def test_a_dry_run(api: TwilioApi, run: Run) -> None:
    """The same is shown, and nothing is changed."""
    sid = api.account.add_number(NUMBER)
    before = settings_of(api, sid)
    code, output, _ = run("flow.py", NUMBER, "--dry-run")
    assert code == OK
    assert f"A call comes in        (none) -> POST {ROOT}/incoming-call\n" in output
    assert output.endswith("Nothing was changed: --dry-run.\n")
    assert settings_of(api, sid) == before
    assert {asked.method for asked in api.asked} == {"GET"}


def test_nothing_to_change(api: TwilioApi, run: Run) -> None:
    """A number that is connected is left alone, and it is said so."""
    api.account.add_number(NUMBER)
    run("flow.py", NUMBER)
    api.asked.clear()
    code, output, _ = run("flow.py", NUMBER)
    assert (code, output.count("(as it is)")) == (OK, 3)
    assert output.endswith("Nothing to change.\n")
    assert {asked.method for asked in api.asked} == {"GET"}


def test_a_method_that_is_wrong(api: TwilioApi, run: Run) -> None:
    """The right URL with the wrong method is a change, too."""
    sid = api.account.add_number(NUMBER)
    run("flow.py", NUMBER)
    api.account.numbers[sid]["voice_method"] = "GET"
    _, output, _ = run("flow.py", NUMBER)
    assert f"GET {ROOT}/incoming-call -> POST {ROOT}/incoming-call\n" in output
    assert settings_of(api, sid) == CONNECTED


def test_a_base_url_that_is_given(api: TwilioApi, run: Run) -> None:
    """What is typed wins over the environment."""
    sid = api.account.add_number(NUMBER)
    assert run("flow.py", NUMBER, "--base-url", "https://two.example.com/x")[0] == OK
    assert api.account.numbers[sid]["voice_url"] == "https://two.example.com/x/incoming-call"


def test_an_application(api: TwilioApi, run: Run) -> None:
    """An application knows its own base URL and prefix."""
    Path("wsgi.py").write_text(FLOW + APP.format(base_url="'https://app.example.com'"), "utf-8")
    sid = api.account.add_number(NUMBER)
    assert run("wsgi.py", NUMBER)[0] == OK
    assert api.account.numbers[sid]["voice_url"] == "https://app.example.com/incoming-call"
    assert api.account.numbers[sid]["status_callback"] == "https://app.example.com/own/status"


def test_a_base_url_that_depends(api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the base URL is a function of the request, somebody has to say which it is."""
    base_url = "lambda environ: 'https://app.example.com'"
    Path("wsgi.py").write_text(FLOW + APP.format(base_url=base_url), "utf-8")
    api.account.add_number(NUMBER)
    code, _, errors = run("wsgi.py", NUMBER)
    assert (code, errors.count("say which one with --base-url")) == (FAILURE, 1)
    assert run("wsgi.py", NUMBER, "--base-url", ROOT)[0] == OK


def test_several_routes(api: TwilioApi, run: Run) -> None:
    """Of several routes one must be named, and the message lists them."""
    Path("flow.py").write_text(FLOW + SECOND, "utf-8")
    sid = api.account.add_number(NUMBER)
    code, _, errors = run("flow.py", NUMBER)
    assert code == USAGE
    which = "write which: --route /incoming-call or --route /night\n"
    assert f"calls can come in by several routes; {which}" in errors
    code, _, errors = run("flow.py", NUMBER, "--route", "/day")
    assert code == USAGE
    assert f"there is no route /day; {which}" in errors
    assert api.asked == []
    assert run("flow.py", NUMBER, "--route", "/night")[0] == OK
    assert api.account.numbers[sid]["voice_url"] == f"{ROOT}/night"


def test_settings_from_a_file(api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """All settings may stand in a file; of several tokens the first is taken."""
    Path("settings").write_text(
        f"TWILIO_ACCOUNT_SID={ACCOUNT}\nTWILIO_AUTH_TOKEN={TOKEN},old\nIVR_BASE_URL={ROOT}\n",
        "utf-8",
    )
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "IVR_BASE_URL"):
        monkeypatch.delenv(name)
    sid = api.account.add_number(NUMBER)
    assert run("flow.py", NUMBER, "--env-file", "settings")[0] == OK
    assert settings_of(api, sid) == CONNECTED


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (["TWILIO_ACCOUNT_SID"], "set TWILIO_ACCOUNT_SID, from"),
        (["TWILIO_AUTH_TOKEN"], "set TWILIO_AUTH_TOKEN, from"),
        (["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"], "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_"),
        (["IVR_BASE_URL"], "set IVR_BASE_URL, or add --base-url"),
    ],
)
def test_missing_settings(
    missing: list[str], message: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not set is named, with where it may be set."""
    for name in missing:
        monkeypatch.setenv(name, "")
    code, _, errors = run("flow.py", NUMBER)
    assert code == FAILURE
    assert message in errors


@pytest.mark.parametrize(
    "number", ["4158675309", "+1 415 867 5309", "+0123456", "+123456789012345678"]
)
def test_a_number_that_is_none(number: str, api: TwilioApi, run: Run) -> None:
    """A number is written in E.164, and the message shows how."""
    code, _, errors = run("flow.py", number)
    assert code == USAGE
    assert f"'{number}' is not in E.164: a plus, the country and the number, such as +1" in errors
    assert api.asked == []


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([], "it has none at all"),
        (["+14158675308", "+442071838750"], "it has +14158675308 and 1 more"),
        (["+88299999"], "it has +88299999"),
    ],
)
def test_a_number_of_somebody_else(
    numbers: list[str], message: str, api: TwilioApi, run: Run
) -> None:
    """A number that the account does not have is named, with those that are like it."""
    for number in numbers:
        api.account.add_number(number)
    code, output, errors = run("flow.py", NUMBER)
    assert (code, output) == (FAILURE, "")
    assert errors == f"Error: {NUMBER} is no number of account {ACCOUNT}; {message}\n"


def test_a_number_handled_elsewhere(api: TwilioApi, run: Run) -> None:
    """URLs that Twilio would ignore are not set."""
    api.account.add_number(NUMBER, VoiceApplicationSid="AP1")
    code, _, errors = run("flow.py", NUMBER)
    assert code == FAILURE
    assert f"calls to {NUMBER} are handled by AP1, a TwiML application or a SIP trunk" in errors
    assert {asked.method for asked in api.asked} == {"GET"}


def test_wrong_credentials(api: TwilioApi, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said which settings to look at; the token is not shown."""
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "not-the-token")
    code, output, errors = run("flow.py", NUMBER)
    assert (code, output) == (FAILURE, "")
    assert f"looking for {NUMBER} failed: " in errors
    assert "(TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN)" in errors
    assert "not-the-token" not in errors
    assert "Traceback" not in errors
