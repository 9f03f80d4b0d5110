"""The private servers: tests rely on them to be away, and back, when told so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from textwrap import dedent

import pytest

from tests.services.service import Service, is_free

pytestmark = pytest.mark.service

OWNER = """
    import os, sys, time
    from pathlib import Path
    from tests.services.postgres import PostgresServer
    from tests.services.redis import RedisServer

    server = {"redis": RedisServer, "postgres": PostgresServer}[sys.argv[1]](Path(sys.argv[2]))
    server.start()
    if sys.argv[3] == "paused":
        server.pause()
    print(server.port, flush=True)
    time.sleep(600)
"""


@pytest.fixture(params=["redis", "postgres"])
def kind(request: pytest.FixtureRequest) -> str:
    """Return which server a test is about."""
    return str(request.param)


@pytest.fixture
def server(kind: str, request: pytest.FixtureRequest) -> Service:
    """Return the server."""
    service: Service = request.getfixturevalue(f"{kind}_server")
    return service


def test_killed(server: Service) -> None:
    """A server that was killed does not answer; started again, it does, on the same port."""
    port = server.port
    server.kill()
    assert not server.answers()
    server.start()
    assert server.answers()
    assert server.port == port


def test_paused(server: Service) -> None:
    """A server that is paused takes connections, and does not answer until it is resumed."""
    server.pause()
    assert not server.answers()
    server.resume()
    assert server.answers()


@pytest.mark.slow
@pytest.mark.parametrize("state", ["running", "paused"])
def test_end_with_their_owner(server: Service, kind: str, state: str, tmp_path: Path) -> None:
    """When the tests' process is killed, even while a server is paused, that ends as well."""
    owner = subprocess.Popen(
        [sys.executable, "-c", dedent(OWNER), kind, str(tmp_path), state],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert owner.stdout is not None
    own = type(server)(tmp_path)
    own.port = int(owner.stdout.readline())
    assert own.answers() == (state == "running")
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    while not is_free(own.port):
        time.sleep(0.02)  # only a parent is told of an end


def test_fresh_places(server: Service) -> None:
    """Each test gets a place of its own."""
    assert len({server.url, server.fresh_url(), server.fresh_url()}) == 3
