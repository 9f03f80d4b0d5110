"""A call that is written down is made, by a phone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from statechart_ivr.checker.line import board_for
from statechart_ivr.checker.notation import Step, parse_call
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.flow import CallFlow
from statechart_ivr.runners.inline import InlineRunner
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.line import DEFAULT_MOMENT
from statechart_ivr.testing.phone import Phone
from statechart_ivr.web import IvrApp

#: A flow, or several of one application.
Flows = type[CallFlow] | Sequence[type[CallFlow]]


def several(flows: Flows) -> tuple[type[CallFlow], ...]:
    """Return flows, of which one may have been passed by itself.

    Raises:
        ConfigurationError: there is none.
    """
    found = (flows,) if isinstance(flows, type) else tuple(flows)
    if not found:
        raise ConfigurationError("a call needs a flow; write play(FrontDesk, 'dial')")
    return found


def board_to_play(
    flows: Flows,
    at: datetime | str,
    services: Mapping[str, Any] | None,
    like: Switchboard | IvrApp | None,
    *,
    by_hand: bool,
) -> Switchboard:
    """Return an application whose clock goes with the calls that are made.

    Args:
        flows: that it serves.
        at: when calls come in.
        services: for the flows.
        like: the real application, for its URLs, its sounds and its services.
        by_hand: whether background work waits until a step says what it comes to.
    """
    runner = None if by_hand else InlineRunner()
    return board_for(several(flows), SimulatedClock(at), services, like, runner=runner)


def says_work(call: Sequence[Step]) -> bool:
    """Return whether a call says what background work comes to."""
    return any(step.verb == "work" for step in call)


def play(
    flow: Flows,
    call: str,
    *,
    services: Mapping[str, Any] | None = None,
    at: datetime | str = DEFAULT_MOMENT,
    like: Switchboard | IvrApp | None = None,
    by_hand: bool | None = None,
    strict: bool = True,
) -> Phone:
    """Make a call that is written in one line, and return the phone that has made it.

    >>> from statemachine import State
    >>> from statechart_ivr import CallFlow, gather, key, renders, routable
    >>> class Hours(CallFlow):
    ...     menu = State(initial=True)
    ...     hours = State(final=True)
    ...     menu.to(hours, event=key("1", say="For our opening hours, press 1."))
    ...     @routable("/incoming-call")
    ...     @renders(menu)
    ...     def say_menu(self):
    ...         return gather(*self.choices())
    ...     @renders(hours)
    ...     def say_hours(self):
    ...         return "Nine to five."
    >>> play(Hours, "dial . 1").heard
    'Nine to five.'

    Args:
        flow: a flow, or several of one application.
        call: in the notation: ``dial 2 . hangup``.
        services: what the flow finds in ``self.services``.
        at: when the call comes in, unless it says so itself.
        like: the application that serves the flows, for its URLs, its sounds and its services.
        by_hand: whether background work waits until the call says what it comes to; if left out,
            where it does, or where work would be done with an application's own services.
        strict: whether what Twilio would only warn about is an error too.

    Raises:
        NotationError: it is no call.
        PhoneError: something in it cannot happen.
    """
    steps = parse_call(call)
    while steps[0].verb == "at":
        at = steps.pop(0).what
    if by_hand is None:
        by_hand = says_work(steps) or (like is not None and not services)
    phone = Phone(board_to_play(flow, at, services, like, by_hand=by_hand), strict=strict)
    for step in steps:
        step.apply(phone)
    return phone
