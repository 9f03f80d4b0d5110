"""What a flow is, once its class is made: frozen, and only read while calls run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from statechart_ivr.spec.chart import Chart


@dataclass(frozen=True)
class Handler:
    """An ``@on_input`` method.

    Attributes:
        method: its name.
        secret: whether the input is kept out of logs, records and URLs.
        examples: inputs it understands.
    """

    method: str
    secret: bool
    examples: tuple[str, ...]


@dataclass(frozen=True)
class Work:
    """A ``@background`` method.

    Attributes:
        method: its name.
        states: whose entry starts it.
        on_events: whose delivery starts it.
        timeout: seconds.
        events: ids it can return.
        data: what comes with them, for example.
    """

    method: str
    states: tuple[str, ...]
    on_events: tuple[str, ...]
    timeout: float
    events: tuple[str, ...]
    data: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Route:
    """A URL that leads to a state.

    Attributes:
        name: for ``url_for``.
        path: below the application's root.
        state: where the chart starts.
        hook: the method that runs before, or None.
    """

    name: str
    path: str
    state: str
    hook: str | None


@dataclass(frozen=True)
class FlowSpec:
    """Marks and chart of one flow.

    Attributes:
        name: the class's name; stored in every record.
        chart: its states.
        renderers: method by state.
        waiting: method by state, for what is heard while waiting there.
        prompts: method by event.
        persons: states in which a human is reached.
        handlers: by state.
        work: background methods.
        routes: in the order they are declared.
    """

    name: str
    chart: Chart
    renderers: Mapping[str, str] = field(default_factory=dict)
    waiting: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)
    persons: frozenset[str] = frozenset()
    handlers: Mapping[str, Handler] = field(default_factory=dict)
    work: tuple[Work, ...] = ()
    routes: tuple[Route, ...] = ()

    def prompt_for(self, event: str) -> str | None:
        """Return the method that renders an event, or the nearest family it belongs to."""
        while event:
            if event in self.prompts:
                return self.prompts[event]
            event = event.rpartition(".")[0]
        return None
