"""Bad input, over a real socket: a log line for the operator, an answer a caller can live with."""

from __future__ import annotations

import http.client
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.signing import sign
from statechart_ivr.web import IvrApp

pytestmark = pytest.mark.server

BASE = "https://ivr.example.com"
NOBODY = 65534


class Menu(CallFlow):
    """A menu that repeats who is calling, and has a bug behind each of three keys."""

    menu = State(initial=True)
    menu.to(menu, event=key("1", "2", "3"))

    @routable("/call")
    @renders(menu)
    def ask(self):
        digits = self.call.parameters.get("Digits")
        if digits == "1":
            raise RuntimeError("secret of the operator")
        if digits == "2":
            return 42
        if digits == "3":
            self.session["x"] = {1, 2}
        self.session["city"] = self.call.parameters.get("FromCity", "")
        return gather(f"Hello {self.call.caller_name} of {self.session['city']}.")


class Caller:
    """Sends signed requests to a served application."""

    def __init__(self, app: IvrApp, port: int) -> None:
        self.app = app
        self.port = port

    def send(self, target: str, body: bytes, kind: str, signature: str) -> tuple[int, str]:
        """Send any body; return status and text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Content-Type": kind, "X-Twilio-Signature": signature}
        connection.request("POST", target, body, headers)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert "Traceback" not in text
        assert response.status != 500
        return response.status, text

    def post(self, target: str, **parameters: str) -> tuple[int, str]:
        """Send a form of the call CA1."""
        form = {"CallSid": "CA1", "CallStatus": "in-progress", **parameters}
        form = {name: value for name, value in form.items() if value is not None}
        signature = sign("12345", BASE + target, form.items())
        return self.send(
            target, urlencode(form).encode(), "application/x-www-form-urlencoded", signature
        )

    def turn(self, seq: int, **parameters: str) -> str:
        """Answer the document with a number; return TwiML."""
        status, text = self.post(f"/ivr/turn?at=%2Fcall&seq={seq}", **parameters)
        assert status == 200
        return text

    def damage(self, data: bytes) -> None:
        """Overwrite the stored record."""
        store = self.app.switchboard.store
        stored = store.load("CA1")
        assert stored is not None
        store.save("CA1", data, expected=stored.revision, ttl=60)

    @property
    def session(self) -> dict[str, Any]:
        """The session as it is stored."""
        record = self.app.switchboard.peek("CA1")
        assert record is not None
        return record.data


@pytest.fixture
def app(tmp_path: Path) -> Iterator[IvrApp]:
    """An application that validates signatures and keeps sessions in SQLite."""
    made = IvrApp(Menu, auth_token="12345", base_url=BASE, store=f"sqlite:///{tmp_path}/calls.db")
    yield made
    made.close()


@pytest.fixture
def caller(app: IvrApp, serve_wsgi: Callable[[Any], int]) -> Caller:
    """A call that has reached the menu."""
    made = Caller(app, serve_wsgi(app))
    made.post("/call", CallStatus="ringing")
    return made


def test_an_unknown_call_on_a_turn_url_starts_at_its_entry(caller, caplog):
    """Its session may have expired."""
    text = caller.turn(5, CallSid="CA2", Digits="9")
    assert "<Gather" in text
    assert "the session is lost; the call starts again at /call" in caplog.text


def test_an_unknown_entry_on_a_turn_url_gets_the_apology(caller, caplog):
    """There is nowhere to start."""
    status, text = caller.post("/ivr/turn?at=%2Felsewhere&seq=1", CallSid="CA2")
    assert (status, "<Hangup" in text) == (200, True)
    assert "no route '/elsewhere'" in caplog.text


@pytest.mark.parametrize(
    "digits", ["9", "999999999999", "12*#", "A", "w", "hangup", "; DROP", "model", "٣"]
)
def test_keys_that_nothing_claims_are_no_match(caller, digits):
    """However odd: the menu is heard again."""
    assert "<Gather" in caller.turn(1, Digits=digits)
    record = caller.app.switchboard.peek("CA1")
    assert record.attempts == 1


def test_names_from_all_over_the_world(caller):
    """Köln and emoji are signed, stored and spoken."""
    text = caller.turn(1, CallerName="Zoë 📞", FromCity="Köln")
    assert "Hello Zoë 📞 of Köln." in text
    assert caller.session["city"] == "Köln"


def test_callers_text_is_never_twiml(caller):
    """A caller ID full of verbs is read aloud."""
    text = caller.turn(1, CallerName="</Say><Dial>+1900555</Dial>", FromCity="<Dial>&lt;")
    assert "<Dial>" not in text
    assert "&lt;Dial&gt;" in text


def test_a_form_of_200_kb_is_refused(caller):
    """Before anything else is looked at; the session is as it was."""
    before = caller.session
    assert caller.post("/call", Filler="x" * 200_000)[0] == 413
    assert caller.session == before


@pytest.mark.parametrize("body", [b"CallSid=CA1&From=%FF%FE", b"CallSid=CA1&From=\xff\xfe"])
def test_invalid_utf8_is_not_a_crash(caller, body):
    """Twilio sends none; whoever does cannot have signed it."""
    kind = "application/x-www-form-urlencoded"
    assert caller.send("/call", body, kind, "nonsense")[0] == 403
    pairs = [("CallSid", "CA1"), ("From", "\ufffd\ufffd")]
    status, text = caller.send("/call", body, kind, sign("12345", BASE + "/call", pairs))
    assert (status, "<Gather" in text) == (200, True)


@pytest.mark.parametrize(
    "name",
    ["X-Twilio-Signature", "X-Twilio-Webhooks-Signature-Settings", "I-Twilio-Idempotency-Token"],
)
def test_headers_that_are_no_utf8_are_not_a_crash(caller, caplog, name):
    """Strangers send what they like; the signature alone decides."""
    form = {"CallSid": "CA1", "Digits": "9"}
    target = "/ivr/turn?at=%2Fcall&seq=1"
    right = sign("12345", BASE + target, form.items())
    connection = http.client.HTTPConnection("127.0.0.1", caller.port, timeout=10)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": right,
        name: b"\xe9",
    }
    connection.request("POST", target, urlencode(form), headers)
    response = connection.getresponse()
    assert response.status == (403 if name == "X-Twilio-Signature" else 200)
    assert b"<Gather" in response.read() or response.status == 403
    connection.close()
    assert "Traceback" not in caplog.text


def test_a_json_body_is_read_like_a_form(caller):
    """Signed by its digest in the URL."""
    body = json.dumps({"CallSid": "CA1", "Digits": "9", "List": [1]}).encode()
    target = f"/ivr/turn?at=%2Fcall&seq=1&bodySHA256={sha256(body).hexdigest()}"
    status, text = caller.send(target, body, "application/json", sign("12345", BASE + target))
    assert (status, "<Gather" in text) == (200, True)


def test_a_request_without_callsid_gets_the_apology(caller, caplog):
    """It is no call."""
    status, text = caller.post("/call", CallSid=None)
    assert (status, "<Hangup" in text) == (200, True)
    assert "a webhook without CallSid at /call" in caplog.text


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"v":1}', b"[" * 10000])
def test_a_damaged_record_starts_the_call_again(caller, caplog, data):
    """And is put aside."""
    caller.damage(data)
    assert "<Gather" in caller.turn(1, Digits="9")
    assert "kept as CA1.damaged" in caplog.text


def test_a_record_of_an_older_flow_starts_the_call_again_with_its_session(caller, caplog):
    """The warning names the state that is gone."""
    caller.turn(1, FromCity="Ulm")
    stored = caller.app.switchboard.store.load("CA1")
    caller.damage(stored.data.replace(b'"conf":["menu"]', b'"conf":["old_menu"]'))
    assert "<Gather" in caller.turn(2, FromCity="Ulm")
    assert "no state old_menu; the call starts again at /call" in caplog.text
    assert caller.session["city"] == "Ulm"


@pytest.mark.parametrize(
    ("digits", "complaint"),
    [
        ("1", "secret of the operator"),
        ("2", "Menu.menu.ask: cannot say 42 of type int"),
        ("3", "session['x'] is of type set"),
    ],
)
def test_a_renderer_that_fails_is_the_apology(caller, caplog, digits, complaint):
    """With a traceback in the log, none in the answer, and the session as it was."""
    before = caller.session
    text = caller.turn(1, Digits=digits)
    assert Menu.apology in text
    assert "operator" not in text
    assert complaint in caplog.text
    assert caller.session == before
    assert "<Gather" in caller.turn(1, Digits="9")


def test_a_read_only_database_asks_for_patience_and_loses_nothing(serve_wsgi, caplog, request):
    """The caller is kept for a while; once the file can be written the key counts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "calls.db"
        url = f"sqlite:///{path}"
        app = IvrApp(Menu, auth_token="12345", base_url=BASE, store=url)
        caller = Caller(app, serve_wsgi(app))
        caller.post("/call", CallStatus="ringing")
        app.switchboard.store.close()
        frozen = IvrApp(Menu, auth_token="12345", base_url=BASE, store=url)
        caller = Caller(frozen, serve_wsgi(frozen))
        _forbid_writing(path, request)
        text = caller.turn(1, Digits="9")
        assert "One moment, please." in text
        assert "the store is away" in caplog.text
        assert "readonly" in caplog.text
        _allow_writing(path)
        redirect = text.partition("<Redirect>")[2].partition("<")[0].replace("&amp;", "&")
        assert urlsplit(redirect).query.endswith("Digits=9&again=1")
        status, text = caller.post(redirect)
        assert (status, "<Gather" in text) == (200, True)
        record = frozen.switchboard.peek("CA1")
        assert record is not None
        assert record.attempts == 1
        frozen.close()


def _forbid_writing(path: Path, request: pytest.FixtureRequest) -> None:
    """Make file and folder read-only, for root too: by being somebody else for a while."""
    for one in (*path.parent.iterdir(), path.parent):
        one.chmod(0o555 if one.is_dir() else 0o444)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
        request.addfinalizer(lambda: os.seteuid(0))


def _allow_writing(path: Path) -> None:
    if os.getuid() == 0:
        os.seteuid(0)
    for one in (path.parent, *path.parent.iterdir()):
        one.chmod(0o755 if one.is_dir() else 0o644)


def test_a_file_that_is_no_database_is_said_in_the_log(tmp_path, serve_wsgi, caplog):
    """The caller is kept for a while; nothing is overwritten."""
    path = tmp_path / "calls.db"
    path.write_bytes(b"this is a letter, not a database" * 100)
    app = IvrApp(Menu, auth_token="12345", base_url=BASE, store=f"sqlite:///{path}")
    caller = Caller(app, serve_wsgi(app))
    status, text = caller.post("/call", CallStatus="ringing")
    assert (status, "One moment, please." in text) == (200, True)
    assert "not a database" in caplog.text
    app.close()
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute("SELECT 1 FROM sqlite_master")
    assert path.read_bytes().startswith(b"this is a letter")
