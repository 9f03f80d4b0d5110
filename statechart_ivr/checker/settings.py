"""What an author can say about a check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

#: Is told how many records are found, and how many are left to be looked at.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """How a call comes in.

    Attributes:
        path: of a route, with a query if need be.
        session: what a call that the application places itself knows from the beginning.
        parameters: more of Twilio's, such as ``AnsweredBy``.
    """

    path: str
    session: Mapping[str, Any] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_plain(self) -> bool:
        """Whether it brings nothing along but the call itself."""
        return self.session is None and not self.parameters and "?" not in self.path


@dataclass(frozen=True)
class Settings:
    """What an author can say about an exploration.

    Attributes:
        services: what the flow finds in ``self.services``; deterministic, and without effects on
            the world. Background work is done only with these, never with an application's own.
        entries: how calls come in; at every route if there are none. Live calls are taken over at
            those among them that bring nothing along.
        at: when calls come in, unless a guard asks for the time.
        event_data: data of the events that background work ends with; and those from outside that
            are to be tried, with theirs.
        canonical: returns what counts of a session, to leave counters out.
        max_takeovers: how often one call may be taken over; None for any number of times.
        max_records: how many records there may be.
        max_seconds: how long it may take.
    """

    services: Mapping[str, Any] | None = None
    entries: tuple[Entry, ...] = ()
    at: datetime = datetime(2026, 1, 5, 10, tzinfo=timezone.utc)
    event_data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    canonical: Callable[[dict[str, Any]], Any] = lambda session: session
    max_takeovers: int | None = None
    max_records: int = 20_000
    max_seconds: float = 60.0


@dataclass(frozen=True)
class Limits:
    """What an author wants to be told of; None for nothing.

    Attributes:
        seconds_to_choice: until a caller can choose something for the first time.
        seconds_to_person: until a caller who wants one reaches a person.
        prompt_seconds: of one prompt, from its beginning to its end.
        turns: after how many turns a caller who does nothing sensible has to be let go.
    """

    seconds_to_choice: float | None = None
    seconds_to_person: float | None = None
    prompt_seconds: float | None = None
    turns: int = 200
