"""The client itself: what it is made of, threads, processes, time-outs."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from twilio.base.exceptions import TwilioServiceException
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

import statechart_ivr
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.rest import RestClient
from statechart_ivr.rest.faults import understand
from tests.rest.server import ACCOUNT, TOKEN, TwilioApi

URL = "https://ivr.example.com/"


def of_our_own(api: TwilioApi) -> RestClient:
    """Return a client that has made twilio's client itself."""
    rest = RestClient(account_sid=ACCOUNT, auth_token=TOKEN)
    rest.client.api.base_url = api.url
    return rest


def with_a_ready_one(api: TwilioApi) -> RestClient:
    """Return a client around one of twilio's."""
    return RestClient(api.client())


EITHER = pytest.mark.parametrize("make", [of_our_own, with_a_ready_one])


def test_twilios_client_is_loaded_when_needed() -> None:
    """Making a client costs nothing; using it loads twilio's."""
    program = (
        "import sys; from statechart_ivr.rest import RestClient\n"
        "rest = RestClient(account_sid='AC1', auth_token='1')\n"
        "before = 'twilio.rest' in sys.modules\n"
        "print(rest, before, rest.client, 'twilio.rest' in sys.modules)"
    )
    where = str(Path(statechart_ivr.__file__).parents[1])
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": where},
        capture_output=True,
        check=True,
        text=True,
    )
    assert run.stdout == "<RestClient of AC1> False <Twilio AC1> True\n"


@pytest.mark.server
@EITHER
def test_everything_else(make, api: TwilioApi) -> None:
    """What this client has no method for, twilio's has."""
    call = api.account.add_call(status="ringing")
    rest = make(api)
    assert rest.client is rest.client
    assert rest.account_sid == ACCOUNT
    assert rest.client.calls(call).fetch().status == "ringing"


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "account_sid= and auth_token="),
        ({"account_sid": "AC1"}, "auth_token="),
        ({"auth_token": TOKEN}, "account_sid="),
    ],
)
def test_missing_credentials(given: dict[str, str], missing: str) -> None:
    """What is missing is said when the client is made, not when a call is waiting for it."""
    with pytest.raises(ConfigurationError, match=f"asked without {missing}; pass both"):
        RestClient(**given)


def test_a_client_that_does_not_wait() -> None:
    """A client for asyncio would return something that nobody waits for."""
    http = HttpClient(logging.getLogger(), is_async=True)
    with pytest.raises(ConfigurationError, match="for asyncio: pass one that waits"):
        RestClient(Client("AC1", TOKEN, http_client=http))


@pytest.mark.parametrize("kind", [TwilioHttpClient, type("Own", (TwilioHttpClient,), {})])
@pytest.mark.parametrize(("own", "expected"), [(None, 5), (3, 3)])
def test_time_outs(kind: type[Any], own: float | None, expected: float) -> None:
    """No client is without a time-out; one that has its own keeps it."""
    ready = Client("AC1", TOKEN, http_client=kind(timeout=own))
    assert RestClient(ready, timeout=5).client.http_client.timeout == expected


def test_the_usual_time_out() -> None:
    """Nobody needs to think of it."""
    rest = RestClient(account_sid="AC1", auth_token=TOKEN)
    assert rest.client.http_client.timeout == 10


@pytest.mark.server
@EITHER
def test_threads(make, api: TwilioApi) -> None:
    """A thread goes on with its own connection, and never with another's."""
    rest, call = make(api), api.account.add_call()

    def redirect_twice() -> None:
        rest.redirect(call, URL)
        rest.redirect(call, URL)

    redirect_twice()
    thread = Thread(target=redirect_twice)
    thread.start()
    thread.join()
    peers = [asked.peer for asked in api.asked]
    assert peers[0] == peers[1] != peers[2] == peers[3]


@pytest.mark.server
def test_processes(api: TwilioApi) -> None:
    """A process that was forked off does not go on with its parent's connection."""
    rest, call = of_our_own(api), api.account.add_call()
    rest.redirect(call, URL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that there are threads is what this is about
        child = os.fork()
    if child == 0:
        try:
            os._exit(0 if rest.redirect(call, URL) else 1)
        finally:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    rest.redirect(call, URL)
    peers = [asked.peer for asked in api.asked]
    assert peers[0] == peers[2] != peers[1]


@pytest.mark.server
def test_quiet_logs(api: TwilioApi, caplog: pytest.LogCaptureFixture) -> None:
    """A request that succeeds says nothing, unless one wants to know it all."""
    rest, call = of_our_own(api), api.account.add_call()
    caplog.set_level(logging.INFO)
    rest.redirect(call, URL)
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, "statechart_ivr.rest")
    rest.redirect(call, URL)
    messages = [one.message for one in caplog.records if one.name.startswith("statechart_ivr.")]
    assert messages[0].startswith(f"POST {api.url}/2010-04-01/Accounts/")
    assert messages[1:] == ["answered 200"]


def test_problems_in_the_new_form() -> None:
    """Newer parts of Twilio's API tell their errors in the form of RFC 9457."""
    error = TwilioServiceException("https://x", "Invalid parameter", 400, 20001, "To is missing")
    fault = understand(error)
    assert fault.words == "Invalid parameter: To is missing (error 20001)"
    assert (fault.status, fault.code) == (400, 20001)
