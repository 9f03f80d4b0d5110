"""What the marks mean for the chart, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from statemachine import HistoryState, State

from statechart_ivr import CallFlow, background, key, on_input, renders, routable
from statechart_ivr.flow import spec_of
from statechart_ivr.spec import CallFlowMeta, FlowSpec, Handler, Route, Work

Listed = Callable[[Callable[[], object]], list[str]]


class Whole(CallFlow):
    """A flow with every mark, in every place that a mark can have."""

    class inner(State.Compound):
        menu = State(initial=True)
        hours = State()
        back = HistoryState()
        back.to(menu)
        menu.to(hours, event=key("1"))

        @renders(hours)
        def say_hours(self): ...

        @on_input(menu, secret=True, examples=["12"])
        def take_pin(self, caller_input): ...

    class both(State.Parallel):
        class talk(State.Compound):
            ask = State(initial=True)
            asked = State()
            ask.to(asked, event=key("1"))

        class record(State.Compound):
            off = State(initial=True)
            on = State()
            off.to(on, event="recorded")

    reception = State()
    end = State(final=True)
    inner.to(both, event=key("2"))
    both.to(reception, event=key("3"))
    both.to(inner.back, event=key("4"))
    reception.to(end, event=["dial", "found", "background_failed"])

    @routable("/call", name="front")
    @renders(inner)
    def say_menu(self): ...

    @routable("/over/~here-1.x", end)
    def arrive(self): ...

    @renders(both, reception, person=True)
    def say_both(self): ...

    @renders(reception, waiting=True)
    def play(self): ...

    @renders("no_match", "no_match.late", "no_input", "no_input.again", "give_up", "error")
    def sorry(self): ...

    @background(reception, "found", timeout=9, events=["found", "no_match.lost", "stored"])
    def look_up(self): ...

    @background("stored")
    def note_it(self): ...


def test_marks_become_one_spec() -> None:
    """Nested methods, several states on one mark, stacked marks, events."""
    spec = spec_of(Whole)
    assert spec.name == "Whole"
    assert spec.renderers == {
        "inner": "say_menu",
        "both": "say_both",
        "reception": "say_both",
        "hours": "say_hours",
    }
    assert spec.waiting == {"reception": "play"}
    assert spec.persons == {"both", "reception"}
    assert set(spec.prompts) == {
        "no_match",
        "no_match.late",
        "no_input",
        "no_input.again",
        "give_up",
        "error",
    }
    assert spec.handlers == {"menu": Handler("take_pin", secret=True, examples=("12",))}
    assert spec.work == (
        Work("look_up", ("reception",), ("found",), 9.0, ("found", "no_match.lost", "stored")),
        Work("note_it", (), ("stored",), 60.0, ()),
    )
    assert spec.routes == (
        Route("front", "/call", "inner", None),
        Route("arrive", "/over/~here-1.x", "end", "arrive"),
    )


def test_a_spec_finds_prompts_by_family_and_routes_by_path() -> None:
    """The nearest family that has a prompt speaks for an event."""
    spec = FlowSpec("Flow", spec_of(Whole).chart, prompts={"no_match": "a", "no_match.late": "b"})
    assert spec.prompt_for("no_match.late") == "b"
    assert spec.prompt_for("no_match.late.twice") == "b"
    assert spec.prompt_for("no_match.early") == "a"
    assert spec.prompt_for("no_input") is None


def _flow(name: str, /, **methods: Any) -> Any:
    """Make a flow of a menu and an end, with more methods."""

    def say_menu(self): ...

    body = {"menu": MENU, "end": END, "say_menu": routable("/call")(renders(MENU)(say_menu))}
    return CallFlowMeta(name, (CallFlow,), {**body, **methods})


MENU, END = State(initial=True), State(final=True)
MENU.to(END, event=[*key("1", "2"), "found"])
OTHER = State()


def _say(self): ...


def _marked(*marks: Any, method: Any = _say) -> Any:
    """Return a new method with marks on it, the nearest first."""
    code = method.__code__
    function = type(method)(code, globals(), "method", method.__defaults__)
    function.__kwdefaults__ = method.__kwdefaults__
    for mark in marks:
        function = mark(function)
    return function


class TestRenderers:
    """Every state and every event has at most one."""

    def test_two_for_one_state_are_refused(self, problems: Listed) -> None:
        """The message says where both are."""
        found = problems(lambda: _flow("Twice", again=_marked(renders(MENU, END))))
        assert found == [
            "Twice.menu.again: menu is rendered by say_menu (here) already; remove one mark"
        ]

    def test_two_for_one_event_are_refused(self, problems: Listed) -> None:
        """But not for an event and for one of its kind."""
        one, other = _marked(renders("no_match")), _marked(renders("no_match", "no_match.late"))
        assert problems(lambda: _flow("Sorry", one=one, other=other)) == [
            "Sorry.no_match.other: no_match is rendered by one (here) already; remove one mark"
        ]

    def test_two_for_waiting_are_refused(self, problems: Listed) -> None:
        """What is heard on entering and what is heard while waiting are two things."""
        one, other = _marked(renders(MENU, waiting=True)), _marked(renders(MENU, waiting=True))
        assert problems(lambda: _flow("Hold", one=one, other=other)) == [
            "Hold.menu.other: menu is rendered by one (here) already; remove one mark"
        ]
        _flow("HoldOnce", one=one)

    @pytest.mark.parametrize("event", ["order_found", "key.1", "give_up.late", "error.bad", ""])
    def test_other_events_have_no_prompts(self, problems: Listed, event: str) -> None:
        """Transitions say what follows on those."""
        assert problems(lambda: _flow("Prompted", sorry=_marked(renders(event)))) == [
            (
                f"Prompted.sorry: renders the event {event!r}, which cannot be rendered; write "
                "one of no_match, no_input, give_up, error"
            )
        ]

    def test_a_state_in_quotes_is_recognized(self, problems: Listed) -> None:
        """A common slip."""
        assert problems(lambda: _flow("Quoted", sorry=_marked(renders("end")))) == [
            (
                "Quoted.sorry: renders the event 'end', which cannot be rendered (a state is named "
                "without quotes); write one of no_match, no_input, give_up, error"
            )
        ]

    def test_an_event_is_never_waited_in(self, problems: Listed) -> None:
        """Waiting is done in states."""
        assert problems(
            lambda: _flow("Wait", sorry=_marked(renders("no_match", waiting=True)))
        ) == ["Wait.sorry: waiting=True is for states, not for 'no_match'; leave it out"]


class TestHandlers:
    """Every state has at most one."""

    def test_two_for_one_state_are_refused(self, problems: Listed) -> None:
        """The message says where the other is."""

        def take(self, caller_input): ...

        one, other = _marked(on_input(MENU), method=take), _marked(on_input(MENU), method=take)
        assert problems(lambda: _flow("Hands", one=one, other=other)) == [
            "Hands.menu.other: menu is handled by one (here) already; remove one mark"
        ]
        _flow("Hand", one=one)


class TestSignatures:
    """A method is called with what its mark says, and with nothing else."""

    @pytest.mark.parametrize(
        ("mark", "wanted"),
        [
            (renders("no_match"), "self"),
            (on_input(MENU), "self, caller_input"),
            (routable("/x", MENU), "self"),
        ],
        ids=["renders", "on_input", "routable"],
    )
    @pytest.mark.parametrize(
        "method",
        [lambda self, one, two: None, lambda: None, lambda self, *_, one: None],
        ids=["too many", "none", "named only"],
    )
    def test_other_arguments_are_refused(
        self, problems: Listed, mark: Any, wanted: str, method: Any
    ) -> None:
        """The call would fail in the middle of a caller's call."""
        assert problems(lambda: _flow("Signed", odd=_marked(mark, method=method))) == [
            f"Signed.odd: is called with ({wanted}); write def odd({wanted})"
        ]

    def test_defaults_are_fine(self) -> None:
        """The method can be called in other ways too."""

        def free(self, one=None, *rest, **more): ...

        _flow(
            "Free",
            say=_marked(renders("no_match"), method=free),
            take=_marked(on_input(MENU), method=free),
            hook=_marked(routable("/x", MENU), method=free),
        )

    @pytest.mark.parametrize(
        ("mark", "what"),
        [
            (on_input(MENU), "the event id"),
            (background(MENU), "the event id"),
            (routable("/x", MENU), "nothing"),
        ],
        ids=["on_input", "background", "routable"],
    )
    def test_generators_are_refused(self, problems: Listed, mark: Any, what: str) -> None:
        """Nobody would run them; renderers may be some."""

        def lazy(self, caller_input=None):
            yield

        assert problems(lambda: _flow("Lazy", lazy=_marked(mark, method=lazy))) == [
            f"Lazy.lazy: yields, and nobody would run it; return {what} instead"
        ]
        _flow("LazySorry", lazy=_marked(renders("no_match"), method=lazy))

    def test_a_method_has_one_kind_of_mark(self, problems: Listed) -> None:
        """Each kind calls it for something else."""
        both = _marked(background(MENU), renders("no_match"))
        assert problems(lambda: _flow("Mixed", both=both)) == [
            (
                "Mixed.both: is marked with @renders and @background, which call it for different "
                "things; write two methods (@routable alone stacks on @renders)"
            )
        ]
        hooked = _marked(background(MENU), routable("/x", MENU))
        (found,) = problems(lambda: _flow("Hooked", hooked=hooked))
        assert found.startswith("Hooked.hooked: is marked with @routable and @background, which")
        _flow("Twofold", one=_marked(renders("no_match"), renders("no_input")))


class TestRoutes:
    """A flow has at least one way in, and every path leads to one state."""

    def test_a_flow_without_any_is_refused(self, problems: Listed) -> None:
        """Nobody could call it."""
        menu = State(initial=True, final=True)

        def define() -> None:
            class Closed(CallFlow):
                only = menu

                @renders(menu)
                def say_menu(self): ...

        assert problems(define) == [
            "Closed: no route leads in; mark a method with @routable('/incoming-call', state)"
        ]

    def test_two_with_one_path_are_refused(self, problems: Listed) -> None:
        """Paths are compared as they are."""
        assert problems(lambda: _flow("Same", hook=_marked(routable("/call", END)))) == [
            "Same.hook: two routes have the path '/call'; change one of them"
        ]
        _flow("Near", hook=_marked(routable("/call/", END)), other=_marked(routable("/Call", END)))

    def test_two_with_one_name_are_refused(self, problems: Listed) -> None:
        """The name is the method's unless another is passed."""
        twice = _marked(routable("/a", MENU), routable("/b", END))
        assert problems(lambda: _flow("Named", hook=twice)) == [
            "Named.hook: two routes are named 'hook'; pass name= to one of them"
        ]
        _flow("Renamed", hook=_marked(routable("/a", MENU), routable("/b", END, name="b")))

    @pytest.mark.parametrize("path", ["", "call", "/a b", "/ü", "/a?b=1", "/a%20b", "/a\n"])
    def test_paths_are_made_of_plain_characters(self, problems: Listed, path: str) -> None:
        """So that nothing is ever quoted, and signatures fit."""
        assert problems(lambda: _flow("Spelt", hook=_marked(routable(path, MENU)))) == [
            (
                f"Spelt.hook: the path {path!r} is not made of A-Z a-z 0-9 . _ ~ / - with a slash "
                "in front; write a path such as '/incoming-call'"
            )
        ]

    def test_all_plain_characters_are_fine(self) -> None:
        """The root too."""
        _flow("Root", hook=_marked(routable("/", MENU)), all=_marked(routable("/aZ09._~-/", END)))

    def test_a_hook_names_its_state(self, problems: Listed) -> None:
        """So does a renderer of several states, or of none."""
        text = "@routable('/x') does not name a state; write @routable('/x', state)"
        hook, sorry = _marked(routable("/x")), _marked(renders("no_match"), routable("/x"))
        assert problems(lambda: _flow("Hook", hook=hook)) == [f"Hook.hook: {text}"]
        assert problems(lambda: _flow("Prompt", sorry=sorry)) == [f"Prompt.sorry: {text}"]
        both = _marked(renders(MENU, END), routable("/x"))
        text = "@routable('/x') does not say which of the states it renders; write @routable"
        assert any(text in one for one in problems(lambda: _flow("Both", both=both)))

    def test_a_renderer_may_route_to_another_state(self) -> None:
        """It is no hook then: it only speaks."""
        flow = _flow("Else", sorry=_marked(renders("no_match"), routable("/x", END)))
        assert spec_of(flow).routes[-1] == Route("sorry", "/x", "end", None)


class TestBackground:
    """What background methods wait for can come, and what they can return means something."""

    @pytest.mark.parametrize(
        ("event", "wrong"),
        [
            ("hang_up.no-answer", "which never comes; did you mean 'hang_up.no_answer'?"),
            ("dial.*", "which is no event id: write letters, digits and - _ ~ /, with single"),
            ("recorded stored", "which is no event id: write letters, digits and - _ ~ /, with"),
            ("", "which is no event id: write letters, digits and - _ ~ /, with single dots"),
        ],
    )
    def test_an_event_that_cannot_come_is_refused(
        self, event: str, wrong: str, problems: Listed
    ) -> None:
        """A recording would be filed by nobody, and nobody would be told."""
        (found,) = problems(lambda: _flow("Deaf", work=_marked(background(event))))
        assert found.startswith(f"Deaf.work: waits for {event!r}, {wrong}")

    def test_a_state_in_quotes_is_refused(self, problems: Listed) -> None:
        """Work that the state should start would wait for an event of its name."""
        assert problems(lambda: _flow("Quoted", work=_marked(background("menu")))) == [
            "Quoted.work: waits for an event 'menu', which is a state; write it without quotes"
        ]

    def test_an_event_that_nothing_awaits_is_refused(self, problems: Listed) -> None:
        """A misspelt one, most likely."""
        work = _marked(background(MENU, events=["fuond", "found"]))
        assert problems(lambda: _flow("Working", work=work)) == [
            (
                "Working.work: can return 'fuond', for which no transition is declared; write "
                "state.to(…, event='fuond')"
            )
        ]

    def test_wildcards_prompts_and_other_work_await_events(self) -> None:
        """A dotted event is awaited by its family too."""
        _flow(
            "Awaited",
            work=_marked(background(MENU, events=["found.two", "no_match.x", "give_up", "saved"])),
            other=_marked(background("saved")),
        )
