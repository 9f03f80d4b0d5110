"""What experiments ask of a store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol


class Backend(Protocol):
    """A place for sessions, of one experiment alone.

    Args:
        folder: for its files.

    Attributes:
        advice: how to install what it needs.
        outages: the ways in which it can be away.
    """

    advice: str
    outages: Sequence[str]

    def __init__(self, folder: Path) -> None: ...

    @property
    def url(self) -> str:
        """The store, for those who use it; known when it has been started."""
        ...

    @staticmethod
    def is_installed() -> bool:
        """Return whether it can be started on this machine."""
        ...

    def start(self) -> None:
        """Make it ready for use."""
        ...

    def take_away(self, outage: str, users: Sequence[int]) -> None:
        """Begin an outage, and return once it has begun.

        Args:
            outage: one of `outages`.
            users: ids of the processes that use the store.
        """
        ...

    def bring_back(self) -> None:
        """End the outage; nothing happens when there is none."""
        ...

    def stop(self) -> None:
        """End whatever was started; what lies in the store is lost."""
        ...
