"""The chart as a tree: what is inside what, what can be active together, what is known."""

from __future__ import annotations

import pytest
from statemachine import HistoryState, State, StateMachine

from statechart_ivr.errors import SessionMismatchError
from statechart_ivr.spec.chart import Chart, describe


class Machine(StateMachine):
    """Nesting to depth 3, regions, both kinds of history."""

    validate_trap_states = False
    validate_final_reachability = False
    validate_disconnected_states = False

    class shop(State.Compound):
        class floor(State.Compound):
            menu = State(initial=True)
            hours = State()
            back = HistoryState()
            back.to(menu)
            menu.to(hours, event="key.1 key.2")
            hours.to(menu, event="speech", internal=False)

        office = State(value=7)
        deep = HistoryState(type="deep")
        deep.to(office)
        floor.to(office, event="key.0")

    class both(State.Parallel):
        class talk(State.Compound):
            asking = State(initial=True)
            asked = State(final=True)
            asking.to(asked, event="no_match.late")

        class tape(State.Compound):
            off = State(initial=True)
            full = State(final=True)
            off.to(full, event="recorded")

        lamp = State()

    end = State(final=True)
    shop.to(both, event="dial.*")
    both.to(end)


CHART = Chart(Machine.states)


class TestTree:
    """States by id."""

    def test_states_come_in_document_order_parents_first(self) -> None:
        """History states apart."""
        assert list(CHART.states) == (
            "shop floor menu hours office both talk asking asked tape off full lamp end".split()
        )
        assert list(CHART.histories) == ["back", "deep"]
        assert [top.id for top in CHART.tops] == ["shop", "both", "end"]
        assert CHART.doubled == []

    def test_each_state_knows_what_is_around_it(self) -> None:
        """Innermost first, itself included."""
        assert CHART.paths["menu"] == ("menu", "floor", "shop")
        assert CHART.paths["end"] == ("end",)

    def test_states_belong_to_a_chart_by_identity(self) -> None:
        """A look-alike does not."""
        alike = State("End", value="end", final=True)._set_id("end")
        assert alike == CHART.states["end"]
        assert alike not in CHART
        assert CHART.states["end"] in CHART
        assert CHART.histories["back"] in CHART

    def test_values_and_ids_are_translated(self) -> None:
        """The engine keeps values, a record keeps ids."""
        assert CHART.values(["office", "end"]) == [7, "end"]
        assert CHART.id_of(7) == "office"

    def test_children_are_listed_and_which_of_them_are_entered(self) -> None:
        """One in a compound state, all in a parallel one."""
        assert CHART.children("shop") == ["floor", "office"]
        assert CHART.initial_children("shop") == ["floor"]
        assert CHART.initial_children("both") == ["talk", "tape", "lamp"]
        assert CHART.initial_children("menu") == []

    def test_it_is_complete_when_the_engine_has_read_it(self) -> None:
        """Before that nothing says which child is entered."""

        class inner(State.Compound):
            one = State(initial=True)

        assert CHART.is_complete()
        assert not Chart([inner]).is_complete()  # type: ignore[list-item]  # it is a state by now


class TestTransitions:
    """What is declared where."""

    def test_those_of_a_state_leave_out_what_the_engine_added(self) -> None:
        """The transition to an initial child is none that anybody wrote."""
        assert [describe(t) for t in CHART.transitions("shop")] == ["shop -> both on dial.*"]
        assert [describe(t) for t in CHART.transitions("menu")] == ["menu -> hours on key.1 key.2"]

    def test_they_are_described_in_ids(self) -> None:
        """Without event, and without target."""
        eventless = CHART.transitions("both")[0]
        assert describe(eventless) == "both -> end"
        (nowhere,) = State()._set_id("menu").to(None, event="key.1")
        assert describe(nowhere) == "menu -> itself on key.1"

    def test_all_of_them_can_be_walked(self) -> None:
        """With the states and history states as holders of callbacks."""
        assert len(list(CHART.all_transitions())) == 7
        holders = [one.id for one in CHART.holders() if isinstance(one, State)]
        assert set(holders) == {*CHART.states, *CHART.histories}
        assert CHART.histories["back"].transitions[0] in list(CHART.holders())

    def test_they_can_be_asked_for_inside_a_state(self) -> None:
        """At any depth."""
        found = CHART.anywhere_inside(lambda transition: transition.match("recorded"))
        assert [state_id for state_id, is_so in found.items() if is_so] == ["off", "tape", "both"]

    @pytest.mark.parametrize(
        "event", ["key.1", "key.1.long", "speech", "speech.billing", "dial", "dial.busy"]
    )
    def test_an_event_is_known_by_its_prefixes(self, event: str) -> None:
        """As the engine matches: whole words between dots, a star at the end or not."""
        assert CHART.knows(event)
        assert event.split(".", maxsplit=1)[0] in {one.split(".")[0] for one in CHART.event_ids()}

    @pytest.mark.parametrize("event", ["key", "key.3", "key.10", "no_match", "dialled", ""])
    def test_other_events_are_not_known(self, event: str) -> None:
        """A family is not known by one of its events."""
        assert not CHART.knows(event)

    def test_a_star_knows_everything(self) -> None:
        """As it matches everything."""
        menu = State()._set_id("menu")
        menu.to.itself(event="*")
        assert Chart([menu]).knows("whatever")


class TestConfigurations:
    """Sets of states that are active together."""

    CONF = ("both", "talk", "asking", "tape", "off", "lamp")

    def test_leaves_are_in_the_order_they_are_declared(self) -> None:
        """Whatever the order in which they were entered."""
        assert CHART.leaves(["lamp", "tape", "off", "both", "talk", "asked"]) == [
            "asked",
            "off",
            "lamp",
        ]

    def test_the_way_outwards_meets_each_state_once(self) -> None:
        """From each leaf in turn."""
        assert list(CHART.outwards(self.CONF)) == [
            "asking",
            "talk",
            "both",
            "off",
            "tape",
            "lamp",
        ]

    def test_a_whole_configuration_is_returned_as_it_is(self) -> None:
        """The engine's order decides the order of exit callbacks."""
        conf = list(reversed(self.CONF))
        assert CHART.legal(conf) == conf

    @pytest.mark.parametrize("conf", [["menu"], ["floor", "menu"], ["menu", "menu", "floor"]])
    def test_missing_ancestors_are_added(self, conf: list[str]) -> None:
        """A deploy may have put the states into new parents."""
        assert CHART.legal(conf) == ["shop", "floor", "menu"]

    @pytest.mark.parametrize(
        "conf",
        [
            ["menu", "hours"],
            ["shop"],
            ["shop", "floor"],
            ["menu", "end"],
            ["asking", "off"],
            ["lamp"],
            ["both"],
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_active_together_is_refused(self, conf: list[str]) -> None:
        """One child per compound state, all regions of a parallel one, one state on top."""
        with pytest.raises(SessionMismatchError) as caught:
            CHART.legal(conf)
        assert str(caught.value) == f"{', '.join(conf)}: cannot be active at once"
        assert caught.value.missing == ()

    def test_nothing_is_no_configuration(self) -> None:
        """A call is always somewhere."""
        with pytest.raises(SessionMismatchError, match="no state: cannot be active at once"):
            CHART.legal([])

    def test_states_that_are_gone_are_named(self) -> None:
        """History states were never there."""
        with pytest.raises(SessionMismatchError, match="has no state cellar, back") as caught:
            CHART.legal(["shop", "cellar", "back"])
        assert caught.value.missing == ("cellar", "back")

    @pytest.mark.parametrize(
        ("conf", "is_final"),
        [
            (["end"], True),
            (["shop", "office"], False),
            (["both", "talk", "asked", "tape", "off"], False),
            ([], False),
        ],
    )
    def test_the_chart_ends_in_a_final_state_on_top(self, conf: list[str], is_final: bool) -> None:
        """A region that is no compound state is never done."""
        assert CHART.is_final(conf) == is_final

    def test_the_chart_ends_with_all_regions_on_top(self) -> None:
        """Regions in regions count too."""

        class regions(State.Parallel):
            class one(State.Compound):
                first = State(initial=True)
                last = State(final=True)

            class more(State.Parallel):
                class two(State.Compound):
                    done = State(final=True)

        regions._set_id("regions")
        chart = Chart([regions])  # type: ignore[list-item]  # it is a state by now
        conf = ["regions", "one", "last", "more", "two", "done"]
        assert chart.is_final(conf)
        assert not chart.is_final([*conf[:2], "first", *conf[3:]])


class TestMemory:
    """What history states bring back has to fit into the chart as it is now."""

    @pytest.mark.parametrize(
        ("history", "states"),
        [
            ("back", ["hours"]),
            ("deep", ["office"]),
            ("deep", ["floor", "hours"]),
        ],
    )
    def test_what_the_engine_remembers_is_kept(self, history: str, states: list[str]) -> None:
        """A child, or everything that was active inside."""
        assert CHART.may_remember(history, states)

    @pytest.mark.parametrize(
        ("history", "states"),
        [
            ("back", []),
            ("back", ["gone"]),
            ("back", ["office"]),
            ("back", ["menu", "hours"]),
            ("deep", ["hours"]),
            ("deep", ["floor"]),
            ("deep", ["shop", "office"]),
            ("gone", ["menu"]),
        ],
    )
    def test_what_does_not_fit_is_not(self, history: str, states: list[str]) -> None:
        """States that are gone, or were moved, or are too many or too few."""
        assert not CHART.may_remember(history, states)

    def test_of_regions_all_are_remembered(self) -> None:
        """A region that is new would stay empty."""

        class both(State.Parallel):
            left, right = State(), State()
            back = HistoryState()

        both._set_id("both")
        chart = Chart([both])  # type: ignore[list-item]  # it is a state by now
        assert chart.may_remember("back", ["left", "right"])
        assert not chart.may_remember("back", ["left"])


def test_of_doubled_states_the_first_counts() -> None:
    """The others are only listed."""

    class one(State.Compound):
        menu = State(initial=True)
        back = HistoryState()

    class two(State.Compound):
        menu = HistoryState()
        back = State(initial=True)

    one._set_id("one")
    two._set_id("two")
    chart = Chart([one, two])  # type: ignore[list-item]  # they are states by now
    assert list(chart.states) == ["one", "menu", "two"]
    assert list(chart.histories) == ["back"]
    assert chart.doubled == ["back", "menu"]
