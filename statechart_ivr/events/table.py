"""The one table of events, with their ids, kinds and keyword arguments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Kind(str, Enum):
    """What an event is answered with when nothing claims it."""

    INPUT = "input"
    """From the caller. Unclaimed: ``no_match``, then the state again."""
    OUTCOME = "outcome"
    """How a verb ended. Unclaimed: the call ends."""
    SIGNAL = "signal"
    """From elsewhere. Unclaimed: ignored."""


@dataclass(frozen=True)
class EventRow:
    """One row of the event table.

    Attributes:
        id: the event's id; ``<…>`` stands for a part that the flow or Twilio fills in.
        kind: input, outcome or signal.
        when: what has happened, in a few words.
        keywords: names of the keyword arguments that callbacks can ask for.
    """

    id: str
    kind: Kind
    when: str
    keywords: tuple[str, ...] = ()


KEYS = {**{digit: digit for digit in "0123456789"}, "*": "star", "#": "pound"}

DIAL_RESULTS = ("completed", "answered", "busy", "no_answer", "failed", "canceled")
QUEUE_RESULTS = (
    "bridged bridging_in_process error hangup leave redirected redirected_from_bridged "
    "queue_full system_error"
).split()
TERMINAL_STATUSES = ("completed", "busy", "no_answer", "failed", "canceled")


def _rows() -> Iterable[EventRow]:
    for name in KEYS.values():
        yield EventRow(f"key.{name}", Kind.INPUT, "a Gather returned this one key", ("digits",))
    yield EventRow("digits", Kind.INPUT, "a Gather returned keys", ("digits", "finished_on_key"))
    words = ("speech", "confidence")
    yield EventRow("speech.<phrase>", Kind.INPUT, "words in which a said() phrase occurs", words)
    yield EventRow("speech", Kind.INPUT, "a Gather returned words", words)
    yield EventRow("no_input", Kind.INPUT, "nothing from the caller")
    yield EventRow("no_input.<reason>", Kind.INPUT, "the flow says there was no input")
    heard = ("digits", "speech")
    yield EventRow("no_match", Kind.INPUT, "nothing claims what the caller did", heard)
    yield EventRow("no_match.<reason>", Kind.INPUT, "the flow says the input did not fit", heard)
    yield EventRow("give_up", Kind.INPUT, "max_attempts is reached", ("attempts",))
    yield EventRow(
        "recorded",
        Kind.OUTCOME,
        "a Record ended",
        ("recording_url", "recording_sid", "duration"),
    )
    dialled = ("dial_call_sid", "duration", "bridged")
    for result in DIAL_RESULTS:
        yield EventRow(f"dial.{result}", Kind.OUTCOME, f"a Dial ended: {result}", dialled)
    queued = ("queue_sid", "queue_time")
    for result in QUEUE_RESULTS:
        yield EventRow(f"queue.{result}", Kind.OUTCOME, f"an Enqueue ended: {result}", queued)
    yield EventRow("pay.<result>", Kind.OUTCOME, "a Pay ended; what Twilio sends, snake_case")
    yield EventRow("connect", Kind.OUTCOME, "a Connect ended; what Twilio sends, snake_case")
    yield EventRow("refer.<status>", Kind.OUTCOME, "a Refer ended; what Twilio sends, snake_case")
    for status in TERMINAL_STATUSES:
        when = f"terminal status callback: {status}"
        yield EventRow(f"hang_up.{status}", Kind.SIGNAL, when, ("duration",))
    yield EventRow(
        "background_failed", Kind.SIGNAL, "background work raised or was too slow", ("error",)
    )


#: Every event of this package; any other id a chart declares is a signal of the flow's own.
EVENTS: tuple[EventRow, ...] = tuple(_rows())

#: What ``@renders`` takes beside states; dotted ids below ``no_match`` and ``no_input`` too.
RENDERABLE_EVENTS = ("no_match", "no_input", "give_up", "error")

#: Names the engine injects into callbacks, or that ``send()`` takes for itself: an event's data
#: cannot use them.
REFUSED_NAMES = frozenset(
    "state source target model machine transition event event_data key self args kwargs "
    "on_error delay send_id internal previous_configuration new_configuration".split()
)


def kind_of(event: str) -> Kind:
    """Return the kind of an event; ids that are not in the table are signals."""
    return _KINDS.get(event.partition(".")[0], Kind.SIGNAL)


_KINDS = {row.id.partition(".")[0]: row.kind for row in EVENTS}


_IDS = frozenset(row.id for row in EVENTS)
_FAMILIES = {row.id.partition(".")[0] for row in EVENTS}
_OPEN_FAMILIES = {row.id.partition(".")[0] for row in EVENTS if "<" in row.id}


def never_comes(event: str) -> bool:
    """Return whether an id looks like one of the table's, and is none.

    >>> never_comes("dial.no-answer"), never_comes("dial.no_answer"), never_comes("dial")
    (True, False, False)
    """
    plain = event.removesuffix("*").removesuffix(".")
    family, _, rest = plain.partition(".")
    is_closed = family in _FAMILIES - _OPEN_FAMILIES
    return bool(rest) and is_closed and plain not in _IDS


def nearest(event: str) -> str:
    """Return the id of the table that looks most like another one."""
    family = [one for one in sorted(_IDS) if one.startswith(event.partition(".")[0])]
    return difflib.get_close_matches(event.replace("-", "_"), family, n=1, cutoff=0)[0]
