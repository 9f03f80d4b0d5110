"""Every turn meets an outage, in simulated time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.durability.calls import Turn, recorded_calls, turns_of
from tests.durability.simulated_outages import (
    Away,
    Locked,
    differences,
    excesses,
    follow,
    refusals,
    run,
)

pytestmark = pytest.mark.slow


def test_every_turn_goes_on_after_an_outage():
    """Whether the store can be read meanwhile or not, or writes and cannot say so."""
    figures = run(full=False)
    assert figures.failures == []
    assert figures.counts["turns"] > 200


def _turns_with_a_key() -> list[Turn]:
    return [
        turn
        for turn in turns_of(recorded_calls())
        if turn.now.request.path == "/ivr/turn" and turn.now.request.parameters.get("Digits") == "1"
    ]


def test_a_redirect_without_its_key_is_found_out():
    """Each turn in which a key was pressed comes out otherwise when the key is dropped."""

    def forget(request, again):
        asked = follow(request, again)
        return replace(asked, query=tuple(pair for pair in asked.query if pair[0] != "Digits"))

    turns = [turn for turn in _turns_with_a_key() if turn.now.before != turn.now.after]
    assert turns
    assert all(list(differences(turn, Away, following=forget)) for turn in turns)


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


def test_a_callback_that_is_taken_during_an_outage_is_found_out():
    """A status callback has to be refused while it cannot be kept."""
    turn = next(t for t in turns_of(recorded_calls()) if t.now.request.path == "/ivr/status")
    assert list(refusals(turn, Away)) == []
    assert list(refusals(turn, Present)) == ["a callback was answered 204", "the call was moved"]
