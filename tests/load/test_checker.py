"""Flows of any size under the checker: the benchmark, made small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.checker.__main__ import row
from benchmarks.checker.child import WAYS
from benchmarks.checker.run import DifferenceError, Figures, Plan, run
from benchmarks.checker.subjects import examples, subject
from benchmarks.checker.trees import tree
from statechart_ivr.flow import spec_of
from statechart_ivr.testing import Phone

FIGURES = Figures(300, 1215, 2430, 4.0, 3.5, 50_000_000, "proved", True)


@pytest.mark.slow
def test_a_tree_is_proved_whichever_way_it_is_done():
    """Each in a process of its own; both find the same, and count what they found."""
    done = list(run(Plan(trees=[15], examples=False)))
    assert [(name, way) for name, way, _ in done] == [("tree:15", way) for way in WAYS]
    for _, _, figures in done:
        assert (figures.verdict, figures.is_exhausted, figures.states) == ("proved", True, 15)
        assert 15 < figures.records < figures.moves
        assert 10_000_000 < figures.memory < 1_000_000_000
        assert figures.seconds > 0


def test_a_difference_ends_it():
    """Two ways that find different things are no measure of each other."""
    different = {WAYS[0]: FIGURES, WAYS[1]: replace(FIGURES, moves=2431)}
    with pytest.raises(DifferenceError, match=r"tree:20: new machines: .*2431.*, not .*2430"):
        list(run(Plan([20], examples=False), lambda _, way: different[way]))


def test_what_is_checked():
    """Large trees in one way only; all the examples there are, each with all its flows."""
    plan = Plan([300, 301])
    assert plan.names == ["tree:300", "tree:301", *examples()]
    assert (plan.ways("tree:300"), plan.ways("tree:301")) == (WAYS, WAYS[:1])
    assert plan.ways("front_desk") == WAYS
    assert [flow.__name__ for flow in subject("support_queue").flows] == [
        "SupportLine", "AgentLine", "Whisper",
    ]  # fmt: skip
    assert all(subject(name).states > 0 for name in examples())


@pytest.mark.parametrize("states", [15, 20, 300, 1000, 1123])
def test_a_tree_has_as_many_states_as_are_wanted(states: int):
    """And no answer is more than three keys away."""
    flow = tree(states)
    assert len(spec_of(flow).chart.states) == states
    call = Phone(flow).dial().press("1").press("1").press("1")
    assert (call.state, call.ended) == ("answer_0", True)


def test_callers_in_a_tree():
    """The star leads to the main menu, and who presses nothing that leads anywhere is let go."""
    call = Phone(tree(20)).dial().press("2").press("1")
    assert call.state == "topic_1_0"
    assert call.press("*").state == "main"
    assert call.press("9").heard.startswith("Sorry, this key leads nowhere. main.")
    assert call.press("9").press("9").state == "goodbye"


def test_a_line_of_the_table():
    """What stands in the README."""
    wanted = "| tree:300 | new | 300 | 1,215 | 2,430 | 304 | 608 | 4.0 | 3.5 | 50 | proved |"
    assert row("tree:300", "new", FIGURES) == wanted
    partly = replace(FIGURES, verdict="findings", is_exhausted=False)
    assert row("tree:300", "new", partly).endswith("| findings, not exhausted |")
