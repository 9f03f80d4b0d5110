"""One turn: a webhook comes in, the chart moves at most once, TwiML goes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from statechart_ivr.call import Call
from statechart_ivr.errors import (
    SessionMismatchError,
    StaleSessionError,
    StoreUnavailableError,
)
from statechart_ivr.events import Kind, Occurrence, occurrence_in
from statechart_ivr.flow import (
    CallFlow,
    Context,
    bring_back,
    configuration_of,
    context_of,
    spec_of,
    start,
)
from statechart_ivr.record import REMEMBERED, LastAnswer, Record
from statechart_ivr.turn.compose import compose, hang_up
from statechart_ivr.turn.environment import Environment, TurnRequest, flow_errors
from statechart_ivr.turn.feed import Fate, apology, feed, last_words, settle
from statechart_ivr.turn.outage import ask_for_patience
from statechart_ivr.turn.records import (
    asked_for_secret,
    context_for,
    flow_of,
    is_worn_out,
    kept_of,
    load,
    log_flow_error,
    save,
)
from statechart_ivr.twiml import Rendering, Twiml, from_xml, nothing

logger = logging.getLogger("statechart_ivr.turn")

#: How often a turn is tried again when another process saved first.
RACES = 5
#: Seconds after which an answer is dangerously late; Twilio gives up at 15.
SLOW = 12.0


@dataclass(frozen=True)
class Reply:
    """What a turn comes to.

    Attributes:
        body: the TwiML.
        record: what to save; None for an answer that changes nothing.
        event: what has happened, for the log.
    """

    body: bytes
    record: Record | None = None
    event: str = ""


def turn(environment: Environment, request: TurnRequest) -> bytes:
    """Answer one request for a document.

    Never raises for a fault of the flow, the store or the record: the caller hears something
    in any case.

    Args:
        environment: of the application.
        request: to a route, a turn URL or a wait URL.

    Returns:
        TwiML.
    """
    began = environment.clock.now()
    for _ in range(RACES):
        attempt = Turn(environment, request)
        try:
            return attempt.answer(began)
        except StaleSessionError:
            request = attempt.request
        except StoreUnavailableError as error:
            return ask_for_patience(environment, attempt.request, error)
    return ask_for_patience(environment, request, StaleSessionError(request.call_sid, None))


class Turn:
    """One try at a turn; thrown away when another process saved first.

    Args:
        environment: of the application.
        request: what came.

    Attributes:
        key: digest of what the request says.
        event: what has happened, for the log; nothing before that is known.
    """

    def __init__(self, environment: Environment, request: TurnRequest) -> None:
        self.environment = environment
        self.request = request
        self.key = request.key(environment)
        self.event = ""

    def answer(self, began: datetime) -> bytes:
        """Load, find out what the request is, answer it, save.

        Args:
            began: when the request came.

        Raises:
            StaleSessionError: another process saved first; the call is to be tried again.
            StoreUnavailableError: the store gives no answer, or cannot write.
        """
        loaded = load(self.environment, self.request.call_sid)
        record = loaded.record
        if record is not None and asked_for_secret(self.environment, record):
            # A document from before a deploy may not say so in its URLs.
            self.request = replace(self.request, is_secret=True)
        given = record.answer if record else None
        if given is not None and self._is_for_this_request(given):
            logger.info("the same request again", extra={"call_sid": self.request.call_sid})
            return given.body.encode()
        reply = self._guarded(record)
        if reply.record is not None:
            save(self.environment, reply.record, revision=loaded.revision)
        taken = self.environment.clock.now() - began
        self._log(reply, record, taken.total_seconds())
        return reply.body

    def _is_for_this_request(self, answer: LastAnswer) -> bool:
        token = self.request.request.token
        return answer.key == self.key or (bool(token) and answer.token == token)

    def _guarded(self, record: Record | None) -> Reply:
        """Answer, and turn whatever flow code raises into last words."""
        try:
            reply = self._reply(record)
            if reply.record is not None:
                reply.record.to_bytes()  # a session that is no longer JSON is the flow's fault
            return reply
        except Exception as error:  # noqa: BLE001 - flow code may raise anything
            self._log_exception(error, record)
            if (errors := flow_errors.get()) is not None:
                errors.append(error)
            return Reply(hang_up([self._last_words(record)]), event="error")

    def _log_exception(self, error: Exception, record: Record | None) -> None:
        flow = self._flow(record)
        about = {
            "call_sid": self.request.call_sid,
            "flow": flow.__name__ if flow else "",
            "state": record.conf if record else [],
            "event": self.event,
        }
        log_flow_error(error, about, is_secret=self.request.is_secret)

    def _last_words(self, record: Record | None) -> Rendering:
        flow = self._flow(record) or CallFlow
        try:
            machine = flow(self._context(flow, record, seq=0))
            return last_words(machine, "error")
        except Exception:
            about = {"call_sid": self.request.call_sid, "flow": flow.__name__}
            trace = not self.request.is_secret
            logger.debug("no error rendering; the apology", exc_info=trace, extra=about)
            return apology(flow, record.lang if record else flow.language)

    def _reply(self, record: Record | None) -> Reply:
        request = self.request
        if record is None:
            return self._begin()
        if record.ended:
            return Reply(hang_up(), event="after the end")
        if request.is_entry:
            is_late_copy = self.key in record.entry_keys
            return self._on_record(record, self._hear_again if is_late_copy else self._take_over)
        if request.wait is not None or request.seq != record.seq:
            return self._on_record(record, self._hear_again)
        if request.again and request.is_secret and self._brings_no_outcome():
            return self._on_record(record, self._hear_again)
        return self._on_record(record, self._go_on)

    def _brings_no_outcome(self) -> bool:
        return occurrence_in(self.request.parameters).kind is Kind.INPUT

    def _on_record(self, record: Record, answer: Callable[[Record], Reply]) -> Reply:
        """Answer from a record, or start again where this version of the flow cannot."""
        try:
            return answer(record)
        except SessionMismatchError as error:
            at = record.entry if record.entry in self.environment.routes else self.request.at
            return self._start_again(at, record, str(error))

    def _begin(self) -> Reply:
        if self.request.is_entry:
            return self._enter(self.request.at, None)
        return self._start_again(self.request.at, None, "the session is lost")

    def _start_again(self, at: str, record: Record | None, why: str) -> Reply:
        about = {"call_sid": self.request.call_sid, "flow": record.flow if record else ""}
        if at not in self.environment.routes:
            logger.error("%s, and there is no route %r to start again at", why, at, extra=about)
            return Reply(hang_up([apology(CallFlow, None)]))
        logger.warning("%s; the call starts again at %s", why, at, extra=about)
        return self._enter(at, record)

    def _take_over(self, record: Record) -> Reply:
        return self._enter(self.request.at, record)

    def _enter(self, path: str, record: Record | None) -> Reply:
        """Start the chart at a route, for a new call or for one that is under way."""
        flow, route = self.environment.routes[path]
        # A call whose session is lost counts on from the document it heard: a key pressed at that
        # one, and the same key at this one, are not the same request.
        new = record or Record(flow.__name__, path, {}, seq=self.request.seq or 0)
        if new.flow != flow.__name__:
            new = replace(new, flow=flow.__name__, entry=path, hist={}, asking=[])
        if new.entry not in self.environment.routes:
            new = replace(new, entry=path)  # a deploy has removed it
        if record is not None and self._is_worn_out(flow, record):
            return self._let_go(record, [apology(flow, record.lang)])
        context = self._context(flow, record, seq=new.seq + 1, entry=new.entry)
        machine = start(flow, context, route, hist=new.hist)
        jobs = [job for job in new.jobs if job.get("on") not in spec_of(flow).chart.states]
        entry_keys = [*new.entry_keys, self.key][-REMEMBERED:]
        begun = replace(new, unheard=[], jobs=jobs, entry_keys=entry_keys)
        event = "entered" if record is None else "taken over"
        return self._keep(machine, begun, compose(machine), event)

    def _hear_again(self, record: Record) -> Reply:
        """Say what is unheard, or else where the call is now; nothing moves."""
        seq = record.seq + 1 if record.unheard else record.seq
        machine = self._bring_back(record, seq=seq)
        twiml = compose(machine, _unheard(record))
        if twiml.is_silent and not self._is_final(machine):
            # Since a deploy its state leads on by itself. Nobody rests where nothing is said.
            machine = self._bring_back(record, seq=record.seq + 1)
            settle(machine)
            return self._keep(machine, record, compose(machine), "moved on by itself")
        event = "poll" if self.request.wait is not None else "late request"
        if (self.request.seq or 0) > record.seq:
            about = {"call_sid": self.request.call_sid, "seq": record.seq}
            logger.warning("the caller heard a document that the store forgot", extra=about)
        if not record.unheard:
            return Reply(twiml.body, event=event)
        return self._keep(machine, replace(record, unheard=[]), twiml, event)

    def _go_on(self, record: Record) -> Reply:
        """Feed what the caller or Twilio did."""
        flow = flow_of(self.environment, record)
        if spec_of(flow).chart.is_final(spec_of(flow).chart.legal(record.conf)):
            return self._let_go(record, [])
        if self._is_worn_out(flow, record):
            return self._let_go(record, [apology(flow, record.lang)])
        machine = self._bring_back(record, seq=record.seq + 1)
        occurrence = occurrence_in(self.request.parameters)
        self.event, fate = self._loggable(occurrence), Fate.GO_ON
        is_gone = settle(machine) and not {*record.asking} <= {*configuration_of(machine)}
        if is_gone and occurrence.kind is Kind.INPUT:
            # A key pressed at a question that is gone is no answer to the next one.
            self.event = "moved on by itself"
        else:
            fate = feed(machine, occurrence)
        if fate is Fate.IGNORED:
            return Reply(nothing(), event=self.event)
        if fate in {Fate.GO_ON, Fate.COUNTED}:
            settle(machine)  # guards may ask for attempts, and for what a handler has written
            twiml = compose(machine, _unheard(record))
            return self._keep(machine, replace(record, unheard=[]), twiml, self.event)
        last = context_of(machine).renderings if fate is Fate.LET_GO else []
        return self._let_go(kept_of(machine, record), last, self.event)

    def _is_final(self, machine: CallFlow) -> bool:
        return spec_of(type(machine)).chart.is_final(configuration_of(machine))

    def _loggable(self, occurrence: Occurrence) -> str:
        """Return the event as the log may show it: a secret's digits are in an event's id."""
        family = occurrence.event.partition(".")[0]
        return family if self.request.is_secret else occurrence.event

    def _is_worn_out(self, flow: type[CallFlow], record: Record) -> bool:
        if not is_worn_out(flow, record):
            return False
        about = {"call_sid": self.request.call_sid, "flow": record.flow, "state": record.conf}
        logger.error("max_turns = %d reached; the call ends", flow.max_turns, extra=about)
        return True

    def _keep(self, machine: CallFlow, record: Record, twiml: Twiml, event: str) -> Reply:
        """Answer with a document, and keep what the machine has become."""
        kept = kept_of(machine, record)
        chart = spec_of(type(machine)).chart
        is_over = twiml.hangs_up or (twiml.is_silent and chart.is_final(kept.conf))
        asking = list(twiml.asking)
        if asking and asking != record.asking:
            kept = replace(kept, asking=asking, attempts=0)
        body = hang_up() if is_over and twiml.is_silent else twiml.body
        return self._saved(kept, body, event, is_over=is_over)

    def _let_go(self, record: Record, last: list[Rendering], event: str = "") -> Reply:
        return self._saved(record, hang_up(last), event or "let go", is_over=True)

    def _saved(self, record: Record, body: bytes, event: str, *, is_over: bool) -> Reply:
        answer = LastAnswer(self.request.request.token, self.key, body.decode())
        kept = replace(
            record,
            seq=record.seq + 1,
            turns=record.turns + 1,
            answer=answer,
            ended=is_over,
        )
        return Reply(body, kept, event)

    def _bring_back(self, record: Record, *, seq: int) -> CallFlow:
        flow = flow_of(self.environment, record)
        context = self._context(flow, record, seq=seq)
        return bring_back(flow, context, conf=record.conf, hist=record.hist)

    def _context(
        self, flow: type[CallFlow], record: Record | None, *, seq: int, entry: str = ""
    ) -> Context:
        parameters = {**self.request.parameters, "CallSid": self.request.call_sid}
        known = Call.from_json(record.call) if record and record.call else None
        return context_for(
            self.environment,
            flow,
            record,
            call=known.updated(parameters) if known else Call.from_parameters(parameters),
            entry=entry or (record.entry if record else self.request.at),
            seq=seq,
            request=self.request.request,
        )

    def _flow(self, record: Record | None) -> type[CallFlow] | None:
        if record is not None and record.flow in self.environment.flows:
            return self.environment.flows[record.flow]
        return self.environment.flow_at(self.request.at)

    def _log(self, reply: Reply, record: Record | None, seconds: float) -> None:
        now = reply.record or record
        about = {
            "call_sid": self.request.call_sid,
            "flow": now.flow if now else "",
            "state": now.conf if now else [],
            "event": reply.event,
            "seq": now.seq if now else 0,
            "ms": round(seconds * 1000, 1),
        }
        if seconds > SLOW:
            logger.warning(
                "an answer took %.1f s, and Twilio gives up at 15; do slow work in a "
                "@background method",
                seconds,
                extra=about,
            )
        logger.info("turn", extra=about)


def _unheard(record: Record) -> list[Rendering]:
    return [from_xml(source, xml) for source, xml in record.unheard]
