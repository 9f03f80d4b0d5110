"""States, events, methods and attributes share one namespace; clashes are definition errors."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import Any

import pytest
from statemachine import Event, HistoryState, State
from statemachine.states import States

from statechart_ivr import CallFlow, engine, gather, key, renders, routable, said
from statechart_ivr.spec import CallFlowMeta

Listed = Callable[[Callable[[], object]], list[str]]

RESERVED = "the {}'s id is a name of CallFlow or the engine; choose another"


def _flow(name: str, body: dict[str, Any]) -> Any:
    """Make a flow with one silent end and what else is in the body."""
    end = State(initial=True, final=True)

    def say_end(self): ...

    whole = {"the_end": end, "say_end": routable("/call")(renders(end)(say_end)), **body}
    return CallFlowMeta(name, (CallFlow,), whole)


class TestReserved:
    """Names that `CallFlow` and the engine need for themselves."""

    @pytest.mark.parametrize(
        "name", ["send", "model", "configuration", "prepare", "session", "states", "name"]
    )
    def test_no_state_may_have_them(self, problems: Listed, name: str) -> None:
        """Some of them would stop the engine, others break it while a call runs."""
        found = problems(lambda: _flow("ReservedState", {name: State()}))
        assert f"ReservedState.{name}: {RESERVED.format('state')}" in found

    @pytest.mark.parametrize("name", ["send", "model", "prepare", "states", "events", "choices"])
    def test_no_event_may_have_them(self, problems: Listed, name: str) -> None:
        """Declared on a transition, at any depth, or as an attribute."""
        here, there = State(initial=True), State()
        here.to(there, event=name)
        compound: Any = type(State.Compound)
        inner = compound("inner", (State.Compound,), {"h": here, "t": there})
        found = problems(lambda: _flow("ReservedEvent", {"inner": inner}))
        assert f"ReservedEvent.{name}: {RESERVED.format('event')}" in found

        a, b = State(), State()
        found = problems(lambda: _flow("ReservedAttribute", {"a": a, "b": b, name: a.to(b)}))
        assert f"ReservedAttribute.{name}: {RESERVED.format('event')}" in found

    def test_no_nested_state_and_no_history_may_have_them(self, problems: Listed) -> None:
        """The namespace is flat."""

        def define() -> None:
            class Nested(CallFlow):
                class inner(State.Compound):
                    send = State(initial=True)
                    model = HistoryState()

        found = problems(define)
        assert f"Nested.send: {RESERVED.format('state')}" in found
        assert f"Nested.model: {RESERVED.format('state')}" in found

    def test_no_method_may_have_them(self, problems: Listed) -> None:
        """It would be called instead of the original."""

        def define() -> None:
            _flow("ReservedMethod", {"send": _nothing, "catch_errors_as_events": True})

        assert problems(define) == [
            "ReservedMethod.send: the name is CallFlow's own; choose another",
            "ReservedMethod.catch_errors_as_events: the name is CallFlow's own; choose another",
        ]

    def test_a_constructor_is_explained(self, problems: Listed) -> None:
        """It is the first thing one would write."""
        assert problems(lambda: _flow("Constructed", {"__init__": _nothing})) == [
            (
                "Constructed.__init__: would run for every request, before the call is known; put "
                "what a call starts with into self.session, in a method with @routable(path, state)"
            )
        ]

    def test_they_are_looked_for_in_bases_and_mixins_too(self, problems: Listed) -> None:
        """As far as they come before CallFlow's own names."""
        mixin: Any = type("Mixin", (), {"send": _nothing})
        text = "send: the name is CallFlow's own; choose another"
        assert problems(lambda: CallFlowMeta("Mixed", (mixin, CallFlow), {})) == [f"Mixed.{text}"]
        assert problems(lambda: CallFlowMeta("Base", (CallFlow,), {"send": _nothing})) == [
            f"Base.{text}"
        ]
        CallFlowMeta("Behind", (CallFlow, mixin), {})

    def test_settings_and_double_underscores_are_free(self) -> None:
        """So is every name that nobody has taken."""
        _flow(
            "Free",
            {"max_attempts": 5, "language": "de", "__doc__": "A flow.", "opening_times": {}},
        )

    def test_every_reserved_name_gives_a_definition_error(self, problems: Listed) -> None:
        """However badly it would upset the engine."""
        names = {*engine.ENGINE_NAMES, *dir(CallFlow), *dir(CallFlowMeta), "_context"}
        # Of these the interpreter itself makes something, before there is a class.
        names -= {"__qualname__", "__slots__", "__orig_bases__", "__classcell__"}
        for name in sorted(names):
            a, b = State(), State()
            a.to(b, event=name)
            bodies: list[dict[str, Any]] = [{name: State()}, {"a": a, "b": b}]
            for kind, body in zip(("state", "event"), bodies, strict=True):
                found = problems(partial(_flow, "Reserved", body))
                assert f"Reserved.{name}: {RESERVED.format(kind)}" in found


def _nothing(self: object) -> None: ...


class TestOneNamespace:
    """Of two things with one name, one would hide the other."""

    def test_ids_of_states_are_unique_at_every_depth(self, problems: Listed) -> None:
        """Histories count as states."""

        def define() -> None:
            class Doubled(CallFlow):
                class sales(State.Compound):
                    menu = State(initial=True)
                    back = HistoryState()
                    back.to(menu)

                class support(State.Compound):
                    menu = State(initial=True)
                    back = HistoryState()
                    back.to(menu)

                sales.to(support, event=key("1"))
                support.to(sales, event=key("2"))

                @routable("/call", sales)
                def arrive(self): ...

        text = (
            "two states have this id; ids are unique in the whole flow, nested ones too: "
            "rename one of them"
        )
        assert problems(define) == [f"Doubled.menu: {text}", f"Doubled.back: {text}"]

    def test_values_of_states_are_unique(self, problems: Listed) -> None:
        """The engine tells states apart by them."""

        def define() -> None:
            class Valued(CallFlow):
                menu = State(initial=True, value=1)
                hours = State(final=True, value=1)
                menu.to(hours, event=key("1"))

                @routable("/call")
                @renders(menu)
                def say_menu(self): ...

        assert problems(define) == [
            (
                "Valued.hours: has the same value as menu, 1, and the engine could not tell them "
                "apart; leave value= out"
            )
        ]

    def test_a_state_is_no_event(self, problems: Listed) -> None:
        """An event's id would hide the state."""

        def define() -> None:
            class Both(CallFlow):
                menu = State(initial=True)
                order = State(final=True)
                menu.to(order, event="order")

                @routable("/call")
                @renders(menu)
                def say_menu(self): ...

        assert "Both.order: is a state and an event; rename one of them" in problems(define)

    def test_a_method_is_no_event(self, problems: Listed) -> None:
        """The engine puts the event over the method."""

        def define() -> None:
            class Covered(CallFlow):
                menu = State(initial=True)
                order = State(final=True)
                menu.to(order, event="take_order")

                @routable("/call")
                @renders(menu)
                def say_menu(self): ...

                def take_order(self): ...

        assert problems(define) == [
            (
                "Covered.take_order: a method and an event are both named 'take_order', and one "
                "would hide the other; rename the method"
            )
        ]

    def test_methods_of_mixins_and_nested_bodies_count(self, problems: Listed) -> None:
        """They end up in the same namespace."""

        class Orders:
            def take_order(self): ...

        def define() -> None:
            class Mixed(Orders, CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)

                    def leave(self): ...

                order = State(final=True)
                inner.to(order, event="take_order")
                inner.to(order, event="leave")

                @routable("/call")
                @renders(inner)
                def say_menu(self): ...

        found = problems(define)
        assert any(one.startswith("Mixed.take_order: a method and an event") for one in found)
        assert any(one.startswith("Mixed.leave: a method and an event") for one in found)

    def test_a_method_or_attribute_is_no_state(self, problems: Listed) -> None:
        """On an instance the state stands in front, nested ones too."""

        def define() -> None:
            class Hidden(CallFlow):
                class inner(State.Compound):
                    menu = State(initial=True)
                    hours = State()
                    menu.to(hours, event=key("1"))

                order = State(final=True)
                inner.to(order, event=key("2"))
                hours = {"monday": "9 to 5"}

                @routable("/call")
                @renders(inner)
                def menu(self): ...

        assert problems(define) == [
            (
                "Hidden.hours: a class attribute and a state are both named 'hours', and one would "
                "hide the other; rename the class attribute"
            ),
            (
                "Hidden.menu: a method and a state are both named 'menu', and one would hide the "
                "other; rename the method"
            ),
        ]

    def test_the_engines_own_ways_to_declare_are_no_clash(self) -> None:
        """An event as an attribute, and a method that is an event's callback and its name."""

        class Declared(CallFlow):
            menu = State(initial=True)
            order = State(final=True)
            take_order = menu.to(order)
            leave = Event(menu.to(order), name="Leave")

            @menu.to(order)
            def hang_up_now(self): ...

            @take_order.on
            def note_order(self): ...

            @routable("/call")
            @renders(menu)
            def say_menu(self): ...

        assert {str(event) for event in Declared.events} == {"take_order", "leave", "hang_up_now"}

    def test_states_from_an_enum(self) -> None:
        """Under any name, also the engine's own ``states``."""

        class Place(Enum):
            menu = 1
            bye = 2

        class Listing(CallFlow):
            states = States.from_enum(Place, initial=Place.menu, final=Place.bye)
            states.menu.to(states.bye, event=key("1"))

            @routable("/call", states.menu)
            @renders(states.menu, states.bye)
            def say(self): ...

        assert list(Listing._flow_spec.renderers) == ["menu", "bye"]  # type: ignore[union-attr]  # it has states
        assert [state.id for state in Listing.states] == ["menu", "bye"]

    def test_reserved_names_are_refused_in_an_enum_too(self, problems: Listed) -> None:
        """They are ids like others."""
        enum = Enum("enum", ["send"])
        states = States.from_enum(enum, initial=enum.send)
        found = problems(lambda: _flow("Listed", {"_": states}))
        assert f"Listed.send: {RESERVED.format('state')}" in found


class TestNeverCalled:
    """Methods named as if the engine called them for dotted events, which it does not."""

    @pytest.mark.parametrize(
        ("method", "reason"),
        [
            ("on_key_1", "the engine calls no method for the dotted event 'key.1'"),
            ("before_key_star", "the engine calls no method for the dotted event 'key.star'"),
            ("after_dial_busy", "the engine calls no method for the dotted event 'dial.busy'"),
            (
                "on_speech_billing",
                "the engine calls no method for the dotted event 'speech.billing'",
            ),
            ("on_no_match_late", "the engine calls no method for the dotted event 'no_match.late'"),
            ("on_key", "'key' is never sent alone, but 'key.star' and the like"),
            ("on_dial", "'dial' is never sent alone, but 'dial.no_answer' and the like"),
        ],
    )
    def test_they_are_refused(self, problems: Listed, method: str, reason: str) -> None:
        """For events of the table, and for those the flow declares."""
        menu, end = State(initial=True), State(final=True)
        menu.to(end, event=["key", said("Billing"), "no_match.late", "dial"])

        def say(self): ...

        def define() -> None:
            body = {"menu": menu, "end": end, method: _nothing}
            body["say"] = routable("/call")(renders(menu)(say))
            CallFlowMeta("Dotted", (CallFlow,), body)

        hook = method.partition("_")[0]
        assert problems(define) == [
            f"Dotted._nothing: would never run: {reason}; write {hook}={method!r} on the "
            "transition".replace("_nothing", method)
        ]

    def test_those_that_do_run_are_fine(self) -> None:
        """Named on a transition, for an event without dots, or by what they are not."""

        class Called(CallFlow):
            menu = State(initial=True)
            end = State(final=True)
            menu.to(end, event=key("1"), on="on_key_1")
            menu.to(end, event=["no_input", "speech", "recorded", "order_done", "order.done"])

            @routable("/call")
            @renders(menu)
            def say(self): ...

            def on_key_1(self): ...

            def on_no_input(self): ...

            def on_speech(self): ...

            def on_recorded(self): ...

            def on_order_done(self): ...

            def on_transition(self): ...

            def on_enter_menu(self): ...

            def key_1(self): ...

        assert Called._flow_spec is not None


@pytest.mark.parametrize(
    ("event", "meant"),
    [
        ("dial.no-answer", "dial.no_answer"),
        ("dial.noanswer", "dial.no_answer"),
        ("key.11", "key.1"),
        ("queue.full", "queue.queue_full"),
        ("hang_up.complete", "hang_up.completed"),
    ],
)
def test_ids_of_the_table_are_spelt_right(problems, event, meant):
    """A transition that waits for ever would drop the caller in production only."""
    text = f"a transition waits for {event!r}, which never comes; did you mean {meant!r}?"
    assert problems(lambda: asking_for(event)) == [f"Misspelt: {text}"]


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        ([""], ["''"]),
        (["a..b", ".a"], ["'a..b'", "'.a'"]),
        (["a!"], ["'a!'"]),
        (["a*"], ["'a*'"]),
        (["*.a"], ["'*.a'"]),
    ],
)
def test_ids_of_events_have_parts_with_single_dots_between(problems, event, wrong):
    """Anything else could be no event, or part of no URL."""
    said = problems(lambda: asking_for(event))
    assert said == [
        f"Misspelt: {id_} is no event id: write letters, digits and - _ ~ /, "
        "with single dots between parts"
        for id_ in wrong
    ]


def test_a_single_key_that_was_unpacked(problems):
    """``[*key("0"), "give_up"]`` would wait for an event named k, and any key would do."""
    (said,) = problems(lambda: asking_for([*key("0"), "give_up"]))
    assert said.endswith("; key() of one key is text: write it without * in front")


def asking_for(event: object) -> None:
    """Define a flow that waits for events."""

    class Misspelt(CallFlow):
        menu = State(initial=True)
        bye = State(final=True)
        menu.to(bye, event=event)

        @routable("/call")
        @renders(menu)
        def say(self):
            return gather("Menu.")


def test_families_and_open_ids_are_free():
    """Wildcards, and whatever stands for a part that the flow or Twilio fills in."""

    class Free(CallFlow):
        menu = State(initial=True)
        bye = State(final=True)
        menu.to(bye, event=["key", "dial", "dial.*", "queue.", "hang_up", "connect", "*"])
        menu.to(bye, event=["pay.success", "refer.accepted", "no_match.x", "speech.yes", "mine.x"])

        @routable("/call")
        @renders(menu)
        def say(self):
            return gather("Menu.")

    assert Free.states


def test_callbacks_for_states_that_are_not_there(problems):
    """They would never run; those of the engine's conventions and of events are fine."""

    def define() -> None:
        class Deaf(CallFlow):
            menu = State(initial=True)
            bye = State(final=True)
            menu.to(bye, event=["enter_code", key("1")], on="on_exit_by_hand")

            @routable("/call")
            @renders(menu)
            def say(self):
                return gather("Menu.")

            def on_enter_mneu(self):
                """Misspelt."""

            def on_exit_nowhere(self):
                """Gone."""

            def on_enter_menu(self):
                """Of a state."""

            def on_exit_state(self):
                """Of every state."""

            def on_enter_code(self):
                """Of an event."""

            def on_exit_by_hand(self):
                """Named on a transition."""

    assert problems(define) == [
        "Deaf.on_enter_mneu: would never run: there is no state 'mneu'; name one there is",
        "Deaf.on_exit_nowhere: would never run: there is no state 'nowhere'; name one there is",
    ]
