"""What Twilio accepts as values in a document, with the error numbers it complains under.

`statechart_ivr.twiml.remarks` knows the names of verbs and attributes; this table knows values.
Source of the numbers: https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple
from xml.etree.ElementTree import Element

from statechart_ivr.twiml import Remark, remarks

KEYS = "0123456789*#"

#: Verbs that a document for callers in a queue may have (Twilio's page of Enqueue, waitUrl).
WAITING_VERBS = frozenset("Play Say Pause Hangup Redirect Leave Gather".split())

SCHEMA = 12200
INVALID_URL = 11100
SAY_TOO_LONG = 13521

#: Characters a Say may hold, and one with a Polly voice.
SAY_LIMIT = 4096
POLLY_LIMIT = 3000


class Rule(NamedTuple):
    """What one attribute may be.

    Attributes:
        number: Twilio's error number for anything else.
        is_valid: whether a value is accepted.
        wanted: the accepted values, in words.
    """

    number: int
    is_valid: Callable[[str], bool]
    wanted: str


def _matching(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def _one_of(number: int, *values: str) -> Rule:
    return Rule(number, lambda value: value.lower() in values, " or ".join(values))


def _method(number: int) -> Rule:
    return _one_of(number, "get", "post")


def _boolean(number: int) -> Rule:
    return _one_of(number, "true", "false")


def _positive(number: int) -> Rule:
    return Rule(number, _matching("0*[1-9][0-9]*"), "a positive integer")


def _positive_or_auto(number: int) -> Rule:
    return Rule(number, _matching("0*[1-9][0-9]*|auto"), "a positive integer or auto")


def _count(number: int) -> Rule:
    return Rule(number, _matching("[0-9]+"), "0 or a positive integer")


def _tones(number: int) -> Rule:
    return Rule(number, _matching("[0-9A-D*#wW]+"), "made of 0-9, A-D, *, #, w and W")


#: By element and attribute.
RULES: Mapping[tuple[str, str], Rule] = {
    ("Dial", "hangupOnStar"): _boolean(13213),
    ("Dial", "method"): _method(13210),
    ("Dial", "timeLimit"): _positive(13216),
    ("Dial", "timeout"): _positive(13212),
    ("Enqueue", "method"): _method(14201),
    ("Enqueue", "waitUrlMethod"): _method(14206),
    ("Gather", "actionOnEmptyResult"): _boolean(13338),
    ("Gather", "bargeIn"): _boolean(SCHEMA),
    ("Gather", "finishOnKey"): Rule(13310, _matching("[0-9*#]?"), "one of 0-9, * and #, or empty"),
    ("Gather", "input"): _one_of(SCHEMA, "dtmf", "speech", "dtmf speech", "speech dtmf"),
    ("Gather", "method"): _method(13312),
    ("Gather", "numDigits"): _positive(13314),
    ("Gather", "speechTimeout"): _positive_or_auto(13327),
    ("Gather", "timeout"): _positive_or_auto(13313),
    ("Number", "method"): _method(13221),
    ("Number", "sendDigits"): _tones(13222),
    ("Pause", "length"): _positive(13910),
    ("Play", "digits"): _tones(SCHEMA),
    ("Play", "loop"): _count(13410),
    ("Record", "finishOnKey"): Rule(13613, _matching("[0-9*#]*"), "made of 0-9, * and #"),
    ("Record", "maxLength"): _positive(13612),
    ("Record", "method"): _method(13610),
    ("Record", "playBeep"): _boolean(13616),
    ("Record", "timeout"): _positive(13611),
    ("Record", "transcribe"): _boolean(13614),
    ("Redirect", "method"): _method(13710),
    ("Say", "loop"): _count(13510),
}

# A Gather complains about what it holds under numbers of its own.
_NUMBERS_IN_GATHER = {13510: 13322}
_MORE_THAN_ONE_KEY = 13311


def value_of(element: Element, attribute: str, default: str = "") -> str:
    """Return an attribute as Twilio takes it: what it does not accept counts as left out."""
    value = element.get(attribute)
    rule = RULES.get((element.tag, attribute))
    return default if value is None or (rule and not rule.is_valid(value)) else value


def text_of(element: Element) -> str:
    """Return the text in an element and those inside it, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def complaints(root: Element, *, in_queue: bool = False) -> list[Remark]:
    """Return what Twilio would refuse or warn about in a document, in reading order by kind.

    Args:
        root: the ``Response`` element.
        in_queue: whether the document is heard while waiting in a queue.
    """
    return [*remarks(root), *_misplaced(root, in_queue=in_queue), *_wrong_inside(root)]


def _misplaced(root: Element, *, in_queue: bool) -> Iterator[Remark]:
    for place, verb in enumerate(root):
        if in_queue and verb.tag not in WAITING_VERBS:
            allowed = ", ".join(sorted(WAITING_VERBS))
            yield Remark(SCHEMA, f"<{verb.tag}> cannot stand in a wait document; use {allowed}")
        if verb.tag == "Leave" and not in_queue:
            yield Remark(SCHEMA, "<Leave> outside a wait document leaves no queue; take it out")
        if verb.tag == "Reject" and place > 0:
            yield Remark(SCHEMA, "<Reject> only counts as the first verb; write <Hangup>")


def _wrong_inside(parent: Element) -> Iterator[Remark]:
    for element in parent:
        renumbered = _NUMBERS_IN_GATHER if parent.tag == "Gather" else {}
        for complaint in _wrong_values(element):
            number = renumbered.get(complaint.number, complaint.number)
            yield complaint._replace(number=number)
        if parent.tag == "Gather" and element.tag == "Play" and "digits" in element.attrib:
            yield Remark(13320, "<Play digits> in a Gather would be taken for the caller's keys")
        if element.tag in _CONTENT_CHECKS:
            yield from _CONTENT_CHECKS[element.tag](element)
        yield from _wrong_inside(element)


def _wrong_values(element: Element) -> Iterator[Remark]:
    for attribute, value in element.attrib.items():
        rule = RULES.get((element.tag, attribute))
        if rule is None or rule.is_valid(value):
            continue
        number = rule.number
        if (element.tag, attribute) == ("Gather", "finishOnKey") and len(value) > 1:
            number = _MORE_THAN_ONE_KEY
        where = f'<{element.tag} {attribute}="{value}">'
        yield Remark(number, f"{where}: the value has to be {rule.wanted}")


def _in_say(say: Element) -> Iterator[Remark]:
    text = text_of(say)
    limit = POLLY_LIMIT if say.get("voice", "").startswith("Polly.") else SAY_LIMIT
    if not text:
        yield Remark(13520, "<Say> without text; leave it out")
    elif len(text) > limit:
        yield Remark(SAY_TOO_LONG, f"<Say> of {len(text)} characters > {limit}; make it several")


def _in_play(play: Element) -> Iterator[Remark]:
    if not text_of(play) and "digits" not in play.attrib:
        yield Remark(INVALID_URL, "<Play> without a URL; write one, or digits=")


def _in_redirect(redirect: Element) -> Iterator[Remark]:
    if not text_of(redirect):
        yield Remark(INVALID_URL, "<Redirect> without a URL; write where to go on")


def _in_dialled(number: Element) -> Iterator[Remark]:
    text = (number.text or "").strip()
    if text and not re.fullmatch(r"\+?[0-9 ().-]{2,}", text):
        yield Remark(13223, f"{text!r} is no phone number; write it as +14155550100")


def _in_dial(dial: Element) -> Iterator[Remark]:
    yield from _in_dialled(dial)
    if not len(dial) and not (dial.text or "").strip():
        yield Remark(13224, "<Dial> calls nobody; write a number, or a noun such as <Client>")


def _in_enqueue(enqueue: Element) -> Iterator[Remark]:
    name = (enqueue.text or "").strip()
    if not name and "workflowSid" not in enqueue.attrib:
        yield Remark(14204, "<Enqueue> without a name; write the queue's, or workflowSid=")
    elif len(name) > 64:
        yield Remark(14205, f"a queue's name of {len(name)} characters > 64")


def _in_record(record: Element) -> Iterator[Remark]:
    length = int(value_of(record, "maxLength", "0"))
    if record.get("transcribe", "").lower() == "true" and length > 120:
        yield Remark(13615, f'maxLength="{length}" > 120, the most that is transcribed')


_CONTENT_CHECKS: Mapping[str, Callable[[Element], Iterator[Remark]]] = {
    "Dial": _in_dial,
    "Enqueue": _in_enqueue,
    "Number": _in_dialled,
    "Play": _in_play,
    "Record": _in_record,
    "Redirect": _in_redirect,
    "Say": _in_say,
}
