"""What a flow's instance knows during one turn."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from statechart_ivr import engine
from statechart_ivr.call import Call
from statechart_ivr.clock import Clock, SystemClock
from statechart_ivr.record import Job, Session
from statechart_ivr.twiml import Rendering
from statechart_ivr.urls import Links


class Watcher(engine.Watcher, Protocol):
    """Is told what flows do while they do it, as the checker is."""

    def on_time_read(self) -> None:
        """Take note that flow code asks for the time."""
        ...

    def on_unclaimed(self, event: str) -> None:
        """Take note that the chart has no use for an event."""
        ...

    def on_no_match(self) -> None:
        """Take note that nothing claims the keys or words of a caller."""
        ...


#: Set, it is told of everything that flows do in this thread.
watching: ContextVar[Watcher | None] = ContextVar("watching", default=None)


class Outside(Protocol):
    """What background work can do to the world; a `Switchboard` does it."""

    @property
    def client(self) -> Any:
        """The `twilio.rest.Client`."""
        ...

    def place_call(self, route: str, *, to: str, from_: str, **options: Any) -> str:
        """Call somebody, and return the call's SID."""
        ...

    def redirect(self, call_sid: str, route: str) -> bool:
        """Point a live call at a route; return whether there still is such a call."""
        ...

    def send_sms(self, body: str, *, to: str, from_: str, **options: Any) -> str:
        """Send a text message, and return its SID."""
        ...


@dataclass
class Context:
    """What a flow's instance knows during one turn; the instance has nothing else.

    Attributes:
        call: the phone call.
        session: its data.
        links: its URLs.
        clock: tells the time.
        services: what the application passed in.
        language: for Say and Gather.
        attempts: silent or wrong inputs at the present question.
        asking: the states that ask the present question.
        rendering: the state that is just being rendered, or None.
        is_giving_up: whether ``give_up`` has been sent in this turn.
        renderings: what the states entered so far say, in order.
        entered: the states entered so far that say something or start work.
        events: what has happened so far, with the data for whoever is started by it.
        eventless: eventless transitions taken so far.
        job: the background work that is done with this instance, or None.
        outside: what such work can do to the world, or None.
        is_redirected: whether such work has pointed its own call elsewhere.
    """

    call: Call
    session: Session
    links: Links
    clock: Clock = field(default_factory=SystemClock)
    services: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    attempts: int = 0
    asking: tuple[str, ...] = ()
    rendering: str | None = None
    is_giving_up: bool = False
    renderings: list[Rendering] = field(default_factory=list)
    entered: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    eventless: int = 0
    job: Job | None = None
    outside: Outside | None = None
    is_redirected: bool = False
