"""The application under the explorer's hands: a store of one call, and no sound in the log."""

from __future__ import annotations

import logging
from typing import cast

import pytest
from statemachine import State

from statechart_ivr import CallFlow, gather, renders, routable
from statechart_ivr.checker.line import BASE_URL, OneCallStore, board_for, silenced
from statechart_ivr.checker.moments import StandingClock
from statechart_ivr.clock import as_moment
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.urls import Fingerprinter


class Menu(CallFlow):
    """Asks something."""

    menu = State(initial=True)
    over = State(final=True)
    menu.to(over, event="give_up")

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")


def test_a_store_of_one_call_is_a_store() -> None:
    """Whoever saves second is told so, and nothing expires."""
    store = OneCallStore()
    assert store.load("CA1") is None
    assert store.save("CA1", b"a", expected=None, ttl=0.0) == 1
    assert store.save("CA1", b"b", expected=1, ttl=0.0) == 2
    with pytest.raises(StaleSessionError):
        store.save("CA1", b"c", expected=1, ttl=0.0)
    stored = store.load("CA1")
    assert stored is not None
    assert (stored.data, stored.revision) == (b"b", 2)
    assert store.purge() == 0
    assert list(store.calls()) == []
    store.delete("CA1")
    store.delete("CA1")
    assert store.load("CA1") is None
    store.close()


def test_a_board_is_the_application_without_its_store_and_runner() -> None:
    """Its URLs, its files and its services are the real ones."""
    real = Switchboard(
        Menu,
        store=MemoryStore(),
        services={"a": 1},
        base_url="https://shop.example",
        prefix="/calls",
    )
    fingerprinter = cast("Fingerprinter", object())
    real.use_fingerprinter(fingerprinter)
    real.name_path("logo", "/logo.png")
    clock = StandingClock(as_moment("2026-01-05T10:00"))
    board = board_for((Menu,), clock, None, real)
    known = board.environment
    assert (known.base_url, board.prefix) == ("https://shop.example", "/calls")
    assert known.services == {"a": 1}
    assert known.fingerprinter is fingerprinter
    assert known.paths["logo"] == "/logo.png"
    assert board_for((Menu,), clock, {"b": 2}, real).environment.services == {"b": 2}
    plain = Switchboard(Menu, store=MemoryStore())
    assert board_for((Menu,), clock, None, plain).environment.base_url == BASE_URL


def test_nothing_is_logged_of_calls_that_nobody_makes(caplog: pytest.LogCaptureFixture) -> None:
    """Afterwards the log is what it was."""
    logger = logging.getLogger("statechart_ivr.turn")
    with silenced():
        logger.critical("not told")
    logger.critical("told")
    assert [record.message for record in caplog.records] == ["told"]
