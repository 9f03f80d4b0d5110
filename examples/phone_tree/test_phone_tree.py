"""The phone tree: every input of every question, and the way back from whoever is busy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.phone_tree.flow import PhoneTree
from examples.phone_tree.table import AT_ANY_TIME
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from examples.conftest import Serve, StartServer


def test_the_greeting():
    """Greeting and menu are heard in one document; the menu lists what the chart has."""
    call = Phone(PhoneTree).dial("/incoming-call")
    assert call.heard == (
        "Welcome to Acme. For sales, press 1. For support, press 2. For our hours, press 3. "
        "To hear these options again, press 9. For the receptionist, press 0. "
        "Or say sales, support, or hours."
    )


def test_an_invalid_choice():
    """The error and the menu again are heard in one document."""
    call = Phone(PhoneTree).dial("/incoming-call").press("5")
    assert call.heard.startswith("That is not one of the options. For sales, press 1.")


def test_repeating():
    """9 repeats the menu, without a greeting; 1 repeats the hours."""
    call = Phone(PhoneTree).dial("/incoming-call").press("9")
    assert call.heard.startswith("For sales, press 1.")
    hours = call.press("3").heard
    assert call.press("1").heard == hours


def test_nobody_free():
    """When reception is busy the caller is back where they were, not at the beginning."""
    call = Phone(PhoneTree).dial("/incoming-call").press("3").press("0").dial_result("busy")
    assert call.heard.startswith("Nobody is free just now. We are here Monday to Friday")
    assert call.states == ["tree", "hours"]


def test_whoever_keeps_pressing_the_star():
    """The menu is not heard for ever: the call ends after a hundred turns."""
    call = Phone(PhoneTree).dial("/incoming-call")
    for _ in range(99):
        call.press("*")
    assert (call.state, call.ended) == ("menu", False)
    assert call.press("*").ended


def test_the_queue():
    """A caller waits for support in the queue of that name."""
    call = Phone(PhoneTree).dial("/incoming-call").say("I need support")
    assert call.waiting_for == "enqueue"
    assert ">support</Enqueue>" in call.twiml


@pytest.mark.server
@pytest.mark.slow
def test_every_input(serve: Serve):
    """Everything leads where the table says and, together, takes each transition."""
    line = serve(PhoneTree)
    assert line.surprises(AT_ANY_TIME) == {}
    assert line.taken == line.declared


@pytest.mark.server
@pytest.mark.slow
def test_killed_in_mid_call(start_server: StartServer):
    """After a crash at reception the way back still leads to where the caller was before."""
    server = start_server(str(Path(__file__).with_name("flow.py")))
    call = server.phone().dial("/incoming-call").press("3").press("0")
    server.kill_and_start_again()
    call.dial_result("busy")
    assert call.states == ["tree", "hours"]
    server.kill_and_start_again()
    assert call.press("*").state == "menu"
