"""The contract finds the faults it is there to find."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from statechart_ivr.clock import Clock
from statechart_ivr.errors import StaleSessionError
from statechart_ivr.stores import MemoryStore, SessionStore, Stored
from statechart_ivr.testing.store_contract import StoreContract


class LastOneWins(MemoryStore):
    """Never looks at what a save is based on."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save over whatever is there."""
        stored = self.load(call_sid)
        return super().save(call_sid, data, expected=stored and stored.revision, ttl=ttl)


class WritesFirst(MemoryStore):
    """Refuses a stale save when it has already been written."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save, then look."""
        stored = self.load(call_sid)
        revision = super().save(call_sid, data, expected=stored and stored.revision, ttl=ttl)
        if expected != (stored and stored.revision):
            raise StaleSessionError(call_sid, expected)
        return revision


class Immortal(MemoryStore):
    """Never forgets."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save for ever."""
        return super().save(call_sid, data, expected=expected, ttl=1e9)


class IgnoresCase(MemoryStore):
    """Compares call SIDs as many databases do."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save under capital letters."""
        return super().save(call_sid.upper(), data, expected=expected, ttl=ttl)

    def load(self, call_sid: str) -> Stored | None:
        """Load from capital letters."""
        return super().load(call_sid.upper())


class KeepsText(MemoryStore):
    """Cuts bytes off where C would."""

    def load(self, call_sid: str) -> Stored | None:
        """Load up to the first zero."""
        stored = super().load(call_sid)
        return stored and Stored(stored.data.split(b"\0")[0], stored.revision)


class ListsLive(MemoryStore):
    """Lists what is there from under the hands of whoever saves."""

    def calls(self) -> Iterator[str]:
        """Go through the very dictionary."""
        return iter(self._sessions)


class PurgesAll(MemoryStore):
    """Purges what is alive, too."""

    def purge(self) -> int:
        """Remove all."""
        count = len(self._sessions)
        self._sessions.clear()
        return count


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (LastOneWins, "test_stale_revision"),
        (LastOneWins, "test_none_expected_but_there"),
        (LastOneWins, "test_expected_but_absent"),
        (LastOneWins, "test_second_handle"),
        (WritesFirst, "test_stale_revision"),
        (Immortal, "test_time_to_live"),
        (Immortal, "test_expired_is_absent"),
        (Immortal, "test_own_time_to_live"),
        (IgnoresCase, "test_odd_call_sids"),
        (KeepsText, "test_bytes"),
        (ListsLive, "test_saving_while_listing"),
        (ListsLive, "test_deleting_while_listing"),
        (ListsLive, "test_expired_is_absent"),
        (PurgesAll, "test_purge"),
    ],
)
def test_finds(broken: type[MemoryStore], test: str) -> None:
    """A store with one fault fails the test that is about it."""

    class Contract(StoreContract):
        def make_store(self, clock: Clock) -> SessionStore:
            return broken(clock=clock)

    with pytest.raises((AssertionError, StaleSessionError, RuntimeError)):
        getattr(Contract(), test)()


def test_needs_a_store() -> None:
    """Whoever forgets `make_store` is told so."""
    with pytest.raises(NotImplementedError, match=r"StoreContract needs a make_store"):
        StoreContract().test_absent()
