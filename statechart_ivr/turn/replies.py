"""What a turn comes to: a document, and the record to save with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from statechart_ivr.call import Call
from statechart_ivr.events import Occurrence
from statechart_ivr.flow import CallFlow, Context, bring_back, spec_of
from statechart_ivr.record import LastAnswer, Record
from statechart_ivr.turn.compose import compose, hang_up
from statechart_ivr.turn.environment import Environment, TurnRequest
from statechart_ivr.turn.jobs import jobs_after
from statechart_ivr.turn.records import context_for, flow_of, kept_of
from statechart_ivr.twiml import Rendering


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


@dataclass(frozen=True)
class Replies:
    """Makes the replies to one request.

    Attributes:
        environment: of the application.
        request: to a route, a turn URL or a wait URL.
        key: digest of what the request says.
    """

    environment: Environment
    request: TurnRequest
    key: str

    def bring_back(self, record: Record, *, seq: int) -> CallFlow:
        """Bring the machine of a call back to life.

        Args:
            record: of the call.
            seq: number of the document that is made.

        Raises:
            SessionMismatchError: this version of the flow cannot be where the record says.
        """
        flow = flow_of(self.environment, record)
        context = self.context(flow, record, seq=seq)
        return bring_back(flow, context, conf=record.conf, hist=record.hist)

    def context(
        self, flow: type[CallFlow], record: Record | None, *, seq: int, entry: str = ""
    ) -> Context:
        """Return what a machine is to know during this turn."""
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

    def keep(
        self, machine: CallFlow, record: Record, event: str, unheard: Sequence[Rendering] = ()
    ) -> Reply:
        """Answer with what the machine says, and keep what it has become."""
        jobs = jobs_after(machine, record.jobs)
        twiml = compose(machine, unheard, jobs=jobs, hold_music=self.hold_music)
        kept = kept_of(machine, record, jobs)  # by now: a rendering may write the session, too
        chart = spec_of(type(machine)).chart
        is_over = twiml.hangs_up or (twiml.is_silent and chart.is_final(kept.conf))
        asking = list(twiml.asking)
        if asking and asking != record.asking:
            kept = replace(kept, asking=asking, attempts=0)
        body = hang_up() if is_over and twiml.is_silent else twiml.body
        return self.saved(kept, body, event, is_over=is_over)

    def let_go(self, record: Record, last: Sequence[Rendering], event: str = "") -> Reply:
        """Say the last words and hang up."""
        return self.saved(record, hang_up(last), event or "let go", is_over=True)

    def saved(self, record: Record, body: bytes, event: str, *, is_over: bool = False) -> Reply:
        """Answer with a new document, and keep a record as it is by now."""
        kept = replace(
            record,
            seq=record.seq + 1,
            turns=record.turns + 1,
            answer=self.answer(body),
            ended=is_over,
        )
        return Reply(body, kept, event)

    def answer(self, body: bytes) -> LastAnswer:
        """Return what is kept of an answer, for the same request come again."""
        return LastAnswer(self.request.request.token, self.key, body.decode())

    def loggable(self, occurrence: Occurrence) -> str:
        """Return the event as the log may show it: a secret's digits are in an event's id."""
        family = occurrence.event.partition(".")[0]
        return family if self.request.is_secret else occurrence.event

    @property
    def hold_music(self) -> str:
        """URL of the sound for callers who are held; nothing where none is to be played."""
        music, client = self.environment.hold_music, self.environment.client
        if music is None or client is None:
            # Without a client nobody could end the music when there is something to be said.
            return ""
        return music(self.request.request.base_url or self.environment.base_url)
