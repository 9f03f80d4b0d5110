"""A call that never leaves memory: what calls that are stored at every turn are held to.

It has one machine, built when the call comes in, and feeds it through the same functions as a
turn does. What a turn reads from the record, and writes there, lies here in plain attributes.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, engine
from statechart_ivr.call import Call, Request
from statechart_ivr.events import Kind, hang_up, occurrence_in
from statechart_ivr.flow import Context, configuration_of, context_of, history_of, spec_of, start
from statechart_ivr.record import Session
from statechart_ivr.turn import Environment, TurnRequest
from statechart_ivr.turn.compose import compose
from statechart_ivr.turn.compose import hang_up as hang_up_document
from statechart_ivr.turn.feed import Fate, feed, feed_event, settle
from statechart_ivr.twiml import Rendering, Twiml, nothing, to_elements


@dataclass(frozen=True)
class Snapshot:
    """What a call has become: all that its next turn depends on.

    Attributes:
        conf: active states, in the engine's order.
        hist: what its history states remember.
        data: the session, in the order in which it was written.
        lang: the language.
        attempts: at the present question.
        asking: the states that ask it.
        seq: number of the document being heard.
        unheard: states of which something is still to be said.
        ended: whether it is over.
    """

    conf: list[str]
    hist: dict[str, list[str]]
    data: list[tuple[str, Any]]
    lang: str | None
    attempts: int
    asking: list[str]
    seq: int
    unheard: list[str]
    ended: bool


class LivingCall:
    """One call of a flow, with one machine.

    Args:
        flow: its class.
        environment: for its URLs; the store in it is never used.
        call_sid: the call.
    """

    def __init__(self, flow: type[CallFlow], environment: Environment, call_sid: str) -> None:
        self._environment = environment
        self._flow = flow
        self._call = Call(sid=call_sid)
        self._session = Session({})
        self._machine: CallFlow | None = None
        self._language = flow.language
        self._attempts = 0
        self._asking: list[str] = []
        self._unheard: list[Rendering] = []
        self._entry = ""
        self._seq = 0
        self._ended = False

    @property
    def _alive(self) -> CallFlow:
        assert self._machine is not None, "the call has come in"
        return self._machine

    def answer(self, request: Request) -> bytes:
        """Answer a webhook that comes for the first time, to a route or to a turn URL."""
        wanted = TurnRequest.read(request, self._environment.prefix)
        self._call = self._call.updated({"CallSid": wanted.call_sid, **wanted.parameters})
        if self._ended:
            return hang_up_document()
        if wanted.is_entry:
            return self._enter(request)
        if wanted.seq != self._seq:
            return self._hear_again(request)
        return self._go_on(request)

    def deliver(self, event: str, data: Mapping[str, Any], *, ends: bool = False) -> bool:
        """Take an event from outside; return whether the chart moved."""
        has_moved = self._running and self._take(event, data)
        if ends:
            self._ended, self._unheard = True, []
        return has_moved

    def status(self, request: Request) -> None:
        """Take a status callback."""
        over = hang_up(request.parameters)
        if over is not None:
            self._call = self._call.updated(request.parameters)
            self.deliver(over.event, over.data, ends=True)

    def snapshot(self) -> Snapshot:
        """Return what the call has become."""
        return Snapshot(
            configuration_of(self._alive),
            history_of(self._alive),
            copy.deepcopy(list(self._session.items())),
            self._language,
            self._attempts,
            self._asking,
            self._seq,
            [one.source for one in self._unheard],
            self._ended,
        )

    @property
    def _running(self) -> bool:
        return not self._ended and not self._alive.is_terminated

    def _context(self, request: Request | None, seq: int) -> Context:
        """Return what the machine is to know next; the session stays the same object."""
        links = self._environment.links(
            self._flow, request, call_sid=self._call.sid, entry=self._entry, seq=seq
        )
        return Context(
            self._call,
            self._session,
            links,
            clock=self._environment.clock,
            services=self._environment.services,
            language=self._language,
            attempts=self._attempts,
            asking=tuple(self._asking),
        )

    def _awake(self, request: Request | None, seq: int) -> CallFlow:
        engine.set_attribute(self._alive, "_context", self._context(request, seq))
        return self._alive

    def _keep(self) -> None:
        context = context_of(self._alive)
        self._language, self._attempts = context.language, context.attempts

    def _enter(self, request: Request) -> bytes:
        self._entry = self._entry or request.path
        _, route = self._environment.routes[request.path]
        if self._machine is None or self._machine.is_terminated:
            # An engine that has stopped does not start again.
            hist = history_of(self._machine) if self._machine else {}
            context = self._context(request, self._seq + 1)
            self._machine = start(self._flow, context, route, hist=hist)
        else:
            machine = self._awake(request, self._seq + 1)
            engine.unplace(machine, spec_of(self._flow).chart.states[route.state].value)
            getattr(machine, route.hook or "")()
            machine.activate_initial_state()
        self._unheard = []
        return self._say(compose(self._machine))

    def _hear_again(self, request: Request) -> bytes:
        """Say what is unheard, else where the call is now."""
        if not self._unheard:
            return compose(self._awake(request, self._seq)).body
        return self._say(compose(self._awake(request, self._seq + 1), self._unheard))

    def _go_on(self, request: Request) -> bytes:
        if not self._running:
            return self._let_go([])
        machine = self._awake(request, self._seq + 1)
        occurrence = occurrence_in(request.parameters)
        is_gone = settle(machine) and not {*self._asking} <= {*configuration_of(machine)}
        fate = Fate.GO_ON
        if not (is_gone and occurrence.kind is Kind.INPUT):
            fate = feed(machine, occurrence)
        if fate is Fate.IGNORED:
            return nothing()
        if fate in {Fate.GO_ON, Fate.COUNTED}:
            settle(machine)
            return self._say(compose(machine, self._unheard))
        self._keep()
        return self._let_go(context_of(machine).renderings if fate is Fate.LET_GO else [])

    def _say(self, twiml: Twiml) -> bytes:
        self._keep()
        self._unheard = []
        self._seq += 1
        if twiml.asking and list(twiml.asking) != self._asking:
            self._asking, self._attempts = list(twiml.asking), 0
        is_silent_end = twiml.is_silent and self._alive.is_terminated
        self._ended = twiml.hangs_up or is_silent_end
        return hang_up_document() if is_silent_end else twiml.body

    def _let_go(self, last: list[Rendering]) -> bytes:
        self._seq += 1
        self._ended = True
        return hang_up_document(last)

    def _take(self, event: str, data: Mapping[str, Any]) -> bool:
        machine = self._awake(None, self._seq + 1)
        fate = feed_event(machine, event, data)
        if fate in {Fate.IGNORED, Fate.HANG_UP}:
            return False
        has_moved = settle(machine) or fate is not Fate.COUNTED
        said = [one for one in context_of(machine).renderings if one.elements]
        if fate is Fate.LET_GO:
            said.append(Rendering("hang-up", tuple(to_elements(Hangup()))))
        if has_moved or said:
            new = {one.source: one for one in said}
            still = [one for one in self._unheard if one.source not in new]
            self._unheard = [*still, *new.values()]
            self._seq += 1
        self._keep()
        return has_moved
