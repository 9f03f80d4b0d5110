"""Background work under the explorer's hands: declared, done, and guessed at."""

from __future__ import annotations

from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, background, gather, renders, routable
from statechart_ivr.checker import check_flow
from statechart_ivr.checker.graph import Trouble
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from tests.checker.flows import calls_to, explored, moves_at, troubles


class Orders(CallFlow):
    """Looks an order up, and files what became of the call when it is over."""

    looking = State(initial=True)
    packed = State()
    unknown = State(final=True)
    looking.to(packed, event="order_found")
    looking.to(unknown, event=["not_found", "background_failed"])
    packed.to(unknown, event="give_up")

    @routable("/in")
    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events=["order_found", "not_found"])
    def look_up(self):
        return self.services["warehouse"](self.session)

    def on_order_found(self, status):
        self.session["status"] = status

    @renders(packed)
    def say_status(self):
        return gather(f"Your order is {self.session['status']}.")

    @renders(unknown)
    def say_unknown(self):
        return ["We do not know.", Hangup()]


class Declared(Orders):
    """Says what comes with its events."""

    @background(Orders.looking, events={"order_found": {"status": "sent"}, "not_found": {}})
    def look_up(self):
        return self.services["warehouse"](self.session)


def test_what_work_declares_is_tried() -> None:
    """With the data that it declares, and so is its failure."""
    assert moves_at(explored(Declared), "dial")[:3] == [
        'work order_found \'{"status": "sent"}\'',
        "work not_found",
        "work background_failed",
    ]


def test_the_author_of_a_check_may_say_what_comes_with_an_event() -> None:
    """It goes before what the work declares."""
    found = explored(Declared, event_data={"order_found": {"status": "lost"}})
    assert moves_at(found, "dial")[0] == 'work order_found \'{"status": "lost"}\''


def test_an_event_whose_data_is_not_known_is_tried_without() -> None:
    """If that does not do, the report says what is missing, and proves nothing."""
    report = check_flow(Orders)
    (one,) = report.findings
    assert (one.code, one.call) == ("needs-data", "dial work order_found")
    assert not report.is_exhausted
    assert report.found.unfinished == ("the data of order_found is not known",)


class Telling(Orders):
    """Takes the event without its data."""

    def on_order_found(self, status="on its way"):
        self.session["status"] = status


def test_an_event_that_nothing_asks_data_of_needs_none() -> None:
    """A guess that goes well is no guess."""
    report = check_flow(Telling)
    assert report.found.is_exhausted
    assert not report.having("needs-data")


def test_with_services_work_is_done() -> None:
    """Its real result comes first, with its data; what else it declares is tried as well."""
    asked: list[dict[str, Any]] = []

    def warehouse(session: Any) -> Any:
        asked.append(dict(session))
        return "order_found", {"status": "packed"}

    found = explored(Orders, services={"warehouse": warehouse})
    assert moves_at(found, "dial")[:3] == [
        'work order_found \'{"status": "packed"}\'',
        "work not_found",
        "work background_failed",
    ]
    assert calls_to(found, "packed")[0] == 'dial work order_found \'{"status": "packed"}\''
    assert asked == [{}, {"status": "packed"}]  # once for each session
    assert not found.incidents


def test_work_that_returns_nothing_comes_to_nothing() -> None:
    """The step is written as ``work -``."""
    found = explored(Declared, services={"warehouse": lambda _: None})
    assert moves_at(found, "dial")[0] == "work -"


def test_with_an_application_s_own_services_no_work_is_done() -> None:
    """They have effects on the world."""

    def warehouse(_: Any) -> Any:
        raise AssertionError

    board = Switchboard(
        Declared,
        store=MemoryStore(),
        clock=SimulatedClock("2026-01-05T10:00"),
        services={"warehouse": warehouse},
    )
    found = explored(Declared, like=board)
    assert found.is_exhausted
    assert not found.incidents


def test_work_that_raises_is_found() -> None:
    """With the call that starts it, and the line of the flow."""

    def warehouse(_: Any) -> Any:
        raise LookupError("closed")

    report = check_flow(Declared, services={"warehouse": warehouse})
    (one,) = report.having("work-raises")
    assert (one.state, one.call) == ("looking", "dial")
    assert one.message == "Declared.look_up() raised LookupError: closed"
    assert one.place.startswith(f"{__file__}:")
    assert one.checks == ('assert not report.having("work-raises")',)
    assert not check_flow(Declared, services={"warehouse": lambda _: "not_found"}).findings


class Unclaimed(CallFlow):
    """Has no use for one of its results."""

    looking = State(initial=True)
    over = State(final=True)
    looking.to(over, event=["found", "background_failed"], cond="wants")
    looking.to(over, event="give_up")

    def wants(self) -> bool:
        return not self.services

    @routable("/in")
    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"found": {}})
    def look(self):
        return "found"

    @renders(over)
    def end(self):
        return Hangup()


def test_a_result_that_nothing_claims_is_found() -> None:
    """Its guard says no, and the caller waits in vain; so it is with the failure."""
    report = check_flow(Unclaimed, services={"no": True})
    assert [one.call for one in report.having("unclaimed-work")] == [
        "dial work background_failed",
        "dial work found",
    ]
    assert not check_flow(Unclaimed).having("unclaimed-work")


def test_a_result_that_nobody_waits_for_any_more_may_come_to_nothing() -> None:
    """The caller has left the state, or hung up."""
    report = check_flow(Declared)
    assert "dial hangup work not_found" not in [one.call for one in report.findings]
    assert report.found.is_exhausted


class Outside(CallFlow):
    """Hears of something from outside, at one of two places."""

    menu = State(initial=True)
    told = State()
    over = State(final=True)
    menu.to(told, event="news")
    told.to(over, event="give_up")
    menu.to(over, event="give_up")

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Please wait.")

    @renders(told)
    def tell(self):
        return gather("There are news.")

    @renders(over)
    def end(self):
        return Hangup()


def test_an_event_from_outside_may_come_to_nothing() -> None:
    """Nobody has to claim a signal, and it does nothing where nobody does."""
    found = explored(Outside, event_data={"news": {}})
    assert found.is_exhausted
    assert not found.incidents
    assert "dial deliver news" in calls_to(found, "told")


class Failing(Outside):
    """Raises when it hears the news."""

    def tell(self):
        raise RuntimeError("no news")


@pytest.mark.parametrize(("flow", "wanted"), [(Failing, 1), (Outside, 0)])
def test_what_is_raised_for_an_event_from_outside_is_found(
    flow: type[CallFlow], wanted: int
) -> None:
    """Nobody hears an apology; the event is lost."""
    found = explored(flow, event_data={"news": {}})
    raised = [one for one in troubles(found) if one == (Trouble.RAISED, "dial deliver news")]
    assert len(raised) == wanted


class TwoJobs(CallFlow):
    """Two kinds of work with the same result, both at once."""

    looking = State(initial=True)
    over = State(final=True)
    looking.to(over, event=["found", "background_failed"])

    @routable("/in")
    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"found": {}})
    def look_here(self):
        return "found"

    @background(looking, events={"found": {}})
    def look_there(self):
        return "found"

    @renders(over)
    def end(self):
        return Hangup()


def test_what_two_jobs_come_to_is_tried_once() -> None:
    """The steps would be the same."""
    moves = moves_at(explored(TwoJobs), "dial")
    assert moves[:3] == ["work found", "work background_failed", "."]
