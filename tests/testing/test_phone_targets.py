"""`Phone` calls flows, switchboards, WSGI applications and servers."""

from __future__ import annotations

import gc
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from warnings import catch_warnings

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, key, on_input, renders, routable
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import PhoneError, StoreUnavailableError, TwimlRefusedError
from statechart_ivr.stores import MemoryStore, SqliteStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.web.app import IvrApp


class Orders(CallFlow):
    """Asks for an order number and looks it up."""

    class line(State.Compound):
        menu = State(initial=True)
        asking = State()
        menu.to(asking, event=key("1", say="To ask about an order, press 1."))

    status = State(final=True)
    line.to(status, event=["order_found", "give_up"])

    @routable("/incoming-call", line.menu)
    def incoming_call(self) -> None:
        """Remember when the call came in."""
        self.session["hour"] = self.now().hour

    @renders(line.menu)
    def say_menu(self) -> Any:
        """Say what there is."""
        return gather(*self.choices())

    @renders(line.asking)
    def ask(self) -> Any:
        """Ask for the number."""
        return gather("Which order?", num_digits=None)

    @on_input(line.asking, examples=["12"])
    def take(self, caller_input: Any) -> str:
        """Look the order up."""
        self.session["status"] = self.services["warehouse"][caller_input.digits]
        return "order_found"

    @renders(status)
    def say_status(self) -> str:
        """Say what was found."""
        return str(self.session.get("status", "Goodbye."))


class Twofold(CallFlow):
    """Is in two states at once."""

    class both(State.Parallel):
        class left(State.Compound):
            speaking = State(initial=True)
            quiet = State()
            speaking.to(quiet, event=key("1"))
            quiet.to(speaking, event=key("1"))

        class right(State.Compound):
            first = State(initial=True)
            second = State()
            first.to(second, event=key("2"))
            second.to(first, event=key("2"))

    bye = State(final=True)
    both.to(bye, event="give_up")

    @routable("/in", both)
    @renders(both)
    def ask(self) -> Any:
        """Listen."""
        return gather("Go on.")


WAREHOUSE = {"warehouse": {"12": "It is on its way."}}
TOKEN = "12345"


def walk(call: Phone) -> None:
    """Make the same call, whatever is called."""
    assert call.dial("/incoming-call").heard == "To ask about an order, press 1."
    assert call.press("1").heard == "Which order?"
    assert call.press("12#").heard == "It is on its way."
    assert call.ended


def ivr_app(**options: Any) -> IvrApp:
    """Return an application with everything a test needs."""
    usual = {"auth_token": TOKEN, "base_url": "https://ivr.example.com", "services": WAREHOUSE}
    return IvrApp(Orders, **{"store": MemoryStore(), **usual, **options})


def test_a_flow() -> None:
    """A flow is called without an application, and looked into."""
    call = Phone(Orders, at="2026-03-01T17:00", services=WAREHOUSE)
    call.dial("/incoming-call")
    assert (call.state, call.states, call.session) == ("menu", ["line", "menu"], {"hour": 17})
    call.press("1").press("12")
    assert call.session["status"] == "It is on its way."
    walk(call)


def test_a_flow_with_a_store_of_the_tests(tmp_path: Path) -> None:
    """Two phones on one store see one another's calls."""
    for store in (MemoryStore(), f"sqlite:///{tmp_path}/calls.db"):
        first = Phone(Orders, store=store).dial("/incoming-call", CallSid="CA1")
        second = Phone(Orders, store=store)
        second.dial("/incoming-call", CallSid="CA1").press("1")
        assert first.state == "asking"


def test_errors_of_flow_code_are_raised() -> None:
    """In process, what the flow raises is raised in the test; or the apology is heard."""
    call = Phone(Orders, services=WAREHOUSE).dial("/incoming-call").press("1")
    with pytest.raises(KeyError, match="99"):
        call.press("99#")
    call = Phone(Orders, services=WAREHOUSE, raise_errors=False).dial("/incoming-call")
    assert "sorry" in call.press("1").press("99#").heard
    app = ivr_app()
    with pytest.raises(KeyError, match="99"):
        Phone(app).dial("/incoming-call").press("1").press("99#")


def test_several_states() -> None:
    """In parallel regions there is no one state, and the error names them all."""
    call = Phone(Twofold).dial("/in")
    with pytest.raises(PhoneError, match="several states are active: speaking, first; use states"):
        assert call.state
    assert call.states == ["both", "left", "speaking", "right", "first"]
    assert call.press("1").states == ["both", "left", "quiet", "right", "first"]


def test_the_phone_closes_what_it_opened(tmp_path: Path) -> None:
    """A store named by URL is closed at the end of the block, whatever was called."""
    url = f"sqlite:///{tmp_path}/calls.db"
    with closing(IvrApp(Orders, validate=False, store=url)) as app:

        def shows_nothing(environ: Any, start_response: Any) -> Any:
            return app(environ, start_response)

        for target in (Orders, shows_nothing):
            with Phone(target, store=url) as call:
                assert call.dial("/incoming-call").state == "menu"
            call.close()  # a second time does nothing
            with pytest.raises(StoreUnavailableError, match="has been closed"):
                assert call.state


def test_a_phone_that_is_forgotten(tmp_path: Path) -> None:
    """Its store is closed all the same: an open database would be a warning in a later test."""
    with catch_warnings(record=True) as caught:
        assert Phone(Orders, store=f"sqlite:///{tmp_path}/calls.db").dial("/incoming-call").heard
        gc.collect()
    assert caught == []


def test_the_phone_closes_nothing_else(tmp_path: Path) -> None:
    """A store, a switchboard and an application that were passed go on working."""
    with closing(SqliteStore(tmp_path / "calls.db")) as store:
        board = Switchboard(Orders, store=store)
        for target, options in ((Orders, {"store": store}), (board, {})):
            with Phone(target, **options) as call:
                call.dial("/incoming-call")
            assert store.load(call.call_sid) is not None


def test_unknown_paths() -> None:
    """A path that no route has is Twilio's 11200, and the message lists those there are."""
    for target in (Orders, ivr_app()):
        with pytest.raises(
            TwimlRefusedError, match=r"11200.*404; calls come in at /incoming-call$"
        ):
            Phone(target).dial("/incoming")


def test_no_session() -> None:
    """A call that the application forgot, or never kept, has no state."""
    store = MemoryStore()
    call = Phone(Orders, store=store).dial("/incoming-call")
    store.delete(call.call_sid)
    with pytest.raises(PhoneError, match="there is no session of CA"):
        assert call.state


def test_no_session_yet() -> None:
    """Before the first call there is nothing to look at."""
    call = Phone(Orders)
    for look in (lambda: call.state, lambda: call.states, lambda: call.session):
        with pytest.raises(PhoneError, match=r"nobody dialled; dial\(\) first"):
            look()


def test_a_switchboard() -> None:
    """A switchboard is called at its own address, on its own clock, below its own prefix."""
    clock = SimulatedClock("2026-03-01T08:00")
    options: dict[str, Any] = {"services": WAREHOUSE, "prefix": "/phones", "clock": clock}
    board = Switchboard(Orders, store=MemoryStore(clock=clock), **options)
    call = Phone(board)
    walk(call)
    assert call.now == clock.now()
    assert "POST /phones/status" in call.transcript
    assert board.peek(call.call_sid) is not None


def test_the_clock_of_an_application() -> None:
    """A simulated clock is shared and only moved forward; a real one is left alone."""
    clock = SimulatedClock("2026-03-01T08:00")
    board = Switchboard(Orders, store=MemoryStore(clock=clock), clock=clock)
    assert Phone(board, at="2026-03-01T09:00").dial("/incoming-call").session == {"hour": 9}
    with pytest.raises(PhoneError, match=r"before 2026-03-01T09:00.*does not go back"):
        Phone(board, at="2026-03-01T08:30")
    assert Phone(Switchboard(Orders, store=MemoryStore())).now.hour == 10


def test_an_application() -> None:
    """An application is called in process, with its own token and public URL."""
    call = Phone(ivr_app(), FromCity="Köln", CallerName="Änne 🙂").dial("/incoming-call")
    assert call.state == "menu"
    walk(call.hang_up())


def test_a_wrong_token() -> None:
    """A signature made with another token is refused."""
    for options in ({"auth_token": "54321"}, {"base_url": "https://ivr.example.org"}):
        with pytest.raises(TwimlRefusedError, match=r"11200.*answered 403"):
            Phone(ivr_app(), **options).dial("/incoming-call")


def test_an_application_below_a_mount_path() -> None:
    """The path of the public URL is where the application is mounted."""
    app = ivr_app(base_url="https://ivr.example.com/mounted")
    call = Phone(app)
    walk(call)
    assert "POST /ivr/turn" in call.transcript


def test_an_application_without_a_known_host() -> None:
    """Without validation any host will do."""
    walk(Phone(ivr_app(validate=False, base_url=None, auth_token=None)))
    walk(Phone(ivr_app(validate=False, base_url=None), base_url="http://localhost:8080"))


def test_a_wsgi_application_that_fails_late(canned: Any) -> None:
    """An application may start its response anew as long as nothing was sent."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/xml")])
        start_response("500 Oops", [("Content-Type", "text/plain")], (None, None, None))
        return [b"oops"]

    with pytest.raises(TwimlRefusedError, match="answered 500: oops"):
        Phone(app).dial("/in")


def test_states_out_of_sight(canned: Any) -> None:
    """Of an application that shows nothing, states are seen only through its store."""
    app = canned({"/in": "<Gather/>"})
    with pytest.raises(PhoneError, match="pass store= to look"):
        assert Phone(app).dial("/in").state


@pytest.mark.server
def test_a_server(serve: Callable[[Any], str], tmp_path: Path) -> None:
    """A server is called over its socket, signed for its public URL, and seen by its store."""
    store = f"sqlite:///{tmp_path}/calls.db"
    options: dict[str, Any] = {"auth_token": TOKEN, "base_url": "https://ivr.example.com"}
    with (
        closing(ivr_app(store=store)) as app,
        Phone(serve(app), store=store, **options) as call,
    ):
        call.dial("/incoming-call", method="GET")
        assert (call.state, call.states) == ("menu", ["line", "menu"])
        assert "hour" in call.session
        walk(call.hang_up())


@pytest.mark.server
def test_a_server_below_a_path(serve: Callable[[Any], str], canned: Any) -> None:
    """The path of the URL is part of every address."""
    app = canned({"/phones/in": "<Gather action='/phones/b' numDigits='1'/>", "/phones/b": ""})
    call = Phone(f"{serve(app)}/phones/").dial("/in").press("1")
    assert call.ended
    assert app.count("/phones/ivr/status") == 1


@pytest.mark.server
def test_nobody_answers(canned: Any) -> None:
    """A port at which nobody listens is Twilio's 11202."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(TwimlRefusedError, match=r"11202.*nobody listens.*start the server"):
        Phone(f"http://127.0.0.1:{port}").dial("/in")


@pytest.mark.server
def test_a_server_that_hangs_up(serve: Callable[[Any], str]) -> None:
    """A connection that ends without an answer is Twilio's 11205."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        import threading

        def close_the_first() -> None:
            server.accept()[0].close()

        thread = threading.Thread(target=close_the_first)
        thread.start()
        with pytest.raises(TwimlRefusedError, match=r"11205.*gave no answer"):
            Phone(f"http://127.0.0.1:{server.getsockname()[1]}").dial("/in")
        thread.join()


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        ("127.0.0.1:80", {}, "no URL that can be called; write http://127.0.0.1:8080"),
        (12345, {}, "cannot be called; pass a CallFlow class"),
        ("http://127.0.0.1:80", {"services": {}}, "services= goes with a flow"),
        (Orders, {"servces": {}}, r"servces= is no option.*; did you mean services=\?"),
        (Orders, {"callerName": "Ann"}, "callerName= is no option.*a capital letter$"),
        (Orders, {"at": "2026-13-05"}, "at='2026-13-05' is no moment; write one like '2026-01-05T"),
        (Orders, {"at": 10}, "at=10 is no moment"),
    ],
)
def test_what_cannot_be_called(target: Any, options: dict[str, Any], words: str) -> None:
    """What is no application is refused at once."""
    with pytest.raises(PhoneError, match=words):
        Phone(target, **options)


def test_urls_elsewhere(canned: Any) -> None:
    """An action at another host is not asked."""
    app = canned({"/in": "<Gather action='https://elsewhere.example/' numDigits='1'/>"})
    with pytest.raises(PhoneError, match=r"https://elsewhere.example/ is not below"):
        Phone(app).dial("/in").press("1")
