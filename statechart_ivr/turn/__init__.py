"""One turn, and one outside event, of a call; and the work they start."""

from __future__ import annotations

from statechart_ivr.turn.deliver import Delivery, deliver
from statechart_ivr.turn.environment import Client, Environment, TurnRequest, flow_errors
from statechart_ivr.turn.feed import apology
from statechart_ivr.turn.records import load
from statechart_ivr.turn.sweep import Sweeper
from statechart_ivr.turn.webhook import turn
from statechart_ivr.turn.work import Outcome, outcome_of, perform

__all__ = [
    "Client",
    "Delivery",
    "Environment",
    "Outcome",
    "Sweeper",
    "TurnRequest",
    "apology",
    "deliver",
    "flow_errors",
    "load",
    "outcome_of",
    "perform",
    "turn",
]
