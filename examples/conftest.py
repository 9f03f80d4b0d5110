"""What the tests of the examples share: real servers, signed calls, sessions in SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from examples.servers import ROOT, TOKEN, Server, phone_to
from examples.walks import Line, Step, declared_steps, observed
from statechart_ivr import CallFlow
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.rest import RestClient
from statechart_ivr.runners import InlineRunner
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.web import IvrApp

if TYPE_CHECKING:
    from tests.rest.server import TwilioApi

__all__ = ["Serve", "Serving", "StartServer"]

Serve = Callable[..., Line]


@pytest.fixture
def serve(tmp_path: Path, serve_wsgi: Callable[[Any], int]) -> Iterator[Serve]:
    """Return a function that serves a flow with waitress and SQLite at a moment in time."""

    def run(flow: type[CallFlow], at: str = "2026-01-05T10:00", **services: Any) -> Line:
        clock, taken = SimulatedClock(at), set[Step]()
        name = f"sqlite:///{tmp_path}/{clock.now():%H%M}.db"
        app = IvrApp(
            observed(flow, taken),
            auth_token=TOKEN,
            base_url=ROOT,
            store=name,
            services=services,
            clock=clock,
        )
        stack.callback(app.close)
        url = f"http://127.0.0.1:{serve_wsgi(app)}"
        return Line(lambda: phone_to(url, app.switchboard.store), declared_steps(flow), taken)

    with ExitStack() as stack:
        yield run


StartServer = Callable[[str], Server]


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Return a function that starts ``statechart-ivr serve`` with a target."""

    def run(target: str) -> Server:
        server = Server(target, tmp_path)
        stack.callback(server.close)
        return server

    with ExitStack() as stack:
        yield run


@pytest.fixture
def twilio() -> Iterator[TwilioApi]:
    """Return a server that plays Twilio's REST API; ``asked`` is what it was asked for."""
    from tests.rest.server import TwilioApi

    with TwilioApi() as api:
        yield api


Serving = Callable[..., Switchboard]


@pytest.fixture
def serving(twilio: TwilioApi) -> Iterator[Serving]:
    """Return a function that makes an application of flows, which can place calls."""

    def run(*flows: type[CallFlow], **services: Any) -> Switchboard:
        board = Switchboard(
            *flows,
            store=MemoryStore(),
            runner=InlineRunner(),
            client=RestClient(twilio.client(), sleep=list[float]().append),
            clock=SimulatedClock("2026-01-05T10:00"),
            base_url=ROOT,
            services=services,
        )
        stack.callback(board.close)
        return board

    with ExitStack() as stack:
        yield run
