"""The store goes away, and comes back: what callers hear, and that nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from examples.servers import ROOT, TOKEN
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.testing.script import Reply
from statechart_ivr.testing.transport import Webhook, WsgiTransport
from statechart_ivr.web import IvrApp
from tests.durability.backends import SqliteBackend
from tests.durability.calls import Turn, recorded_calls, turns_of
from tests.durability.errands import Errands
from tests.durability.live import LiveCall, complaints
from tests.durability.outages import SIZES, Load, meet, run
from tests.durability.outages_of_turns import (
    Away,
    Locked,
    differences,
    excesses,
    follow,
    refusals,
)


@pytest.mark.server
@pytest.mark.slow
def test_every_call_goes_on_with_the_key_pressed_during_an_outage():
    """Whether the file is locked, away or on a full disk, and whichever turn it is."""
    figures = run(full=False)
    assert figures.failures == []
    for outage in SqliteBackend.outages:
        told = {
            what.removeprefix(f"{outage}: "): count
            for what, count in figures.counts.items()
            if what.startswith(outage)
        }
        assert told["calls"] == told["calls that met it"] == SIZES[False].calls
        assert told["turns begun meanwhile"] > 0
        assert told["documents that asked for patience"] >= told["calls"]
        assert told["changes of health"] == 4
    assert figures.counts["in simulated time: turns"] > 200


class Reliable(SqliteBackend):
    """A store that stays, whatever it is told."""

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Do nothing."""


@pytest.mark.server
@pytest.mark.slow
def test_an_outage_that_nobody_noticed_is_no_proof(tmp_path: Path):
    """If the store did not go away, neither did the experiment show anything."""
    load = Load(calls=2, think=0.1, before=0.5, outage=0.5)
    figures = meet(Reliable(tmp_path, timeout=1), "locked", load, tmp_path)
    assert figures.failures == [
        "locked: a call was not asked for patience",
        "locked: a call was not asked for patience",
        "locked: /healthz went [200]",
        "locked: /healthz went [200]",
        "locked: /healthz followed after inf s and inf s",
    ]


class Line:
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
    line = Line(forgets=forgets)
    call = LiveCall([line], line.over, think=0, pause=line.clock.advance)
    with closing(line.app):
        call.make(after=0)
    stored = line.store.load(call.sid)
    assert stored is not None
    found = [complaint.split(" ")[0] for complaint in complaints(call, stored.data)]
    assert any(turn.patience for turn in call.turns)
    assert found == (["document", "the"] if forgets else [])
    assert forgets or call.asked_again == 1


def _turns_with_a_key() -> list[Turn]:
    return [
        turn
        for turn in turns_of(recorded_calls())
        if turn.now.request.path == "/ivr/turn" and turn.now.request.parameters.get("Digits") == "1"
    ]


@pytest.mark.slow
def test_a_redirect_without_its_key_is_found_out():
    """Each turn in which a key was pressed comes out otherwise when the key is dropped."""

    def forget(request, again):
        asked = follow(request, again)
        return replace(asked, query=tuple(pair for pair in asked.query if pair[0] != "Digits"))

    turns = [turn for turn in _turns_with_a_key() if turn.now.before != turn.now.after]
    assert turns
    assert all(list(differences(turn, Away, following=forget)) for turn in turns)


@pytest.mark.slow
def test_an_outage_that_never_gives_up_is_found_out():
    """A caller who is asked for patience for ever is one who was asked too often."""

    def from_the_start(request, again):
        asked = follow(request, again)
        return replace(asked, query=tuple(pair for pair in asked.query if pair[0] != "again"))

    turn = _turns_with_a_key()[0]
    assert list(excesses(turn, Locked)) == []
    assert any("11 times" in why for why in excesses(turn, Locked, following=from_the_start))


class Present(Away):
    """A store that stays, whatever it is told."""

    def write(self) -> None:
        """Let everything be written."""


@pytest.mark.slow
def test_a_callback_that_is_taken_during_an_outage_is_found_out():
    """A status callback has to be refused while it cannot be kept."""
    turn = next(t for t in turns_of(recorded_calls()) if t.now.request.path == "/ivr/status")
    assert list(refusals(turn, Away)) == []
    assert list(refusals(turn, Present)) == ["a callback was answered 204", "the call was moved"]
