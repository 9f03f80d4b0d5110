"""An application reached in process; over a real socket it is `serve_wsgi`, which all share."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any
from wsgiref.headers import Headers
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

Asked = tuple[int, Headers, bytes]


@pytest.fixture
def ask() -> Callable[..., Asked]:
    """Return a function that sends an application one request, held to the WSGI standard."""
    return ask_in_process


def ask_in_process(app: Any, method: str, target: str, body: bytes = b"", **environ: str) -> Asked:
    """Send a request; ``environ`` adds to the WSGI environ. Returns status, headers and body."""
    path, _, query = target.partition("?")
    full: dict[str, Any] = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query,
    }  # fmt: skip
    setup_testing_defaults(full)
    if method != "GET":
        full["CONTENT_TYPE"] = "application/x-www-form-urlencoded; charset=UTF-8"
        full["CONTENT_LENGTH"] = str(len(body))
    full["wsgi.input"] = BytesIO(body)
    full.update(environ)
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
        started.append((status, headers))
        return lambda _: None

    chunks = validator(app)(full, start_response)
    answer = b"".join(chunks)
    chunks.close()
    status, headers = started[-1]
    return int(status.split()[0]), Headers(headers), answer
