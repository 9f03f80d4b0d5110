"""The application without HTTP: which flows go together, and which path is answered how."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from threading import Event
from typing import cast

import pytest
from statemachine import State
from twilio.rest import Client

from statechart_ivr import CallFlow, background, gather, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import ConfigurationError, DamagedRecordError, StoreUnavailableError
from statechart_ivr.rest import RestClient
from statechart_ivr.spec import CallFlowMeta
from statechart_ivr.stores import MemoryStore, SqliteStore
from statechart_ivr.switchboard import Switchboard


def flow_at(path: str, name: str = "Goodbye") -> type[CallFlow]:
    """Return a flow with one route."""
    end = State(initial=True, final=True)

    def say(self):
        return "Goodbye."

    marked = routable(path)(renders(end)(say))
    return cast("type[CallFlow]", CallFlowMeta(name, (CallFlow,), {"end": end, "say": marked}))


@pytest.fixture
def board() -> Switchboard:
    """A switchboard with one flow."""
    return Switchboard(flow_at("/call"), store=MemoryStore())


@pytest.mark.parametrize(
    ("flows", "complaint"),
    [
        ([], "no flow: pass one or several"),
        ([flow_at("/a", "A"), flow_at("/a", "B")], "A.say and B.say have one path: /a"),
        ([flow_at("/a", "C"), flow_at("/b", "C")], "two flows are named C"),
        ([flow_at("/healthz", "D")], "D.say: the path /healthz is the application's own"),
        ([flow_at("/ivr/turn", "E")], "E.say: the path /ivr/turn is the application's own"),
        ([flow_at("/ivr", "F")], "F.say: the path /ivr is the application's own"),
        ([State], "is not a subclass of CallFlow"),
        (["flow.py"], "'flow.py' is not a subclass of CallFlow"),
    ],
)
def test_flows_that_do_not_go_together_are_refused(flows, complaint):
    """The message names both sides."""
    with pytest.raises(ConfigurationError, match=complaint):
        Switchboard(*flows, store=MemoryStore())


@pytest.mark.parametrize("prefix", ["", "ivr", "/ivr/", "/i vr", "/ü"])
def test_a_prefix_is_a_path(prefix):
    """It is signed as it stands."""
    with pytest.raises(ConfigurationError, match="write a path such as '/ivr'"):
        Switchboard(flow_at("/call"), store=MemoryStore(), prefix=prefix)


def test_the_same_flow_twice_is_two_routes_with_one_path():
    """It is of no use."""
    flow = flow_at("/call")
    with pytest.raises(ConfigurationError, match="have one path"):
        Switchboard(flow, flow, store=MemoryStore())


def test_paths(board):
    """All that Twilio may be told to request."""
    assert board.entries == ("/call",)
    assert board.paths == (
        "/call",
        "/ivr/turn",
        "/ivr/wait",
        "/ivr/status",
        "/ivr/fallback",
        "/ivr/event/",
    )


@pytest.mark.parametrize("path", ["/", "/calls", "/ivr", "/ivr/event/", "/ivr/nothing"])
def test_other_paths_are_not_found(board, path):
    """The switchboard knows what is its own."""
    assert board.answer(Request(path=path, form=(("CallSid", "CA1"),))).status == 404


def test_a_request_without_a_call_gets_the_apology(board, caplog):
    """There is no session to look for."""
    answer = board.answer(Request(path="/call"))
    assert answer.status == 200
    assert b"something went wrong" in answer.body
    assert "a webhook without CallSid at /call" in caplog.text


class Filing(CallFlow):
    """Files a call, and tells of it."""

    end = State(initial=True, final=True)

    @routable("/call")
    @renders(end)
    def say(self):
        return f"{self.url_for('manual')} {self.url_for('/a.mp3')}"

    @background(end)
    def file(self):
        self.services["filed"].set()


def dialled(board: Switchboard) -> bytes:
    """Return what a caller hears."""
    return board.answer(Request(path="/call", form=(("CallSid", "CA1"),))).body


def test_work_is_done_in_threads_unless_told_otherwise():
    """The caller does not wait for it; whoever closes the switchboard does."""
    filed = Event()
    board = Switchboard(Filing, store=MemoryStore(), services={"filed": filed})
    board.name_path("manual", "/manual.txt")
    assert b"/manual.txt /a.mp3" in dialled(board)
    assert filed.wait(timeout=30)
    board.close()
    record = board.peek("CA1")
    assert record is not None
    assert record.jobs == []


def test_a_fingerprinter_is_asked_for_files():
    """Flows ask for them by path."""

    class Files:
        mount_path = ""

        def url_for(self, path, **options):
            return f"{path}?v=1"

        def claim(self, path, built_in):
            return built_in

    board = Switchboard(Filing, store=MemoryStore(), services={"filed": Event()})
    board.name_path("manual", "/manual.txt")
    board.use_fingerprinter(Files())
    assert b"/a.mp3?v=1" in dialled(board)
    board.close()


class Redirecting:
    """A client of the application's own making, which notes where calls are pointed."""

    def __init__(self) -> None:
        self.urls: list[str] = []
        self.asked = Event()

    def redirect(self, call_sid, url, *, account_sid=""):
        self.urls.append(url)
        self.asked.set()
        return True


def test_calls_are_redirected_by_others_than_those_who_work():
    """A Twilio that takes its time holds nobody up."""
    client = Redirecting()
    board = Switchboard(Wordy, store=MemoryStore(), client=client, base_url="https://x.example")
    dialled(board)
    assert board.deliver("CA1", "tell")
    assert client.asked.wait(timeout=30)
    assert client.urls == ["https://x.example/ivr/wait?at=%2Fcall&seq=2&wait=1"]
    board.close()


def test_a_switchboard_that_closes_says_whom_it_does_not_redirect(caplog, monkeypatch):
    """They hear it from another process, at their next request."""

    class Slow(Redirecting):
        def redirect(self, call_sid, url, *, account_sid=""):
            super().redirect(call_sid, url)
            assert may_end.wait(timeout=60)
            return True

    may_end, client = Event(), Slow()
    board = Switchboard(Wordy, store=MemoryStore(), client=client, base_url="https://x.example")
    monkeypatch.setattr(board._errands, "close", partial(board._errands.close, patience=0.0))
    dialled(board)
    assert board.deliver("CA1", "tell")
    assert client.asked.wait(timeout=60)
    board.close()
    may_end.set()
    assert "the call is not redirected any more" in caplog.text


def test_a_closed_switchboard_redirects_nobody(caplog):
    """The call hears it at its next request, from another process."""
    client = Redirecting()
    board = Switchboard(Wordy, store=MemoryStore(), client=client, base_url="https://x.example")
    dialled(board)
    board.close()
    assert board.deliver("CA1", "tell")
    assert "the call is not redirected: job " in caplog.text
    assert client.urls == []


class Wordy(CallFlow):
    """Can be told something."""

    menu = State(initial=True)
    told = State()
    menu.to(told, event="tell")
    told.to(menu, event="forget")

    @routable("/call", menu)
    @renders(menu, told)
    def say(self):
        return gather("Hello.")


def test_a_client_of_twilios_own_is_asked_nicely():
    """With repetitions and time-outs."""
    own = Client("AC0123456789abcdef0123456789abcdef", "12345")
    board = Switchboard(Wordy, store=MemoryStore(), client=own)
    assert isinstance(board.environment.client, RestClient)
    assert board.client is own


def test_the_fallback_is_the_apology_with_twilios_reason_in_the_log(board, caplog):
    """Twilio comes here when an answer of ours was of no use to it."""
    url = "https://x.example/call?From=%2B1&Digits=4711"
    form = (("CallSid", "CA1"), ("ErrorCode", "11200"), ("ErrorUrl", url))
    answer = board.answer(Request(path="/ivr/fallback", form=form))
    assert b"something went wrong" in answer.body
    assert "error 11200 at https://x.example/call?From=%2B1&Digits=***" in caplog.text
    assert caplog.records[-1].call_sid == "CA1"


@pytest.mark.parametrize("path", ["/call", "/ivr/event/found", "/ivr/status", "/ivr/turn"])
def test_half_characters_are_no_crash(path, tmp_path):
    """A file keeps text; what is none is replaced before it gets there."""
    with closing(SqliteStore(tmp_path / "calls.db")) as store:
        board = Switchboard(flow_at("/call"), store=store)
        pairs = (("CallSid", "\ud800"), ("call", "\ud800"), ("CallStatus", "completed"))
        assert board.answer(Request(path=path, query=pairs)).status in {200, 204}


def test_query_and_form_are_one(board):
    """With GET everything is in the query."""
    answer = board.answer(Request(path="/call", query=(("CallSid", "CA1"),)))
    assert b"Goodbye." in answer.body


class Failing(MemoryStore):
    """A store of which one operation has no answer."""

    def __init__(self, operation):
        super().__init__()
        vars(self)[operation] = self._fail

    def _fail(self, *_, **__):
        raise StoreUnavailableError("unplugged")


class Forgetful(MemoryStore):
    """A store that keeps nothing, and says nothing."""

    def load(self, call_sid):
        return None


def test_a_healthy_store_is_left_as_it_was():
    """Finding out leaves nothing behind."""
    store = MemoryStore()
    assert Switchboard(flow_at("/call"), store=store).is_healthy()
    assert list(store.calls()) == []


@pytest.mark.parametrize("operation", ["load", "save", "delete"])
def test_health_is_the_stores(operation, caplog):
    """A store that cannot be read, or cannot be written, is not healthy."""
    assert not Switchboard(flow_at("/call"), store=Failing(operation)).is_healthy()
    assert "the store is away: unplugged" in caplog.text


def test_health_is_good_for_a_second():
    """Anybody may ask, and every answer costs two writes."""
    store = Failing("purge")
    board = Switchboard(flow_at("/call"), store=store)
    assert board.is_healthy()
    vars(store)["save"] = store._fail
    assert board.is_healthy()
    board._health._asked -= 2
    assert not board.is_healthy()


def test_nobody_waits_for_another_one_s_health_check():
    """While a store takes its time to answer, others are told what was last known."""
    asked, go_on = Event(), Event()

    class Slow(MemoryStore):
        def save(self, call_sid, data, *, expected, ttl):
            asked.set()
            assert go_on.wait(timeout=30)
            raise StoreUnavailableError("unplugged")

    board = Switchboard(flow_at("/call"), store=Slow())
    board._health._is_healthy, board._health._asked = True, board._health._asked - 2
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(board.is_healthy)
        assert asked.wait(timeout=30)
        assert board.is_healthy()
        go_on.set()
        assert first.result() is False
    assert not board.is_healthy()


def test_a_store_that_forgets_is_not_healthy():
    """What is saved has to be there."""
    assert not Switchboard(flow_at("/call"), store=Forgetful()).is_healthy()


def test_peek_complains_about_damage(board):
    """And does not put anything aside: looking changes nothing."""
    board.store.save("CA1", b"?", expected=None, ttl=60)
    with pytest.raises(DamagedRecordError):
        board.peek("CA1")
    assert board.peek("CA2") is None
    assert list(board.store.calls()) == ["CA1"]


def test_closing_closes_the_store(caplog):
    """The store is the switchboard's."""
    closed = []

    class Closing(MemoryStore):
        def close(self):
            closed.append(True)

    caplog.set_level(logging.INFO)
    Switchboard(flow_at("/call"), store=Closing()).close()
    assert closed


def test_expired_sessions_are_purged_where_calls_come_in():
    """Nobody else does it, and the store must not grow for ever."""
    clock = SimulatedClock()
    board = Switchboard(flow_at("/call"), store=MemoryStore(clock=clock), clock=clock)
    board.store.save("old", b"", expected=None, ttl=60)
    clock.advance(301)
    board.answer(Request(path="/call", form=(("CallSid", "CA1"),)))
    board.close()
    assert board.store.purge() == 0
