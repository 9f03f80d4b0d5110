"""What a session store promises."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable


class Stored(NamedTuple):
    """A session as it lies in a store.

    Attributes:
        data: the bytes, as they were saved.
        revision: 1 for the first save, one more for each further one.
    """

    data: bytes
    revision: int


@runtime_checkable
class SessionStore(Protocol):
    """Keeps one record of opaque bytes per call, for a limited time.

    All methods may be called from any thread. A session whose time is over counts as absent
    everywhere, purged or not. Making a store opens nothing.

    Each method but `close` raises `~statechart_ivr.errors.StoreUnavailableError` when the store
    gives no answer within a few seconds, or cannot write. A session is then as it was before,
    or, if only the answer got lost, as it was to be: load it to find out. When the store is back,
    the same object works again. `statechart_ivr.testing.store_contract` tests all that is said
    here.
    """

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None."""
        ...

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first.

        Args:
            call_sid: the call; any text that UTF-8 can carry.
            data: what to keep.
            expected: the revision that `load` gave; None when it gave None.
            ttl: seconds until the session may be forgotten, from now.

        Returns:
            The new revision, which is 1, or ``expected + 1``.

        Raises:
            StaleSessionError: the session is not at ``expected``, or its time is over; nothing
                was written.
        """
        ...

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none."""
        ...

    def purge(self) -> int:
        """Remove the sessions whose time is over, and return how many they were."""
        ...

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store, in any order.

        Saving and deleting meanwhile is allowed. What is there all the time comes once; what
        comes or goes meanwhile may be left out.
        """
        ...

    def close(self) -> None:
        """Give back connections and files; a second time does nothing.

        No other method may be called afterwards.
        """
        ...
