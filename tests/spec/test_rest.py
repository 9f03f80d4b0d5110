"""Where a chart rests, and nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, key, renders, routable
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]


def _silent(flow: str, *leaves: str) -> list[str]:
    return [
        f"{flow}.{leaf}: a call can rest here and nothing is said; mark a method with "
        f"@renders({leaf})"
        for leaf in leaves
    ]


class TestSilence:
    """A rest configuration in which no active state renders."""

    def test_a_silent_state_is_refused(self, problems: Listed) -> None:
        """Unless it is the end of the call, where silence is a hang-up."""

        def define() -> None:
            class Silent(CallFlow):
                menu = State(initial=True)
                hours = State()
                end = State(final=True)
                menu.to(hours, event=key("1"))
                hours.to(end, event=key("1"))

                @routable("/call")
                @renders(menu)
                def say_menu(self): ...

        assert problems(define) == _silent("Silent", "hours")

    def test_one_speaker_around_or_inside_is_enough(self) -> None:
        """A compound state speaks for its leaves, a leaf for the states around it."""

        class Spoken(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                hours = State()
                menu.to(hours, event=key("1"))

            class other(State.Compound):
                prices = State(initial=True)

            waiting, working = State(), State()
            inner.to(other, event=key("2"))
            other.to(waiting, event=key("2"))
            waiting.to(working, event=key("2"))
            working.to(inner, event=key("2"))

            @routable("/call", inner)
            @renders(inner, other.prices)
            def say(self): ...

            @renders(waiting, waiting=True)
            def hold(self): ...

            @background(working)
            def work(self): ...

    def test_in_a_compound_state_every_child_needs_one(self, problems: Listed) -> None:
        """At any depth."""

        def define() -> None:
            class Deep(CallFlow):
                class one(State.Compound):
                    class two(State.Compound):
                        menu = State(initial=True)
                        hours = State()
                        menu.to(hours, event=key("1"))

                    prices = State()
                    two.to(prices, event=key("2"))
                    prices.to(two, event=key("2"))

                @routable("/call", one)
                @renders(one.two.menu)
                def say(self): ...

        assert problems(define) == _silent("Deep", "hours", "prices")

    def test_one_region_that_always_speaks_is_enough(self, problems: Listed) -> None:
        """One that speaks at times is not."""

        def define(*spoken: str) -> Callable[[], object]:
            def flow() -> None:
                class talk(State.Compound):
                    ask = State(initial=True)
                    asked = State()
                    ask.to(asked, event=key("1"))

                class tape(State.Compound):
                    off = State(initial=True)
                    running = State()
                    off.to(running, event=key("2"))

                class both(State.Parallel):
                    talking, taping = talk, tape

                states: Any = {"ask": talk.ask, "asked": talk.asked, "off": tape.off}

                def say(self): ...

                end = State(final=True)
                both.to(end, event=key("3"))
                body = {"both": both, "end": end}
                rendered = renders(*(states[one] for one in spoken))(say)
                body["say"] = routable("/call", both)(rendered)
                CallFlowMeta("Regions", (CallFlow,), body)

            return flow

        define("ask", "asked")()
        assert problems(define("ask")) == _silent("Regions", "asked", "off", "running")
        assert problems(define("ask", "off")) == _silent("Regions", "asked", "running")

    def test_a_region_that_is_done_is_silent_beside_one_that_is_not(self, problems: Listed) -> None:
        """When all are done, and the chart goes on from there, nobody waits for a word."""

        def define(goes_on: bool) -> Callable[[], object]:
            def flow() -> None:
                class Done(CallFlow):
                    class shop(State.Compound):
                        class both(State.Parallel):
                            class talk(State.Compound):
                                ask = State(initial=True)
                                asked = State(final=True)
                                ask.to(asked, event=key("1"))

                            class tape(State.Compound):
                                off = State(initial=True)
                                full = State(final=True)
                                off.to(full, event="recorded")

                    end = State(final=True)
                    shop.to(end, event="done.state.both" if goes_on else key("9"))

                    @routable("/call", shop)
                    @renders(shop.both.talk.ask, shop.both.tape.off)
                    def say(self): ...

            return flow

        define(goes_on=True)()
        assert problems(define(goes_on=False)) == _silent("Done", "asked", "full")

    def test_a_chart_of_regions_ends_with_them(self) -> None:
        """So what is done there is an end, too."""

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
            @renders(both.talk.ask, both.tape.off)
            def say(self): ...

    def test_a_silent_region_beside_one_that_is_done_is_named(self, problems: Listed) -> None:
        """The call rests with the one that is not done yet."""

        def define() -> None:
            class Half(CallFlow):
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
                @renders(both.talk.ask)
                def say(self): ...

        assert problems(define) == _silent("Half", "asked", "off")

    def test_unreachable_states_are_not_accused_of_silence(self, problems: Listed) -> None:
        """One thing is wrong with them, not two."""

        def define() -> None:
            class Lost(CallFlow):
                menu = State(initial=True, final=True)
                lost = State()
                lost.to.itself(event=key("1"))

                @routable("/call")
                @renders(menu)
                def say(self): ...

        assert [one for one in problems(define) if "nothing is said" in one] == []


MENU, HOURS, END = State(initial=True), State(), State(final=True)


def _branching(name: str, *arrows: dict[str, Any]) -> Callable[[], object]:
    """Return what makes a flow whose silent first state branches on a method ``is_open``."""

    def define() -> None:
        branch, menu, other = State(initial=True), State(), State(final=True)
        for arrow, target in zip(arrows, [menu, other], strict=False):
            branch.to(target, **arrow)
        branch.to(other, event="no_input")
        menu.to(other, event=key("1"))

        def say(self): ...

        body = {
            "branch": branch,
            "menu": menu,
            "other": other,
            "is_open": lambda self: True,
            "say": routable("/call", branch)(renders(menu)(say)),
        }
        CallFlowMeta(name, (CallFlow,), body)

    return define


class TestMovingOn:
    """A state that the chart leaves by itself needs no words."""

    @pytest.mark.parametrize(
        "arrows",
        [
            ({"cond": "is_open"}, {}),
            ({}, {"cond": "is_open"}),
            ({"cond": "is_open"}, {"unless": "is_open"}),
            ({"cond": "is_open"}, {"cond": "!is_open"}),
            ({"unless": "is_open"}, {"unless": "not is_open"}),
            ({"cond": "attempts >= 2"}, {"unless": "attempts >= 2"}),
        ],
    )
    def test_an_exhaustive_branch_is_fine(self, arrows: tuple[dict[str, Any], ...]) -> None:
        """With an arrow without guard, or an if with its else."""
        _branching("Branching", *arrows)()

    @pytest.mark.parametrize(
        "arrows",
        [
            ({"cond": "is_open"},),
            ({"cond": "is_open"}, {"cond": "is_open"}),
            ({"cond": "is_open"}, {"cond": ["!is_open", "attempts"]}),
            ({"cond": "is_open"}, {"unless": "attempts"}),
            ({"cond": "is_open"}, {"unless": "is_open", "validators": "is_open"}),
            ({"cond": "not is_open and attempts"}, {"cond": "is_open and attempts"}),
        ],
    )
    def test_a_branch_that_may_be_missed_is_refused(
        self, problems: Listed, arrows: tuple[dict[str, Any], ...]
    ) -> None:
        """No guard may be true."""
        assert problems(_branching("Missing", *arrows)) == _silent("Missing", "branch")

    def test_a_final_child_moves_on_by_what_is_done(self, problems: Listed) -> None:
        """If a transition waits for that, without guard, and leads somewhere."""

        def define(**options: Any) -> Callable[[], object]:
            def flow() -> None:
                class Forms(CallFlow):
                    class form(State.Compound):
                        ask = State(initial=True)
                        filled = State(final=True)
                        ask.to(filled, event=key("1"))

                    end = State(final=True)
                    form.to(end, event="done.state.form", **options)
                    form.to(end, event="no_input")

                    @routable("/call", form)
                    @renders(form.ask)
                    def say(self): ...

                    def is_open(self): ...

            return flow

        define()()
        assert problems(define(cond="is_open")) == _silent("Forms", "filled")
