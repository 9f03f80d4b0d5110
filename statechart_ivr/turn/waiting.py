"""Requests for wait documents: of a queue, and of a call that is held."""

from __future__ import annotations

import logging
from dataclasses import replace

from statechart_ivr.events import Occurrence, occurrence_in
from statechart_ivr.flow import CallFlow, configuration_of, context_of, spec_of
from statechart_ivr.record import Record
from statechart_ivr.turn.compose import compose
from statechart_ivr.turn.deliver import unheard_of, with_unheard
from statechart_ivr.turn.feed import claim, last_words, settle
from statechart_ivr.turn.hold import (
    hold_of,
    is_queueing,
    queue_of,
    silence_in_queue,
    stays_in_queue,
)
from statechart_ivr.turn.records import kept_of, log_flow_error
from statechart_ivr.turn.replies import Replies, Reply
from statechart_ivr.twiml import Rendering, leave, wait_document

logger = logging.getLogger("statechart_ivr.turn")


def answer_queue(replies: Replies, record: Record) -> Reply:
    """Answer a request for what is heard in a queue.

    While the call stays in the state that queues, this is the state's waiting rendering, with what
    outside events made others say in front. Once the call has left it, the caller is taken out of
    the queue; the Enqueue's action then says what there is to say.
    """
    machine = replies.bring_back(record, seq=record.seq)
    unheard = unheard_of(record)
    # A deploy may have taken the waiting rendering away, and with it what makes it a queue of ours.
    is_there = is_queueing(type(machine), record) or replies.request.seq == record.seq
    if not is_there or not stays_in_queue(record, unheard):
        return Reply(leave(), event="leaves the queue")
    occurrence = occurrence_in(replies.request.parameters)
    if occurrence.is_keys_or_words and replies.request.seq == record.seq:
        return _key_in_queue(replies, record, occurrence)
    body = _in_queue(replies, machine, record, unheard)
    if not unheard:
        return Reply(body, event="poll")
    heard = replace(record, unheard=[], answer=replies.answer(body))
    return Reply(body, heard, "poll")


def answer_hold(replies: Replies, record: Record) -> Reply | None:
    """Answer a request from a call that is held and has nothing new to hear.

    Returns:
        None where there is something else to be heard.
    """
    if record.unheard or replies.request.seq != record.seq:
        return None
    machine = replies.bring_back(record, seq=record.seq)
    held = hold_of(machine, record.jobs, replies.request.wait or 0, replies.hold_music)
    if held is not None:
        occurrence = occurrence_in(replies.request.parameters)
        if occurrence.is_keys_or_words and (reply := _key_on_hold(replies, record, occurrence)):
            return reply
        return Reply(wait_document(held).body, event="poll")
    if compose(machine).goes_on:
        return None
    return end_of_wait(replies, machine, record)


def end_of_wait(replies: Replies, machine: CallFlow, record: Record) -> Reply:
    """Tell a caller who waited that it was in vain, behind what else there is to be heard."""
    about = {"call_sid": replies.request.call_sid, "flow": record.flow, "state": record.conf}
    logger.error("the work has ended, and with nothing that leads on; the call ends", extra=about)
    said = [*unheard_of(record), last_words(machine, "error")]
    return replies.let_go(replace(record, unheard=[]), said)


def _in_queue(replies: Replies, machine: CallFlow, record: Record, first: list[Rendering]) -> bytes:
    number = replies.request.wait or 0
    try:
        waiting = queue_of(machine, record.asking, number)
    except Exception as error:  # noqa: BLE001 - flow code may raise anything
        about = {"call_sid": replies.request.call_sid, "flow": record.flow, "state": record.conf}
        log_flow_error(error, about, is_secret=replies.request.is_secret)
        # The place in the queue is worth more than what was to be said there.
        waiting = silence_in_queue(machine, number)
    return wait_document(waiting, first).body


def _key_in_queue(replies: Replies, record: Record, occurrence: Occurrence) -> Reply:
    """Feed a key; one that nothing claims is no attempt, and the caller waits on."""
    machine = replies.bring_back(record, seq=record.seq)
    if not _is_claimed(machine, occurrence):
        again = replies.bring_back(record, seq=record.seq)
        return Reply(_in_queue(replies, again, record, []), event="no match in a queue")
    kept, said = kept_of(machine, record), context_of(machine).renderings
    if not stays_in_queue(kept, said):
        return replies.saved(with_unheard(kept, said), leave(), "leaves the queue")
    body = _in_queue(replies, machine, record, [*unheard_of(record), *said])
    answered = replace(kept, unheard=[], answer=replies.answer(body))
    return Reply(body, answered, replies.loggable(occurrence))


def _key_on_hold(replies: Replies, record: Record, occurrence: Occurrence) -> Reply | None:
    machine = replies.bring_back(record, seq=record.seq + 1)
    if not _is_claimed(machine, occurrence):
        return None
    return replies.keep(machine, record, replies.loggable(occurrence))


def _is_claimed(machine: CallFlow, occurrence: Occurrence) -> bool:
    chart = spec_of(type(machine)).chart
    if chart.is_final(configuration_of(machine)) or claim(machine, occurrence) is not None:
        return False
    settle(machine)
    return True
