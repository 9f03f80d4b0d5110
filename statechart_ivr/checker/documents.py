"""What Twilio says about the documents that were played: refused, warned about, or too long."""

from __future__ import annotations

from collections.abc import Iterator

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration
from statechart_ivr.testing.rules import SAY_TOO_LONG
from statechart_ivr.twiml import Remark

#: Twilio's error numbers that it logs as errors, and does not carry the verb out; all others among
#: those of `statechart_ivr.testing.rules` are warnings: it goes on, as if the attribute were left
#: out. Source: the log levels in its list of errors, https://www.twilio.com/docs/api/errors.
REFUSED = frozenset(
    {
        11100,  # Invalid URL format
        13224,  # Dial: Twilio does not support calling this number or the number is invalid
        13338,  # Gather: Invalid actionOnEmptyResult value
        14201,  # Enqueue: Invalid method value
        14204,  # Enqueue: Queue name too short
        14205,  # Enqueue: Queue name too long
        14206,  # Enqueue: Invalid waitUrlMethod value
    }
)
_ADVICE = {
    "twiml-refused": "write what Twilio takes; the caller hears nothing of this verb",
    "twiml-warning": "write what Twilio takes; it goes on as if this were left out",
    "document-too-long": "say it in several; plain text without a loop is split by itself",
}


def documents(found: Exploration) -> Iterator[Finding]:
    """Return a finding for each complaint, once a state."""
    for (flow, state, remark), steps in found.complaints.items():
        code = _code_of(remark)
        yield Finding(
            code,
            flow.__name__,
            state,
            f"Twilio {'error' if code == 'twiml-refused' else 'warning'} {remark.number}: "
            f"{remark.message}",
            _ADVICE[code],
            steps,
            place_of(flow, state=state),
        )  # no checks: the phone raises it


def _code_of(remark: Remark) -> str:
    if remark.number in REFUSED:
        return "twiml-refused"
    return "document-too-long" if remark.number == SAY_TOO_LONG else "twiml-warning"
