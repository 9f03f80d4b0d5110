"""Guards and callbacks that resolve to nothing, or that no turn could call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, key, on_input, renders, routable
from statechart_ivr.spec import CallFlowMeta

MENU = State(initial=True)

Listed = Callable[[Callable[[], object]], list[str]]


def _flow(name: str, body: dict[str, Any], **options: Any) -> Any:
    """Make a flow with one transition on key 1, which has the options."""
    menu, end = State(initial=True), State(final=True)
    menu.to(end, event=key("1"), **options)
    menu.to(end, event="no_input")

    def say_menu(self): ...

    whole = {"menu": menu, "end": end, "say_menu": routable("/call")(renders(menu)(say_menu))}
    return CallFlowMeta(name, (CallFlow,), {**whole, **body})


def _yes(self: object) -> bool:
    return True


class TestNames:
    """Names given to ``cond=``, ``on=`` and the like."""

    def test_a_misspelt_guard_is_found(self, problems: Listed) -> None:
        """With the method that was meant."""
        assert problems(lambda: _flow("Misspelt", {"is_open": _yes}, cond="is_opne")) == [
            (
                "Misspelt.menu: the guard 'is_opne' of menu -> end on key.1 resolves to nothing; "
                "did you mean 'is_open'?"
            )
        ]

    def test_every_name_of_an_expression_is_looked_up(self, problems: Listed) -> None:
        """The engine would stop at the first."""
        found = problems(lambda: _flow("Pair", {}, cond="rich and not famous"))
        assert found == [
            (
                "Pair.menu: the guard 'famous' of menu -> end on key.1 resolves to nothing; write "
                "def famous(self)"
            ),
            (
                "Pair.menu: the guard 'rich' of menu -> end on key.1 resolves to nothing; write "
                "def rich(self)"
            ),
        ]

    @pytest.mark.parametrize("option", ["on", "before", "after", "validators", "unless"])
    def test_callbacks_of_transitions_are_looked_up(self, problems: Listed, option: str) -> None:
        """All that take names."""
        (found,) = problems(lambda: _flow("Callbacks", {}, **{option: "note_it"}))
        kind = "guard" if option == "unless" else "callback"
        assert found == (
            f"Callbacks.menu: the {kind} 'note_it' of menu -> end on key.1 resolves to nothing; "
            "write def note_it(self)"
        )

    def test_callbacks_of_states_are_looked_up(self, problems: Listed) -> None:
        """At any depth."""

        def define() -> None:
            class Entered(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True, enter="greet")

                end = State(final=True)
                inner.to(end, event=key("1"))

                @routable("/call")
                @renders(inner)
                def say_menu(self): ...

        assert problems(define) == [
            "Entered.menu: the callback 'greet' resolves to nothing; write def greet(self)"
        ]

    def test_a_state_is_no_guard(self, problems: Listed) -> None:
        """The guard language has a word for it."""
        assert problems(lambda: _flow("InMenu", {}, cond="menu")) == [
            "InMenu.menu: the guard 'menu' of menu -> end on key.1 is a state; write \"In('menu')\""
        ]

    def test_what_the_guard_language_cannot_read_is_found(self, problems: Listed) -> None:
        """The engine says so."""
        assert problems(lambda: _flow("Unread", {"is_open": _yes}, cond="is_open and")) == [
            "Unread: Failed to parse boolean expression 'is_open and'"
        ]

    @pytest.mark.parametrize(
        "cond",
        [
            "is_open",
            "!is_open",
            "is_open and attempts >= 2",
            "In('menu') or flag",
            "open_now",
            _yes,
            ["is_open", "open_now"],
        ],
    )
    def test_whatever_resolves_is_fine(self, cond: Any) -> None:
        """Methods of the class and of mixins, the flow's own properties, plain attributes."""

        class Hours:
            flag = None

            def open_now(self) -> bool:
                return True

        menu, end = State(initial=True), State(final=True)
        menu.to(end, event=key("1"), cond=cond)

        class Resolved(Hours, CallFlow):
            first, last = menu, end
            is_open = _yes

            @routable("/call")
            @renders(menu)
            def say_menu(self): ...

    def test_listeners_of_the_class_are_asked_too(self, problems: Listed) -> None:
        """What a factory will return is left to the engine."""

        class Clerk:
            def is_in(self) -> bool:
                return True

        def make() -> Clerk:
            return Clerk()

        _flow("Listening", {"listeners": [Clerk]}, cond="is_in")
        _flow("ListeningToOne", {"listeners": [Clerk()]}, cond="is_in")
        _flow("ListeningToMade", {"listeners": [make]}, cond="is_in")
        (found,) = problems(lambda: _flow("Deaf", {"listeners": [make]}, cond="is_out"))
        assert found.endswith("Did not found name 'is_out' from model or statemachine")
        (found,) = problems(lambda: _flow("Deafer", {"listeners": [Clerk]}, cond="is_out"))
        assert "the guard 'is_out' of menu -> end on key.1 resolves to nothing" in found


class TestProperties:
    """A property would be read while the machine is built, before there is a call."""

    def test_one_that_is_named_is_refused(self, problems: Listed) -> None:
        """As a guard or as a callback."""
        text = (
            "'ready' of menu -> end on key.1 is a property, which is read while the machine is "
            "built; write it as a method"
        )

        def ready(self): ...

        body = {"ready": property(ready)}
        assert problems(lambda: _flow("Named", body, cond="ready")) == [f"Named.menu.ready: {text}"]
        assert problems(lambda: _flow("Called", body, on="ready")) == [f"Called.menu.ready: {text}"]

    def test_one_that_is_passed_is_refused(self, problems: Listed) -> None:
        """Inside the class body that is as easily written."""

        def ready(self): ...

        found = property(ready)
        assert problems(lambda: _flow("Passed", {"ready": found}, cond=found)) == [
            (
                "Passed.menu.ready: 'ready' of menu -> end on key.1 is a property, which is read "
                "while the machine is built; write it as a method"
            )
        ]

    def test_one_that_guards_nothing_is_fine(self) -> None:
        """It is read when somebody asks for it."""
        _flow("Unread", {"ready": property(_yes)})


class TestCoroutines:
    """There is no event loop in a turn."""

    @pytest.mark.parametrize("mark", [renders("no_match"), on_input(MENU), background(MENU)])
    def test_marked_ones_are_refused(self, problems: Listed, mark: Any) -> None:
        """Whatever they are marked with."""

        def define() -> None:
            class Async(CallFlow):
                menu = MENU
                menu.to.itself(event=key("1"))

                @routable("/call")
                @renders(menu)
                def say_menu(self): ...

                @mark
                async def later(self, *caller_input): ...

        assert problems(define) == [
            (
                "Async.later: is a coroutine, and there is no event loop; write def, and do slow "
                "work in a @background method"
            )
        ]

    def test_a_renderer_that_yields_later_is_refused(self, problems: Listed) -> None:
        """An asynchronous generator is no iterable of verbs."""

        def define() -> None:
            class Yielding(CallFlow):
                menu = State(initial=True, final=True)

                @routable("/call")
                @renders(menu)
                async def say_menu(self):
                    yield "Hello"

        assert problems(define) == [
            (
                "Yielding.say_menu: is a coroutine, and there is no event loop; write def, and do "
                "slow work in a @background method"
            )
        ]

    @pytest.mark.parametrize("name", ["on_enter_menu", "before_transition", "note_it"])
    def test_callbacks_of_the_engine_are_refused(self, problems: Listed, name: str) -> None:
        """By convention or by name; the engine would change to its asynchronous kind."""

        async def later(self): ...

        found = problems(lambda: _flow("Later", {"note_it": _yes, name: later}, on="note_it"))
        assert found == [
            (
                f"Later.{name}: is a coroutine, and there is no event loop; write def, and do slow "
                "work in a @background method"
            )
        ]

    def test_those_that_only_the_engine_can_see_are_refused(self, problems: Listed) -> None:
        """A function that is no method of the class."""

        async def later(): ...

        assert problems(lambda: _flow("Passed", {}, on=later)) == [
            "Passed: a callback of a transition or state is a coroutine; write def"
        ]

    def test_helpers_are_free(self) -> None:
        """A background method may run them in a loop of its own."""

        async def fetch(self): ...

        _flow("Fetching", {"fetch": fetch})
