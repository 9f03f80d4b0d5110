"""The event alphabet: what can happen to a call, as ids the chart understands.

`EVENTS` is the one table. Dispatch, docs, checker and `Phone` read it.
"""

from __future__ import annotations

from statechart_ivr.events.choices import (
    PromptedEvent,
    Several,
    data_of,
    is_choice,
    key,
    occurs,
    phrase_of,
    said,
    words_of,
)
from statechart_ivr.events.occurrence import (
    Occurrence,
    hang_up,
    keyword,
    keywords,
    occurrence_in,
)
from statechart_ivr.events.table import (
    DIAL_RESULTS,
    EVENTS,
    KEYS,
    QUEUE_RESULTS,
    REFUSED_NAMES,
    RENDERABLE_EVENTS,
    TERMINAL_STATUSES,
    EventRow,
    Kind,
    kind_of,
    nearest,
    never_comes,
)

__all__ = [
    "DIAL_RESULTS",
    "EVENTS",
    "KEYS",
    "QUEUE_RESULTS",
    "REFUSED_NAMES",
    "RENDERABLE_EVENTS",
    "TERMINAL_STATUSES",
    "EventRow",
    "Kind",
    "Occurrence",
    "PromptedEvent",
    "Several",
    "data_of",
    "hang_up",
    "is_choice",
    "key",
    "keyword",
    "keywords",
    "kind_of",
    "nearest",
    "never_comes",
    "occurrence_in",
    "occurs",
    "phrase_of",
    "said",
    "words_of",
]
