"""Initial and final states, histories, handlers, and what a webhook cannot have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import Event, HistoryState, State

from statechart_ivr import CallFlow, key, on_input, renders, routable
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]


class TestTree:
    """Initial and final states."""

    def test_one_state_is_initial(self, problems: Listed) -> None:
        """At each depth; the regions of a parallel state all are."""

        def define() -> None:
            class Initials(CallFlow):
                class inner(State.Compound):
                    one = State(initial=True)
                    two = State(initial=True)

                class both(State.Parallel):
                    left = State(initial=True)
                    right = State(initial=True)

                first = State(initial=True)
                second = State(initial=True)
                first.to(inner, event=key("1"))
                inner.to(both, event=key("1"))
                both.to(second, event=key("1"))
                second.to(first, event=key("1"))

                @routable("/call", first)
                @renders(first, second, inner, both)
                def say(self): ...

        assert problems(define) == [
            "Initials: first, second are all initial; write initial=True on one of them",
            "Initials.inner: one, two are all initial; write initial=True on one of them",
        ]

    def test_the_first_is_initial_if_none_says_so(self) -> None:
        """As in the engine."""

        class Unsaid(CallFlow):
            class inner(State.Compound):
                one, two = State(), State()
                one.to(two, event=key("1"))

            end = State(final=True)
            inner.to(end, event=key("2"))

            @routable("/call", inner)
            @renders(inner)
            def say(self): ...

    def test_a_final_state_has_no_transitions(self, problems: Listed) -> None:
        """At any depth, though the engine looks at the outermost alone."""

        def define() -> None:
            class Finals(CallFlow):
                class inner(State.Compound):
                    one = State(initial=True)
                    two = State(final=True)
                    one.to(two, event=key("1"))
                    two.to(one, event=key("2"))

                end = State(final=True)
                inner.to(end, event=key("3"))
                end.to(inner, event=key("4"))

                @routable("/call", inner)
                @renders(inner)
                def say(self): ...

        text = "is final, so its transitions are never taken; remove them, or leave final=True out"
        assert problems(define) == [f"Finals.two: {text}", f"Finals.end: {text}"]


class TestFeatures:
    """What the engine offers, and a webhook cannot have."""

    def test_invoke_is_refused(self, problems: Listed) -> None:
        """In a state and by naming convention."""

        def define() -> None:
            class Invoking(CallFlow):
                menu = State(initial=True, invoke="fetch")
                menu.to.itself(event=key("1"))

                @routable("/call")
                @renders(menu)
                def say(self): ...

                def fetch(self): ...

        assert problems(define) == [
            (
                "Invoking.menu: invoke= starts a thread that outlives the request; mark a method "
                "with @background(menu) instead"
            )
        ]

    @pytest.mark.parametrize("name", ["on_invoke_menu", "on_invoke_state"])
    def test_invoke_by_a_methods_name_is_refused(self, problems: Listed, name: str) -> None:
        """The engine would start such methods too."""

        def fetch(self): ...

        assert problems(lambda: _one_menu("Named", **{name: fetch})) == [
            (
                f"Named.{name}: the engine runs it in a thread that outlives the request; mark it "
                "with @background, under another name"
            )
        ]

    def test_a_delay_is_refused(self, problems: Listed) -> None:
        """The engine would wait for it before the answer is sent."""
        assert problems(lambda: _one_menu("Late", event=Event("later", delay=500))) == [
            (
                "Late.menu: the event 'later' has a delay=, which would sleep inside the request; "
                "leave it out"
            )
        ]
        _one_menu("Timely", event=Event("later", name="Later"))

    def test_an_event_needs_an_id(self, problems: Listed) -> None:
        """Whether the engine notices or not, which depends on the depth."""

        def define() -> None:
            class Nameless(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)
                    menu.to.itself(event=Event(name="Go"))

                @routable("/call", inner)
                @renders(inner)
                def say(self): ...

        text = (
            "an event has no id, so nothing could ever send it; write Event('order_found', name=…)"
        )
        assert problems(define) == [f"Nameless.menu: {text}"]
        assert problems(lambda: _one_menu("Unnamed", event=Event(name="Go"))) == [
            f"Unnamed.menu: {text}"
        ]


def _one_menu(name: str, /, event: Any = "go", **body: Any) -> Any:
    """Make a flow of one state, with one event."""
    menu = State(initial=True)
    menu.to.itself(event=event)

    def say(self): ...

    said = routable("/call")(renders(menu)(say))
    return CallFlowMeta(name, (CallFlow,), {"menu": menu, "say": said, **body})


def _history(name: str, wire: Callable[[Any], None], *, is_outside: bool = False) -> Any:
    """Make a flow with a history state, and have its default wired."""

    def define() -> None:
        class inner(State.Compound):
            menu = State(initial=True)
            hours = State()
            menu.to(hours, event=key("1"))
            back = HistoryState()
            deep = HistoryState(type="deep")
            deep.to(hours)

        states: Any = inner
        away = State()
        states.to(away, event=key("2"))
        away.to(states.back, event=key("3"))
        wire(states)

        def say(self): ...

        body = {"inner": inner, "away": away}
        said: Any = routable("/call", states)(renders(states, away)(say))
        CallFlowMeta(name, (CallFlow,), {**body, "say": said})

    return define


class TestHistories:
    """The first time there is nothing to go back to."""

    def test_a_default_is_needed(self, problems: Listed) -> None:
        """With one it is fine, shallow or deep."""
        assert problems(_history("Default", lambda inner: None)) == [
            "Default.back: the history state has no default for the first time; write back.to(menu)"
        ]
        _history("Defaulted", lambda inner: inner.back.to(inner.hours))()

    def test_the_default_is_a_plain_state_inside(self, problems: Listed) -> None:
        """The engine would leave the call nowhere."""
        elsewhere = _history("Elsewhere", lambda inner: inner.back.to(inner))
        assert problems(elsewhere) == [
            (
                "Elsewhere.back: the history state's default, inner, lies outside of inner; write "
                "back.to(menu)"
            )
        ]
        assert problems(_history("Chain", lambda inner: inner.back.to(inner.deep))) == [
            "Chain.back: the history state's default is a history state, deep; write back.to(menu)"
        ]

    def test_it_belongs_into_a_state(self, problems: Listed) -> None:
        """On top there is nothing it could remember."""

        def define() -> None:
            class OnTop(CallFlow):
                menu = State(initial=True)
                back = HistoryState()
                back.to(menu)
                menu.to(back, event=key("1"))

                @routable("/call")
                @renders(menu)
                def say(self): ...

        assert problems(define) == [
            (
                "OnTop.back: is a history state outside of any state; put it into the body of a "
                "State.Compound"
            )
        ]


class TestHandlers:
    """A handler without anything said near it would never be asked."""

    def test_one_on_a_state_without_words_is_refused(self, problems: Listed) -> None:
        """In it, around it or inside it."""

        def define() -> None:
            class Deaf(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)
                    hours = State()
                    menu.to(hours, event=key("1"))

                branch = State()
                inner.to(branch, event=key("2"))
                branch.to(inner)

                @routable("/call", inner)
                @renders(inner.menu, inner.hours)
                def say(self): ...

                @on_input(branch)
                def take(self, caller_input): ...

        assert problems(define) == [
            (
                "Deaf.branch.take: @on_input on a state where nothing is said: neither it, nor a "
                "state around or inside it, has a renderer; mark a method with @renders(branch)"
            )
        ]

    def test_words_around_or_inside_are_near(self) -> None:
        """The handler of a state is asked while those inside it are active."""

        class Near(CallFlow):
            class inner(State.Compound):
                menu = State(initial=True)
                hours = State()
                menu.to(hours, event=key("1"))

            class other(State.Compound):
                prices = State(initial=True)

            inner.to(other, event=key("2"))
            other.to(inner, event=key("2"))

            @routable("/call", inner)
            @renders(inner.menu, inner.hours, other)
            def say(self): ...

            @on_input(inner, inner.menu, other.prices)
            def take(self, caller_input): ...
