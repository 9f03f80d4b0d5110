"""Eventless transitions that nothing can stop."""

from __future__ import annotations

from collections.abc import Callable

from statemachine import HistoryState, State

from statechart_ivr import CallFlow, key, renders, routable

Listed = Callable[[Callable[[], object]], list[str]]


def _circle(flow: str, *leaves: str) -> str:
    way = " -> ".join([*leaves, leaves[0]])
    return (
        f"{flow}.{leaves[0]}: eventless transitions go in a circle for ever: {way}; give one of "
        "them a guard, or an event that comes from outside"
    )


def test_a_circle_is_refused(problems: Listed) -> None:
    """With the way round; every circle once."""

    def define() -> None:
        class Round(CallFlow):
            menu = State(initial=True)
            one, two, three = State(), State(), State()
            alone = State()
            end = State(final=True)
            menu.to(two, event=key("1"))
            menu.to(alone, event=key("2"))
            menu.to(end, event=key("3"))
            one.to(two)
            two.to(three)
            three.to(one)
            alone.to.itself()

            @routable("/call")
            @renders(menu)
            def say(self): ...

    found = problems(define)
    assert found[:2] == [_circle("Round", "one", "two", "three"), _circle("Round", "alone")]
    assert {one.split(": ")[1] for one in found[2:]} == {
        "no final state can be reached from here; add a way out"
    }


def test_it_is_followed_through_nested_states(problems: Listed) -> None:
    """Into initial children, and by transitions of the states around."""

    def define() -> None:
        class Nested(CallFlow):
            class one(State.Compound):
                class deep(State.Compound):
                    first = State(initial=True)

            class two(State.Parallel):
                left, right = State(), State()

            one.to(two)
            two.to(one)

            @routable("/call", one)
            def arrive(self): ...

    assert problems(define)[0] == _circle("Nested", "first", "left")


def test_a_transition_to_nowhere_is_taken_for_ever(problems: Listed) -> None:
    """It needs no event, and it leaves everything as it was."""

    def define() -> None:
        class Nowhere(CallFlow):
            menu = State(initial=True)
            menu.to(None, on="count")

            @routable("/call")
            @renders(menu)
            def say(self): ...

            def count(self): ...

    assert problems(define) == [_circle("Nowhere", "menu")]


def test_a_state_that_is_done_again_and_again_is_refused(problems: Listed) -> None:
    """The engine sends ``done.state`` by itself."""

    def define() -> None:
        class Again(CallFlow):
            class form(State.Compound):
                filled = State(initial=True, final=True)

            form.to(form, event="done.state.form")

            @routable("/call", form)
            @renders(form)
            def say(self): ...

    assert problems(define) == [_circle("Again", "filled")]


def test_a_guard_or_an_event_breaks_it() -> None:
    """So does a history state, which may lead elsewhere."""

    class Broken(CallFlow):
        class shop(State.Compound):
            menu = State(initial=True)
            prices = State()
            back = HistoryState()
            back.to(menu)
            menu.to(prices, event=key("1"))

        one, two, three = State(), State(), State()
        shop.to(one, event=key("2"))
        one.to(two)
        two.to(one, cond="is_open")
        two.to(three)
        three.to(shop.back)

        @routable("/call", shop)
        @renders(shop, two)
        def say(self): ...

        def is_open(self): ...


def test_another_region_may_break_it() -> None:
    """Which of two moves comes first depends on the order of the regions."""

    class Beside(CallFlow):
        class both(State.Parallel):
            class out(State.Compound):
                leaving = State(initial=True)

            class turning(State.Compound):
                one = State(initial=True)
                two = State()
                one.to(two)
                two.to(one)

        menu = State(initial=True)
        end = State(final=True)
        both.out.leaving.to(end)
        menu.to(both, event=key("1"))

        @routable("/call", menu)
        @renders(menu)
        def say(self): ...


def test_a_quiet_region_does_not_break_it(problems: Listed) -> None:
    """Nothing happens there by itself."""

    def define() -> None:
        class Inside(CallFlow):
            class both(State.Parallel):
                class still(State.Compound):
                    resting = State(initial=True)
                    resting.to.itself(event=key("1"))

                class moving(State.Compound):
                    one = State(initial=True)
                    two = State()
                    one.to(two)
                    two.to(one)

            @routable("/call", both)
            @renders(both)
            def say(self): ...

    assert problems(define) == [_circle("Inside", "one", "two")]
