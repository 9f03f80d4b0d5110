"""Which states a call can get to, and from which it can end, for every kind of step."""

from __future__ import annotations

from typing import Any

from statemachine import HistoryState, State, StateMachine

from statechart_ivr.spec.chart import Chart
from statechart_ivr.spec.reach import Reach


def _reach(**body: Any) -> Reach:
    switches = ("validate_trap_states", "validate_final_reachability")
    body |= dict.fromkeys((*switches, "validate_disconnected_states"), False)
    metaclass: Any = type(StateMachine)
    machine = metaclass("Reached", (StateMachine,), body)
    return Reach(Chart(machine.states))


class house(State.Compound):  # noqa: D101 - it is a state by now
    class floor(State.Compound):
        hall = State(initial=True)
        cellar = State()
        last = HistoryState()
        last.to(hall)
        hall.to(cellar, event="down")

    garden = State()
    deep = HistoryState(type="deep")
    deep.to(garden)


class both(State.Parallel):  # noqa: D101 - it is a state by now
    class left(State.Compound):
        idle = State(initial=True)
        busy = State()

    class right(State.Compound):
        quiet = State(initial=True)
        loud = State()
        quiet.to(loud, event="shout")


away, end, lost = State(initial=True), State(final=True), State()
HOUSE, BOTH = house, both
away.to(HOUSE, event="in")
away.to(BOTH.left.busy, event="work")
BOTH.to(HOUSE.deep, event="back")
HOUSE.to(end, event="out")
REACH = _reach(house=house, both=both, away=away, end=end, lost=lost)
WHOLE = {"house", "floor", "hall", "cellar"}


class TestReachable:
    """From where a call starts."""

    def test_initial_children_are_entered_with_a_state(self) -> None:
        """And what is around it is active too."""
        assert REACH.reachable(["house"]) == {*WHOLE, "end"}
        assert REACH.reachable(["hall"]) == {*WHOLE, "end"}

    def test_the_other_regions_are_entered_with_a_region(self) -> None:
        """By their initial children, and what follows from there."""
        assert {"both", "left", "busy", "right", "quiet", "loud"} <= REACH.reachable(["busy"])

    def test_a_history_state_leads_to_its_default(self) -> None:
        """What it brings back was reached before."""
        assert "garden" in REACH.reachable(["both"])
        assert "cellar" not in REACH.reachable(["both"])

    def test_several_routes_add_up(self) -> None:
        """Nothing leads to the lost state."""
        everything = REACH.reachable(["away", "left"])
        assert everything == REACH.reachable(["away"]) | REACH.reachable(["left"])
        assert "lost" not in everything

    def test_a_shallow_history_enters_a_child_anew(self) -> None:
        """So the child's initial states can become active, though never entered before."""

        class outer(State.Compound):
            class inner(State.Compound):
                first = State(initial=True)
                second = State()

            shallow = HistoryState()

        other = State(initial=True)
        outer.shallow.to(outer.inner.second)
        other.to(outer.inner.second, event="a")
        outer.to(outer.shallow, event="b")
        reach = _reach(outer=outer, other=other)
        assert "first" in reach.reachable(["second"])


class TestCanReach:
    """Towards an end."""

    def test_a_way_out_of_any_state_around_is_a_way_out(self) -> None:
        """For every leaf inside."""
        assert {"hall", "cellar", "garden", "end"} <= REACH.can_reach(["end"])
        assert "lost" not in REACH.can_reach(["end"])

    def test_what_a_history_state_may_bring_back_is_a_way_on(self) -> None:
        """Only the hall leads out of this house."""

        class inside(State.Compound):
            hall = State(initial=True)
            trap = State()
            back = HistoryState(type="deep")

        pause, exit_ = State(initial=True), State(final=True)
        inside.back.to(inside.trap)
        inside.hall.to(exit_, event="out")
        pause.to(inside.back, event="back")
        reach = _reach(inside=inside, pause=pause, exit_=exit_)
        assert "pause" in reach.can_reach(["exit_"])
        assert "trap" not in reach.can_reach(["exit_"])
