"""The lunch line: every input of every question, before and after noon, and the takeover."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.lunch_line.flow import LunchLine
from examples.lunch_line.table import IN_THE_AFTERNOON, IN_THE_MORNING, MORNING, NOON
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from examples.conftest import Serve, StartServer


def test_the_specials():
    """The second menu offers the hours; they and the goodbye are heard in one document."""
    call = Phone(LunchLine).dial("/incoming-call").press("1")
    assert call.heard == (
        "Today we serve onion soup, and apple pie. "
        "For our hours, press 1. To hang up, press any other key."
    )
    call.press("1")
    assert (
        call.heard == "We are open every day from seven to three. Thank you for calling. Goodbye."
    )
    assert call.ended


def test_taking_a_call_over():
    """When something breaks, a call under way is pointed to where a message can be left."""
    call = Phone(LunchLine).dial("/incoming-call").press("1").redirect("/unknown-error")
    assert call.heard == "Something broke on our side. Leave us a message."
    assert call.waiting_for == "record"
    assert call.record(seconds=8).ended


@pytest.mark.parametrize(
    ("at", "state"), [("2026-01-05T17:59Z", "counter"), ("2026-01-05T18:00Z", "voicemail")]
)
def test_the_branch(at, state):
    """Somebody comes to the phone until noon in Chicago, which is 18:00 UTC in winter."""
    assert (
        Phone(LunchLine, at=at.replace("Z", "+00:00")).dial("/incoming-call").press("0").state
        == state
    )


@pytest.mark.server
@pytest.mark.slow
def test_every_input(serve: Serve):
    """Everything leads where the tables say and, together, takes each transition."""
    morning, noon = serve(LunchLine, MORNING), serve(LunchLine, NOON)
    assert morning.surprises(IN_THE_MORNING) == {}
    assert noon.surprises(IN_THE_AFTERNOON) == {}
    assert morning.taken | noon.taken == morning.declared


@pytest.mark.server
@pytest.mark.slow
def test_killed_in_mid_call(start_server: StartServer):
    """A caller at the second menu is still there after a crash: 1 means something else before."""
    server = start_server(str(Path(__file__).with_name("flow.py")))
    call = server.phone().dial("/incoming-call").press("1")
    server.kill_and_start_again()
    call.press("1")
    assert (
        call.heard == "We are open every day from seven to three. Thank you for calling. Goodbye."
    )
