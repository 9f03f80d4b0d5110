"""What an author expects of calls: what is heard in the end, what waits, what was done.

The checker knows nothing of what a flow is for; this is where it is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from statechart_ivr import CallFlow
from statechart_ivr.checker.line import board_for
from statechart_ivr.checker.notation import Step, parse_call
from statechart_ivr.clock import SimulatedClock
from statechart_ivr.flow import spec_of
from statechart_ivr.runners import InlineRunner
from statechart_ivr.testing import Phone

_USUALLY = "2026-01-05T10:00"


class Expected(NamedTuple):
    """What is to become of a call.

    Attributes:
        call: in the notation.
        waits: the verb that waits in the end; ``over`` when the call is over.
        heard: since the last thing that happened.
        did: what services were asked to do.
        has: what stands in the document that came last.
    """

    call: str
    waits: str
    heard: str = ""
    did: tuple[str, ...] = ()
    has: str = ""

    def broken_in(self, flows: Sequence[type[CallFlow]]) -> str:
        """Return what is otherwise in some flows; nothing where all is as expected."""
        diary = Diary()
        try:
            phone = _called(self.call, flows, diary)
        except Exception as error:  # noqa: BLE001 - flow code may raise anything
            return f"{self.call}: {type(error).__name__}: {error}"
        found = {
            "waits": phone.waiting_for or "over",
            "did": tuple(diary.did),
            "heard": phone.heard,
        }
        for what, value in found.items():
            if value != getattr(self, what):
                return f"{self.call}: {what} {value!r} instead of {getattr(self, what)!r}"
        return "" if self.has in phone.twiml else f"{self.call}: no {self.has} in {phone.twiml}"


class Diary:
    """Stands in for the services of an example: writes down what it is to do, and does nothing."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_, **__: self.did.append(name)


def _called(call: str, flows: Sequence[type[CallFlow]], diary: Diary) -> Phone:
    steps = parse_call(call)
    at = steps.pop(0).what if steps[0].verb == "at" else _USUALLY
    phone = _phone_for(steps, flows, at, diary)
    for step in steps:
        step.apply(phone)
    return phone


def _phone_for(
    steps: Sequence[Step], flows: Sequence[type[CallFlow]], at: str, diary: Diary
) -> Phone:
    """Return a phone: of the flow that is called, or of all where the call is placed by one."""
    services = {"calendar": diary, "mailbox": diary, "call_backs": diary}
    if len(flows) > 1 and "session" in steps[0].data:
        board = board_for(flows, SimulatedClock(at), services, runner=InlineRunner())
        return Phone(board)
    path = steps[0].what.partition("?")[0]
    routes = {route.path: flow for flow in flows for route in spec_of(flow).routes}
    by_hand = any(step.verb == "work" for step in steps)
    return Phone(routes.get(path, flows[0]), at=at, services=services, by_hand=by_hand)
