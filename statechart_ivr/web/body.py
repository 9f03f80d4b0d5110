"""The body of a webhook, read once out of a WSGI environ."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from bottle import HTTPResponse

from statechart_ivr.call import Pairs, without_secrets

#: The most bytes a webhook may bring; Twilio sends some hundreds.
LIMIT_BYTES = 100 * 1024

_CACHED = "statechart_ivr.payload"
_FORM = "application/x-www-form-urlencoded"
_JSON_WORDS = {True: "true", False: "false"}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Payload:
    """What came after the headers.

    Attributes:
        form: names and values of a form, decoded, in order.
        raw: the bytes of anything that is not a form.
        kind: what these are: a media type, lower case, without its parameters.
    """

    # A secret may be in it.
    form: Pairs = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)
    kind: str = ""

    @property
    def pairs(self) -> Pairs:
        """Names and values of the form, or of the JSON object.

        Raises:
            ValueError: the body is neither.
        """
        if not self.raw:
            return self.form
        if not _is_json(self.kind):
            raise ValueError(
                f"a body of type {self.kind or 'unknown'}; Twilio sends forms, by POST"
            )
        return _json_pairs(self.raw)


def read_payload(environ: dict[str, Any]) -> Payload:
    """Read the body, once: later calls for the same request return the same.

    The body can be read again from ``wsgi.input``, so that a handler may use Bottle's
    ``request.forms`` or ``request.body`` all the same.

    Raises:
        HTTPResponse: 413, for Bottle to answer: the body is larger than `LIMIT_BYTES`.
    """
    if _CACHED not in environ:
        environ[_CACHED] = _payload(environ)
    payload: Payload = environ[_CACHED]
    return payload


def parse_pairs(text: str) -> Pairs:
    """Decode a query or a form; empty values count, and what is not UTF-8 becomes ``U+FFFD``."""
    return tuple(parse_qsl(text, keep_blank_values=True, errors="replace"))


def header(environ: dict[str, Any], name: str) -> str:
    """Return a header as the server passed it on, or nothing.

    Bottle decodes headers as UTF-8 and raises where they are not; strangers send what they like.
    """
    value: str = environ.get(f"HTTP_{name.upper().replace('-', '_')}", "")
    return value


def query_string(environ: dict[str, Any]) -> str:
    """Return the query without its question mark, still percent-encoded."""
    query: str = environ.get("QUERY_STRING", "")
    # WSGI spells bytes as Latin-1; what is not ASCII here is UTF-8 that nobody quoted.
    return query.encode("latin-1", "replace").decode(errors="replace")


def described(environ: dict[str, Any]) -> str:
    """Return a request as it may stand in a log: ``POST /ivr/turn?seq=1&Digits=***``."""
    query = query_string(environ)
    url = environ["PATH_INFO"] + (f"?{query}" if query else "")
    return f"{environ['REQUEST_METHOD']} {without_secrets(url)}"


def _payload(environ: dict[str, Any]) -> Payload:
    body = _read(environ)
    kind = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if environ["REQUEST_METHOD"] != "POST":
        return Payload(raw=body, kind=kind)
    if kind in (_FORM, ""):
        # Text in, because bytes fail on percent-encoded names outside ASCII.
        return Payload(form=parse_pairs(body.decode(errors="replace")))
    return Payload(raw=body, kind=kind)


def _read(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if "bottle.request.body" in environ:  # a hook was here first
        stream.seek(0)
    wanted = min(_content_length(environ), LIMIT_BYTES + 1)
    body = b""
    while len(body) < wanted and (part := stream.read(wanted - len(body))):
        body += part
    if len(body) > LIMIT_BYTES:
        log.warning("a body over %d bytes is refused: %s", LIMIT_BYTES, described(environ))
        raise HTTPResponse(status=413)
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    # The server has taken the chunks apart; Bottle would try again.
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    return body


def _content_length(environ: dict[str, Any]) -> int:
    """Return how many bytes may be read without waiting for ever."""
    try:
        return max(0, int(environ["CONTENT_LENGTH"]))
    except (KeyError, ValueError):
        # PEP 3333 promises no end of file; servers that do say so by this variable.
        return LIMIT_BYTES + 1 if environ.get("wsgi.input_terminated") else 0


def _is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")


def _json_pairs(raw: bytes) -> Pairs:
    """Return the scalars of a JSON object, numbers as they were written."""
    try:
        value = json.loads(
            raw.decode(errors="replace"), parse_int=str, parse_float=str, parse_constant=str
        )
    except RecursionError:
        raise ValueError("JSON nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("JSON, but not an object")
    words = {name: _JSON_WORDS[v] if isinstance(v, bool) else v for name, v in value.items()}
    return tuple((_sound(k), _sound(v)) for k, v in words.items() if isinstance(v, str))


def _sound(text: str) -> str:
    """Return the text without halves of surrogate pairs, which JSON can spell and UTF-8 cannot."""
    return text.encode(errors="replace").decode()
