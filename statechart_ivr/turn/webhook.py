"""One turn: a webhook comes in, the chart moves at most once, TwiML goes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from statechart_ivr.errors import (
    SessionMismatchError,
    StaleSessionError,
    StoreUnavailableError,
)
from statechart_ivr.events import Kind, occurrence_in
from statechart_ivr.flow import CallFlow, configuration_of, context_of, spec_of, start
from statechart_ivr.record import REMEMBERED, LastAnswer, Record
from statechart_ivr.turn.compose import compose, hang_up
from statechart_ivr.turn.deliver import fail, submit, unheard_of
from statechart_ivr.turn.environment import Environment, TurnRequest
from statechart_ivr.turn.feed import Fate, apology, feed, last_words, settle, without_input
from statechart_ivr.turn.jobs import (
    TIMED_OUT,
    abandoned,
    fresh,
    jobs_elsewhere,
    jobs_on,
    overdue,
    taken,
)
from statechart_ivr.turn.outage import ask_for_patience
from statechart_ivr.turn.outbound import adopt
from statechart_ivr.turn.records import (
    Loaded,
    asked_for_secret,
    flow_of,
    is_worn_out,
    kept_of,
    load,
    log_flow_error,
    save,
)
from statechart_ivr.turn.replies import Replies, Reply
from statechart_ivr.turn.waiting import answer_hold, answer_queue, end_of_wait
from statechart_ivr.twiml import Rendering, leave, nothing

logger = logging.getLogger("statechart_ivr.turn")

#: How often a turn is tried again when another process saved first.
RACES = 5
#: Seconds after which an answer is dangerously late; Twilio gives up at 15.
SLOW = 12.0


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

    @property
    def replies(self) -> Replies:
        """What makes the replies to the request."""
        return Replies(self.environment, self.request, self.key)

    def answer(self, began: datetime) -> bytes:
        """Load, find out what the request is, answer it, save.

        Args:
            began: when the request came.

        Raises:
            StaleSessionError: another process saved first; the call is to be tried again.
            StoreUnavailableError: the store gives no answer, or cannot write.
        """
        loaded = self._load()
        record = loaded.record
        if record is not None and asked_for_secret(self.environment, record):
            # A document from before a deploy may not say so in its URLs.
            self.request = replace(self.request, is_secret=True)
        given = record.answer if record else None
        if given is not None and self._is_for_this_request(given):
            logger.info("the same request again", extra={"call_sid": self.request.call_sid})
            return given.body.encode()
        now = self.environment.clock.now().timestamp()
        renewed = taken(record, abandoned(record, now), now) if record else None
        reply = self._guarded(renewed)
        if reply.record is None and renewed != record:
            reply = replace(reply, record=renewed)
        if reply.record is not None:
            save(self.environment, reply.record, revision=loaded.revision)
            submit(self.environment, reply.record, fresh(reply.record, record))
        taken_time = self.environment.clock.now() - began
        self._log(reply, record, taken_time.total_seconds())
        return reply.body

    def _load(self) -> Loaded:
        """Load the record, after work that took too long was told that it has failed."""
        loaded = load(self.environment, self.request.call_sid)
        if loaded.record is None and adopt(
            self.environment, self.request.call_sid, self.request.request
        ):
            loaded = load(self.environment, self.request.call_sid)
        now = self.environment.clock.now().timestamp()
        late = overdue(loaded.record, now) if loaded.record else []
        for job in late:
            fail(self.environment, self.request.call_sid, job, TIMED_OUT, is_asked=True)
        return load(self.environment, self.request.call_sid) if late else loaded

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
            reply = Reply(hang_up([self._last_words(record)]), event="error")
            # A recording is to be filed, although the chart could do nothing with it.
            return reply if record is None else self._with_event_work(reply, record, always=True)

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
            machine = flow(self.replies.context(flow, record, seq=0))
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
            return self._after_the_end(record)
        if request.is_entry:
            is_late_copy = self.key in record.entry_keys
            return self._on_record(record, self._hear_again if is_late_copy else self._take_over)
        if request.wait is not None:
            return self._on_record(record, self._wait)
        if request.seq != record.seq and self._is_redirected():
            return self._with_event_work(Reply(nothing(), event="redirected"), record)
        if request.seq != record.seq:
            return self._on_record(record, self._hear_again)
        if request.again and request.is_secret and self._brings_no_outcome():
            return self._on_record(record, self._hear_again)
        return self._on_record(record, self._go_on)

    def _is_redirected(self) -> bool:
        """Return whether a queue tells that the call was pointed elsewhere: nobody listens here."""
        event = occurrence_in(self.request.parameters).event
        return event.startswith("queue.redirected")

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
        if self.request.in_queue:
            # Where a queue's documents are played, little can be done; the queue's action follows.
            logger.warning("%s; the call leaves its queue", why, extra=about)
            return Reply(leave(), event="leaves the queue")
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
            return self.replies.let_go(record, [apology(flow, record.lang)])
        context = self.replies.context(flow, record, seq=new.seq + 1, entry=new.entry)
        machine = start(flow, context, route, hist=new.hist)
        old = self.environment.flows.get(record.flow) if record else None
        jobs = jobs_elsewhere(spec_of(old) if old else None, spec_of(flow), new.jobs)
        entry_keys = [*new.entry_keys, self.key][-REMEMBERED:]
        begun = replace(new, unheard=[], jobs=jobs, entry_keys=entry_keys)
        event = "entered" if record is None else "taken over"
        return self.replies.keep(machine, begun, event)

    def _wait(self, record: Record) -> Reply:
        if self.request.in_queue:
            return answer_queue(self.replies, record)
        return answer_hold(self.replies, record) or self._hear_again(record)

    def _hear_again(self, record: Record) -> Reply:
        """Say what is unheard, or else where the call is now; nothing moves."""
        seq = record.seq + 1 if record.unheard else record.seq
        machine = self.replies.bring_back(record, seq=seq)
        twiml = compose(
            machine,
            unheard_of(record),
            jobs=record.jobs,
            hold_music=self.replies.hold_music,
        )
        if twiml.is_silent and not self._is_final(machine):
            # Since a deploy its state leads on by itself. Nobody rests where nothing is said.
            machine = self.replies.bring_back(record, seq=record.seq + 1)
            settle(machine)
            return self.replies.keep(machine, record, "moved on by itself")
        is_poll = self.request.wait is not None
        if is_poll and not twiml.goes_on and not self._is_final(machine):
            return end_of_wait(self.replies, machine, record)
        event = "poll" if is_poll else "late request"
        if (self.request.seq or 0) > record.seq:
            about = {"call_sid": self.request.call_sid, "seq": record.seq}
            logger.warning("the caller heard a document that the store forgot", extra=about)
        if record.unheard:
            heard = replace(record, unheard=[])
            return self.replies.keep(machine, heard, event, unheard_of(record))
        return self._with_event_work(Reply(twiml.body, event=event), record)

    def _go_on(self, record: Record) -> Reply:
        """Feed what the caller or Twilio did."""
        flow = flow_of(self.environment, record)
        if spec_of(flow).chart.is_final(spec_of(flow).chart.legal(record.conf)):
            return self._with_event_work(self.replies.let_go(record, []), record)
        if self._is_worn_out(flow, record):
            return self.replies.let_go(record, [apology(flow, record.lang)])
        machine = self.replies.bring_back(record, seq=record.seq + 1)
        occurrence = occurrence_in(self.request.parameters)
        self.event, fate = self.replies.loggable(occurrence), Fate.GO_ON
        is_gone = settle(machine) and not {*record.asking} <= {*configuration_of(machine)}
        if is_gone and occurrence.kind is Kind.INPUT:
            # A key pressed at a question that is gone is no answer to the next one.
            self.event = "moved on by itself"
        else:
            fate = feed(machine, occurrence)
        if fate is Fate.IGNORED:
            return self._ignored(machine, record)
        if fate in {Fate.GO_ON, Fate.COUNTED}:
            settle(machine)  # guards may ask for attempts, and for what a handler has written
            heard = replace(record, unheard=[])
            return self.replies.keep(machine, heard, self.event, unheard_of(record))
        last = context_of(machine).renderings if fate is Fate.LET_GO else []
        return self.replies.let_go(kept_of(machine, record), last, self.event)

    def _ignored(self, machine: CallFlow, record: Record) -> Reply:
        """Answer an outcome that means nothing to the chart; work may be waiting for it."""
        kept = kept_of(machine, record)
        if kept.jobs == record.jobs:
            return Reply(nothing(), event=self.event)
        answered = replace(record, jobs=kept.jobs, answer=self.replies.answer(nothing()))
        return Reply(nothing(), answered, self.event)

    def _after_the_end(self, record: Record) -> Reply:
        return self._with_event_work(Reply(hang_up(), event="after the end"), record)

    def _with_event_work(self, reply: Reply, record: Record, *, always: bool = False) -> Reply:
        """Have what a verb ended with start its work, once, though the chart no longer moves.

        Args:
            reply: to the request.
            record: of the call.
            always: also while the chart could move, if it were not for a fault of the flow.
        """
        flow = self.environment.flows.get(record.flow)
        over = flow is not None and (record.ended or spec_of(flow).chart.is_final(record.conf))
        is_action = not self.request.is_entry and self.request.wait is None
        if flow is None or not (over or always) or not is_action or self.key in record.seen:
            return reply
        occurrence = occurrence_in(self.request.parameters)
        now = self.environment.clock.now().timestamp()
        data = without_input(occurrence.data) if self.request.is_secret else occurrence.data
        jobs = [*jobs_on(spec_of(flow), occurrence.event, data, now)]
        if not jobs:
            return reply
        kept = reply.record or record
        seen = [*kept.seen, self.key][-REMEMBERED:]
        return replace(reply, record=replace(kept, jobs=[*kept.jobs, *jobs], seen=seen))

    def _is_final(self, machine: CallFlow) -> bool:
        return spec_of(type(machine)).chart.is_final(configuration_of(machine))

    def _is_worn_out(self, flow: type[CallFlow], record: Record) -> bool:
        if not is_worn_out(flow, record):
            return False
        about = {"call_sid": self.request.call_sid, "flow": record.flow, "state": record.conf}
        logger.error("max_turns = %d reached; the call ends", flow.max_turns, extra=about)
        return True

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
