"""Marks and chart in, one frozen `FlowSpec` out, with all its problems."""

from __future__ import annotations

from statechart_ivr.spec.chart import Chart
from statechart_ivr.spec.definition import CallFlowMeta
from statechart_ivr.spec.model import FlowSpec, Handler, Route, Work

__all__ = [
    "CallFlowMeta",
    "Chart",
    "FlowSpec",
    "Handler",
    "Route",
    "Work",
]
