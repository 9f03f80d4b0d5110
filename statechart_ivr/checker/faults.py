"""What went wrong while the explorer made its calls, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import ParseError

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration, Incident, Trouble
from statechart_ivr.errors import (
    DocumentTooLargeError,
    RenderingError,
    SessionValueError,
    TwimlRefusedError,
    UnknownFileError,
)
from statechart_ivr.flow import CallFlow

#: Twilio's error for a document over 64 kB.
DOCUMENT_TOO_LARGE = 11750

_CODES = {
    Trouble.RAISED: "raises",
    Trouble.REFUSED: "twiml-refused",
    Trouble.CIRCLE: "endless-redirects",
    Trouble.UNCLAIMED: "unclaimed-outcome",
    Trouble.UNSTABLE: "unstable",
    Trouble.GROWS: "session-grows",
    Trouble.NEEDS_DATA: "needs-data",
    Trouble.WORK_RAISED: "work-raises",
}

_ADVICE: Mapping[str, str] = {
    "raises": "mend it where the traceback says; the caller hears the apology, and a hang-up",
    "not-json": "keep JSON values in the session: text, numbers, lists, dicts, True, False, None",
    "missing-sound": "add the file, or name one that is there",
    "twiml-refused": "say something that Twilio takes",
    "document-too-long": "say less at once, or play a recording",
    "endless-redirects": "let one of these documents ask something, or end",
    "unclaimed-outcome": "write a transition for it, or for its whole family; the call ends here",
    "unclaimed-work": "write a transition for it; the caller who waits for it is hung up on",
    "unstable": "let flow code depend on the session and the input alone; what is random or "
    "counts belongs into background work",
    "session-grows": "bound what is kept, or pass canonical= to leave a counter out",
    "work-raises": "mend it, or catch what is raised; the call is told background_failed",
    "needs-data": 'say what comes with it: @background(…, events={"…": {"name": value}}), or '
    'check_flow(…, event_data={"…": {"name": value}})',
}


def faults(found: Exploration) -> Iterator[Finding]:
    """Return a finding for each incident."""
    for incident in found.incidents:
        flow = found.flow_of(incident)
        code = _code_of(incident)
        yield Finding(
            code,
            flow.__name__,
            incident.state,
            incident.message,
            _ADVICE[code],
            incident.steps,
            _place(flow, incident),
            _checks(code, incident),
        )


def _code_of(incident: Incident) -> str:
    if isinstance(incident.error, SessionValueError):
        return "not-json"
    if isinstance(incident.error, UnknownFileError):
        return "missing-sound"
    if _is_too_long(incident.error):
        return "document-too-long"
    if _is_broken_xml(incident.error):
        return "twiml-refused"
    is_work = incident.trouble is Trouble.UNCLAIMED and incident.steps[-1].verb == "work"
    return "unclaimed-work" if is_work else _CODES[incident.trouble]


def _is_too_long(error: BaseException | None) -> bool:
    if isinstance(error, TwimlRefusedError):
        return error.number == DOCUMENT_TOO_LARGE
    return isinstance(error, DocumentTooLargeError)


def _is_broken_xml(error: BaseException | None) -> bool:
    """Return whether what was to be said is XML that nobody can read."""
    return isinstance(error, RenderingError) and isinstance(error.__cause__, ParseError)


def _place(flow: type[CallFlow], incident: Incident) -> str:
    """Return the last line of the flow's own file that an error came through."""
    own = place_of(flow, state=incident.state)
    file = own.rpartition(":")[0]
    trace = None if incident.error is None else incident.error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            own = f"{file}:{trace.tb_lineno}"
        trace = trace.tb_next
    return own


def _checks(code: str, incident: Incident) -> tuple[str, ...]:
    if code in {"unclaimed-outcome", "unclaimed-work"}:
        return (f'assert call.state != "{incident.state}"',)
    if code in {"unstable", "session-grows", "needs-data", "work-raises", "missing-sound"}:
        return (f'assert not report.having("{code}")',)
    return ()  # the phone raises it
