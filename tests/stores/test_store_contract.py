"""The contract finds the faults it is there to find."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from unittest import SkipTest

import pytest

from statechart_ivr.clock import Clock, SimulatedClock
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore, SessionStore, Stored
from statechart_ivr.stores.breaker import CircuitBreaker
from statechart_ivr.testing.store_contract import StoreContract
from statechart_ivr.testing.store_contract.counting import (
    UPDATES,
    LostCountError,
    add,
    add_elsewhere,
    wait_for,
)
from statechart_ivr.testing.store_contract.hooks import SID
from tests.stores import wrong_stores as wrong


class RemoteContract(StoreContract):
    """The contract of a store that can be taken away."""

    kind: type[wrong.Remote] = wrong.Remote

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store with a server of its own."""
        self.server = wrong.Server(clock)
        return self.kind(self.server)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another one with the same server."""
        return self.kind(self.server)

    def take_away(self) -> None:
        """Take the server away."""
        self.server.there.clear()

    def bring_back(self) -> None:
        """Bring the server back."""
        self.server.there.set()


class TestRemote(RemoteContract):
    """A store can keep all of the contract."""


class TestRemoteBehindABreaker(RemoteContract):
    """A circuit breaker before a store that goes away and comes back changes nothing."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store behind a breaker."""
        return CircuitBreaker(super().make_store(clock))

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another one behind another breaker."""
        return CircuitBreaker(super().make_second(store))


def run(contract: StoreContract, test: str) -> None:
    """Run a test of the contract as pytest does."""
    try:
        getattr(contract, test)()
    finally:
        contract.teardown_method()


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (wrong.LastOneWins, "test_stale_revision"),
        (wrong.LastOneWins, "test_none_expected_but_there"),
        (wrong.LastOneWins, "test_expected_but_absent"),
        (wrong.LastOneWins, "test_second_handle"),
        (wrong.WritesFirst, "test_stale_revision"),
        (wrong.Unlocked, "test_racing_threads"),
        (wrong.Unlocked, "test_racing_first_saves"),
        (wrong.RefusesForNothing, "test_racing_threads"),
        (wrong.Immortal, "test_time_to_live"),
        (wrong.Immortal, "test_expired_is_absent"),
        (wrong.Immortal, "test_own_time_to_live"),
        (wrong.IgnoresCase, "test_odd_call_sids"),
        (wrong.KeepsText, "test_bytes"),
        (wrong.Strips, "test_bytes"),
        (wrong.ReturnsArrays, "test_bytes"),
        (wrong.CutsOff, "test_large_records"),
        (wrong.ListsLive, "test_saving_while_listing"),
        (wrong.ListsLive, "test_deleting_while_listing"),
        (wrong.ListsLive, "test_expired_is_absent"),
        (wrong.ListsOnePage, "test_listing"),
        (wrong.ListsTwice, "test_listing"),
        (wrong.ListsTwice, "test_saving_while_listing"),
        (wrong.ListsByOffset, "test_deleting_while_listing"),
        (wrong.ListsByOffset, "test_others_writing_while_listing"),
        (wrong.HasOneCursor, "test_two_lists_at_a_time"),
        (wrong.PurgesAll, "test_purge"),
        (wrong.PurgesOnePage, "test_purge"),
    ],
)
def test_finds(broken: type[MemoryStore], test: str) -> None:
    """A store with one fault fails the test that is about it."""

    class Contract(StoreContract):
        def make_store(self, clock: Clock) -> SessionStore:
            return broken(clock=clock)

    with pytest.raises((AssertionError, StaleSessionError, RuntimeError, ValueError)):
        run(Contract(), test)


@pytest.mark.parametrize("test", ["test_racing_handles", "test_racing_processes"])
def test_finds_handles_that_share_too_little(test: str, tmp_path: Path) -> None:
    """A store that is right for one handle, and wrong for two, is found."""
    path = str(tmp_path / "calls.db")

    class Contract(StoreContract):
        def make_store(self, clock: Clock) -> SessionStore:
            return wrong.Buffers(path, clock=clock)

        def make_second(self, store: SessionStore) -> SessionStore:
            return wrong.Buffers(path, clock=self.clock)

        def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
            return partial(wrong.Buffers, path)

    run(Contract(), "test_racing_threads")
    Path(path).unlink()
    with pytest.raises(AssertionError):
        run(Contract(), test)


@pytest.mark.parametrize(
    ("broken", "test", "complaint"),
    [
        (wrong.Forgets, "test_away", None),
        (wrong.Forgets, "test_away_again", None),
        (wrong.Forgets, "test_outage_under_load", "the session is lost"),
        (wrong.WritesHalf, "test_away", None),
        (wrong.FindsNothing, "test_away", "load returned None while away"),
        (wrong.FindsNothing, "test_away_again", "load returned None while away"),
        (wrong.FindsNothing, "test_made_while_away", "load returned None while away"),
        (wrong.Promises, "test_away", "save returned 2 while away"),
        (wrong.PromisesUnderLoad, "test_outage_under_load", r"not \d+ of thread"),
        (wrong.StopsListing, "test_away_while_listing", None),
        (wrong.ListsWithItsOwnError, "test_away_while_listing", "calls: ConnectionResetError"),
        (wrong.RaisesItsOwn, "test_away", "load raised ConnectionRefusedError"),
        (wrong.ConnectsAtOnce, "test_made_while_away", None),
        (wrong.ClosesLoudly, "test_closing_while_away", None),
    ],
)
def test_finds_in_an_outage(broken: type[wrong.Remote], test: str, complaint: str | None) -> None:
    """A store that does one thing wrong while it is away fails the test that is about it."""

    class Contract(RemoteContract):
        kind = broken

    with pytest.raises(AssertionError, match=complaint):
        run(Contract(), test)


@pytest.mark.parametrize("test", ["test_away", "test_away_again", "test_made_while_away"])
def test_finds_what_does_not_recover(test: str) -> None:
    """A store that stays broken after an outage is found."""

    class Contract(RemoteContract):
        kind = wrong.StaysBroken

    with pytest.raises(StoreUnavailableError):
        run(Contract(), test)


def test_gives_up_on_what_does_not_recover() -> None:
    """Under load, too: threads that save in vain end some time after the outage has."""

    class Contract(RemoteContract):
        kind = wrong.StaysBroken
        patience = 0.05

    with pytest.raises(StoreUnavailableError):
        run(Contract(), "test_outage_under_load")


@pytest.mark.parametrize("test", ["test_away", "test_away_again"])
def test_finds_what_hangs(test: str) -> None:
    """A store that never answers is told from one that says it is away."""

    class Contract(RemoteContract):
        kind = wrong.Hangs
        patience = 0.05

    with pytest.raises(AssertionError, match=r"load had no answer after 0\.05 s"):
        run(Contract(), test)


class TestCounting:
    """Counting, as other processes do it, done in this one."""

    def test_alone(self) -> None:
        """A process without others has all its counts."""
        store = MemoryStore()
        add_elsewhere(lambda: store, "process-a", ["process-a"])
        assert store.load(SID) == Stored(b"%d" % UPDATES, UPDATES)

    def test_waits_with_an_end(self) -> None:
        """Whoever does not come is named."""
        with pytest.raises(TimeoutError, match=r"not seen here: \['process-b'\]"):
            wait_for(MemoryStore(), ["process-b"], seconds=0.2)

    def test_refused_for_nothing(self) -> None:
        """A save is refused because another one was made, or it is an error."""
        store = wrong.RefusesForNothing()
        store.save(SID, b"0", expected=None, ttl=60)
        with pytest.raises(LostCountError, match="3 saves were refused, and others made at most 2"):
            add(store, times=1, others=2)


class OfOneProcess(StoreContract):
    """The least that a contract can say."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store that nobody else can reach."""
        return MemoryStore(clock=clock)


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        ("test_racing_processes", "OfOneProcess has no make_opener: MemoryStore is of one process"),
        ("test_away", "OfOneProcess has no take_away: the store is always there"),
        ("test_outage_under_load", "OfOneProcess has no take_away: the store is always there"),
    ],
)
def test_says_what_it_did_not_test(test: str, reason: str) -> None:
    """What cannot be tested is skipped, with the name of the method that is missing."""
    with pytest.raises(SkipTest) as caught:
        run(OfOneProcess(), test)
    assert str(caught.value) == reason


def test_needs_a_store() -> None:
    """Whoever forgets `make_store` is told so."""
    with pytest.raises(NotImplementedError, match=r"StoreContract needs a make_store"):
        StoreContract().test_absent()


def test_needs_a_way_back() -> None:
    """Whoever can take a store away must bring it back."""

    class Contract(OfOneProcess):
        def take_away(self) -> None:
            """Take away nothing."""

    with pytest.raises(NotImplementedError, match="Contract has take_away, and needs bring_back"):
        run(Contract(), "test_made_while_away")


def test_time_passes_as_the_contract_says() -> None:
    """Unless overridden, letting time pass moves the clock that the store was given."""
    contract = OfOneProcess()
    before = contract.clock.now()
    contract.advance(60)
    assert isinstance(contract.clock, SimulatedClock)
    assert (contract.clock.now() - before).total_seconds() == 60
