"""``serve`` when it is told to stop while background work goes on."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from examples.servers import ROOT, TOKEN, Server
from statechart_ivr.record import Record
from statechart_ivr.testing.transport import UrlTransport
from tests.durability.webhooks import webhook

pytestmark = [pytest.mark.server]

#: Looks something up for as long as somebody holds the pipe open.
APP = """
from statemachine import State
from statechart_ivr import CallFlow, background, renders, routable
from statechart_ivr.runners import ThreadRunner
from statechart_ivr.web import IvrApp


class Lookup(CallFlow):
    looking = State(initial=True)
    told = State(final=True)
    looking.to(told, event=["found", "background_failed"])

    @routable("/incoming-call")
    @renders(looking)
    def say_wait(self):
        return "One moment."

    @background(looking, events=["found"])
    def look_up(self):
        with open("pipe") as pipe:
            return pipe.read()

    @renders(told)
    def say_it(self):
        return "That was it."


class Hasty(ThreadRunner):
    def close(self, *, patience=0.1):
        return super().close(patience=patience)


patient = IvrApp.from_env(Lookup)
hasty = IvrApp.from_env(Lookup, runner=Hasty())
"""

CALL = "CA1"
Start = Callable[[str], Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that serves an application, and calls it."""
    (tmp_path / "lookups.py").write_text(APP, "utf-8")
    os.mkfifo(tmp_path / "pipe")
    with ExitStack() as stack:

        def run(name: str) -> Server:
            server = Server(f"lookups:{name}", tmp_path)
            stack.callback(server.close)
            line = UrlTransport(server.url, ROOT, TOKEN)
            line.send(webhook(CALL, "/incoming-call", "dial", CallStatus="ringing"))
            return server

        yield run


def wait_until_closed(server: Server) -> None:
    """Knock until nobody answers any more."""
    parts = urlsplit(server.url)
    try:
        while True:
            socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30).close()
    except ConnectionError:
        pass


def record_of(server: Server) -> Record:
    """Return what is stored of the call."""
    stored = server.store.load(CALL)
    assert stored is not None
    return Record.from_bytes(stored.data)


def test_work_under_way_is_finished(start: Start, tmp_path: Path) -> None:
    """After SIGTERM nobody else is let in; what work comes to is delivered before the end."""
    server = start("patient")
    with (tmp_path / "pipe").open("w", encoding="utf-8") as pipe:  # opens once the work goes on
        server.terminate()
        wait_until_closed(server)
        assert record_of(server).conf == ["looking"]
        pipe.write("found")
    assert server.wait() == 0
    record = record_of(server)
    assert (record.conf, record.jobs) == (["told"], [])
    assert record.unheard, "another process says it"


def test_work_without_an_end_is_left(start: Start, tmp_path: Path) -> None:
    """When patience is over the process ends in good order; the job lies in the record."""
    server = start("hasty")
    with (tmp_path / "pipe").open("w", encoding="utf-8"):
        server.terminate()
        assert server.wait() == 0
    record = record_of(server)
    assert record.conf == ["looking"]
    assert [job.method for job in record.jobs] == ["look_up"]
