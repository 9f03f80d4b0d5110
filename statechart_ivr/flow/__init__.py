"""`CallFlow`: a statechart that answers the phone, and how it is brought back to life."""

from __future__ import annotations

from statechart_ivr.flow.callflow import (
    MAX_EVENTLESS,
    CallFlow,
    asks_for_secret,
    configuration_of,
    context_of,
    render,
    render_state,
    spec_of,
    turn_url_of,
    wait_url_of,
)
from statechart_ivr.flow.context import Context, Outside, Watcher, watching
from statechart_ivr.flow.life import bring_back, detach, history_of, start
from statechart_ivr.flow.pool import Pool, pooled

__all__ = [
    "MAX_EVENTLESS",
    "CallFlow",
    "Context",
    "Outside",
    "Pool",
    "Watcher",
    "asks_for_secret",
    "bring_back",
    "configuration_of",
    "context_of",
    "detach",
    "history_of",
    "pooled",
    "render",
    "render_state",
    "spec_of",
    "start",
    "turn_url_of",
    "wait_url_of",
    "watching",
]
