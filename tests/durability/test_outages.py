"""The store goes away under load, and comes back: what callers hear, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event

import pytest

from examples.servers import ROOT, TOKEN
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.testing.script import Reply
from statechart_ivr.testing.transport import Webhook, WsgiTransport
from statechart_ivr.web import IvrApp
from tests.durability.backends import BACKENDS, missing
from tests.durability.backends.sqlite import SqliteBackend
from tests.durability.errands import Errands
from tests.durability.figures import Figures
from tests.durability.outages import SIZES, run
from tests.durability.outages.callers import LiveCall, complaints
from tests.durability.outages.load import Load, meet
from tests.durability.records import stored
from tests.durability.simulated_outages import Away


@pytest.fixture(scope="module")
def all_figures() -> Mapping[str, Figures]:
    """Let calls meet all outages of all stores at once: most of it is waiting."""
    stores = [name for name in BACKENDS if not missing(name)]
    with ThreadPoolExecutor() as pool:
        return dict(zip(stores, pool.map(partial(run, full=False), stores), strict=True))


@pytest.mark.server
@pytest.mark.slow
def test_every_call_goes_on_with_the_key_pressed_during_an_outage(
    store: str, all_figures: Mapping[str, Figures]
):
    """Whatever the outage, and whatever the caller is just doing."""
    figures = all_figures[store]
    assert figures.failures == []
    for outage in BACKENDS[store].outages:
        told = {
            what.removeprefix(f"{outage}: "): count
            for what, count in figures.counts.items()
            if what.startswith(outage)
        }
        assert told["calls"] == told["calls that met it"] == SIZES[False].calls
        assert told["turns begun meanwhile"] > 0
        assert told["documents that asked for patience"] >= told["calls"]
        assert told["changes of health"] == 4


class Reliable(SqliteBackend):
    """A store that stays, whatever it is told."""

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Do nothing."""


@pytest.mark.server
@pytest.mark.slow
def test_an_outage_that_nobody_noticed_is_no_proof(tmp_path: Path):
    """If the store did not go away, neither did the experiment show anything."""
    load = Load(calls=2, think=0.1, before=0.5, outage=0.5)
    figures = meet(Reliable(tmp_path), "locked", load, tmp_path)
    assert figures.failures == [
        "locked: a call was not asked for patience",
        "locked: a call was not asked for patience",
        "locked: /healthz went [200]",
        "locked: /healthz went [200]",
        "locked: /healthz followed after inf s and inf s",
    ]


class UnsteadyLine:
    """A line to an application in this process, whose store goes away twice, for 5 s each.

    First when the first key is pressed, then when the PIN is entered.

    Args:
        forgets: whether what was pressed is dropped from the URLs that come back.
    """

    def __init__(self, *, forgets: bool) -> None:
        self.over = Event()
        self.clock = SimulatedClock()
        self.store = Away(self.clock, "", None)
        self.app = IvrApp(
            Errands, auth_token=TOKEN, base_url=ROOT, store=self.store, clock=self.clock
        )
        self.base_url = ROOT
        self._inner = WsgiTransport(self.app, ROOT, TOKEN)
        self._forgets = forgets
        self._requests = 0

    def send(self, webhook: Webhook) -> Reply:
        """Deliver a webhook."""
        self._requests += 1
        if self._requests in {2, 7}:
            self.store.go_away(5)
        if self._requests == 12:
            self.over.set()
        if self._forgets:
            webhook = replace(webhook, place=webhook.place.replace("Digits=", "Nothing="))
        return self._inner.send(webhook)


@pytest.mark.parametrize("forgets", [False, True])
def test_a_key_that_does_not_come_back_is_found_out(forgets: bool):
    """A call whose key is dropped from the URL sounds different from one without an outage."""
    line = UnsteadyLine(forgets=forgets)
    call = LiveCall([line], line.over, think=0, pause=line.clock.advance)
    with closing(line.app):
        call.make(after=0)
    record = stored(line.store, call.sid)
    assert record is not None
    found = [complaint.split(" ")[0] for complaint in complaints(call, record)]
    assert any(turn.patience for turn in call.turns)
    assert found == (["document", "the"] if forgets else [])
    assert forgets or call.asked_again == 1
