"""What is heard by somebody who waits: in a queue, or for background work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element

from twilio.twiml.voice_response import Pause, Play

from statechart_ivr.flow import CallFlow, configuration_of, render, spec_of, wait_url_of
from statechart_ivr.record import Job, Record
from statechart_ivr.twiml import Rendering, Waiting, asks, leads_on, to_elements

#: Seconds between two wait documents, from the first on; then always as many as the last time.
PAUSES = (1, 2, 4, 8, 10)


def hold_of(flow: CallFlow, jobs: Sequence[Job], number: int, hold_music: str) -> Waiting | None:
    """Return what a caller is held with while work of an active state is not done.

    Args:
        flow: the machine.
        jobs: of the call.
        number: of the wait document that is made; 0 for what follows a turn's own document.
        hold_music: URL of a sound, or nothing.

    Returns:
        None where there is no such work.
    """
    on = {job.on for job in jobs}
    outwards = spec_of(type(flow)).chart.outwards(configuration_of(flow))
    pending = [state_id for state_id in outwards if state_id in on]
    if not pending:
        return None
    elements = _elements(flow, pending)
    if not elements and hold_music:
        elements = to_elements(Play(hold_music))
    if not elements:
        elements = to_elements(Pause(length=PAUSES[min(number, len(PAUSES) - 1)]))
    return Waiting(wait_url_of(flow, number + 1), tuple(elements))


def queue_of(flow: CallFlow, state_ids: Sequence[str], number: int) -> Waiting:
    """Return what a caller hears in a queue that a state has put them into.

    Args:
        flow: the machine.
        state_ids: the states that ask.
        number: of the wait document that is made.
    """
    elements = _elements(flow, state_ids)
    if not elements:
        return silence_in_queue(flow, number)
    return Waiting(wait_url_of(flow, number + 1, in_queue=True), tuple(elements))


def silence_in_queue(flow: CallFlow, number: int) -> Waiting:
    """Return what a caller hears in a queue where there is nothing to be said.

    Args:
        flow: the machine.
        number: of the wait document that is made.
    """
    elements = to_elements(Pause(length=PAUSES[-1]))
    return Waiting(wait_url_of(flow, number + 1, in_queue=True), tuple(elements))


def is_queueing(flow: type[CallFlow], record: Record) -> bool:
    """Return whether what the caller heard last may have put them into a queue of ours."""
    return bool(spec_of(flow).waiting.keys() & record.asking)


def stays_in_queue(record: Record, said: Iterable[Rendering]) -> bool:
    """Return whether a caller who was put into a queue has no reason to leave it.

    Args:
        record: of the call.
        said: what states have said meanwhile.
    """
    is_there = {*record.asking} <= {*record.conf}
    return is_there and not any(asks(one) or leads_on(one) for one in said)


def _elements(flow: CallFlow, state_ids: Sequence[str]) -> list[Element]:
    """Return what the first of some states that has anything for waiting says."""
    waiting = spec_of(type(flow)).waiting
    for state_id in state_ids:
        if state_id in waiting:
            return list(render(flow, waiting[state_id], state_id).elements)
    return []
