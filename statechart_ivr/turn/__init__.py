"""One turn, and one outside event, of a call."""

from __future__ import annotations

from statechart_ivr.turn.deliver import Delivery, deliver
from statechart_ivr.turn.environment import Environment, TurnRequest, flow_errors
from statechart_ivr.turn.feed import apology
from statechart_ivr.turn.records import load
from statechart_ivr.turn.webhook import turn

__all__ = [
    "Delivery",
    "Environment",
    "TurnRequest",
    "apology",
    "deliver",
    "flow_errors",
    "load",
    "turn",
]
