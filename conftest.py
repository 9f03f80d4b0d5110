"""What all tests share."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import pytest
import waitress
from waitress import wasyncore

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.services.postgres import PostgresServer
    from tests.services.redis import RedisServer
    from tests.services.service import Service

# Tests import the examples by name. At the end of the path: an installed package comes first.
sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def project() -> Path:
    """Return the folder of the checkout."""
    return Path(__file__).parent


@pytest.fixture
def serve_wsgi() -> Iterator[Callable[[Any], int]]:
    """Return a function that serves an application on a free port, and returns the port."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(_serving(app))


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Return a Redis of this run alone, started when a test first asks for it."""
    from tests.services.redis import RedisServer

    yield from _running(RedisServer, tmp_path_factory.mktemp("redis"))


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Return a PostgreSQL of this run alone, started when a test first asks for it."""
    from tests.services.postgres import PostgresServer

    yield from _running(PostgresServer, tmp_path_factory.mktemp("postgres"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium, started when a test of a module first asks for it.

    It does not outlive the module: while it runs, Playwright has an event loop in this thread,
    and no test could have one of its own.

    A test that wants cookies, a cache and a storage of its own makes a context, and closes it.
    """
    from tests.services import browser

    if not browser.is_installed():
        _give_up("Chromium and Playwright")
    with browser.running() as running:
        yield running


S = TypeVar("S", bound="Service")


def _running(kind: type[S], folder: Path) -> Iterator[S]:
    """Have a server run."""
    if not kind.is_installed():
        _give_up(kind.__name__)
    server = kind(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _give_up(what: str) -> NoReturn:
    """Skip at home, and fail in CI, because something is not installed."""
    give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
    give_up(f"{what}: not installed; scripts/services.sh says how")


@contextmanager
def _serving(app: Any) -> Iterator[int]:
    """Serve an application with waitress in a thread of its own."""
    sockets: dict[int, Any] = {}
    server = waitress.create_server(app, map=sockets, listen="127.0.0.1:0", threads=2)
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.is_set():
            wasyncore.loop(timeout=30.0, use_poll=True, map=sockets, count=1)

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield server.effective_port
    finally:
        stopping.set()
        server.pull_trigger()
        thread.join()
        server.task_dispatcher.shutdown()
        wasyncore.close_all(sockets)
