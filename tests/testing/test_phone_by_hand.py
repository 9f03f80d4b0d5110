"""`Phone` with background work by hand, events from outside, the clock, and ways back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Hangup, Pause

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import PhoneError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.web import IvrApp


class Orders(CallFlow):
    """Looks an order up; callers wait in a queue for a person otherwise."""

    menu = State(initial=True)
    looking = State()
    queueing = State()
    told = State()
    over = State(final=True)
    menu.to(looking, event=key("1"))
    menu.to(queueing, event=key("2"))
    menu.to(told, event="news")
    looking.to(told, event=["order_found", "unknown"])
    looking.to(over, event="background_failed")
    queueing.to(over, event="queue")
    told.to(over, event=["leave", "give_up", "filed"])
    menu.to(over, event="give_up")

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather(f"Hello {self.session.get('name', 'you')}.")

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events=["order_found", "unknown"])
    def look_up(self):
        return self.services["warehouse"]()

    @background("leave", events=["filed"])
    def file(self):
        return None

    def on_order_found(self, status):
        self.session["status"] = status

    def on_background_failed(self, error):
        self.session["error"] = error

    @renders(queueing)
    def enqueue(self):
        return Enqueue("support")

    @renders(queueing, waiting=True)
    def wait_in_queue(self):
        return Pause(length=20)

    @renders(told)
    def tell(self):
        return gather(f"It is {self.session.get('status', 'news')}.")

    @renders(over)
    def end(self):
        return Hangup()


def held() -> Phone:
    """Return a call that waits for what work comes to."""
    return Phone(Orders, by_hand=True).dial().press("1")


# Work


def test_work_by_hand_is_not_done_by_itself() -> None:
    """The caller is held, one wait document for each wait()."""
    call = held()
    assert (call.state, call.waiting_for, call.heard) == ("looking", "redirect", "One moment.")
    call.wait()
    assert (call.state, call.heard) == ("looking", "")
    assert call.transcript.count("POST /ivr/wait") == 1


def test_work_ends_with_what_the_test_says() -> None:
    """Its data arrives, and the caller hears what follows."""
    call = held().work("order_found", status="packed")
    assert (call.state, call.heard) == ("told", "It is packed.")
    assert call.session == {"status": "packed"}
    assert "work ends: order_found" in call.transcript


def test_work_may_fail() -> None:
    """With words of a test, or with the test's own."""
    assert held().work("background_failed").session == {"error": "it failed in a test"}
    assert held().work("background_failed", error="closed").session == {"error": "closed"}


def test_work_may_come_to_nothing() -> None:
    """Then the caller has waited in vain."""
    call = held().work(None)
    assert call.ended
    assert "something went wrong" in call.heard


def test_work_of_a_call_that_is_over_may_end() -> None:
    """Nobody is held, and nobody hears of it."""
    call = Phone(Orders, by_hand=True).dial().deliver("news").deliver("leave").hang_up()
    call.work("filed")
    with pytest.raises(PhoneError, match="no background work is pending"):
        call.work("filed")


def test_what_a_callback_raises_is_raised_here() -> None:
    """For a result of work, and for an event from outside; unless the apology is wanted."""
    with pytest.raises(TypeError, match="status"):
        held().work("order_found")
    with pytest.raises(TypeError, match="status"):
        held().deliver("order_found")
    call = Phone(Orders, by_hand=True, raise_errors=False).dial().press("1")
    assert call.deliver("order_found").state == "looking"
    assert "something went wrong" in call.work("order_found").heard


def test_work_that_does_not_end_so_is_refused() -> None:
    """The message says what is pending, and what it declares."""
    with pytest.raises(PhoneError, match=r"look_up is pending, and declares order_found, unknown;"):
        held().work("lost")


def test_there_is_no_work_before_there_is_any() -> None:
    """Neither before the call nor at the menu."""
    call = Phone(Orders, by_hand=True)
    with pytest.raises(PhoneError, match=r"work\('unknown'\): no background work is pending"):
        call.work("unknown")
    with pytest.raises(PhoneError, match="no background work is pending"):
        call.dial().work("unknown")


def test_work_does_itself_elsewhere() -> None:
    """Only a flow's is left to the test, and only if it says so."""
    with pytest.raises(PhoneError, match=r"work\(\) needs Phone\(flow, by_hand=True\)"):
        Phone(Orders).dial().work("unknown")
    with pytest.raises(PhoneError, match="an application has its own runner"):
        Phone(application(), by_hand=True)


def test_what_a_held_caller_can_do_is_said() -> None:
    """Keys are heard by nobody."""
    with pytest.raises(PhoneError, match=r"the caller is held for background work; use work\(\)"):
        held().press("1")


def application() -> Switchboard:
    """Return an application without HTTP."""
    return Switchboard(Orders, store=MemoryStore(), clock=SimulatedClock("2026-01-05T10:00"))


# Events from outside


@pytest.mark.parametrize("target", [lambda: Orders, application])
def test_an_event_is_delivered_to_the_live_call(target: Callable[[], Any]) -> None:
    """What it leads to is heard at the next request."""
    call = Phone(target()).dial().deliver("news")
    assert call.state == "told"
    assert call.wait().heard == "It is news."


def test_nothing_is_delivered_to_nobody() -> None:
    """Before the call, after it, and where the application is out of sight."""
    with pytest.raises(PhoneError, match="nobody dialled"):
        Phone(Orders).deliver("news")
    with pytest.raises(PhoneError, match="out of sight"):
        Phone("http://127.0.0.1:1").deliver("news")


# Requests that come again


def test_an_earlier_request_comes_late() -> None:
    """It moves nothing, and what is heard stays."""
    call = Phone(Orders).dial().wait()
    before = call.twiml
    call.late()
    assert (call.state, call.twiml) == ("menu", before)
    assert "an earlier request comes late" in call.transcript
    assert call.wait().state == "menu"


def test_nothing_comes_late_that_never_was() -> None:
    """One request is not two."""
    for call in (Phone(Orders), Phone(Orders).dial()):
        with pytest.raises(PhoneError, match="there is no request before the last one"):
            call.late()


def test_a_request_that_comes_late_may_have_been_a_callback() -> None:
    """The status callback at the end of a call, or one of a recording."""
    call = Phone(Orders).dial().callback("/ivr/status").press("9").late()
    assert call.transcript.count("POST /ivr/status") == 2


# The clock


def test_the_clock_stands_at_a_later_moment() -> None:
    """As if nothing had happened since."""
    call = Phone(Orders, at="2026-01-05T10:00").dial().until("2026-01-05T17:00")
    assert f"{call.now:%H:%M}" == "17:00"
    assert call.state == "menu"
    assert call.press("2").state == "queueing"


@pytest.mark.parametrize(
    ("moment", "message"), [("noon", "is no moment"), ("2026-01-05T09:00", "is over")]
)
def test_the_clock_goes_to_moments_ahead_only(moment: str, message: str) -> None:
    """What is no moment, or is over, is refused."""
    with pytest.raises(PhoneError, match=message):
        Phone(Orders, at="2026-01-05T10:00").dial().until(moment)


# Ways back


def test_a_call_goes_on_from_a_snapshot_as_often_as_one_likes() -> None:
    """State, session, document, clock and transcript are those of that moment."""
    call = Phone(Orders, by_hand=True).dial()
    snapshot, transcript, now = call.snapshot(), call.transcript, call.now
    calls = [
        call.go_back(snapshot).press("1").state,
        call.go_back(snapshot).press("2").state,
        call.go_back(snapshot).hang_up().ended,
        call.go_back(snapshot).state,
    ]
    assert calls == ["looking", "queueing", True, "menu"]
    assert (call.transcript, call.now, call.ended) == (transcript, now, False)
    assert call.press("1").work("unknown").state == "told"


def test_a_snapshot_may_be_ahead() -> None:
    """The clock goes there, too."""
    call = Phone(Orders, by_hand=True).dial()
    early = call.snapshot()
    late = call.press("2").until("2026-01-05T17:00").snapshot()
    call.go_back(early).go_back(late)
    assert (call.state, f"{call.now:%H:%M}") == ("queueing", "17:00")


def test_a_phone_goes_back_to_before_the_call() -> None:
    """Nothing is known of it any more."""
    call = Phone(Orders)
    nobody = call.snapshot()
    call.dial()
    call.go_back(nobody)
    assert call.dial().state == "menu"


@pytest.mark.parametrize("what", ["snapshot", "go_back"])
def test_there_is_no_way_back_into_what_is_out_of_sight(what: str) -> None:
    """Over a URL, the phone hears what a caller hears."""
    call = Phone("http://127.0.0.1:1")
    snapshot = Phone(Orders).snapshot()
    with pytest.raises(PhoneError, match="out of sight"):
        call.snapshot() if what == "snapshot" else call.go_back(snapshot)


# Coming in


def test_without_a_path_a_call_comes_in_at_the_first_route() -> None:
    """Where it is known."""
    assert Phone(Orders).dial().state == "menu"
    app = IvrApp(Orders, store="memory:", validate=False)
    assert Phone(app).dial().state == "menu"
    with pytest.raises(PhoneError, match="'' is no path"):
        Phone("http://127.0.0.1:1").dial()


def test_a_placed_call_brings_its_session_along() -> None:
    """As `Switchboard.place_call` stores it before anybody answers."""
    call = Phone(Orders).dial("/in", session={"name": "Ann"})
    assert call.heard == "Hello Ann."
    assert call.session == {"name": "Ann"}
    board = application()
    assert Phone(board).dial(session={"name": "Bob"}).heard == "Hello Bob."


@pytest.mark.parametrize(
    ("target", "path"),
    [(Orders, "/none"), ("http://127.0.0.1:1", "/in"), (lambda *_: [], "/in")],
)
def test_a_session_needs_a_route_in_this_process(target: Any, path: str) -> None:
    """Nobody could put it there otherwise."""
    with pytest.raises(PhoneError, match="no route of a flow in this process"):
        Phone(target).dial(path, session={})
