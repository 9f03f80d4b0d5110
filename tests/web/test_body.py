"""Bodies of webhooks: forms in any state, JSON, and sizes."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from bottle import HTTPResponse
from hypothesis import given
from hypothesis import strategies as st

from statechart_ivr.web.body import (
    LIMIT_BYTES,
    Payload,
    parse_pairs,
    query_string,
    read_payload,
)

FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def environ(body: bytes, **variables: Any) -> dict[str, Any]:
    """Return what a server hands over for a POST."""
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": FORM,
        "CONTENT_LENGTH": str(len(body)),
        "PATH_INFO": "/ivr/turn",
        "wsgi.input": BytesIO(body),
        **variables,
    }


def test_a_form() -> None:
    """Names and values are decoded and keep their order, empty ones too."""
    payload = read_payload(environ(b"From=%2B14158675309&FromCity=&Digits=12%23&Digits=3"))
    expected = (("From", "+14158675309"), ("FromCity", ""), ("Digits", "12#"), ("Digits", "3"))
    assert payload == Payload(form=expected)
    assert payload.pairs == expected


@pytest.mark.parametrize("body", ["FromCity=K%C3%B6ln&Name=%F0%9F%93%9E", "FromCity=Köln&Name=📞"])
def test_text_outside_ascii(body: str) -> None:
    """UTF-8 is understood, whether it is percent-encoded or not."""
    payload = read_payload(environ(body.encode()))
    assert payload == Payload(form=(("FromCity", "Köln"), ("Name", "📞")))


@pytest.mark.parametrize("body", [b"a=%ff%20b", b"a=\xff b"])
def test_what_is_not_utf8(body: bytes) -> None:
    """Bytes that are no UTF-8 become replacement characters."""
    assert read_payload(environ(body)) == Payload(form=(("a", "\N{REPLACEMENT CHARACTER} b"),))


def test_no_content_type() -> None:
    """A POST that does not say what it brings is taken for a form."""
    assert read_payload(environ(b"a=1", CONTENT_TYPE="")) == Payload(form=(("a", "1"),))


@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({"CONTENT_TYPE": "Application/JSON; charset=UTF-8"}, "application/json"),
        ({"REQUEST_METHOD": "GET"}, "application/x-www-form-urlencoded"),
    ],
)
def test_not_a_form(variables: dict[str, str], kind: str) -> None:
    """Another type, and whatever comes with a GET, is kept as bytes: it is signed as such."""
    assert read_payload(environ(b"a=1", **variables)) == Payload(raw=b"a=1", kind=kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("multipart/form-data; boundary=x", "multipart/form-data"), ("text/xml", "text/xml")],
)
def test_a_type_that_nobody_reads(kind: str, said: str) -> None:
    """The message says what came, and what Twilio sends."""
    payload = read_payload(environ(b'{"a": 1}', CONTENT_TYPE=kind))
    with pytest.raises(ValueError, match=f"a body of type {said}; Twilio sends forms, by POST"):
        _ = payload.pairs


def test_no_type_with_a_get() -> None:
    """A GET may bring a body without saying what it is."""
    payload = read_payload(environ(b"a=1", CONTENT_TYPE="", REQUEST_METHOD="GET"))
    with pytest.raises(ValueError, match="a body of type unknown"):
        _ = payload.pairs


def test_a_json_object() -> None:
    """Scalars of a JSON object become parameters, numbers and truth spelt as in JSON."""
    raw = (
        '{"text": "Köln", "number": 1.50, "big": 1e400, "nan": NaN, "yes": true, "no": false, '
        '"nothing": null, "list": [1], "object": {}, "half": "\\ud83d"}'
    )
    assert Payload(raw=raw.encode(), kind="application/vnd.twilio+json").pairs == (
        ("text", "Köln"),
        ("number", "1.50"),
        ("big", "1e400"),
        ("nan", "NaN"),
        ("yes", "true"),
        ("no", "false"),
        ("half", "?"),
    )


@pytest.mark.parametrize("raw", [b"{", b"[1]", b'"a"', b"\xff", b"[" * 50_000, b"<xml/>"])
def test_neither_form_nor_json(raw: bytes) -> None:
    """What cannot be read is a ValueError, however deep it is nested."""
    with pytest.raises(ValueError, match=r"."):
        _ = Payload(raw=raw, kind="application/json").pairs


def test_nothing() -> None:
    """An empty body has no parameters."""
    assert Payload().pairs == ()


def test_the_body_is_read_once_and_can_be_read_again() -> None:
    """A second look gives the same payload, and a handler may still read the stream."""
    request = environ(b"a=1")
    assert read_payload(request) is read_payload(request)
    assert request["wsgi.input"].read() == b"a=1"


def test_a_hook_read_it_before() -> None:
    """A body that Bottle has read already, in a hook, is read from its start."""
    request = environ(b"a=1")
    request["bottle.request.body"] = request["wsgi.input"]
    request["wsgi.input"].read()
    assert read_payload(request) == Payload(form=(("a", "1"),))


@pytest.mark.parametrize("length", ["", "-1", "many", None])
def test_no_length(length: str | None) -> None:
    """Without a length nothing is read, for a socket's end may never come."""
    assert read_payload(environ(b"a=1", CONTENT_LENGTH=length or "")) == Payload()


def test_chunks_the_server_joined() -> None:
    """Where the server promises an end, a body without a length is read to it."""
    request = environ(b"a=1", CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    request["wsgi.input_terminated"] = True
    assert read_payload(request) == Payload(form=(("a", "1"),))
    assert request["CONTENT_LENGTH"] == "3"
    assert "HTTP_TRANSFER_ENCODING" not in request


def test_a_body_in_pieces() -> None:
    """A stream that gives less than was asked for is asked again."""

    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 2))

    assert read_payload(environ(b"abc=12", **{"wsgi.input": Slow(b"abc=12")})) == Payload(
        form=(("abc", "12"),)
    )


def test_a_stream_that_ends_early() -> None:
    """A client that went away leaves what it sent."""
    assert read_payload(environ(b"a=1", CONTENT_LENGTH="10")) == Payload(form=(("a", "1"),))


def test_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    """100 kB are read; one byte more is refused, with or without a length, and logged."""
    full, over = b"a" * LIMIT_BYTES, b"a" * (LIMIT_BYTES + 1)
    endless = {"CONTENT_LENGTH": "", "wsgi.input_terminated": True}
    assert read_payload(environ(full)).form
    assert read_payload(environ(full, **endless)).form
    assert caplog.record_tuples == []
    for variables in ({}, endless):
        with pytest.raises(HTTPResponse) as caught:
            read_payload(environ(over, QUERY_STRING="seq=1&Digits=1234", **variables))
        assert caught.value.status_code == 413
    message = "a body over 102400 bytes is refused: POST /ivr/turn?seq=1&Digits=***"
    assert caplog.record_tuples == [("statechart_ivr.web.body", logging.WARNING, message)] * 2


def test_queries() -> None:
    """A query is text as it was sent; bytes that nobody quoted are UTF-8."""
    assert query_string({"QUERY_STRING": "a=%C3%B6&b"}) == "a=%C3%B6&b"
    assert query_string({"QUERY_STRING": "a=ö".encode().decode("latin-1")}) == "a=ö"
    assert query_string({"QUERY_STRING": "a=€"}) == "a=?"
    assert query_string({}) == ""
    assert parse_pairs("a=%C3%B6&b") == (("a", "ö"), ("b", ""))


@given(st.lists(st.tuples(st.text(), st.text())))
def test_every_form_comes_back(pairs: list[tuple[str, str]]) -> None:
    """What a client encodes as a form is read as it was meant."""
    body = urlencode(pairs).encode()
    if len(body) <= LIMIT_BYTES:
        assert read_payload(environ(body)) == Payload(form=tuple(pairs))
