"""Feeding one event to a machine: who claims it, and what becomes of it when nobody does."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from statemachine import Event
from statemachine.exceptions import TransitionNotAllowed

from statechart_ivr.call import CallerInput
from statechart_ivr.decorators import PASS
from statechart_ivr.errors import FlowError, UnknownEventError
from statechart_ivr.events import Kind, Occurrence, kind_of, occurs
from statechart_ivr.flow import (
    CallFlow,
    asks_for_secret,
    configuration_of,
    context_of,
    render,
    spec_of,
    watching,
)
from statechart_ivr.twiml import Rendering, prompts_of, speak, to_elements

logger = logging.getLogger("statechart_ivr.turn")

#: What a caller keys in or says, among the data of an event.
_ENTERED = frozenset({"digits", "finished_on_key", "speech", "confidence"})


class Fate(Enum):
    """What follows from an event."""

    GO_ON = "the states entered, or the present ones again, are heard"
    COUNTED = "an attempt was counted, and nothing moved; the present states are heard again"
    LET_GO = "the caller hears the last prompt, and a hang-up"
    HANG_UP = "a hang-up, at once"
    IGNORED = "nothing at all"


def feed(flow: CallFlow, occurrence: Occurrence) -> Fate:
    """Feed what the caller or Twilio did.

    The chart moves at most once. Prompts and renderings collect in the machine's context.
    """
    if occurrence.kind is not Kind.INPUT:
        return feed_event(flow, occurrence.event, occurrence.data)
    if not occurrence.is_keys_or_words:
        return feed_event(flow, occurrence.event, {})
    event = claim(flow, occurrence)
    return Fate.GO_ON if event is None else feed_event(flow, event, occurrence.data)


def feed_event(flow: CallFlow, event: str, data: Mapping[str, Any]) -> Fate:
    """Feed an event by its id: from a handler, from outside, or of a verb that ended.

    Raises:
        UnknownEventError: a handler returned an id that the chart has no transition for.
    """
    _note(flow, event, data)
    family = event.partition(".")[0]
    if family in {"no_match", "no_input"}:
        return _count_attempt(flow, event, data)
    if event == "give_up":
        return _give_up(flow)
    if send(flow, event, data):
        return Fate.GO_ON
    return _unclaimed(flow, event)


def _note(flow: CallFlow, event: str, data: Mapping[str, Any]) -> None:
    """Remember that something has happened, for the background work that waits for it."""
    context_of(flow).events.append((event, _keepable(flow, data)))


def _keepable(flow: CallFlow, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what may be kept of an event: no secret, which would stand in the record."""
    return without_input(data) if asks_for_secret(flow) else dict(data)


def without_input(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data without what the caller keyed in or said."""
    return {name: value for name, value in data.items() if name not in _ENTERED}


def _unclaimed(flow: CallFlow, event: str) -> Fate:
    about = {
        "call_sid": flow.call.sid,
        "flow": type(flow).__name__,
        "event": event,
        "state": configuration_of(flow),
    }
    if (watcher := watching.get()) is not None:
        watcher.on_unclaimed(event)
    if kind_of(event) is Kind.OUTCOME and not event.startswith("queue.redirected"):
        logger.error("nothing claims the outcome %s", event, extra=about)
        return Fate.HANG_UP
    logger.info("nothing claims %s; ignored", event, extra=about)
    return Fate.IGNORED


def settle(flow: CallFlow) -> bool:
    """Let eventless transitions run whose guards have changed; return whether any did."""
    before = context_of(flow).eventless
    flow.activate_initial_state()
    return context_of(flow).eventless > before


def send(flow: CallFlow, event: str, data: Mapping[str, Any]) -> bool:
    """Send an event to the engine; return whether a transition was enabled for it."""
    own = getattr(flow, event, None)
    if not spec_of(type(flow)).chart.knows(event) or not isinstance(own, Event | None):
        return False  # the engine takes any id for the name of an attribute of the machine
    try:
        flow.send(event, **data)
    except TransitionNotAllowed as error:
        if str(error.event) != event:
            raise  # some other event, which the flow's own code sent
        return False
    return True


def claim(flow: CallFlow, occurrence: Occurrence) -> str | None:
    """Ask the states, from each active leaf outwards.

    Returns:
        The event that a handler chose or, where nothing claims the input, ``no_match``; None
        when it is dealt with.
    """
    event = _claimed(flow, occurrence)
    if event == "no_match" and (watcher := watching.get()) is not None:
        watcher.on_no_match()
    return event


def _claimed(flow: CallFlow, occurrence: Occurrence) -> str | None:
    spec = spec_of(type(flow))
    for state_id in spec.chart.outwards(configuration_of(flow)):
        handler = spec.handlers.get(state_id)
        if handler is not None:
            answer = getattr(flow, handler.method)(CallerInput.from_data(occurrence.data))
            if answer is not PASS:
                return _checked(flow, handler.method, answer, occurrence.data)
        if any(
            _claims(flow, event, occurrence.data) for event in _declared(flow, state_id, occurrence)
        ):
            return None
        # A guard said no. The states around still count: "*" must not stop meaning "main menu"
        # because the state inside takes digits of some length only.
    return "no_match"


def _checked(flow: CallFlow, method: str, answer: Any, data: Mapping[str, Any]) -> str | None:
    """Check what a handler returned; an event that is refused just now counts as no match."""
    name = f"{type(flow).__name__}.{method}"
    is_secret = asks_for_secret(flow)
    shown = "what may be a secret" if is_secret else repr(answer)
    if answer is None:
        return None
    if not isinstance(answer, str):
        raise FlowError(f"{name} returned {shown}; return an event id, None or PASS")
    event = str(answer)
    if event.partition(".")[0] in {"no_match", "no_input", "give_up"}:
        return event
    if not spec_of(type(flow)).chart.knows(event):
        raise UnknownEventError(
            "" if is_secret else event,
            f"{name} returned {shown}, for which no transition is declared; "
            f"write state.to(…, event={'…' if is_secret else shown})",
        )
    return None if _claims(flow, event, data) else "no_match"


def _claims(flow: CallFlow, event: str, data: Mapping[str, Any]) -> bool:
    """Send an event, and note it if a transition was enabled for it."""
    kept = _keepable(flow, data)  # before: where the chart is afterwards, it may be no secret
    is_claimed = send(flow, event, data)
    if is_claimed:
        context_of(flow).events.append((event, kept))
    return is_claimed


def _declared(flow: CallFlow, state_id: str, occurrence: Occurrence) -> Iterator[str]:
    """Go through the ids for an input that a state has transitions for, best fit first."""
    transitions = [t for t in spec_of(type(flow)).chart.transitions(state_id) if not t.is_eventless]
    speech = occurrence.data.get("speech", "")
    for transition in transitions:
        yield from (str(event) for event in transition.events if occurs(event, speech))
    for candidate in occurrence.candidates:
        if any(transition.match(candidate) for transition in transitions):
            yield candidate


def _count_attempt(flow: CallFlow, event: str, data: Mapping[str, Any]) -> Fate:
    context = context_of(flow)
    context.attempts += 1
    if flow.max_attempts is not None and context.attempts >= flow.max_attempts:
        _note(flow, "give_up", {"attempts": context.attempts})
        return _give_up(flow)
    prompt = spec_of(type(flow)).prompt_for(event)
    if prompt is not None:
        context.renderings.append(render(flow, prompt, f"event {event}"))
    heard = {name: data[name] for name in ("digits", "speech") if name in data}
    return Fate.GO_ON if send(flow, event, heard) else Fate.COUNTED


def _give_up(flow: CallFlow) -> Fate:
    context = context_of(flow)
    context.is_giving_up = True
    if send(flow, "give_up", {"attempts": context.attempts}):
        context.attempts = 0
        return Fate.GO_ON
    context.renderings.append(last_words(flow, "give_up"))
    return Fate.LET_GO


def last_words(flow: CallFlow, event: str) -> Rendering:
    """Return what is said for ``give_up`` or ``error`` before the hang-up."""
    prompt = spec_of(type(flow)).prompt_for(event)
    said = render(flow, prompt, f"event {event}") if prompt else None
    return said if said and prompts_of([said]) else apology(type(flow), flow.language)


def apology(flow: type[CallFlow], language: str | None) -> Rendering:
    """Return a flow's apology, in the language of the call."""
    return in_own_voice(flow, flow.apology, language)


def in_own_voice(flow: type[CallFlow], text: str, language: str | None) -> Rendering:
    """Return one of a flow's own texts, in the language of the call."""
    elements = to_elements(text)
    speak(elements, language=language, voice=flow.voice)
    return Rendering("flow", tuple(elements))
