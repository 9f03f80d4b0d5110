"""Walks through tables of inputs: whether everything that can be done leads where it should.

A table says, question by question, how a caller gets there, and where everything leads that can
be done there. A `Line` does it all, and takes down which transitions of the chart were taken.

What is done is written in words, several with commas between: keys as they are pressed
(``2, 123456#``), ``silence``, ``say sales``, ``record``, ``dial busy``, ``queue leave``,
``hang up``, and ``go /unknown-error`` for a live call that is pointed there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, cast

from statemachine.transition import Transition

from statechart_ivr import CallFlow
from statechart_ivr.flow import spec_of
from statechart_ivr.spec import CallFlowMeta
from statechart_ivr.testing import Phone
from statechart_ivr.testing.parameters import DIAL_STATUSES, QUEUE_RESULTS

#: By question: how to get there, and what leads where; ``else`` stands for all that is not named.
Table = Mapping[str, tuple[str, Mapping[str, str]]]

_KEYS = [*"0123456789*#", "silence"]
#: By the verb that waits: everything that can be done.
EVERYTHING = {
    "gather": _KEYS,
    "record": [*_KEYS, "record"],
    "dial": [f"dial {status}" for status in DIAL_STATUSES],
    "enqueue": [f"queue {result}" for result in QUEUE_RESULTS],
}


class Step(NamedTuple):
    """A transition, for one of the events that it is declared for.

    Attributes:
        source: id of the state it leaves.
        event: id of the event, as declared; empty for an eventless transition.
        target: id of the state, or history state, it leads to.
    """

    source: str
    event: str
    target: str


def declared_steps(flow: type[CallFlow]) -> set[Step]:
    """Return all steps that a flow's chart has."""
    return {
        Step(transition.source.id, event, transition.targets[0].id)
        for transition in spec_of(flow).chart.all_transitions()
        for event in [str(one) for one in transition.events] or [""]
    }


def observed(flow: type[CallFlow], taken: set[Step]) -> type[CallFlow]:
    """Return a subclass of a flow, of the same name, that takes down the steps it takes."""

    def on_transition(_: CallFlow, transition: Transition, event: str | None) -> None:
        declared = (str(one) for one in transition.events if one.match(str(event)))
        taken.add(Step(transition.source.id, next(declared, ""), transition.targets[0].id))

    made = CallFlowMeta(flow.__name__, (flow,), {"on_transition": on_transition})
    return cast("type[CallFlow]", made)


class Line:
    """A served flow that can be called over and over.

    Args:
        phone: makes a phone for one call.
        declared: the steps that the flow's chart has.
        taken: those taken so far, in all calls; it grows.
    """

    def __init__(self, phone: Callable[[], Phone], declared: set[Step], taken: set[Step]) -> None:
        self._phone = phone
        self.declared = declared
        self.taken = taken

    def after(self, *doings: str) -> Phone:
        """Call, and do things; each text may hold several, with commas between."""
        call = self._phone().dial("/incoming-call")
        for doing in filter(None, ", ".join(doings).split(", ")):
            do(call, doing)
        return call

    def surprises(self, table: Table) -> dict[str, str]:
        """Do everything at every question.

        Returns:
            What leads elsewhere than the table says, and where the table has no question though
            a call waits there.
        """
        tried: set[str] = set()
        waits: set[str] = set()
        surprises: dict[str, str] = {}
        for question, (way, leads) in table.items():
            begun = self.after(way)
            tried.add(begun.state)
            for doing, wanted in all_that_leads(begun, leads).items():
                call = self.after(way, doing)
                found = f"{call.state}, over" if call.ended else call.state
                if found != wanted:
                    surprises[f"{question}: {doing}"] = f"{found} instead of {wanted}"
                if not call.ended:
                    waits.add(call.state)
        return surprises | dict.fromkeys(waits - tried, "nothing is tried here")


def all_that_leads(call: Phone, leads: Mapping[str, str]) -> dict[str, str]:
    """Return everything that can be done where a call waits, and where the table has it lead."""
    others = dict.fromkeys(EVERYTHING[call.waiting_for or ""], leads.get("else", "nowhere"))
    return {doing: place for doing, place in {**others, **leads}.items() if doing != "else"}


def do(call: Phone, doing: str) -> None:
    """Do one thing, written in words, in a call."""
    what, _, detail = doing.partition(" ")
    methods: dict[str, Callable[[], Phone]] = {
        "silence": call.wait,
        "hang": call.hang_up,
        "record": call.record,
        "say": lambda: call.say(detail),
        "dial": lambda: call.dial_result(detail),
        "queue": lambda: call.queue_result(detail),
        "go": lambda: call.redirect(detail),
    }
    methods.get(what, lambda: call.press(what))()
