"""An application that answers with documents written down beforehand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest


class Asked(NamedTuple):
    """One request that the canned application has had."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


class Canned:
    """A WSGI application with fixed answers, which remembers what it was asked.

    Args:
        pages: by path: what stands in the Response; or several of these, one after the other,
            the last one again and again; or status, content type, bytes and more headers.
    """

    def __init__(self, pages: Mapping[str, Any]) -> None:
        self.pages = {path: self._as_list(page) for path, page in pages.items()}
        self.asked: list[Asked] = []

    @staticmethod
    def _as_list(page: Any) -> list[Any]:
        return list(page) if isinstance(page, list) else [page]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode()
        self.asked.append(
            Asked(
                environ["REQUEST_METHOD"],
                path,
                dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)),
                dict(parse_qsl(body, keep_blank_values=True)),
                {name: value for name, value in environ.items() if name.startswith("HTTP_")},
            )
        )
        pages = self.pages.get(path, [(204, None, b"")])
        page = pages.pop(0) if len(pages) > 1 else pages[0]
        if isinstance(page, str):
            page = (200, "text/xml; charset=utf-8", f"<Response>{page}</Response>".encode())
        status, kind, content, *headers = page
        start_response(f"{status} Said", [*([("Content-Type", kind)] if kind else []), *headers])
        return [content]

    def last(self, path: str) -> Asked:
        """Return the last request to a path."""
        return [asked for asked in self.asked if asked.path == path][-1]

    def count(self, path: str) -> int:
        """Return how many requests a path has had."""
        return sum(asked.path == path for asked in self.asked)


@pytest.fixture
def canned() -> type[Canned]:
    """Return the class of applications with fixed answers."""
    return Canned


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serve an application on a free port, and give its URL."""
    with make_server("127.0.0.1", 0, app, handler_class=_SilentHandler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def serve() -> Iterator[Callable[[Any], str]]:
    """Return a function that serves an application on a free port, and returns its URL."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
