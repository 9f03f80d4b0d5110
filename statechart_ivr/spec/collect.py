"""From the marks on methods to what a `FlowSpec` says of states, events and URLs."""

from __future__ import annotations

import inspect
import re

from statemachine import HistoryState, State

from statechart_ivr.decorators import Background, Mark, OnInput, Renders, Routable
from statechart_ivr.events import RENDERABLE_EVENTS
from statechart_ivr.spec.chart import Chart, lost_state_hint
from statechart_ivr.spec.methods import Methods
from statechart_ivr.spec.model import FlowSpec, Handler, Route, Work
from statechart_ivr.spec.names import why_never
from statechart_ivr.spec.problems import Problems, location

_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


class Collector:
    """Reads the marks of one class, and notes what is wrong with them.

    Args:
        name: of the class.
        chart: its states.
        methods: its methods and their marks.
        problems: where to note what is wrong.
    """

    def __init__(self, name: str, chart: Chart, methods: Methods, problems: Problems) -> None:
        self.name = name
        self.chart = chart
        self.functions = methods.functions
        self.marks = methods.marks
        self.problems = problems
        self.renderers: dict[str, str] = {}
        self.waiting: dict[str, str] = {}
        self.prompts: dict[str, str] = {}
        self.persons: set[str] = set()
        self.handlers: dict[str, Handler] = {}
        self.work: list[Work] = []
        self.routes: list[Route] = []

    def collect(self) -> FlowSpec:
        """Read all marks."""
        for method, marks in self.marks.items():
            self._check_kinds(method, marks)
            for mark in marks:
                self._read(method, mark)
        every = [mark for marks in self.marks.values() for mark in marks]
        if not any(isinstance(mark, Routable) for mark in every):
            self.problems.add(
                "no route leads in; mark a method with @routable('/incoming-call', state)"
            )
        for work in self.work:
            self._check_results(work)
        return FlowSpec(
            self.name,
            self.chart,
            self.renderers,
            self.waiting,
            self.prompts,
            frozenset(self.persons),
            self.handlers,
            tuple(self.work),
            tuple(self.routes),
        )

    def _check_kinds(self, method: str, marks: tuple[Mark, ...]) -> None:
        kinds = list(dict.fromkeys(mark.decorator for mark in reversed(marks)))
        if len(kinds) > 1 and set(kinds) != {"renders", "routable"}:
            named = " and ".join(f"@{kind}" for kind in kinds)
            self._problem(
                method,
                f"is marked with {named}, which call it for different things; write two methods "
                "(@routable alone stacks on @renders)",
            )

    def _read(self, method: str, mark: Mark) -> None:
        if isinstance(mark, Renders):
            self._read_renders(method, mark)
        elif isinstance(mark, OnInput):
            self._read_on_input(method, mark)
        elif isinstance(mark, Background):
            self._read_background(method, mark)
        else:
            self._read_routable(method, mark)

    def _read_renders(self, method: str, mark: Renders) -> None:
        self._takes(method, 0, "self")
        for target in mark.targets:
            if isinstance(target, str):
                self._renders_event(method, target, waiting=mark.waiting)
            elif state_id := self._state(method, target, "renders"):
                slot = self.waiting if mark.waiting else self.renderers
                self._take(slot, state_id, method, "rendered")
                if mark.person:
                    self.persons.add(state_id)

    def _renders_event(self, method: str, event: str, *, waiting: bool) -> None:
        family, _, reason = event.partition(".")
        if family not in RENDERABLE_EVENTS or (reason and not family.startswith("no_")):
            hint = " (a state is named without quotes)" if event in self.chart.states else ""
            self._problem(
                method,
                f"renders the event {event!r}, which cannot be rendered{hint}; "
                f"write one of {', '.join(RENDERABLE_EVENTS)}",
            )
        elif waiting:
            self._problem(method, f"waiting=True is for states, not for {event!r}; leave it out")
        else:
            self._take(self.prompts, event, method, "rendered")

    def _read_on_input(self, method: str, mark: OnInput) -> None:
        self._takes(method, 1, "self, caller_input")
        self._returns(method, "the event id")
        for target in mark.targets:
            if state_id := self._state(method, target, "on_input"):
                if state_id in self.handlers:
                    self._doubled(self.handlers[state_id].method, method, state_id, "handled")
                self.handlers[state_id] = Handler(method, mark.secret, mark.examples)

    def _read_background(self, method: str, mark: Background) -> None:
        self._returns(method, "the event id")
        states = [t for t in mark.targets if isinstance(t, State)]
        found = [self._state(method, state, "background") for state in states]
        events = tuple(target for target in mark.targets if isinstance(target, str))
        for event in events:
            if why := why_never(event, self.chart):
                self._problem(method, why)
        self.work.append(
            Work(
                method,
                states=tuple(state_id for state_id in found if state_id),
                on_events=events,
                timeout=mark.timeout,
                events=mark.events,
                data=mark.data,
            )
        )

    def _check_results(self, work: Work) -> None:
        """Note ids that background work can return, and that mean nothing to anybody."""
        awaited = {event for other in self.work for event in other.on_events}
        for event in work.events:
            is_prompted = event.partition(".")[0] in RENDERABLE_EVENTS
            if not (is_prompted or event in awaited or self.chart.knows(event)):
                self._problem(
                    work.method,
                    f"can return {event!r}, for which no transition is declared; "
                    f"write state.to(…, event={event!r})",
                )

    def _read_routable(self, method: str, mark: Routable) -> None:
        rendered = [m for m in self.marks[method] if isinstance(m, Renders)]
        self._check_path(method, mark.path)
        state = mark.state if mark.state is not None else _only_state(rendered)
        if state is None:
            is_torn = any(isinstance(one, State) for mark in rendered for one in mark.targets)
            which = "not say which of the states it renders" if is_torn else "not name a state"
            self._problem(
                method,
                f"@routable({mark.path!r}) does {which}; write @routable({mark.path!r}, state)",
            )
            return
        if not rendered:
            self._takes(method, 0, "self")
            self._returns(method, "nothing")
        if state_id := self._state(method, state, "routable"):
            name = mark.name or method
            if any(route.name == name for route in self.routes):
                self._problem(method, f"two routes are named {name!r}; pass name= to one of them")
            hook = None if rendered else method
            self.routes.append(Route(name, mark.path, state_id, hook))

    def _check_path(self, method: str, path: str) -> None:
        if not _PATH.fullmatch(path):
            self._problem(
                method,
                f"the path {path!r} is not made of A-Z a-z 0-9 . _ ~ / - with a slash in front; "
                "write a path such as '/incoming-call'",
            )
        if any(route.path == path for route in self.routes):
            self._problem(method, f"two routes have the path {path!r}; change one of them")

    def _state(self, method: str, state: State, decorator: str) -> str | None:
        """Return the id of a state of this flow; note it when it is none."""
        if state not in self.chart:
            self._problem(
                method,
                f"@{decorator} names a state that is not in this flow; {lost_state_hint(state)}",
            )
            return None
        if isinstance(state, HistoryState):
            self._problem(
                method,
                f"@{decorator} names the history state {state.id}, which is never active itself; "
                "name a state beside it",
            )
            return None
        return state.id

    def _take(self, slot: dict[str, str], target: str, method: str, verb: str) -> None:
        if target in slot:
            self._doubled(slot[target], method, target, verb)
        slot[target] = method

    def _doubled(self, first: str, second: str, target: str, verb: str) -> None:
        where = location(self.functions[first])
        self._problem(
            second,
            f"{target} is {verb} by {first} ({where}) already; remove one mark",
            state=target,
        )

    def _takes(self, method: str, count: int, wanted: str) -> None:
        """Check that a method can be called with as many arguments as it will get."""
        try:
            inspect.signature(self.functions[method]).bind(*[None] * (count + 1))
        except TypeError:
            self._problem(method, f"is called with ({wanted}); write def {method}({wanted})")

    def _returns(self, method: str, what: str) -> None:
        if inspect.isgeneratorfunction(inspect.unwrap(self.functions[method])):
            self._problem(method, f"yields, and nobody would run it; return {what} instead")

    def _problem(self, method: str, message: str, *, state: str | None = None) -> None:
        self.problems.add(message, state=state, method=self.functions[method], name=method)


def _only_state(rendered: list[Renders]) -> State | None:
    states = [one for mark in rendered for one in mark.targets if isinstance(one, State)]
    return states[0] if len(states) == 1 else None
