"""The signature plugin, on Bottle applications that know nothing of phones."""

from __future__ import annotations

import hashlib
import http.client
import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl
from wsgiref.headers import Headers

import pytest
from bottle import Bottle, request

from statechart_ivr.call import without_secrets
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.signing import sign
from statechart_ivr.web.mounting import mount_path
from statechart_ivr.web.signature import SignaturePlugin

Ask = Callable[..., tuple[int, Headers, bytes]]

TOKEN = "12345"
ROOT = "https://ivr.example.com"


def shop(base_url: Any = ROOT, tokens: Any = TOKEN) -> Bottle:
    """Return an application with a signed and an unsigned route."""
    app = Bottle()
    app.install(SignaturePlugin(tokens, base_url))

    @app.route("/voice", ["GET", "POST"])
    def voice() -> str:
        return f"city {request.forms.getunicode('City')}"

    @app.post("/files/<path:path>")
    def files(path: str) -> str:
        return path

    @app.get("/about", skip=["signature"])
    def about() -> str:
        return "about us"

    return app


def signed(target: str, body: bytes = b"", root: str = ROOT, token: str = TOKEN) -> dict[str, str]:
    """Return the header of a signed form, as the WSGI environ has it."""
    pairs = parse_qsl(body.decode(), keep_blank_values=True)
    return {"HTTP_X_TWILIO_SIGNATURE": sign(token, root + target, pairs)}


def test_a_signed_form(ask: Ask) -> None:
    """A signed form gets through, and the route can read it, umlauts and all."""
    body = b"City=K%C3%B6ln&Empty="
    status, _, answer = ask(shop(), "POST", "/voice?a=1", body, **signed("/voice?a=1", body))
    assert (status, answer.decode()) == (200, "city Köln")


def test_a_signed_get(ask: Ask) -> None:
    """Of a GET the URL is signed, and nothing else."""
    assert ask(shop(), "GET", "/voice?Digits=1", **signed("/voice?Digits=1"))[0] == 200
    assert ask(shop(), "GET", "/voice?Digits=2", **signed("/voice?Digits=1"))[0] == 403


def test_a_get_with_a_body(ask: Ask) -> None:
    """A body smuggled into a GET is not signed, so the route never sees it."""
    status, *_ = ask(shop(), "GET", "/voice", b"City=Rome", CONTENT_LENGTH="9", **signed("/voice"))
    assert status == 403


def test_a_signed_json_body(ask: Ask) -> None:
    """JSON is signed by the digest in the URL, and the digest must be that of the body."""
    body = b'{"a": 1}'
    target = f"/voice?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"CONTENT_TYPE": "application/json", **signed(target)}
    assert ask(shop(), "POST", target, body, **headers)[0] == 200
    assert ask(shop(), "POST", target, body + b" ", **headers)[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_X_TWILIO_SIGNATURE": ""},
        {"HTTP_X_TWILIO_SIGNATURE": "nonsense"},
        signed("/voice", b"City=Rome", token="54321"),
        signed("/voice", b"City=Roma"),
        signed("/voice", b"City=Rome", root="https://ivr.example.com:8443"),
        signed("/voice", b"City=Rome", root="https://example.com"),
        signed("/voice/", b"City=Rome"),
    ],
)
def test_refused(ask: Ask, headers: dict[str, str]) -> None:
    """Anything that Twilio did not sign is answered with an empty 403."""
    status, _, answer = ask(shop(), "POST", "/voice", b"City=Rome", **headers)
    assert (status, answer) == (403, b"")


def test_the_log_names_the_url(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """The warning says which URL was checked, and gives away neither keys nor passwords."""
    app = shop("https://me:hush@ivr.example.com/")
    ask(app, "GET", "/voice?seq=1&Digits=1234&SpeechResult=hush", **signed("/"))
    ask(app, "GET", "/voice")
    root = "https://***@ivr.example.com"
    assert [record.getMessage() for record in caplog.records] == [
        f"wrong signature for GET {root}/voice?seq=1&Digits=***&SpeechResult=***",
        f"missing signature for GET {root}/voice",
    ]
    assert {record.levelno for record in caplog.records} == {logging.WARNING}


def test_skipping(ask: Ask) -> None:
    """A route that skips the plugin is open to anybody."""
    assert ask(shop(), "GET", "/about")[2] == b"about us"


def test_too_large_comes_first(ask: Ask) -> None:
    """A body over the limit is refused before its signature would be looked at."""
    assert ask(shop(), "POST", "/voice", b"a" * 200_000)[0] == 413


def test_paths_that_would_need_quoting(ask: Ask) -> None:
    """Unreserved characters work in any path; others just fail, and never with an exception."""
    assert ask(shop(), "POST", "/files/a.b_c~d-e/f", **signed("/files/a.b_c~d-e/f"))[0] == 200
    assert ask(shop(), "POST", "/files/a b", **signed("/files/a%20b"))[0] == 403
    umlaut = "/files/ö".encode().decode("latin-1")
    assert ask(shop(), "POST", umlaut, **signed("/files/%C3%B6"))[0] == 403


@pytest.mark.parametrize("token", ["old", "new"])
def test_rotation(ask: Ask, token: str) -> None:
    """While tokens are exchanged, both are good."""
    assert (
        ask(shop(tokens=["old", "new"]), "GET", "/voice", **signed("/voice", token=token))[0] == 200
    )


def test_several_domains(ask: Ask) -> None:
    """A function may choose the root by what the environ says."""
    choose = {"a.example.com": "https://a.example.com/ivr/"}
    app = shop(lambda environ: choose[environ["HTTP_HOST"]])
    headers = signed("/voice", root="https://a.example.com/ivr")
    assert ask(app, "GET", "/voice", HTTP_HOST="a.example.com", **headers)[0] == 200
    assert ask(app, "GET", "/voice", HTTP_HOST="evil.example.com", **headers)[0] == 403


def test_a_base_url_that_raises(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """A domain the function does not know is refused, and the reason is logged."""
    app = shop(lambda environ: {}[environ["HTTP_HOST"]])
    assert ask(app, "GET", "/voice", **signed("/voice"))[0] == 403
    assert caplog.records[0].exc_info is not None


def test_mounted(ask: Ask) -> None:
    """Below a mount prefix the base URL includes the prefix, however deep it is."""
    inner, middle, outer = shop(f"{ROOT}/outer/phones"), Bottle(), Bottle()
    middle.mount("/phones/", inner)
    outer.mount("/outer/", middle)
    headers = signed("/outer/phones/voice")
    assert ask(outer, "GET", "/outer/phones/voice", **headers)[0] == 200
    assert ask(outer, "GET", "/outer/phones/voice", **signed("/voice"))[0] == 403
    assert mount_path(inner, {"bottle.app": outer}) == "/outer/phones"
    assert mount_path(inner, {"bottle.app": inner}) == ""


def test_mounted_as_wsgi(ask: Ask) -> None:
    """So it is where the parent hands the request over instead of taking the routes."""
    outer = Bottle()
    outer.mount("/phones/", shop(f"{ROOT}/phones").wsgi)
    assert ask(outer, "GET", "/phones/voice", **signed("/phones/voice"))[0] == 200


def test_merged(ask: Ask) -> None:
    """Routes merged into another application keep their paths and their check."""
    outer = Bottle()
    outer.merge(shop())
    assert ask(outer, "GET", "/voice", **signed("/voice"))[0] == 200
    assert ask(outer, "GET", "/voice")[0] == 403


@pytest.mark.parametrize("tokens", ["", [], [""]])
def test_no_token(tokens: Any) -> None:
    """Without a token there is nothing to check with."""
    with pytest.raises(ConfigurationError, match="auth token"):
        SignaturePlugin(tokens, ROOT)


@pytest.mark.parametrize("base_url", ["ivr.example.com", "ftp://x", f"{ROOT}?a=1", "https://a b"])
def test_bad_base_url(base_url: str) -> None:
    """What is no public URL is refused at once."""
    with pytest.raises(ConfigurationError, match="is not a public URL"):
        SignaturePlugin(TOKEN, base_url)


def test_secrets() -> None:
    """A URL may be shown without password and without what the caller keyed in."""
    assert without_secrets("redis://:hush@host/0") == "redis://***@host/0"
    assert without_secrets("https://host/a@b?Digits=&From=a@b") == (
        "https://host/a@b?Digits=&From=a@b"
    )
    assert without_secrets("/a?seq=1&%44igits=12#34&s=1") == "/a?seq=1&%44igits=***&s=1"


@pytest.mark.server
def test_over_a_socket(serve_wsgi: Callable[[Any], int]) -> None:
    """On waitress, chunks and lengths make no difference, and neither does the Host header."""
    connection = http.client.HTTPConnection("127.0.0.1", serve_wsgi(shop()))
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": sign(TOKEN, f"{ROOT}/voice", [("City", "Rome")]),
        "Host": "evil.example.com",
    }
    for body in (b"City=Rome", iter([b"City=", b"Rome"])):
        connection.request("POST", "/voice", body, headers)
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, b"city Rome")
    connection.close()
