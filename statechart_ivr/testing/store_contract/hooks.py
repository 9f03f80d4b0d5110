"""What the contract needs to know about a store: the methods that whoever writes one overrides."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from unittest import SkipTest

from statechart_ivr.clock import Clock, SimulatedClock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores.base import SessionStore

SID = "CA00000000000000000000000000000001"


class StoreHooks:
    """Makes the stores of a test, and closes them.

    `make_store` is needed. Each of the others opens up more tests; those that cannot run
    without it are skipped, and say which method they miss.

    Attributes:
        many: more sessions than the store reads or removes at a time.
        patience: seconds within which a store that is away must say so. Twilio waits 15 for an
            answer; give the store of the test a shorter time-out, and the tests are faster.
    """

    many: int = 2500
    patience: float = 15.0

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a fresh, empty store that goes by this clock."""
        raise NotImplementedError(f"{type(self).__name__} needs a make_store(self, clock)")

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return another handle on the same data, such as a second process would have.

        Unless overridden it is the same one, for stores that live in one process. It is also
        called while the store is away, if it can be taken away.
        """
        return store

    def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
        """Return what opens the same data in another process, where the system's clock goes.

        It is called there without arguments, and gets there pickled: a ``partial`` of a class
        or function that the process can import, such as ``partial(MyStore, "db1")`` or
        ``partial(open_store, "mystore://db1")``.
        """
        kind = type(store).__name__
        raise SkipTest(f"{type(self).__name__} has no make_opener: {kind} is of one process")

    def take_away(self) -> None:
        """Make the store unreachable: stop its server, cut its connections, take its lock."""
        raise SkipTest(f"{type(self).__name__} has no take_away: the store is always there")

    def bring_back(self) -> None:
        """Make the store reachable again, with the data that it had."""
        raise NotImplementedError(f"{type(self).__name__} has take_away, and needs bring_back")

    def advance(self, seconds: float) -> None:
        """Let time pass. Override it if the store goes by a clock that is not ours."""
        self.clock.advance(seconds)

    @cached_property
    def clock(self) -> SimulatedClock:
        """The clock of this test."""
        return SimulatedClock()

    @cached_property
    def store(self) -> SessionStore:
        """The store of this test."""
        return self.make_store(self.clock)

    @cached_property
    def second(self) -> SessionStore:
        """The other handle of this test."""
        return self.make_second(self.store)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Have the store away for a while."""
        self.take_away()
        try:
            yield
        finally:
            self.bring_back()

    def teardown_method(self) -> None:
        """Close what the test opened."""
        for name in ("second", "store"):
            if name in vars(self):
                getattr(self, name).close()

    def save(self, data: bytes = b"x", *, expected: int | None = None, ttl: float = 60) -> int:
        """Save the session most tests are about."""
        return self.store.save(SID, data, expected=expected, ttl=ttl)

    def save_many(self, name: str, *, ttl: float = 60) -> list[str]:
        """Save as many sessions as `many` says, and return their call SIDs."""
        sids = [f"CA-{name}-{number}" for number in range(self.many)]
        for call_sid in sids:
            self.store.save(call_sid, b"x", expected=None, ttl=ttl)
        return sids

    def assert_stale(self, expected: int | None) -> None:
        """Hold the store to refusing a save that is not based on what it has."""
        before = self.store.load(SID)
        refusal = None
        try:
            self.save(b"too late", expected=expected)
        except StaleSessionError as error:
            refusal = error
        assert refusal is not None, f"a save based on {expected} was accepted over {before}"
        assert (refusal.call_sid, refusal.expected) == (SID, expected)
        assert self.store.load(SID) == before
