"""Flows at random: charts in which calls can be answered, whatever the chart does.

They are right by construction, or nearly so: each state has a way in and a way out, each place of
rest says something, and of the regions of a parallel state one at most asks the caller anything.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, cast

from hypothesis import strategies as st
from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup, Record

from statechart_ivr import PASS, CallFlow, gather, key, on_input, renders, routable, said
from statechart_ivr.spec import CallFlowMeta
from tests.random_charts import HISTORIES, Plan, states_of, trees

#: From this many states on, no more are nested: beyond, charts cost more than they show.
MANY = 9
SIGNALS = ("a", "b", "c")
_PLAIN = (*SIGNALS, "digits", "no_match", "no_input", "give_up", "dial", "recorded")
#: What arrows wait for, as it is written; what stands here more often is drawn more often.
EVENTS: dict[str, Callable[[], Any]] = {
    "key 1": lambda: key("1"),
    "key 2": lambda: key("2", say="For two, press 2."),
    "key 3": lambda: key("3", say="For three, press 3."),
    "key *": lambda: key("*"),
    "key": key,
    "hello": lambda: said("hello", say="Say hello."),
}
EVENTS |= {one: partial(str, one) for one in _PLAIN}
GUARDS = ("is_odd", "!is_odd", "is_third", "is_odd and !is_third", "attempts >= 1")
HOOKS = ("before", "on", "after")
#: What callbacks do to the call.
DEEDS = ("nothing", "count", "note", "note", "nest", "speak", "forget")
#: How `@on_input` handlers answer.
ANSWERS = ("pass", "pass", "handled", "no_match.strange", *SIGNALS)

_numbers = itertools.count()


class Arrow(NamedTuple):
    """A transition to be.

    Attributes:
        source: id of a state.
        target: id of a state, or history state.
        event: a key of `EVENTS`, any other event id, or None for an eventless transition.
        guard: as the engine reads it, or None.
        hooks: which of `HOOKS` it has.
    """

    source: str
    target: str
    event: str | None
    guard: str | None = None
    hooks: tuple[str, ...] = ()


@dataclass
class FlowPlan:
    """A flow to be.

    Attributes:
        chart: its states; it holds no arrows.
        arrows: what leads where.
        sayings: by state, what it says: a method of `Noting`, without ``say_``.
        handlers: by state, one of `ANSWERS`, and whether the input is secret.
        deeds: what its callbacks do, in turns.
        other: state that calls are taken over to.
        max_attempts: of the flow.
        prompts: the events that have one.
    """

    chart: Plan
    arrows: list[Arrow] = field(default_factory=list)
    sayings: dict[str, str] = field(default_factory=dict)
    handlers: dict[str, tuple[str, bool]] = field(default_factory=dict)
    deeds: list[str] = field(default_factory=list)
    other: str = "s0"
    max_attempts: int | None = 3
    prompts: list[str] = field(default_factory=list)


@st.composite
def flow_plans(draw: st.DrawFn) -> FlowPlan:
    """Draw a flow."""
    plan = FlowPlan(draw(trees(many=MANY)))
    chart = plan.chart
    plan.arrows = [*_ways_out(chart), *draw(_ways_in(chart)), *draw(_any_arrows(chart))]
    plan.arrows += draw(_ways_on(chart))
    _draw_sayings(draw, plan, None, may_ask=True)
    answers = st.tuples(st.sampled_from(ANSWERS), st.booleans())
    plan.handlers = draw(st.dictionaries(st.sampled_from(chart.states), answers, max_size=3))
    plan.deeds = draw(st.lists(st.sampled_from(DEEDS), min_size=3, max_size=7))
    plan.other = draw(st.sampled_from(chart.states))
    plan.max_attempts = draw(st.sampled_from([2, 4, 6, None]))
    events = st.sampled_from(["no_match", "no_match.strange", "no_input", "give_up", "error"])
    plan.prompts = draw(st.lists(events, unique=True, max_size=3))
    return plan


def _ways_out(chart: Plan) -> Iterator[Arrow]:
    """Have every outermost state lead to the end, and add one; without an end, to the first."""
    tops = chart.children(None)
    if any(kind == "final" for kind in chart.kinds.values()):
        if chart.kinds[tops[-1]] != "final":
            chart.kinds["the_end"] = "final"
            chart.inside[None].append("the_end")
            tops = chart.children(None)
        yield from (Arrow(top, tops[-1], "leave") for top in tops if chart.kinds[top] != "final")
    else:
        yield from (Arrow(top, tops[0], "leave") for top in tops)


@st.composite
def _ways_in(draw: st.DrawFn, chart: Plan) -> list[Arrow]:
    """Have every state entered from one beside it; some leaves move on to the next at once."""
    arrows = []
    for parent in chart.inside:
        if parent is not None and chart.kinds[parent] == "parallel":
            continue
        inner = chart.children(parent)
        for place, target in enumerate(inner[1:], 1):
            sources = [one for one in inner[:place] if chart.kinds[one] != "final"]
            source = sources[-1]
            is_transient = chart.kinds[source] == "leaf" and draw(st.integers(0, 7)) == 0
            is_end = parent is None and chart.kinds[target] == "final"
            events = ["give_up", "leave"] if is_end else list(EVENTS)
            event = None if is_transient else draw(st.sampled_from(events))
            arrows.append(Arrow(source, target, event, None, draw(_HOOKS)))
    return arrows


@st.composite
def _ways_on(draw: st.DrawFn, chart: Plan) -> list[Arrow]:
    """Have the outermost states claim most of what would else end a call early."""
    events = st.sampled_from(["dial", "recorded", "give_up", "key", "no_match"])
    return [
        Arrow(top, draw(_targets(chart)), event)
        for top in chart.children(None)
        if chart.kinds[top] != "final"
        for event in draw(st.lists(events, min_size=3, max_size=5, unique=True))
    ]


def _targets(chart: Plan) -> st.SearchStrategy[str]:
    """Draw where arrows lead: seldom to an end, and often back."""
    back = [one for one, kind in chart.kinds.items() if kind in HISTORIES]
    return st.sampled_from([*chart.sources, *chart.sources, *chart.kinds, *back, *back])


def _any_arrows(chart: Plan) -> st.SearchStrategy[list[Arrow]]:
    done = [f"done.state.{one}" for one in chart.sources if chart.children(one)]
    guards = st.sampled_from([None, None, *GUARDS])
    with_event = st.builds(
        Arrow,
        st.sampled_from(chart.sources),
        _targets(chart),
        st.sampled_from([*EVENTS, *done]),
        guards,
        _HOOKS,
    )
    eventless = st.builds(
        Arrow,
        st.sampled_from(chart.sources),
        _targets(chart),
        st.none(),
        st.sampled_from([f"has_fuel and {guard}" for guard in GUARDS]),
        _HOOKS,
    )
    many = len(chart.states)
    arrows = st.one_of(with_event, with_event, with_event, eventless)
    return st.lists(arrows, min_size=many // 2, max_size=2 * many)


_HOOKS = st.sampled_from([(), (), ("on",), ("before", "after"), HOOKS])


def _draw_sayings(draw: st.DrawFn, plan: FlowPlan, parent: str | None, *, may_ask: bool) -> None:
    """Let every leaf say something; on each way inwards one state at most asks."""
    chart = plan.chart
    is_parallel = parent is not None and chart.kinds[parent] == "parallel"
    for place, state_id in enumerate(chart.children(parent)):
        may_it = may_ask and not (is_parallel and place)
        if chart.children(state_id):
            saying = draw(st.sampled_from([None, None, "words", "question" if may_it else None]))
            if saying is not None:
                plan.sayings[state_id] = saying
            may_inside = may_it and saying != "question"
            _draw_sayings(draw, plan, state_id, may_ask=may_inside)
        elif chart.kinds[state_id] == "final":
            plan.sayings[state_id] = draw(st.sampled_from([*["words"] * 4, "goodbye"]))
        else:
            asking = ["question", "question", "choices", "dial", "record"]
            plan.sayings[state_id] = draw(st.sampled_from(asking if may_it else ["words"]))


class Noting(CallFlow):
    """What flows at random have in common.

    ``services["ran"]`` takes down, by call, in which order callbacks run.
    """

    def ran(self, callback: str, number: int, deed: str) -> None:
        """Take down a callback, and do its deed."""
        self.services["ran"][self.call.sid].append(callback)
        getattr(self, f"do_{deed}")(number)

    def do_nothing(self, number: int) -> None: ...

    def do_count(self, number: int) -> None:
        self.session["count"] = self.session.get("count", 0) + number

    def do_note(self, number: int) -> None:
        if "notes" not in self.session:
            self.session["notes"] = []
        self.session["notes"].append(number)  # in place, which the session does not see

    def do_nest(self, number: int) -> None:
        self.session["nest"] = {"é": [number, number / 3, None, {"last": self.session.get("nest")}]}
        del self.session["nest"]["é"][3]["last"]

    def do_speak(self, number: int) -> None:
        self.language = ("en-GB", "de", None)[number % 3]

    def do_forget(self, number: int) -> None:
        self.session.pop("notes", None)

    def is_odd(self) -> bool:
        return bool(self.session.get("moves", 0) % 2)

    def is_third(self) -> bool:
        return not self.session.get("moves", 0) % 3

    def has_fuel(self) -> bool:
        """Keep eventless transitions from going round for ever."""
        return bool(self.session.get("fuel", 0) > 0)

    def on_transition(self, event: str | None) -> None:
        self.session["moves"] = self.session.get("moves", 0) + 1
        self.session["fuel"] = 3 if event else self.session.get("fuel", 0) - 1
        self.services["ran"][self.call.sid].append(f"move {event}")

    def on_a(self, amount: int = 0, name: str = "") -> None:
        self.services["ran"][self.call.sid].append(f"on_a {amount} {name}")
        self.session["a"] = [amount, name]

    def words(self, about: str) -> str:
        """Return a text that shows whatever a call has become."""
        said = {**self.session, "notes": self.session.get("notes", [])[-3:]}
        return f"{about}, attempts {self.attempts}: {said}"

    def say_words(self, about: str) -> Any:
        return self.words(about)

    def say_question(self, about: str) -> Any:
        return gather(self.words(about))

    def say_choices(self, about: str) -> Any:
        return gather(self.words(about), *self.choices())

    def say_dial(self, about: str) -> Any:
        return [self.words(about), Dial("+12025550123")]

    def say_record(self, about: str) -> Any:
        return [self.words(about), Record()]

    def say_goodbye(self, about: str) -> Any:
        return [self.words(about), Hangup()]


def build_flow(plan: FlowPlan) -> type[CallFlow]:
    """Make the class of a plan, under a name of its own.

    Raises:
        FlowDefinitionError: the plan is one of the few that are wrong after all.
    """
    # The engine remembers signatures by the name of the class.
    name = f"Random{next(_numbers)}"
    states, body = states_of(plan.chart)
    deeds = itertools.cycle(plan.deeds)
    for number, arrow in enumerate(plan.arrows):
        hooks = {hook: f"arrow{number}_{hook}" for hook in arrow.hooks}
        body |= {one: _callback(one, number, next(deeds)) for one in hooks.values()}
        event = EVENTS[arrow.event]() if arrow.event in EVENTS else arrow.event
        states[arrow.source].to(states[arrow.target], event=event, cond=arrow.guard, **hooks)
    for number, state_id in enumerate(plan.chart.states):
        for hook in (f"on_enter_{state_id}", f"on_exit_{state_id}"):
            body[hook] = _callback(hook, number, next(deeds))
    body |= _marked(plan, states, f"/{name.lower()}")
    body["max_attempts"] = plan.max_attempts
    return cast("type[CallFlow]", CallFlowMeta(name, (Noting,), body))


def _callback(name: str, number: int, deed: str) -> Callable[[Noting], None]:
    return lambda self: self.ran(name, number, deed)


def _marked(plan: FlowPlan, states: dict[str, State], path: str) -> dict[str, Any]:
    """Return the methods that speak, listen, and let calls in."""
    known = {arrow.event for arrow in plan.arrows}
    body: dict[str, Any] = {
        "come_in": routable(path, states["s0"])(_callback("come_in", 1, "count")),
        "come_over": routable(f"{path}-other", states[plan.other])(
            _callback("come_over", 2, "note")
        ),
    }
    for state_id, saying in plan.sayings.items():
        body[f"say_{state_id}"] = renders(states[state_id])(_renderer(state_id, saying))
    for event in plan.prompts:
        speaker = _renderer(event, "words")
        body[f"prompt_{event.replace('.', '_')}"] = renders(event)(speaker)
    for state_id, (answer, is_secret) in plan.handlers.items():
        is_known = answer not in SIGNALS or answer in known
        handler = _handler(state_id, answer if is_known else "pass")
        body[f"take_{state_id}"] = on_input(states[state_id], secret=is_secret)(handler)
    return body


def _renderer(about: str, saying: str) -> Callable[[Noting], Any]:
    return lambda self: getattr(self, f"say_{saying}")(about)


def _handler(state_id: str, answer: str) -> Callable[[Noting, Any], Any]:
    def take(self: Noting, caller_input: Any) -> Any:
        self.ran(f"take_{state_id}", len(caller_input.digits), "count")
        if answer == "pass" or len(caller_input.digits) == 2:
            return PASS
        return None if answer == "handled" else answer

    return take


def calls_taken_down() -> dict[str, Any]:
    """Return the services that flows at random need."""
    return {"ran": defaultdict(list)}
