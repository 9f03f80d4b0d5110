"""The application over HTTP: what Twilio sends, what goes back, and what strangers get."""

from __future__ import annotations

import http.client
import logging
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit
from wsgiref.headers import Headers
from xml.etree import ElementTree as ET

import pytest
from bottle import Bottle, abort
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.errors import ConfigurationError, StoreUnavailableError
from statechart_ivr.signing import sign
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.web import IvrApp, SignaturePlugin

Ask = Callable[..., tuple[int, Headers, bytes]]

TOKEN = "12345"
ROOT = "https://ivr.example.com"
CALL = {"CallSid": "CA1", "AccountSid": "AC1", "From": "+14158675309", "CallStatus": "ringing"}


class Town(CallFlow):
    """Says where the caller is; 1 says goodbye."""

    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1"))

    @routable("/incoming-call")
    @renders(menu)
    def say_town(self) -> Any:
        """Say the town, from wherever it came."""
        return gather(f"You are in {self.call.parameters.get('FromCity')}.")

    @renders(goodbye)
    def say_goodbye(self) -> str:
        """Say goodbye."""
        return "Goodbye."


class Night(CallFlow):
    """Another flow of the same application."""

    closed = State(initial=True, final=True)

    @routable("/night")
    @renders(closed)
    def say_closed(self) -> str:
        """Say that nobody is there."""
        return "We are closed."


class DeadStore(MemoryStore):
    """A store that is away, and remembers whether it was closed."""

    closed = False

    def load(self, call_sid: str) -> Any:
        """Fail."""
        raise StoreUnavailableError(f"no answer for {call_sid}")

    def close(self) -> None:
        """Take note."""
        self.closed = True


def build(*flows: type[CallFlow], **options: Any) -> IvrApp:
    """Return a validating application on a store of its own."""
    settings = {"auth_token": TOKEN, "base_url": ROOT, "store": MemoryStore(), **options}
    return IvrApp(*(flows or (Town,)), **settings)


def build_open(*flows: type[CallFlow], **options: Any) -> IvrApp:
    """Return an application that takes unsigned requests."""
    return build(*flows, **{"auth_token": None, "base_url": None, "validate": False, **options})


def form(**parameters: str) -> bytes:
    """Return the form of a call's webhook."""
    return urlencode({**CALL, **parameters}).encode()


def signature(target: str, root: str = ROOT, **parameters: str) -> dict[str, str]:
    """Return the signature of `form`, as the WSGI environ has it."""
    return {"HTTP_X_TWILIO_SIGNATURE": sign(TOKEN, root + target, {**CALL, **parameters}.items())}


def heard(body: bytes) -> str:
    """Return all text of a TwiML document."""
    return "".join(ET.fromstring(body).itertext())


def action(body: bytes) -> str:
    """Return the action URL of the document's Gather."""
    gather_verb = ET.fromstring(body).find("Gather")
    assert gather_verb is not None
    return gather_verb.attrib["action"]


def test_a_signed_call(ask: Ask) -> None:
    """Twilio's first request is answered with TwiML that nobody may cache."""
    headers = signature("/incoming-call", FromCity="Köln")
    status, answer, body = ask(build(), "POST", "/incoming-call", form(FromCity="Köln"), **headers)
    assert status == 200
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert body.startswith(b'<?xml version="1.0" encoding="UTF-8"?><Response>')
    assert heard(body) == "You are in Köln."


def test_the_call_goes_on(ask: Ask) -> None:
    """The action URL of the first document carries the call to the next state."""
    app = build()
    _, _, body = ask(app, "POST", "/incoming-call", form(), **signature("/incoming-call"))
    target = action(body)
    assert target.startswith("/ivr/turn?")
    status, _, body = ask(app, "POST", target, form(Digits="1"), **signature(target, Digits="1"))
    assert (status, heard(body)) == (200, "Goodbye.")


def test_get(ask: Ask) -> None:
    """A GET with everything in the query is as good."""
    target = f"/incoming-call?{form(FromCity='Köln').decode()}"
    headers = {"HTTP_X_TWILIO_SIGNATURE": sign(TOKEN, ROOT + target)}
    assert heard(ask(build(), "GET", target, **headers)[2]) == "You are in Köln."


def test_query_of_a_post(ask: Ask) -> None:
    """Parameters in the query of a POST are parameters of the call."""
    _, _, body = ask(build_open(), "POST", "/incoming-call?FromCity=Rome", form())
    assert heard(body) == "You are in Rome."


def test_a_json_body(ask: Ask) -> None:
    """The scalars of a JSON object are parameters of the call."""
    body = b'{"CallSid": "CA1", "FromCity": 7}'
    _, _, answer = ask(
        build_open(), "POST", "/incoming-call", body, CONTENT_TYPE="application/json"
    )
    assert heard(answer) == "You are in 7."


def test_a_broken_json_body(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """JSON that cannot be read is logged, and the rest of the request still counts."""
    target = "/incoming-call?CallSid=CA1&FromCity=Rome"
    headers = {"CONTENT_TYPE": "application/json"}
    status, _, body = ask(build_open(), "POST", target, b"{", **headers)
    assert (status, heard(body)) == (200, "You are in Rome.")
    assert "a body that cannot be read" in caplog.text


def test_invalid_utf8(ask: Ask) -> None:
    """Bytes that are no UTF-8 are replaced, and the caller hears the rest."""
    status, _, body = ask(build_open(), "POST", "/incoming-call", form() + b"&FromCity=K%F6ln\xf6")
    assert (status, heard(body)) == (200, "You are in K\ufffdln\ufffd.")


def test_a_retry_gets_the_same_bytes(ask: Ask) -> None:
    """Twilio's idempotency token is passed on: a copy of a request moves nothing."""
    app, retry = build_open(), {"HTTP_I_TWILIO_IDEMPOTENCY_TOKEN": "t1"}
    first = ask(app, "POST", "/incoming-call", form(FromCity="Rome"), **retry)[2]
    assert ask(app, "POST", "/incoming-call", form(FromCity="Oslo"), **retry)[2] == first


@pytest.mark.parametrize("target", ["/incoming-call", "/ivr/turn", "/ivr/status", "/ivr/event/x"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_everything_is_signed(ask: Ask, target: str, method: str) -> None:
    """Each webhook refuses what Twilio did not sign, with an empty answer."""
    status, _, body = ask(build(), method, target, form() if method == "POST" else b"")
    assert (status, body) == (403, b"")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signature("/incoming-call", root="https://ivr.example.com:8443"),
        signature("/incoming-calL"),
        {"HTTP_X_TWILIO_SIGNATURE": sign("54321", f"{ROOT}/incoming-call", CALL.items())},
    ],
    ids=["missing header", "wrong port", "one byte", "wrong token"],
)
def test_bad_signatures(ask: Ask, headers: dict[str, str]) -> None:
    """One changed byte, a missing header, a wrong token and a wrong port are each refused."""
    app = build()
    assert ask(app, "POST", "/incoming-call", form(), **headers)[0] == 403
    assert app.switchboard.peek("CA1") is None


@pytest.mark.parametrize("make", [build, build_open])
def test_too_large(ask: Ask, make: Callable[[], IvrApp]) -> None:
    """200 kB of form are refused before anything else is."""
    assert ask(make(), "POST", "/incoming-call", form(FromCity="x" * 200_000))[0] == 413


def test_head_runs_no_turn(ask: Ask) -> None:
    """A HEAD is not a call."""
    app = build_open()
    status, headers, body = ask(app, "HEAD", "/incoming-call?CallSid=CA1")
    assert (status, headers["Allow"], body) == (405, "GET, POST", b"")
    assert app.switchboard.peek("CA1") is None


@pytest.mark.parametrize(
    ("method", "target", "message"),
    [
        ("POST", "/incoming?Digits=12", "404 for POST /incoming?Digits=***"),
        ("GET", "/ivr", "404 for GET /ivr"),
        ("PUT", "/incoming-call", "405 for PUT /incoming-call"),
        ("HEAD", "/incoming-call?CallSid=CA1", "405 for HEAD /incoming-call?CallSid=CA1"),
    ],
)
def test_refusals_are_logged(
    ask: Ask, caplog: pytest.LogCaptureFixture, method: str, target: str, message: str
) -> None:
    """Whoever wrote the URL into Twilio's console finds it in the log, and what to write."""
    ask(build(Town, Night), method, target)
    warning = f"{message}; calls come in at /incoming-call, /night"
    assert caplog.record_tuples == [("statechart_ivr.web.app", logging.WARNING, warning)]


def test_an_unknown_path_is_not_repeated(ask: Ask) -> None:
    """The answer is a line of text: with GET, a secret would be in the URL."""
    status, headers, body = ask(build_open(), "GET", "/nothing?Digits=480217936524")
    assert (status, body) == (404, b"404 Not Found\n")
    assert headers["Content-Type"] == "text/plain; charset=utf-8"


def test_other_errors_are_not_about_entries(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """What a route, or a hook, of the programmer's says is not taken for an unknown path."""
    app = build_open()
    app.get("/more", callback=lambda: abort(404))
    app.get("/hook", callback=lambda: "")
    caplog.clear()
    assert ask(app, "GET", "/more")[0] == 404
    app.add_hook("before_request", lambda: abort(503))
    assert ask(app, "GET", "/hook")[0] == 503
    assert caplog.record_tuples == []


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        ("PUT", "/incoming-call", 405),
        ("POST", "/incoming-call/", 404),
        ("POST", "/ivr", 404),
        ("POST", "/ivr/event/", 404),
        ("POST", "/", 404),
        ("POST", "/healthz", 405),
    ],
)
def test_never_a_redirect(ask: Ask, method: str, target: str, expected: int) -> None:
    """A path or method there is not is an error, never a 3xx, which would lose the digits."""
    assert ask(build_open(), method, target, form())[0] == expected


def test_status_callbacks_have_no_content(ask: Ask) -> None:
    """What needs no TwiML is answered with 204, and nothing else."""
    status, headers, body = ask(build_open(), "POST", "/ivr/status", form(CallStatus="completed"))
    assert (status, body, headers["Content-Type"]) == (204, b"", None)


def test_events(ask: Ask) -> None:
    """An event URL takes any event id; one that the chart does not know is nobody's fault."""
    status, *_ = ask(build_open(), "POST", "/ivr/event/order.paid-1?call=CA1", form())
    assert status == 204


def test_several_flows(ask: Ask) -> None:
    """One application serves several flows."""
    app = build_open(Town, Night)
    assert app.switchboard.entries == ("/incoming-call", "/night")
    assert heard(ask(app, "POST", "/night", form())[2]) == "We are closed."


def test_health(ask: Ask) -> None:
    """Anybody may ask whether the store answers."""
    assert ask(build(), "GET", "/healthz")[0] == 200
    assert ask(build(store=DeadStore()), "GET", "/healthz")[0] == 503


def test_a_route_in_the_way_of_health() -> None:
    """A flow cannot have the path of the health check."""

    class Healthy(CallFlow):
        fine = State(initial=True, final=True)

        @routable("/healthz")
        @renders(fine)
        def say_fine(self) -> str:
            return "Fine, thanks."

    with pytest.raises(ConfigurationError, match="/healthz is the application's own"):
        build(Healthy)


def test_an_unexpected_error(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever breaks, the caller hears an apology, and only the log has the traceback."""
    roots: dict[str, str] = {}
    app = build_open(base_url=lambda _: roots["no such domain"])
    status, headers, body = ask(app, "POST", "/incoming-call", form())
    assert (status, headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert heard(body) == CallFlow.apology
    assert b"domain" not in body
    assert "no such domain" in caplog.text


def test_mounted_without_a_known_host(ask: Ask) -> None:
    """Action URLs carry the mount prefix, and no host that a stranger could choose."""
    parent = Bottle()
    parent.mount("/phones/", build_open())
    _, _, body = ask(parent, "POST", "/phones/incoming-call", form(), HTTP_HOST="evil.example.com")
    assert action(body).startswith("/phones/ivr/turn?")
    _, _, body = ask(parent, "POST", action(body), form(Digits="1"))
    assert heard(body) == "Goodbye."


def test_mounted_below_a_script_name(ask: Ask) -> None:
    """So they do where the server, or another framework, mounts the application."""
    _, _, body = ask(
        build_open(), "POST", "/incoming-call", form(), SCRIPT_NAME="/phones", HTTP_HOST="x"
    )
    assert action(body).startswith("/phones/ivr/turn?")


def test_mounted_and_signed(ask: Ask) -> None:
    """The base URL of a mounted application includes the mount prefix."""
    parent = Bottle()
    parent.mount("/phones/", build(base_url=f"{ROOT}/phones/"))
    headers = signature("/phones/incoming-call")
    _, _, body = ask(parent, "POST", "/phones/incoming-call", form(), **headers)
    assert action(body).startswith("/phones/ivr/turn?")
    assert ask(parent, "POST", "/phones/incoming-call", form())[0] == 403


def test_mounted_is_complete() -> None:
    """Routes and plugins that Bottle would not see any more are refused."""
    app = build()
    Bottle().mount("/phones/", app)
    with pytest.raises(ConfigurationError, match=r"install plugins before mount\(\)"):
        app.install(SignaturePlugin(TOKEN, ROOT))
    with pytest.raises(ConfigurationError, match=r"add routes before mount\(\)"):
        app.get("/more", callback=lambda: "more")


def test_own_routes_are_signed_too(ask: Ask) -> None:
    """A route added to the application is signed, unless it says that it is not."""
    app = build()
    app.get("/private", callback=lambda: "private")
    app.get("/public", callback=lambda: "public", skip=["signature"])
    assert ask(app, "GET", "/private")[0] == 403
    assert ask(app, "GET", "/public")[2] == b"public"


def test_plugins_see_signed_requests_only(ask: Ask) -> None:
    """Plugins installed later stand behind the signature check."""
    seen = []

    def plugin(callback: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            seen.append("request")
            return callback(*args, **kwargs)

        return wrapped

    app = build()
    app.install(plugin)
    ask(app, "POST", "/incoming-call", form())
    assert seen == []
    ask(app, "POST", "/incoming-call", form(), **signature("/incoming-call"))
    assert seen == ["request"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"auth_token": None}, ["auth_token", "TWILIO_AUTH_TOKEN"]),
        ({"auth_token": ["", ""]}, ["auth_token"]),
        ({"base_url": None}, ["base_url", "IVR_BASE_URL"]),
        ({"base_url": "", "auth_token": ""}, ["base_url", "auth_token", "validate=False"]),
        ({"base_url": "ivr.example.com"}, ["ivr.example.com"]),
    ],
)
def test_refuses_to_start(options: dict[str, Any], named: list[str]) -> None:
    """Without what a signature is checked by, it does not start, and says what to set."""
    with pytest.raises(ConfigurationError) as caught:
        build(**options)
    assert [word for word in named if word not in str(caught.value)] == []


def test_open_to_anybody(caplog: pytest.LogCaptureFixture) -> None:
    """An application that does not validate says so in the log."""
    build_open()
    assert (caplog.records[0].levelno, caplog.records[0].name) == (
        logging.WARNING,
        "statechart_ivr.web.app",
    )


def test_tokens_and_rotation(ask: Ask) -> None:
    """Several tokens are good while one replaces another."""
    app = build(auth_token=["new", TOKEN])
    assert app.auth_tokens == ("new", TOKEN)
    headers = signature("/incoming-call")
    assert ask(app, "POST", "/incoming-call", form(), **headers)[0] == 200


def test_from_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings come from the environment; arguments win over it."""
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC1")
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "new, old")
    monkeypatch.setenv("IVR_BASE_URL", f"{ROOT}/")
    monkeypatch.setenv("IVR_STORE", "memory:")
    app = IvrApp.from_env(Town)
    assert (app.auth_tokens, app.base_url) == (("new", "old"), ROOT)
    assert (app.store_name, type(app.switchboard.store)) == ("memory:", MemoryStore)
    app = IvrApp.from_env(Town, auth_token=TOKEN, store=MemoryStore())
    assert (app.auth_tokens, app.store_name) == ((TOKEN,), "MemoryStore")


def test_from_an_empty_env(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that are not set are named in the error."""
    for name in ("TWILIO_AUTH_TOKEN", "IVR_BASE_URL", "IVR_STORE", "IVR_STORE_KEYS"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError, match=r"TWILIO_AUTH_TOKEN.*IVR_BASE_URL"):
        IvrApp.from_env(Town, store=MemoryStore())


def test_closing() -> None:
    """Closing the application closes its plugins and its store."""
    store = DeadStore()
    build(store=store).close()
    assert store.closed


@pytest.mark.server
def test_over_a_socket(serve_wsgi: Callable[[Any], int]) -> None:
    """On waitress a call walks through two states, whatever the Host header says."""
    connection = http.client.HTTPConnection("127.0.0.1", serve_wsgi(build()))
    target, parameters, texts = "/incoming-call", CALL, []
    for digits in ({"Digits": "1"}, {}):
        headers = {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": sign(TOKEN, ROOT + target, parameters.items()),
            "Host": "evil.example.com",
        }
        connection.request("POST", target, urlencode(parameters), headers)
        body = connection.getresponse().read()
        texts.append(heard(body))
        if digits:
            target, parameters = action(body), {**CALL, **digits}
    assert texts == ["You are in None.", "Goodbye."]
    assert not urlsplit(target).netloc
    connection.close()


@pytest.mark.server
@pytest.mark.parametrize("length", ["Content-Length: 200000", "Transfer-Encoding: chunked"])
def test_too_large_over_a_socket(serve_wsgi: Callable[[Any], int], length: str) -> None:
    """200 kB are refused with 413, sent whole or in chunks."""
    body = b"a" * 200_000
    if "chunked" in length:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    head = f"POST /incoming-call HTTP/1.1\r\nHost: x\r\n{length}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", serve_wsgi(build()))) as client:
        client.sendall(head.encode() + body)
        with client.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 413 ")


@pytest.mark.server
def test_head_over_a_socket(serve_wsgi: Callable[[Any], int]) -> None:
    """A HEAD gets headers only, and the connection stays usable."""
    connection = http.client.HTTPConnection("127.0.0.1", serve_wsgi(build()))
    for method, status in (("HEAD", 405), ("GET", 403)):
        connection.request(method, "/incoming-call")
        response = connection.getresponse()
        assert (response.status, response.read()) == (status, b"")
    connection.close()
