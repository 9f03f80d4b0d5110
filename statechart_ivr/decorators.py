"""The four marks that tie methods to states, events and URLs.

A decorator here checks its own arguments, writes one private attribute on the function and
returns the same function. What the marks mean for the chart is worked out once, when the class
is made (`statechart_ivr.spec`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from statemachine import State
from statemachine.state import NestedStateFactory

#: A state. To a type checker ``class open_line(State.Compound)`` stays a class.
AnyState = State | NestedStateFactory

F = TypeVar("F", bound=Callable[..., Any])

_MARKS = "_statechart_ivr_marks"


class _Pass:
    """What an ``@on_input`` handler returns for an input that is none of its business."""

    def __repr__(self) -> str:
        return "PASS"


PASS: Final = _Pass()


@dataclass(frozen=True, eq=False)
class Renders:
    """``@renders``: what the caller hears on entering a state, or on an event."""

    decorator: ClassVar[str] = "renders"
    targets: tuple[State | str, ...]
    waiting: bool
    person: bool


@dataclass(frozen=True, eq=False)
class OnInput:
    """``@on_input``: turns keys or words into an event."""

    decorator: ClassVar[str] = "on_input"
    targets: tuple[State, ...]
    secret: bool
    examples: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Background:
    """``@background``: work that is done after the answer is sent."""

    decorator: ClassVar[str] = "background"
    targets: tuple[State | str, ...]
    timeout: float
    events: tuple[str, ...]
    data: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, eq=False)
class Routable:
    """``@routable``: a URL that leads to a state."""

    decorator: ClassVar[str] = "routable"
    path: str
    state: State | None
    name: str | None


Mark = Renders | OnInput | Background | Routable


def marks_of(function: object) -> tuple[Mark, ...]:
    """Return the marks on a function, the one nearest to it first."""
    return getattr(function, _MARKS, ())


def renders(
    *states_or_events: AnyState | str, waiting: bool = False, person: bool = False
) -> Callable[[F], F]:
    """Mark a method that says what the caller hears.

    The method takes nothing but ``self`` and returns a TwiML verb, a ``str`` (always spoken,
    never parsed), a `document`, a ``VoiceResponse``, an iterable of these, or None to say
    nothing.

    Args:
        *states_or_events: the states on whose entry it is heard; or ``"no_match"``,
            ``"no_input"`` (dotted ones too), ``"give_up"``, ``"error"``.
        waiting: heard while the caller waits in the state, in a queue or for background work.
        person: a human is reached here; for the checker.

    Raises:
        TypeError: something other than states and event ids was passed.
    """
    targets = _states_or_events("renders", states_or_events)
    return _marker(Renders(targets, waiting, person))


def on_input(
    *states: AnyState, secret: bool = False, examples: Sequence[str] = ()
) -> Callable[[F], F]:
    """Mark a method that turns keys or words into an event.

    It takes a `~statechart_ivr.call.CallerInput` and returns an event id, None (handled: stay
    here, and say it again) or `PASS` (not mine: go on looking).

    Args:
        *states: where it is asked; also while one of their descendants is active.
        secret: the input is kept out of logs, records and URLs.
        examples: inputs it understands; for the checker.

    Raises:
        TypeError: something other than states, or an example other than text, was passed.
    """
    targets = _states_or_events("on_input", states)
    events = [target for target in targets if isinstance(target, str)]
    if events:
        raise TypeError(f"@on_input is for states only, not for the event {events[0]!r}")
    only_states = tuple(target for target in targets if isinstance(target, State))
    return _marker(OnInput(only_states, secret, _texts("on_input", "examples", examples)))


def background(
    *states_or_events: AnyState | str,
    timeout: float = 60.0,
    events: Sequence[str] | Mapping[str, Mapping[str, Any]] = (),
) -> Callable[[F], F]:
    """Mark a method that does slow work, or has side effects, after the answer is sent.

    It returns an event id, ``(event id, {name: JSON value})`` or None.

    Args:
        *states_or_events: entering such a state, or the delivery of such an event, starts it.
        timeout: seconds until ``background_failed`` is delivered instead of a result.
        events: the ids it can return; for the checker. A mapping says what comes with each, for
            example: ``{"order_found": {"status": "packed"}, "no_match.unknown_order": {}}``.

    Raises:
        TypeError: something other than states and event ids was passed.
        ValueError: ``timeout`` is not a number above 0.
    """
    if not isinstance(timeout, int | float) or not timeout > 0:
        raise ValueError(f"@background(timeout={timeout!r}): give a number of seconds above 0")
    targets = _states_or_events("background", states_or_events)
    ids = _texts("background", "events", events)
    data = events if isinstance(events, Mapping) else {}
    for event, one in data.items():
        if not isinstance(one, Mapping):
            raise TypeError(
                f"@background(events={{{event!r}: {one!r}}}): an event's data is a mapping of "
                "names to JSON values"
            )
    return _marker(Background(targets, float(timeout), ids, data))


def routable(
    path: str, state: AnyState | None = None, *, name: str | None = None
) -> Callable[[F], F]:
    """Mark a method so that a state gets a URL, where Twilio starts a call or takes one over.

    Stacked on ``@renders(state)`` it takes that state. On a method with no other mark the
    method is the arrival hook: it takes nothing but ``self``, runs before the chart moves, and
    returns nothing.

    Args:
        path: of the URL below the application's root, made of ``A-Za-z0-9._~/-``.
        state: where the chart starts.
        name: of the route, for ``url_for``; the method's name if left out.

    Raises:
        TypeError: ``path`` is not text, or ``state`` is not a state.
    """
    if not isinstance(path, str):
        raise TypeError(f"@routable needs a path such as '/incoming-call', not {path!r}")
    if state is not None and not isinstance(state, State):
        raise TypeError(f"@routable({path!r}, …) takes a state, not {state!r}")
    return _marker(Routable(path, state, name))


def _marker(mark: Mark) -> Callable[[F], F]:
    def put_mark(function: F) -> F:
        if not inspect.isfunction(function):
            raise TypeError(
                f"@{mark.decorator} marks methods, and {function!r} is none; "
                "write it above a plain def name(self)"
            )
        setattr(function, _MARKS, (*marks_of(function), mark))
        return function

    return put_mark


def _states_or_events(decorator: str, targets: tuple[object, ...]) -> tuple[State | str, ...]:
    if not targets:
        raise TypeError(f"@{decorator}() names no state; write @{decorator}(menu)")
    checked: list[State | str] = []
    for target in targets:
        if not isinstance(target, State | str):
            hint = f"; write @{decorator}(menu)" if inspect.isfunction(target) else ""
            raise TypeError(f"@{decorator} takes states, not {target!r}{hint}")
        checked.append(target)
    return tuple(checked)


def _texts(decorator: str, option: str, values: object) -> tuple[str, ...]:
    """Check an option that lists texts; a single text is a list of letters to Python."""
    if isinstance(values, str):
        raise TypeError(f"@{decorator}({option}={values!r}) is text; write {option}=[{values!r}]")
    texts = tuple(values) if isinstance(values, Iterable) else (values,)
    for one in texts:
        if not isinstance(one, str):
            raise TypeError(f"@{decorator}({option}=…) takes texts, not {one!r}; write ['{one}']")
    return texts
