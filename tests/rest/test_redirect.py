"""A live call is pointed elsewhere, in spite of whatever goes wrong on the way."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from twilio.http.http_client import TwilioHttpClient

from statechart_ivr.errors import RestError
from statechart_ivr.rest import RestClient
from tests.rest.conftest import SHORT
from tests.rest.resources import Account
from tests.rest.server import ACCOUNT, TOKEN, TwilioApi

pytestmark = pytest.mark.server

URL = "https://ivr.example.com/ivr/turn?nonce=7&at=/desk"


def test_a_live_call(api: TwilioApi, rest: RestClient, pauses: list[float]) -> None:
    """Twilio is asked once, for this call, to POST to the URL."""
    told = []
    api.on_update = lambda sid, form: told.append((sid, form))
    call = api.account.add_call()
    assert rest.redirect(call, URL) is True
    assert told == [(call, {"Url": URL, "Method": "POST"})]
    assert [(one.method, one.path) for one in api.asked] == [
        ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{call}.json")
    ]
    assert pauses == []


def test_a_subaccounts_call(api: TwilioApi, rest: RestClient) -> None:
    """A call of a subaccount is looked for there; the account itself does not know it."""
    sub = api.subaccounts["AC1"] = Account("AC1")
    call = sub.add_call()
    assert rest.redirect(call, URL, account_sid="AC1")
    assert not rest.redirect(call, URL)


@pytest.mark.parametrize("status", [None, "completed", "busy"])
def test_a_call_that_is_gone(
    status: str | None, api: TwilioApi, rest: RestClient, pauses: list[float]
) -> None:
    """That the caller has hung up is no error, and nothing to try again."""
    call = api.account.add_call(status=status) if status else "CA1"
    assert rest.redirect(call, URL) is False
    assert (len(api.asked), pauses) == (1, [])


def refuse_too_many(api: TwilioApi) -> None:
    """Refuse a request that comes too soon."""
    api.refuse_next(429, 20429, "Too Many Requests")


def refuse_credentials(api: TwilioApi) -> None:
    """Refuse the credentials."""
    api.refuse_next(401, 20003, "Authenticate")


FAULTS: list[Callable[[TwilioApi], None]] = [
    refuse_too_many,
    lambda api: api.refuse_next(500, 20500, "An internal server error has occurred"),
    lambda api: api.refuse_next(503),
    TwilioApi.cut_next,
    TwilioApi.garble_next,
]
NAMES = ["429", "500", "503 of a proxy", "cut", "garbled"]


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_what_passes(
    fault: Callable[[TwilioApi], None], api: TwilioApi, rest: RestClient, pauses: list[float]
) -> None:
    """After a fault that passes, Twilio is asked again: a call may be redirected twice."""
    call = api.account.add_call()
    fault(api)
    fault(api)
    assert rest.redirect(call, URL)
    assert (len(api.asked), pauses) == (3, [0.5, 1.0])


def test_an_answer_that_does_not_come(api: TwilioApi) -> None:
    """An answer is waited for as long as was said, and then asked for again."""
    pauses = []

    def be_patient(pause: float) -> None:
        pauses.append(pause)
        rest.client.http_client.timeout = 60.0

    rest = RestClient(api.client(), timeout=SHORT, sleep=be_patient)
    api.hang_next()
    assert rest.redirect(api.account.add_call(), URL)
    assert pauses == [0.5]


@pytest.mark.parametrize("fault", FAULTS, ids=NAMES)
def test_what_does_not_pass(
    fault: Callable[[TwilioApi], None], api: TwilioApi, pauses: list[float]
) -> None:
    """After the last pause it is given up."""
    for _ in range(9):
        fault(api)
    call = api.account.add_call()
    rest = RestClient(api.client(), pauses=[1, 2], sleep=pauses.append)
    with pytest.raises(RestError, match=f"^redirecting {call} failed: "):
        rest.redirect(call, URL)
    assert (len(api.asked), pauses) == (3, [1, 2])


def test_too_many_requests(api: TwilioApi, rest: RestClient) -> None:
    """The error has Twilio's number and words; nothing was done."""
    for _ in range(4):
        refuse_too_many(api)
    with pytest.raises(RestError) as caught:
        rest.redirect("CA1", URL)
    assert (caught.value.status, caught.value.code) == (429, 20429)
    assert caught.value.maybe_done is False
    assert "Too Many Requests (error 20429); the account makes too many" in str(caught.value)


def test_wrong_credentials(api: TwilioApi, pauses: list[float]) -> None:
    """The message names what to look at, and asking again would not help."""
    rest = RestClient(api.client(token="wrong"), sleep=pauses.append)
    message = r"Authenticate \(error 20003\); compare account_sid and auth_token \(TWILIO_ACC"
    with pytest.raises(RestError, match=message) as caught:
        rest.redirect("CA1", URL)
    assert (caught.value.status, caught.value.code, pauses) == (401, 20003, [])


def test_a_404_of_somebody_else(api: TwilioApi, rest: RestClient) -> None:
    """A proxy that has no such page does not mean that the caller has hung up."""
    api.refuse_next(404)
    with pytest.raises(RestError, match=re.escape("(HTTP status 404)")) as caught:
        rest.redirect(api.account.add_call(), URL)
    assert (caught.value.status, caught.value.code) == (404, None)


def test_nobody_listens(pauses: list[float]) -> None:
    """A refused connection is tried again, and it works once somebody listens."""
    with TwilioApi(listening=False) as api:

        def wait(pause: float) -> None:
            pauses.append(pause)
            api.listen()

        rest = RestClient(api.client(), sleep=wait)
        assert rest.redirect(api.account.add_call(), URL)
    assert pauses == [0.5]


@pytest.fixture
def full_port() -> Iterator[int]:
    """Return a port where a connection is neither taken nor refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):  # more than the system lets wait
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@pytest.fixture(params=["refused", "no host", "no answer"])
def nowhere(request: pytest.FixtureRequest, full_port: int) -> Iterator[str]:
    """Return a URL that leads nowhere, in each of the ways there are."""
    with TwilioApi(listening=False) as api:
        yield {
            "refused": api.url,
            "no host": "http://no-such-host.invalid",
            "no answer": f"http://127.0.0.1:{full_port}",
        }[request.param]


def test_what_cannot_be_reached(nowhere: str, api: TwilioApi, pauses: list[float]) -> None:
    """Whatever is asked is tried again, for nothing can have been done; and nothing was."""
    client = api.client()
    client.api.base_url = nowhere
    rest = RestClient(client, timeout=0.05, pauses=[1, 2], sleep=pauses.append)
    ends = {"to": "+14158675309", "from_": "+18005551212"}
    for ask in (
        lambda: rest.redirect("CA1", URL),
        lambda: rest.send_sms("Hello", **ends),
        lambda: rest.place_call(url=URL, status_callback=URL, **ends),
    ):
        with pytest.raises(RestError, match="Twilio cannot be reached: ") as caught:
            ask()
        assert (caught.value.status, caught.value.maybe_done) == (None, False)
    assert pauses == [1, 2] * 3


def test_a_proxy_that_cannot_be_reached(api: TwilioApi, pauses: list[float]) -> None:
    """It has passed nothing on: what is asked is tried again, and no phone is ringing."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        http = TwilioHttpClient(proxy={"http": f"http://127.0.0.1:{nobody.getsockname()[1]}"})
        client = api.client(http_client=http)
        rest = RestClient(client, pauses=[1, 2], sleep=pauses.append)
        with pytest.raises(RestError, match=r"Twilio cannot be reached: .*proxy") as caught:
            rest.place_call(to="+14158675309", from_="+1", url=URL, status_callback=URL)
    assert not caught.value.maybe_done
    assert (pauses, api.asked) == ([1, 2], [])


def test_a_place_that_cannot_be(api: TwilioApi, pauses: list[float]) -> None:
    """A URL that is none, as a wrong region makes one, is said at once."""
    client = api.client()
    client.api.base_url = "http://exa mple.com:port"
    rest = RestClient(client, sleep=pauses.append)
    with pytest.raises(RestError, match="there is no such place: ") as caught:
        rest.redirect("CA1", URL)
    assert (caught.value.maybe_done, pauses) == (False, [])


@pytest.mark.parametrize("fault", [*FAULTS, refuse_credentials], ids=[*NAMES, "401"])
def test_the_token_is_shown_nowhere(
    fault: Callable[[TwilioApi], None],
    api: TwilioApi,
    pauses: list[float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Neither errors, nor the log at its most talkative, nor the client tell the auth token."""
    caplog.set_level(0)
    rest = RestClient(account_sid=ACCOUNT, auth_token=TOKEN, sleep=pauses.append)
    rest.client.api.base_url = api.url
    call = api.account.add_call()
    for _ in range(4):
        fault(api)
    with pytest.raises(RestError) as caught:
        rest.redirect(call, URL)
    assert caplog.records
    said = [caplog.text, repr(rest), str(caught.getrepr(style="native"))]
    assert TOKEN not in "".join(said)
