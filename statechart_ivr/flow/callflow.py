"""`CallFlow`: a statechart that answers the phone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from statemachine import State, StateMachine
from statemachine.model import Model
from statemachine.transition import Transition

from statechart_ivr import engine
from statechart_ivr.call import Call
from statechart_ivr.errors import (
    DetachedError,
    FlowError,
    LostAttributeError,
    RenderingError,
    TransitionLoopError,
)
from statechart_ivr.events import PromptedEvent, data_of, is_choice
from statechart_ivr.flow.background import BackgroundTools
from statechart_ivr.flow.context import Context, watching
from statechart_ivr.record import Session
from statechart_ivr.spec import CallFlowMeta, FlowSpec
from statechart_ivr.twiml import Rendering, is_blank, speak, to_elements
from statechart_ivr.urls import Links, Query

#: Eventless transitions in one turn, before the chart counts as going in a circle.
MAX_EVENTLESS = 50


class CallFlow(BackgroundTools, StateMachine, metaclass=CallFlowMeta):
    """One phone call, as a statechart.

    Subclass it, declare states and transitions as `statemachine.StateMachine` has them, and mark
    methods with `renders`, `on_input`, `background` and `routable`. The class is checked when it
    is made. An instance lives for one request: whatever is to outlive it goes into ``session``.

    Renderers, handlers, guards and callbacks may run again, when a save loses a race: they write
    the session, and do nothing else. Whatever has effects on the world is done in ``@background``
    methods, which have `job`, `client`, `place_call`, `redirect` and `send_sms` for it.

    Raises:
        FlowDefinitionError: on making a subclass with anything wrong in it; all of it at once.

    Example:
        >>> from statemachine import State
        >>> from statechart_ivr import renders, routable
        >>> class Hello(CallFlow):
        ...     greeting = State(initial=True, final=True)
        ...
        ...     @routable("/incoming-call")
        ...     @renders(greeting)
        ...     def say_hello(self):
        ...         return "Hello."
    """

    enable_self_transition_entries = True

    #: Silent or wrong inputs at one question, of which the last is ``give_up``; None for no limit.
    max_attempts: ClassVar[int | None] = 3
    #: Turns of one call, and results of its background work, after which it is let go.
    max_turns: ClassVar[int] = 1000
    #: Time zone of ``now()``, by its name in the time zone database.
    timezone: ClassVar[str] = "UTC"
    #: Said before hanging up when nothing better is declared.
    apology: ClassVar[str] = (
        "We are sorry, something went wrong on our side. Please call again later. Goodbye."
    )
    #: Said when the session store gives no answer, before the call is tried again.
    one_moment: ClassVar[str] = "One moment, please."
    #: Of Say and Gather that have none of their own; set it on ``self`` to change it for the call.
    language: str | None = None
    #: Voice of Say that has none of its own, by name, or names by language.
    voice: ClassVar[str | Mapping[str, str] | None] = None

    def __init__(self, _context: Context | None = None) -> None:
        if _context is None:
            name = type(self).__name__
            raise FlowError(f"{name}() is nobody's call; use Phone({name}), or serve it")
        _tell_context(self, _context)
        model = Model()  # type: ignore[no-untyped-call]  # the engine's
        # A machine built on a model that has a state runs no entry callback.
        model.state = next(iter(type(self).states_map))
        build = super().__init__
        engine.build(lambda: build(model))
        _have_watched(self)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in engine.INSTANCE_ATTRIBUTES:
            super().__setattr__(name, value)  # type: ignore[no-untyped-call]  # the engine's
        elif name == "language":
            self._set_language(value)
        elif self._life.job is not None:
            raise LostAttributeError(
                f"self.{name} = … would be lost when this work is done; use a local variable, or "
                f"return (event id, {{{name!r}: …}})"
            )
        else:
            raise LostAttributeError(
                f"self.{name} = … would be lost when this request is answered; "
                f"write self.session[{name!r}] = …"
            )

    def _set_language(self, language: str | None) -> None:
        if self._life.job is not None:
            raise DetachedError("self.language = …", "return an event, and set it there")
        if not isinstance(language, str | None):
            raise TypeError(f"language is text such as 'en-GB', or None, not {language!r}")
        engine.set_attribute(self, "language", language)
        self._life.language = language

    @classmethod
    def _trial(cls) -> CallFlow:
        """Return a machine of nobody's, so that the engine resolves all names and says so."""
        return cls(Context(Call(sid="trial"), Session({}), Links(call_sid="trial")))

    @property
    def _life(self) -> Context:
        return vars(self)["_context"]  # type: ignore[no-any-return]  # __init__ has put it there

    @property
    def call(self) -> Call:
        """The phone call, with who calls whom, and the parameters of the present request."""
        return self._life.call

    @property
    def session(self) -> Session:
        """Data of this call, kept from request to request, as JSON values by name."""
        return self._life.session

    @property
    def attempts(self) -> int:
        """Silent or wrong inputs since the call came to rest at another question."""
        life = self._life
        is_new = life.rendering is not None and life.rendering not in life.asking
        return 0 if is_new or (life.rendering and life.is_giving_up) else life.attempts

    @property
    def services(self) -> Mapping[str, Any]:
        """What the application passed in as ``services``."""
        return self._life.services

    @property
    def turn_url(self) -> str:
        """URL that carries this call on, for the action of hand-made verbs; root-relative."""
        return turn_url_of(self)

    def event_url(self, event: str) -> str:
        """Return the absolute URL that delivers an event to this call, whatever leg requests it.

        For whatever calls back: ``Record(recording_status_callback=self.event_url("ready"))``. It
        works after the call has ended, too, for ``@background("ready")``.

        Args:
            event: an id that a transition, or a background method, is declared for.

        Raises:
            UnknownUrlError: the application's base URL is not known.
        """
        return self._life.links.event(event)

    def url_for(
        self,
        path_or_route: str,
        *,
        absolute: bool = False,
        query: Query | None = None,
        fingerprint: bool | None = None,
        host: str | None = None,
        scheme: str | None = None,
    ) -> str:
        """Return the URL of a static file, or of a route by its name.

        Args:
            path_or_route: a path below the application's root, or the name of a route.
            absolute: with scheme and host.
            query: names and values; a list repeats its name.
            fingerprint: whether a file's URL changes with its content.
            host: another host; makes the URL absolute.
            scheme: another scheme; makes the URL absolute.

        Raises:
            UnknownUrlError: there is no such route.
        """
        if asks_for_secret(self) and not path_or_route.startswith("/"):
            query = {**(query or {}), "s": 1}  # whatever leads to it may bring the secret along
        return self._life.links.url_for(
            path_or_route,
            absolute=absolute,
            query=query,
            fingerprint=fingerprint,
            host=host,
            scheme=scheme,
        )

    def now(self) -> datetime:
        """Return the present moment by the application's clock, in ``timezone``."""
        if (watcher := watching.get()) is not None:
            watcher.on_time_read()
        return self._life.clock.now().astimezone(ZoneInfo(self.timezone))

    def choices(self) -> list[str]:
        """Return the prompts of what the caller can choose right now.

        They are those of ``key(…, say=…)`` and ``said(…, say=…)`` on the transitions that are
        enabled: inner states first, a prompt that several share once.
        """
        chart = spec_of(type(self)).chart
        prompts: dict[str, None] = {}
        taken: list[tuple[str, Any]] = []
        outwards = list(chart.outwards(configuration_of(self)))
        for state_id in sorted(outwards, key=lambda one: -len(chart.paths[one])):
            for transition in chart.transitions(state_id):
                inner = [e for taker, e in taken if state_id in chart.paths[taker]]
                open_ = [
                    event
                    for event in transition.events
                    if is_choice(event) and not any(i.match(event) for i in inner)
                ]
                if open_ and engine.guards_pass(self, transition, open_[0], data_of(open_[0])):
                    taken += [(state_id, event) for event in open_]
                    prompts |= {e.name: None for e in open_ if isinstance(e, PromptedEvent)}
        return list(prompts)

    def _on_marked_state_entered(self, state: State) -> None:
        self._life.entered.append(state.id)
        if state.id in spec_of(type(self)).renderers:
            self._life.renderings.append(render_state(self, state.id))

    def _on_eventless_transition(self, transition: Transition) -> None:
        self._life.eventless += 1
        if self._life.eventless > MAX_EVENTLESS:
            raise TransitionLoopError(MAX_EVENTLESS, str(transition))


def _tell_context(flow: CallFlow, context: Context) -> None:
    engine.set_attribute(flow, "_context", context)
    engine.set_attribute(flow, "language", context.language)


def _have_watched(flow: CallFlow) -> None:
    if (watcher := watching.get()) is not None:
        engine.watch(flow, watcher)


def renew(flow: CallFlow, parts: Mapping[str, Any], context: Context) -> None:
    """Have an instance begin another turn, as if it had been built for it.

    Args:
        flow: an instance whose turn is over.
        parts: what it consisted of when it was built.
        context: of the turn.
    """
    engine.renew(flow, parts)
    _tell_context(flow, context)
    _have_watched(flow)


def spec_of(flow: type[CallFlow]) -> FlowSpec:
    """Return what a flow's class says of itself.

    Raises:
        FlowError: the class has no states.
    """
    if flow._flow_spec is None:
        raise FlowError(f"{flow.__name__} has no states; it is a base for other flows")
    return flow._flow_spec


def context_of(flow: CallFlow) -> Context:
    """Return what an instance knows during its turn."""
    return flow._life


def configuration_of(flow: CallFlow) -> list[str]:
    """Return the ids of the active states, in the engine's order."""
    chart = spec_of(type(flow)).chart
    return [chart.id_of(value) for value in flow.configuration_values]


def asks_for_secret(flow: CallFlow) -> bool:
    """Return whether an input at this moment may be a secret."""
    handlers = spec_of(type(flow)).handlers
    return any(one in handlers and handlers[one].secret for one in configuration_of(flow))


def turn_url_of(flow: CallFlow) -> str:
    """Return the action URL of the document being made; it says when a secret is asked for."""
    links = context_of(flow).links
    return links.turn(s=1) if asks_for_secret(flow) else links.turn()


def wait_url_of(flow: CallFlow, number: int, *, in_queue: bool = False) -> str:
    """Return the URL of a wait document.

    Args:
        flow: the machine.
        number: counted from 1.
        in_queue: whether it is played by a queue, which takes other verbs than a call.
    """
    marks = {"q": in_queue, "s": asks_for_secret(flow)}
    query: dict[str, Any] = {name: 1 for name, is_so in marks.items() if is_so}
    return context_of(flow).links.wait(number, **query)


def render_state(flow: CallFlow, state_id: str) -> Rendering:
    """Return what a state says now."""
    life = context_of(flow)
    life.rendering = state_id
    try:
        return render(flow, spec_of(type(flow)).renderers[state_id], state_id)
    finally:
        life.rendering = None


def render(flow: CallFlow, method: str, source: str) -> Rendering:
    """Call a renderer.

    Args:
        flow: the machine.
        method: name of the method.
        source: the state or event it speaks for.

    Raises:
        RenderingError: it returned something that cannot be said.
    """
    content = getattr(flow, method)()
    try:
        elements = to_elements(content)
    except RenderingError as error:
        name = f"{type(flow).__name__}.{source}.{method}"
        raise RenderingError(f"{name}: {error}") from error
    speak(elements, language=flow.language, voice=flow.voice)
    return Rendering(source, tuple(elements), is_blank(content))
