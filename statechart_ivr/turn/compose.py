"""What the caller hears: from a machine at rest to one document."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence

from statechart_ivr.events import phrase_of
from statechart_ivr.flow import (
    CallFlow,
    configuration_of,
    context_of,
    render_state,
    spec_of,
    turn_url_of,
    wait_url_of,
)
from statechart_ivr.record import Job
from statechart_ivr.turn.hold import hold_of
from statechart_ivr.twiml import (
    Listening,
    Rendering,
    Twiml,
    asks,
    assemble,
    hang_up_after,
    leads_on,
    prompts_of,
)

logger = logging.getLogger("statechart_ivr.turn")


def compose(
    flow: CallFlow,
    unheard: Sequence[Rendering] = (),
    *,
    jobs: Sequence[Job] = (),
    hold_music: str = "",
) -> Twiml:
    """Return the document of a machine at rest.

    First what was not yet heard, then what the states entered in this turn say. If none of the
    states that are active now has been said, the innermost ones that say anything follow. If
    the call would end because nothing of all this asks, an active state that asks does so again;
    where none does, and work of an active state is not done, the call is held.

    Args:
        flow: the machine; its context holds the renderings of this turn.
        unheard: from before.
        jobs: of the call.
        hold_music: URL of a sound for callers who are held, or nothing.
    """
    chart = spec_of(type(flow)).chart
    conf = configuration_of(flow)
    renderings = [*unheard, *context_of(flow).renderings]
    if not any(one.source in conf and one.is_said for one in renderings):
        renderings += innermost(flow, conf)
    is_final = chart.is_final(conf)
    if not is_final and not _goes_on(renderings, conf):
        renderings += open_question(flow, conf, {one.source for one in renderings})
    queues = [one for one in spec_of(type(flow)).waiting if one in conf]
    twiml = assemble(
        renderings,
        active=conf,
        turn_url=turn_url_of(flow),
        is_final=is_final,
        listening=_listening(flow, conf),
        queueing={one: wait_url_of(flow, 1, in_queue=True) for one in queues},
        hold=None if is_final else hold_of(flow, jobs, 0, hold_music),
    )
    _log_remarks(flow, twiml, conf)
    return twiml


def innermost(flow: CallFlow, conf: Iterable[str]) -> list[Rendering]:
    """Return, for each active leaf, what the first state outwards from it says."""
    spec = spec_of(type(flow))
    said: dict[str, Rendering] = {}
    for leaf in spec.chart.leaves(list(conf)):
        for state_id in spec.chart.paths[leaf]:
            if state_id in said:
                break
            if state_id in spec.renderers:
                rendering = render_state(flow, state_id)
                if rendering.is_said:
                    said[state_id] = rendering
                    break
    return list(said.values())


def open_question(flow: CallFlow, conf: Iterable[str], said: Collection[str]) -> list[Rendering]:
    """Return the first rendering of an active state that asks something, and was not said."""
    spec = spec_of(type(flow))
    for state_id in spec.chart.outwards(list(conf)):
        if state_id in spec.renderers and state_id not in said:
            rendering = render_state(flow, state_id)
            if asks(rendering):
                return [rendering]
    return []


def _goes_on(renderings: Iterable[Rendering], conf: Collection[str]) -> bool:
    return any(leads_on(one) or (one.source in conf and asks(one)) for one in renderings)


def hang_up(renderings: Iterable[Rendering] = ()) -> bytes:
    """Return a document that says the last words, if any, and hangs up."""
    return hang_up_after(*prompts_of(renderings))


def _listening(flow: CallFlow, conf: Iterable[str]) -> Listening:
    chart = spec_of(type(flow)).chart
    events = [
        str(event)
        for state_id in chart.outwards(list(conf))
        for transition in chart.transitions(state_id)
        for event in transition.events
    ]
    phrases = dict.fromkeys(phrase for phrase in map(phrase_of, events) if phrase)
    return Listening(tuple(phrases), any(e.partition(".")[0] == "speech" for e in events))


def _log_remarks(flow: CallFlow, twiml: Twiml, conf: Sequence[str]) -> None:
    about = {"call_sid": flow.call.sid, "flow": type(flow).__name__, "state": list(conf)}
    for remark in twiml.remarks:
        logger.warning("Twilio %d: %s", remark.number, remark.message, extra=about)
    is_final = spec_of(type(flow)).chart.is_final(conf)
    if not is_final and not twiml.goes_on:
        logger.error(
            "%s: says something, asks nothing and leads nowhere; the call ends with it",
            ", ".join(conf),
            extra=about,
        )
