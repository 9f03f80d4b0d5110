"""Dead ends, states nobody gets to, and states nobody gets out of."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import Any

from statemachine import HistoryState, State

from statechart_ivr import CallFlow, key, renders, routable
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]

DEAD_END = (
    "is a dead end: nothing leads out of it; add a transition, or write State(final=True) where "
    "the call ends"
)
NO_END = "no final state can be reached from here; add a way out"
NO_WAY_IN = "no route leads to this state; add a transition to it, or remove it"
NO_WAY_INTO = (
    "no route leads to this state and those inside it; add a transition to it, or remove it"
)


class TestWays:
    """Dead ends, states nobody gets to, and states nobody gets out of."""

    def test_a_dead_end_is_refused(self, problems: Listed) -> None:
        """At any depth."""

        def define() -> None:
            class Stuck(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)
                    hours = State()
                    menu.to(hours, event=key("1"))

                @routable("/call", inner)
                @renders(inner)
                def say(self): ...

        assert problems(define) == [f"Stuck.hours: {DEAD_END}"]

    def test_a_nested_final_state_ends_no_call(self, problems: Listed) -> None:
        """It needs a way on from the state it ends."""

        def define(*way_on: str) -> Callable[[], object]:
            def flow() -> None:
                class inner(State.Compound):
                    menu = State(initial=True)
                    filled = State(final=True)
                    menu.to(filled, event=key("1"))

                states: Any = inner
                end = State(final=True)
                for event in way_on:
                    states.to(end, event=event)
                if not way_on:
                    states.menu.to(end, event=key("2"))

                def say(self): ...

                body = {"inner": inner, "end": end}
                said: Any = routable("/call", states)(renders(states)(say))
                CallFlowMeta("Form", (CallFlow,), {**body, "say": said})

            return flow

        assert problems(define()) == [
            (
                "Form.filled: is a dead end: it ends inner alone, not the call, and nothing leads "
                'on; write inner.to(…, event="done.state.inner")'
            )
        ]
        define("done.state.inner")()

    def test_a_way_out_may_be_around_or_in_another_region(self, problems: Listed) -> None:
        """But not elsewhere in the same region."""

        def define(is_stuck: bool) -> Callable[[], object]:
            def flow() -> None:
                class Sideways(CallFlow):
                    class both(State.Parallel):
                        class talk(State.Compound):
                            ask = State(initial=True)
                            asked = State()
                            ask.to(asked, event=key("1"))

                        class tape(State.Compound):
                            off = State(initial=True)
                            running = State()
                            if not is_stuck:
                                off.to(running, event="recorded")
                                running.to(off, event="recorded")
                            else:
                                running.from_(off, event="recorded")

                    @routable("/call", both)
                    @renders(both)
                    def say(self): ...

            return flow

        define(is_stuck=False)()
        define(is_stuck=True)()

        def alone() -> None:
            class Alone(CallFlow):
                class both(State.Parallel):
                    class talk(State.Compound):
                        ask = State(initial=True)
                        asked = State()
                        ask.to(asked, event=key("1"))

                    still = State()

                @routable("/call", both)
                @renders(both)
                def say(self): ...

        assert problems(alone) == [f"Alone.asked: {DEAD_END}"]

    def test_a_state_without_a_way_in_is_refused(self, problems: Listed) -> None:
        """Of several inside each other, the outermost is named."""

        def define() -> None:
            class Lost(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)
                    hours = State()
                    menu.to.itself(event=key("1"))
                    hours.to(menu, event=key("1"))

                class lost(State.Compound):
                    one = State(initial=True)
                    one.to.itself(event=key("1"))

                lonely = State()
                lonely.to.itself(event=key("1"))

                @routable("/call", inner)
                @renders(inner)
                def say(self): ...

        assert problems(define) == [
            f"Lost.hours: {NO_WAY_IN}",
            f"Lost.lost: {NO_WAY_INTO}",
            f"Lost.lonely: {NO_WAY_IN}",
        ]

    def test_every_route_and_every_history_is_a_way_in(self) -> None:
        """So is a transition from a nested state, or into one."""

        class Found(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                hours = State()
                deep = HistoryState(type="deep")
                deep.to(hours)

            routed, away = State(), State()
            inner.menu.to(away, event=key("1"))
            away.to(inner.deep, event=key("1"))
            inner.to(away, event=key("2"))
            routed.to(inner, event=key("3"))

            @routable("/call", inner)
            @renders(inner, away)
            def say(self): ...

            @routable("/other")
            @renders(routed)
            def say_routed(self): ...

    def test_a_state_from_which_no_end_can_be_reached_is_refused(self, problems: Listed) -> None:
        """If the chart has one; at every depth."""

        def define(has_end: bool) -> Callable[[], object]:
            def flow() -> None:
                class Endless(CallFlow):
                    class inner(State.Compound):
                        one = State(initial=True)
                        two = State()
                        one.to(two, event=key("1"))
                        two.to(one, event=key("1"))

                    menu = State(initial=True)
                    end = State(final=has_end)
                    menu.to(inner, event=key("1"))
                    menu.to(end, event=key("2"))
                    if not has_end:
                        end.to(menu, event=key("1"))

                    @routable("/call", menu)
                    @renders(menu, inner, end)
                    def say(self): ...

            return flow

        assert problems(define(has_end=True)) == [
            f"Endless.one: {NO_END}",
            f"Endless.two: {NO_END}",
        ]
        define(has_end=False)()

    def test_a_chart_of_regions_ends_when_all_have_ended(self) -> None:
        """So a final state in one of them is an end."""

        class Regions(CallFlow):
            class both(State.Parallel):
                class talk(State.Compound):
                    ask = State(initial=True)
                    asked = State(final=True)
                    ask.to(asked, event=key("1"))

                class tape(State.Compound):
                    off = State(initial=True)
                    full = State(final=True)
                    off.to(full, event="recorded")

            @routable("/call", both)
            @renders(both)
            def say(self): ...


def test_a_large_tree_is_checked_in_linear_time() -> None:
    """Each fact is looked up once: twice the states, no more than about twice the work."""
    assert _steps(240) < 2.6 * _steps(120)


def _steps(size: int) -> int:
    """Return how many function calls it takes to check a flow with many states."""
    menu, end = State(initial=True), State(final=True)
    body: dict[str, Any] = {"menu": menu, "end": end}
    menu.to(end, event=key("9"))
    for number in range(size):
        body[f"s{number}"] = State()
        menu.to(body[f"s{number}"], event=f"go_{number}")
        body[f"s{number}"].to(end if number == 0 else body[f"s{number - 1}"])

    def say(self): ...

    body["say"] = routable("/call")(renders(menu)(say))
    profile = cProfile.Profile()
    profile.runcall(CallFlowMeta, f"Large{size}", (CallFlow,), body)
    return sum(entry.callcount for entry in profile.getstats())
