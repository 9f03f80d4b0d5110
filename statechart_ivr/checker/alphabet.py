"""What can happen in a call at one moment: keys, words, silence, and how verbs end.

A flow is finite only over a finite alphabet. So of all keys that no state declares one is tried,
and of all words that nobody waits for some; the chart cannot tell them from others. A handler can,
so its ``examples=`` are tried, each as it stands.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.notation import Step
from statechart_ivr.checker.spoken import prompts_in
from statechart_ivr.events import KEYS, QUEUE_RESULTS, phrase_of
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.testing.listening import Gathering, Recording, finished
from statechart_ivr.testing.playback import Playback
from statechart_ivr.testing.rules import value_of

#: What a caller says whom nobody understands.
MUMBLE = "mumble mumble"
#: Keys in the order in which one is looked for that leads nowhere.
_SPARE = "9876543210"

_NAMES = {name: key for key, name in KEYS.items()}
_DIAL = ("completed", "unbridged", "answered", "busy", "no-answer", "failed", "canceled")
#: Twilio's own words. What ``hangup`` and ``redirected`` tell comes with these, in other moves.
_QUEUE = tuple(
    one.replace("_", "-")
    for one in QUEUE_RESULTS
    if one != "hangup" and not one.startswith("redirected")
)


@dataclass(frozen=True)
class Situation:
    """A call at one moment.

    Attributes:
        flow: whose call it is.
        record: what is stored of it.
        playback: what is played.
        entries: at which it can be taken over, each with a URL that the call does not remember.
        signals: events that come from outside, and their data.
    """

    flow: type[CallFlow]
    record: Record
    playback: Playback
    entries: tuple[str, ...] = ()
    signals: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def moves(here: Situation) -> list[Move]:
    """Return everything that can happen, but for the time and background work.

    What callers do comes first, so that the shortest calls are also the most natural ones.
    """
    if here.playback.waiting is None:
        return []
    found = [*_by_caller(here), *_by_others(here), *_from_outside(here)]
    found.append(Move(Step("hang_up"), Kind.HANG_UP))
    found += [Move(Step("redirect", path), Kind.TAKEOVER) for path in here.entries]
    return once_each(found)


def once_each(found: Iterable[Move]) -> list[Move]:
    """Return moves without those whose step came before."""
    once: dict[Step, Move] = {}
    for move in found:
        once.setdefault(move.step, move)
    return list(once.values())


def _by_caller(here: Situation) -> Iterator[Move]:
    listening = here.playback.listening
    if isinstance(listening, Gathering):
        if listening.takes_keys:
            yield from _keys(here, listening)
        if listening.takes_speech:
            yield from _words(here)
        yield Move(Step("wait"), Kind.SILENCE)
    elif isinstance(listening, Recording):
        yield Move(Step("record"), Kind.OUTCOME)
        yield Move(Step("wait"), Kind.SILENCE)
    elif here.playback.is_polling:
        yield Move(Step("wait"), Kind.SILENCE)


def _keys(here: Situation, gathering: Gathering) -> Iterator[Move]:
    declared = declared_keys(here.flow, here.record)
    examples = [one for one in examples_of(here.flow, here.record) if one and set(one) <= set(KEYS)]
    for key in declared:
        yield _press(key)
    for example in examples:
        yield _press(finished(example, gathering))
    offered = offered_keys(here.playback, gathering, [*declared, *examples])
    is_claimed = takes_any_key(here.flow, here.record)
    # Whether an offer is meant is not known where handlers are asked.
    is_wrong = not (is_claimed or has_handler(here.flow, here.record))
    for keys in offered:
        yield _press(finished(keys, gathering) if len(keys) > 1 else keys, is_wrong=is_wrong)
    first_keys = {one[0] for one in [*declared, *examples, *offered] if one}
    spare = next((one for one in _SPARE if one not in first_keys), None)
    if spare is not None:
        yield _press(spare, is_wrong=not is_claimed)
        if (several := _several(spare, gathering)) not in {None, *examples}:
            yield _press(finished(str(several), gathering), is_wrong=not is_claimed)
    if "*" not in [*declared, *offered]:
        yield _press("*", is_wrong=not is_claimed)


def offered_keys(
    playback: Playback, gathering: Gathering, known: Collection[str]
) -> tuple[str, ...]:
    """Return the keys that prompts name, and nothing else does; they are to be tried, too."""
    heard = playback.script.verbs[: playback.position]
    texts = prompts_in(heard, gathering.element.get("language")).texts
    named = dict.fromkeys(keys for text in texts for keys in text.offers.keys)
    finish = value_of(gathering.element, "finishOnKey", "#")
    return tuple(keys for keys in named if keys not in known and not (finish and finish in keys))


def _press(keys: str, *, is_wrong: bool = False) -> Move:
    return Move(Step("press", keys), Kind.KEYS, is_wrong)


def _several(key: str, gathering: Gathering) -> str | None:
    wanted = value_of(gathering.element, "numDigits")
    if wanted:
        return key * int(wanted) if int(wanted) > 1 else None
    return key * 4


def _words(here: Situation) -> Iterator[Move]:
    phrases = declared_phrases(here.flow, here.record)
    examples = [one for one in examples_of(here.flow, here.record) if set(one.strip()) - set(KEYS)]
    for words in [*phrases, *examples]:
        yield Move(Step("say", words), Kind.WORDS)
    is_claimed = "speech" in declared_events(here.flow, here.record)
    yield Move(Step("say", MUMBLE), Kind.WORDS, is_wrong=not is_claimed)


def _by_others(here: Situation) -> Iterator[Move]:
    waiting, events = here.playback.verb.tag, declared_events(here.flow, here.record)
    if here.playback.queued is not None:
        steps = [Step("queue_result", one) for one in _QUEUE]
    elif waiting == "Dial":
        steps = [Step("dial_result", one) for one in _DIAL]
    elif waiting == "Pay":
        results = [one.partition(".")[2] for one in events if one.startswith("pay.")]
        steps = [Step("pay_result", one.replace("_", "-")) for one in ["success", *results]]
    elif waiting == "Connect":
        steps = [Step("connect_result")]
    elif waiting == "Refer":
        steps = [Step("refer_result", one) for one in ("completed", "failed")]
    else:
        steps = []
    yield from (Move(step, Kind.OUTCOME) for step in steps)


def _from_outside(here: Situation) -> Iterator[Move]:
    for event, data in here.signals.items():
        yield Move(Step.of_event("deliver", event, data), Kind.SIGNAL)


def declared_events(flow: type[CallFlow], record: Record) -> list[str]:
    """Return the ids for which the active states have transitions, inner states first."""
    chart = spec_of(flow).chart
    found = (
        str(event)
        for state_id in chart.outwards(record.conf)
        for transition in chart.transitions(state_id)
        for event in transition.events
    )
    return list(dict.fromkeys(found))


def declared_keys(flow: type[CallFlow], record: Record) -> list[str]:
    """Return the keys for which the active states have transitions of their own."""
    events = declared_events(flow, record)
    return [_NAMES[one[4:]] for one in events if one.startswith("key.") and one[4:] in _NAMES]


def declared_phrases(flow: type[CallFlow], record: Record) -> list[str]:
    """Return the phrases for which the active states have transitions."""
    return [phrase for phrase in map(phrase_of, declared_events(flow, record)) if phrase]


def takes_any_key(flow: type[CallFlow], record: Record) -> bool:
    """Return whether an active state has a transition for every key."""
    descriptors = {one.removesuffix("*").removesuffix(".") for one in declared_events(flow, record)}
    return bool(descriptors & {"", "key", "digits"})


def has_handler(flow: type[CallFlow], record: Record) -> bool:
    """Return whether an active state has a handler, which may take whatever comes."""
    return any(state in spec_of(flow).handlers for state in record.conf)


def examples_of(flow: type[CallFlow], record: Record) -> list[str]:
    """Return the examples of the handlers that are asked, inner states first."""
    spec = spec_of(flow)
    asked = (one for one in spec.chart.outwards(record.conf) if one in spec.handlers)
    return [example for one in asked for example in spec.handlers[one].examples]
