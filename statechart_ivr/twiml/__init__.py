"""Verbs in, checked bytes out."""

from __future__ import annotations

from statechart_ivr.twiml.assembly import (
    INPUT_VERBS,
    LIMIT_BYTES,
    Listening,
    Rendering,
    Twiml,
    Waiting,
    asks,
    assemble,
    from_xml,
    hang_up_after,
    leads_on,
    leave,
    nothing,
    one_moment,
    plain,
    prompts_of,
    to_xml,
    wait_document,
)
from statechart_ivr.twiml.content import (
    Document,
    document,
    gather,
    is_blank,
    speak,
    to_elements,
)
from statechart_ivr.twiml.vocabulary import Remark, remarks

__all__ = [
    "INPUT_VERBS",
    "LIMIT_BYTES",
    "Document",
    "Listening",
    "Remark",
    "Rendering",
    "Twiml",
    "Waiting",
    "asks",
    "assemble",
    "document",
    "from_xml",
    "gather",
    "hang_up_after",
    "is_blank",
    "leads_on",
    "leave",
    "nothing",
    "one_moment",
    "plain",
    "prompts_of",
    "remarks",
    "speak",
    "to_elements",
    "to_xml",
    "wait_document",
]
