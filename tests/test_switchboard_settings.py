"""What a switchboard is given that is not what it looks like."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, renders, routable
from statechart_ivr.errors import ConfigurationError, SessionValueError
from statechart_ivr.rest import RestClient
from statechart_ivr.runners import ThreadRunner
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard


class Goodbye(CallFlow):
    """Says one word."""

    end = State(initial=True, final=True)

    @routable("/call")
    @renders(end)
    def say(self):
        return "Goodbye."


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"runner": ThreadRunner}, r"runner= is a class; write runner=ThreadRunner\(…\)"),
        ({"runner": "redis://:pw@host"}, "of type str, which is no runner; write ThreadRunner"),
        ({"client": "pw"}, "of type str is no client; pass RestClient"),
        ({"client": RestClient}, "of type type is no client; pass RestClient"),
    ],
)
def test_runner_and_client_are_looked_at(settings: dict[str, Any], advice: str) -> None:
    """What is neither is refused at the start, and not when somebody is waiting for it."""
    with pytest.raises(ConfigurationError, match=advice) as caught:
        Switchboard(Goodbye, store=MemoryStore(), **settings)
    assert "pw" not in str(caught.value)


def test_what_a_placed_call_knows_has_names() -> None:
    """A list is refused, with what to write, before anybody is called."""
    client = RestClient(account_sid="AC1", auth_token="1")
    board = Switchboard(
        Goodbye, store=MemoryStore(), client=client, base_url="https://ivr.example.com"
    )
    session: Any = ["order"]
    with closing(board), pytest.raises(SessionValueError, match="of type list; write values by"):
        board.place_call("/call", to="+14155550100", from_="+14155550199", session=session)
