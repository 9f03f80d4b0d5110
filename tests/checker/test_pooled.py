"""The explorer has machines used again, and finds what it finds with new ones."""

from __future__ import annotations

import pytest

from examples.front_desk.flow import FrontDesk
from examples.lunch_line.flow import LunchLine
from examples.support_queue.flow import SupportLine
from examples.weather_line.flow import WeatherLine
from statechart_ivr import CallFlow
from statechart_ivr.checker import check_flow
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.flow import life


def told(found: Exploration) -> list[object]:
    """Return all that can be told of an exploration."""
    return [
        [(one.record.conf, one.record.data, one.script.text, one.heard) for one in found.nodes],
        found.edges,
        [(one.trouble, one.steps, one.message) for one in found.incidents],
        found.entered,
        found.taken,
        found.guards,
        found.moments,
        found.unfinished,
    ]


@pytest.mark.slow
# By the clock, and moved on by themselves; with a queue, and raising; with background work.
@pytest.mark.parametrize("flow", [FrontDesk, LunchLine, SupportLine, WeatherLine])
def test_what_is_found_is_the_same(flow: type[CallFlow], monkeypatch: pytest.MonkeyPatch):
    """Records, documents, edges, incidents, and how everything came about first."""
    built: list[CallFlow] = []
    make = flow.__init__

    def making(self, *args):
        built.append(self)
        make(self, *args)

    monkeypatch.setattr(flow, "__init__", making)
    pooled = told(check_flow(flow).found)
    few = len(built)
    monkeypatch.setattr(life, "machine_for", lambda flow, context: flow(context))
    assert told(check_flow(flow).found) == pooled
    assert few < (len(built) - few) / 5
