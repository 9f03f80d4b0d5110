"""The front desk: every input of every question, by day and by night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.front_desk.flow import FrontDesk
from examples.front_desk.table import BY_DAY, BY_NIGHT, DAY, NIGHT
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from examples.conftest import Serve, StartServer


class Warehouse:
    """Knows one order."""

    def status(self, order: str) -> str | None:
        """Return where an order is."""
        return "lost" if order == "777777" else None


def test_an_order():
    """The warehouse that the application passes in is asked for the order."""
    call = Phone(FrontDesk, at=DAY, services={"warehouse": Warehouse()}).dial("/incoming-call")
    assert "To ask about an order, press 2." in call.heard
    call.press("2").press("777777#")
    assert call.heard == "Your order is lost. For the menu, press star."
    assert call.state == "order_status"


def test_an_unknown_order():
    """An order that nobody knows is said to be unknown, and the number asked for again."""
    call = Phone(FrontDesk, at=DAY).dial("/incoming-call").press("2").press("111111#")
    assert call.heard == ("Sorry, we do not know this order. Enter your order number, then pound.")
    assert call.state == "order_number"


def test_a_wrong_key():
    """A key that leads nowhere is said sorry for, and the menu is heard again."""
    call = Phone(FrontDesk, at=DAY).dial("/incoming-call").press("7")
    assert call.heard.startswith("Sorry, that did not work. For our opening hours, press 1.")


def test_whoever_keeps_pressing_the_star():
    """The menu is not heard for ever: the call ends after a hundred turns."""
    call = Phone(FrontDesk, at=DAY).dial("/incoming-call")
    for _ in range(99):
        call.press("*")
    assert (call.state, call.ended) == ("menu", False)
    assert call.press("*").ended


def test_the_number_that_was_called():
    """The session remembers which number the caller dialled."""
    call = Phone(FrontDesk, at=DAY, to="+14155550123").dial("/incoming-call")
    assert call.session == {"dialled": "+14155550123"}


@pytest.mark.parametrize(
    ("at", "state"),
    [
        ("2026-01-05T08:59", "voicemail"),
        ("2026-01-05T09:00", "menu"),
        ("2026-01-05T16:59", "menu"),
        ("2026-01-05T17:00", "voicemail"),
    ],
)
def test_opening_hours(at, state):
    """The line is open from nine to five; outside, a message can be left."""
    assert Phone(FrontDesk, at=at).dial("/incoming-call").state == state


@pytest.mark.server
@pytest.mark.slow
def test_every_input(serve: Serve):
    """Everything leads where the tables say and, together, takes each transition."""
    day, night = serve(FrontDesk, DAY), serve(FrontDesk, NIGHT)
    assert day.surprises(BY_DAY) == {}
    assert night.surprises(BY_NIGHT) == {}
    assert day.taken | night.taken == day.declared


@pytest.mark.server
@pytest.mark.slow
def test_killed_in_mid_call(start_server: StartServer):
    """A caller who is asked for an order number is still asked for it after a crash."""
    server = start_server("examples.front_desk.demo:DemoDesk")
    call = server.phone().dial("/incoming-call").press("2")
    server.kill_and_start_again()
    call.press("123456#")
    assert call.heard == "Your order is packed. For the menu, press star."
    assert call.state == "order_status"


@pytest.mark.server
def test_served_as_it_is(start_server: StartServer):
    """The file is all that the command line needs."""
    server = start_server(str(Path(__file__).with_name("flow.py")))
    assert "A call comes in        https://ivr.example.com/incoming-call" in server.summary
    assert server.phone().dial("/incoming-call").state in {"menu", "voicemail"}  # by the clock
