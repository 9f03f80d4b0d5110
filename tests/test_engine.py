"""What this package relies on in python-statemachine beyond its manual.

A test that fails here after an upgrade of the engine says what to look at in `engine`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import Event, HistoryState, State, StateMachine
from statemachine.event_data import TriggerData
from statemachine.exceptions import InvalidDefinition, TransitionNotAllowed
from statemachine.factory import StateMachineMetaclass
from statemachine.model import Model
from statemachine.transition import Transition

from statechart_ivr import engine


class Line(StateMachine):
    """Nested, parallel and remembering: a bit of everything."""

    enable_self_transition_entries = True

    class inside(State.Compound):
        menu = State(initial=True)
        hours = State()
        back = HistoryState()
        menu.to(hours, event="key.1")

    class both(State.Parallel):
        class left(State.Compound):
            idle = State(initial=True)

        class right(State.Compound):
            quiet = State(initial=True)
            loud = State()
            quiet.to(loud, event="key")

    away = State(initial=True)
    over = State(final=True)

    away.to(inside, event="come")
    away.to(inside.back, event="come_back")
    inside.to(away, event="leave")
    away.to(both, event="split")
    both.to(away, event="merge")
    away.to(over, event="end")

    def __init__(self, model: Any = None) -> None:
        vars(self)["log"] = []
        super().__init__(model)

    def on_enter_state(self, state: State) -> None:
        vars(self)["log"].append(state.id)


def log_of(machine: StateMachine) -> list[str]:
    """Return what a machine has noted."""
    return vars(machine)["log"]  # type: ignore[no-any-return]  # __init__ has put it there


def restored(values: list[str]) -> Line:
    """Return a machine that never was anywhere but here."""
    model = Model()
    model.state = "away"
    machine = Line(model)
    engine.place(machine, values)
    return machine


class TestInstanceAttributes:
    """What the engine assigns to its instances, which flows must let pass."""

    def test_are_all_that_is_assigned(self) -> None:
        """While a machine is built, moves, remembers, and fails."""
        assigned = set()

        class Watched(StateMachine):
            class inside(State.Compound):
                menu = State(initial=True)
                back = HistoryState()

            away = State(initial=True)
            away.to(inside, event="come")
            away.to(inside, event="fail", on="fails")
            inside.to(away, event="leave")

            def fails(self) -> None:
                raise RuntimeError

            def __setattr__(self, name: str, value: Any) -> None:
                assigned.add(name)
                super().__setattr__(name, value)

        machine = Watched()
        machine.send("come")
        machine.send("leave")
        with pytest.raises(RuntimeError):
            machine.send("fail")
        engine.unplace(machine, "inside")
        machine.activate_initial_state()
        assert assigned <= engine.INSTANCE_ATTRIBUTES
        # The rest is set where a flow does not, or by this package.
        assert engine.INSTANCE_ATTRIBUTES - assigned == set()

    def test_set_attribute_goes_around_the_refusal(self) -> None:
        """What the package keeps on an instance needs no permission."""

        class Closed(Line):
            def __setattr__(self, name: str, value: Any) -> None:
                if name not in engine.INSTANCE_ATTRIBUTES:
                    raise AttributeError(name)
                super().__setattr__(name, value)

        machine = Closed()
        with pytest.raises(AttributeError):
            machine.note = 1
        engine.set_attribute(machine, "note", 1)
        assert machine.note == 1

    @pytest.mark.parametrize("name", ["send", "model", "configuration", "prepare", "_engine"])
    def test_engine_names(self, name: str) -> None:
        """Names that a state, an event or a method would break the machine with."""
        assert name in engine.ENGINE_NAMES

    @pytest.mark.parametrize(
        "switch",
        ["validate_disconnected_states", "validate_trap_states", "validate_final_reachability"],
    )
    def test_checks_can_be_switched_off(self, switch: str) -> None:
        """The package's own go deeper."""
        assert getattr(StateMachineMetaclass, switch) is True


class TestNestedFunctions:
    """What nested state bodies define."""

    def test_moves_to_the_class(self) -> None:
        """When the engine is done, the states have nothing left."""

        class Done(StateMachine):
            class inside(State.Compound):
                menu = State(initial=True)

                def speak(self) -> str:
                    return "hello"

        assert Done().speak() == "hello"
        assert list(engine.nested_functions(Done.states)) == []

    def test_stays_where_the_engine_gives_up(self) -> None:
        """Then the functions are found in the states."""
        kept: list[State] = []
        with pytest.raises(InvalidDefinition):

            class Wrong(StateMachine):
                class inside(State.Compound):
                    menu = State(initial=True)

                    def speak(self) -> str:
                        return "hello"

                kept.append(inside)
                second = State(initial=True)
                third = State(initial=True)

        assert [name for name, _ in engine.nested_functions(kept)] == ["speak"]


class TestCallbackSpecs:
    """What transitions and states were told to call."""

    def some_function(self) -> None:
        """Stand for a callback given as an object."""

    class Specs(StateMachine):
        a = State(initial=True, enter="greet", exit=lambda: None)
        b = State(final=True)

        @property
        def flag(self) -> bool:
            return True

        def ok(self) -> bool:
            return True

        busy = late = ok

        def greet(self) -> None: ...

        def note(self) -> None: ...

        def on_go(self) -> None: ...

        def on_enter_a(self) -> None: ...

        a.to(b, event="go", cond=["ok", "busy and not late", flag], unless="In('b')", on="note")
        a.to.itself(event="stay", before=note)

    def test_names(self) -> None:
        """Guards with every name in their expression, and callbacks; no conventions."""
        go, stay = list(self.Specs.a.transitions)
        assert sorted(engine.callback_names(go)) == [
            ("In", True),
            ("busy", True),
            ("late", True),
            ("note", False),
            ("ok", True),
        ]
        assert list(engine.callback_names(stay)) == []
        assert list(engine.callback_names(self.Specs.a)) == [("greet", False)]

    def test_names_of_one_guard_are_sorted(self) -> None:
        """A definition error reads the same each time."""
        names = [name for name, _ in engine.callback_names(next(iter(self.Specs.a.transitions)))]
        assert names.index("late") == names.index("busy") + 1

    def test_functions(self) -> None:
        """Objects: functions, lambdas, and properties, which flows may not use."""
        go, stay = list(self.Specs.a.transitions)
        assert [type(one) for one in engine.callback_functions(go)] == [property]
        assert [one.__name__ for one in engine.callback_functions(stay)] == ["note"]
        assert len(list(engine.callback_functions(self.Specs.a))) == 1

    def test_invoke(self) -> None:
        """A state with ``invoke=`` is found; one with a method named by convention is not."""

        class Invoking(StateMachine):
            a = State(initial=True, invoke=lambda: None)
            b = State(final=True)
            a.to(b, event="go")

            def on_invoke_b(self) -> None: ...

        assert engine.uses_invoke(Invoking.a)
        assert not engine.uses_invoke(Invoking.b)

    def test_coroutines(self) -> None:
        """A machine knows whether any of its callbacks is one."""

        class Async(StateMachine):
            a = State(initial=True)
            a.to.itself(event="go", on="wait")

            async def wait(self) -> None: ...

        assert engine.has_coroutines(Async())
        assert not engine.has_coroutines(Line())


class TestCallbackOrder:
    """When the package's own callbacks run."""

    def test_renderings_come_last_on_entry(self) -> None:
        """After the flow's own, by whatever way it was declared."""

        class Entered(StateMachine):
            a = State(initial=True)
            b = State(enter="inline", final=True)
            a.to(b, event="go")
            log: list[str]

            @b.enter
            def decorated(self) -> None:
                self.log.append("decorated")

            def inline(self) -> None:
                self.log.append("inline")

            def on_enter_b(self) -> None:
                self.log.append("convention")

            def on_enter_state(self) -> None:
                self.log.append("generic")

            def render(self, state: State) -> None:
                self.log.append(f"render {state.id}")

        engine.call_last_on_entry(Entered.b, "render")
        Entered.log = []
        machine = Entered()
        Entered.log.clear()
        machine.send("go")
        assert Entered.log[-1] == "render b"
        assert sorted(Entered.log[:-1]) == ["convention", "decorated", "generic", "inline"]

    def test_renderings_come_outer_before_inner(self) -> None:
        """Entering goes from the outside in, also through parallel regions."""
        machine = Line()
        machine.send("split")
        assert log_of(machine)[-5:] == ["both", "left", "idle", "right", "quiet"]

    def test_call_before_sees_the_transition(self) -> None:
        """It runs before any state is left."""

        class Counted(StateMachine):
            a = State(initial=True)
            b = State()
            c = State(final=True)
            a.to(b, event="go")
            b.to(c)
            log: list[str]

            def count(self, transition: Any) -> None:
                self.log.append(f"{transition.source.id} to {transition.target.id}")

            def on_exit_b(self) -> None:
                self.log.append("exit b")

        (eventless,) = [t for t in Counted.b.transitions if t.is_eventless]
        engine.call_before(eventless, "count")
        Counted.log = []
        Counted().send("go")
        assert Counted.log == ["b to c", "exit b"]


class TestGuards:
    """Asking a transition's guards without sending anything."""

    class Guarded(StateMachine):
        a = State(initial=True)
        b = State(final=True)
        is_open = True

        def opened(self) -> bool:
            return self.is_open

        def knows(
            self, machine: Any, model: Any, event: Any, event_data: Any, transition: Any
        ) -> bool:
            return bool(
                machine is self
                and model is self.model
                and event == event_data.event == "go"
                and transition.target.id == "b"
            )

        def places(self, source: Any, target: Any, state: Any) -> bool:
            return (source.id, target.id, state.id) == ("a", "b", "a")

        def needs(self, digits: str) -> bool:
            return bool(digits)

        a.to(b, event="go", cond=["opened", "knows", "places"])
        a.to(b, event="go_not", unless="opened")
        a.to(b, event="always")
        a.to(b, event="with_data", cond="needs")

    def passes(self, event: str, *, is_open: bool = True) -> bool:
        """Return whether the transition of an event is open."""
        machine = self.Guarded()
        vars(machine)["is_open"] = is_open
        (found,) = [t for t in self.Guarded.a.transitions if t.match(event)]
        return engine.guards_pass(machine, found, next(iter(found.events)), {})

    def test_guards_get_what_the_engine_injects(self) -> None:
        """Under all names that a guard may ask for."""
        assert self.passes("go")

    @pytest.mark.parametrize(
        ("event", "is_open", "passes"),
        [("go", False, False), ("go_not", True, False), ("go_not", False, True)],
    )
    def test_guards_decide(self, event: str, is_open: bool, passes: bool) -> None:
        """Each of several has to agree; ``unless`` the other way round."""
        assert self.passes(event, is_open=is_open) is passes

    def test_no_guard(self) -> None:
        """Then it is open."""
        assert self.passes("always")

    def test_guards_that_want_data_raise(self) -> None:
        """There is none to give them; a default helps."""
        with pytest.raises(TypeError, match="digits"):
            self.passes("with_data")

    def test_nothing_moves(self) -> None:
        """Asking is not sending."""
        machine = self.Guarded()
        (found,) = [t for t in self.Guarded.a.transitions if t.match("go")]
        engine.guards_pass(machine, found, next(iter(found.events)), {})
        assert list(machine.configuration_values) == ["a"]


class TestBringingBack:
    """Putting a machine where a record says it was."""

    def test_a_model_with_a_state_enters_nothing(self) -> None:
        """No callback runs while a machine is restored."""
        assert log_of(restored(["inside", "hours"])) == []
        assert log_of(Line()) == ["away"]

    @pytest.mark.parametrize(
        "values",
        [
            ["away"],
            ["inside", "hours"],
            ["both", "left", "idle", "right", "loud"],
            ["both", "right", "loud", "left", "idle"],
        ],
    )
    def test_place(self, values: list[str]) -> None:
        """The whole configuration, in the order given."""
        machine = restored(values)
        assert list(machine.configuration_values) == values
        assert [state.id for state in machine.configuration] == values

    def test_a_restored_machine_moves_on(self) -> None:
        """As one that has been there all the time."""
        machine = restored(["both", "left", "idle", "right", "quiet"])
        machine.send("key.5")
        assert set(machine.configuration_values) == {"both", "left", "idle", "right", "loud"}
        assert log_of(machine) == ["loud"]

    def test_configuration_of_a_running_machine(self) -> None:
        """It lists ancestors before their children, region by region: what is stored."""
        machine = Line()
        machine.send("split")
        assert list(machine.configuration_values) == ["both", "left", "idle", "right", "quiet"]

    @pytest.mark.parametrize(
        ("start", "entered"),
        [
            ("away", ["away"]),
            ("inside", ["inside", "menu"]),
            ("hours", ["inside", "hours"]),
            ("loud", ["both", "left", "idle", "right", "loud"]),
        ],
    )
    def test_unplace_and_start(self, start: str, entered: list[str]) -> None:
        """A machine taken out of every state starts at any, its ancestors first."""
        machine = restored(["away"])
        engine.unplace(machine, start)
        assert log_of(machine) == []
        machine.activate_initial_state()
        assert set(log_of(machine)) == set(entered)
        assert set(machine.configuration_values) == set(entered)

    def test_starting_values_are_the_instances_own(self) -> None:
        """The next call starts where the class says."""
        engine.unplace(restored(["away"]), "hours")
        assert list(Line().configuration_values) == ["away"]

    def test_activating_twice_enters_nothing(self) -> None:
        """A machine that is somewhere stays there; eventless transitions get their chance."""
        machine = restored(["inside", "hours"])
        machine.activate_initial_state()
        assert log_of(machine) == []
        assert list(machine.configuration_values) == ["inside", "hours"]

    def test_history_is_kept_beside_the_model(self) -> None:
        """With it, "back" leads to where the call was; without it, to the default."""
        machine = restored(["inside", "hours"])
        machine.send("leave")
        remembered = {k: [state.id for state in v] for k, v in machine.history_values.items()}
        assert remembered == {"back": ["hours"]}

        later = restored(["away"])
        later.history_values.update(back=[Line.inside.hours])
        later.send("come_back")
        assert list(later.configuration_values) == ["inside", "hours"]

        forgetful = restored(["away"])
        forgetful.send("come_back")
        assert list(forgetful.configuration_values) != ["inside", "hours"]

    def test_restored_in_a_final_state(self) -> None:
        """The engine does not see that it has ended, so the record says so."""
        machine = Line()
        machine.send("end")
        assert machine.is_terminated
        assert not restored(["over"]).is_terminated


class TestEvents:
    """How ids find their transitions."""

    def test_a_transition_keeps_its_own_event(self) -> None:
        """Two transitions on one key have two prompts."""

        class Prompts(StateMachine):
            a = State(initial=True)
            b = State()
            a.to(b, event=Event(id="key.1", name="To b, press 1."))
            b.to(a, event=[Event(id="key.1", name="To a, press 1."), "other"])

        (there,) = Prompts.a.transitions
        (back,) = Prompts.b.transitions
        assert [event.name for event in there.events] == ["To b, press 1."]
        assert [event.name for event in back.events] == ["To a, press 1.", "Other"]
        assert all(isinstance(event, Event) for event in back.events)

    def test_a_subclass_of_event_stays_one(self) -> None:
        """Prompts are told from the names that the engine makes up by their class."""

        class Prompted(Event):
            pass

        class Kept(StateMachine):
            a = State(initial=True)
            a.to.itself(event=Prompted(id="key.1", name="x"))

        (transition,) = Kept.a.transitions
        assert type(next(iter(transition.events))) is Prompted

    @pytest.mark.parametrize(
        ("declared", "sent", "matches"),
        [
            ("key", "key.1", True),
            ("key.1", "key.1", True),
            ("key.1", "key", False),
            ("key.1", "key.12", False),
            ("key.*", "key.1", True),
            ("dial", "dialled", False),
        ],
    )
    def test_dotted_prefixes_match(self, declared: str, sent: str, matches: bool) -> None:
        """By whole parts."""
        assert Event(id=declared).match(sent) is matches

    def test_refused_events_raise_and_say_which(self) -> None:
        """So that an event which the flow's own code sent is told from ours."""
        with pytest.raises(TransitionNotAllowed) as caught:
            Line().send("key.1")
        assert str(caught.value.event) == "key.1"

    def test_final_states_take_no_events(self) -> None:
        """A restored one neither."""
        with pytest.raises(TransitionNotAllowed):
            restored(["over"]).send("come")


class TestRefusedEvents:
    """A machine that takes no events says so, whichever way they come."""

    @pytest.mark.parametrize(
        "send",
        [
            lambda machine: machine.send("leave"),
            lambda machine: machine.leave(),
            lambda machine: machine.raise_("leave"),
            lambda machine: machine.send("leave", delay=1),
            lambda machine: machine.send("nothing"),
        ],
    )
    def test_every_way_of_sending(self, send: Any) -> None:
        """By id, as an attribute, from inside, later, and what it does not know."""

        def refuse() -> None:
            raise LookupError("no events here")

        machine = restored(["inside", "menu"])
        engine.refuse_events(machine, refuse)
        with pytest.raises(LookupError, match="no events here"):
            send(machine)
        assert [state.id for state in machine.configuration] == ["inside", "menu"]

    def test_others_go_on_as_before(self) -> None:
        """It is this instance that refuses."""
        engine.refuse_events(restored(["inside", "menu"]), lambda: None)
        machine = restored(["inside", "menu"])
        machine.send("leave")
        assert [state.id for state in machine.configuration] == ["away"]


class Guarded(StateMachine):
    """Has guards of all kinds, and moves on by itself."""

    start = State(initial=True)
    middle = State()
    end = State(final=True)

    start.to(middle, event="go", cond="yes")
    start.to(end, event="go", unless="no")
    start.to(end, event="leave")
    middle.to(end)

    def yes(self) -> bool:
        return True

    def no(self) -> bool:
        return False


class Notes:
    """Takes down what it is told, and may change what guards say."""

    def __init__(self, *, answer: bool | None = None) -> None:
        self.told: list[tuple[str, str]] = []
        self._answer = answer

    def on_entered(self, state: State) -> None:
        self.told.append(("entered", state.id))

    def on_taken(self, transition: Transition, *_: str) -> None:
        target = transition.target
        self.told.append(("taken", f"{transition.source.id} {target.id if target else ''}"))

    def on_guard(self, transition: Transition, ask: Callable[[], bool]) -> bool:
        answer = ask()
        self.told.append(("guard", str(answer)))
        return answer if self._answer is None else self._answer


class TestWatching:
    """Whoever watches a machine is told what it does, in order; nobody else is."""

    def test_guards_transitions_and_states(self) -> None:
        """A transition that moves on by itself is taken as well."""
        machine, notes = Guarded(), Notes()
        engine.watch(machine, notes)
        machine.send("go")
        assert notes.told == [
            ("guard", "True"),
            ("taken", "start middle"),
            ("entered", "middle"),
            ("taken", "middle end"),
            ("entered", "end"),
        ]
        assert [state.id for state in machine.configuration] == ["end"]

    def test_a_watcher_has_the_last_word_on_guards(self) -> None:
        """What it returns is what counts; unguarded transitions are none of its business."""
        machine, notes = Guarded(), Notes(answer=False)
        engine.watch(machine, notes)
        with pytest.raises(TransitionNotAllowed):
            machine.send("go")
        assert notes.told == [("guard", "True"), ("guard", "True")]
        machine.send("leave")
        assert [state.id for state in machine.configuration] == ["end"]

    def test_nested_states_are_told_outer_before_inner(self) -> None:
        """As they are entered."""
        machine, notes = Line(), Notes()
        engine.watch(machine, notes)
        machine.send("come")
        assert notes.told[-2:] == [("entered", "inside"), ("entered", "menu")]

    def test_others_are_not_watched(self) -> None:
        """It is this instance that tells."""
        notes = Notes()
        engine.watch(Guarded(), notes)
        Guarded().send("go")
        assert notes.told == []

    def test_guards_are_known_by_what_they_are_declared_with(self) -> None:
        """``cond`` and ``unless``; an event is no guard."""
        guarded = [engine.has_guard(one) for one in Guarded.start.transitions]
        assert guarded == [True, True, False]
        assert not engine.has_guard(Guarded.middle.transitions[0])


class TestRenewed:
    """A machine can be made again what it was when it had just been built."""

    @staticmethod
    def made_again(machine: StateMachine, parts: dict[str, Any]) -> StateMachine:
        """Renew a machine, and put it where a new one may be put."""
        engine.renew(machine, parts)
        engine.place(machine, ["inside", "menu"])
        return machine

    @pytest.fixture
    def machine(self) -> StateMachine:
        """Return one that has just been built."""
        return restored(["away"])

    @pytest.fixture
    def parts(self, machine: StateMachine) -> dict[str, Any]:
        """Return what it consists of."""
        return engine.parts_of(machine)

    def test_it_is_in_no_state(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """And enters one as a new one does, wherever it was to start before."""
        engine.unplace(machine, "over")
        engine.renew(machine, parts)
        assert list(machine.configuration_values) == []
        assert machine.start_configuration_values == []
        engine.unplace(machine, "both")
        machine.activate_initial_state()
        assert {state.id for state in machine.configuration} == {
            "both", "left", "idle", "right", "quiet",
        }  # fmt: skip

    def test_it_runs_again(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """The engine of one that has ended does not, and takes no events."""
        machine.send("end")
        assert not machine._engine.running
        again = self.made_again(machine, parts)
        again.send("leave")
        assert [state.id for state in again.configuration] == ["away"]

    def test_it_remembers_no_history(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """Its history states lead to their defaults."""
        for event in ("come", "key.1", "leave"):
            machine.send(event)
        assert machine.history_values
        assert self.made_again(machine, parts).history_values == {}

    def test_no_event_is_left(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """Not even one that waits for a later time."""
        machine._engine.external_queue.put(TriggerData(machine, Event("leave")))
        assert self.made_again(machine, parts)._engine.external_queue.is_empty()

    def test_it_takes_events_again(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """One that refuses them does so by an attribute of its own, which goes."""
        engine.refuse_events(machine, lambda: pytest.fail("it still refuses"))
        self.made_again(machine, parts).send("leave")

    def test_nobody_watches_it(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """Those who watch do so at its engine, which is another one."""
        vars(machine._engine)["microstep"] = lambda *_: pytest.fail("it is still watched")
        self.made_again(machine, parts).send("leave")

    def test_it_calls_back(self, machine: StateMachine, parts: dict[str, Any]) -> None:
        """Its callbacks are those that were found when it was built, and they are its own."""
        callbacks = machine._callbacks
        again = self.made_again(machine, parts)
        assert again._callbacks is callbacks
        log_of(again).clear()
        again.send("leave")
        assert log_of(again) == ["away"]

    def test_listeners_are_there_to_be_seen(self, machine: StateMachine) -> None:
        """They are what callbacks go to besides, and renewing leaves them where they are."""
        assert not engine.has_listeners(machine)
        machine.add_listener(object())
        assert engine.has_listeners(machine)
