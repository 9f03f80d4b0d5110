"""What all tests share."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import waitress
from waitress import wasyncore

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
