"""From renderings to the bytes of one document."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from statechart_ivr.errors import DocumentTooLargeError, RenderingError
from statechart_ivr.twiml.content import clean, split_long_says
from statechart_ivr.twiml.vocabulary import Remark, remarks

#: Bytes of a document that Twilio reads (its error 11750).
LIMIT_BYTES = 64 * 1024
#: Twilio's error for a document it cannot parse.
PARSE_FAILURE = 12100
#: Twilio's warning for a Say with more text than it speaks.
SAY_TOO_LONG = 13521

#: Verbs that end with a request which says how they ended.
INPUT_VERBS = frozenset({"Gather", "Record", "Dial", "Enqueue", "Pay", "Connect", "Refer"})

#: Verbs a document does not come back from.
_LAST_VERBS = INPUT_VERBS | {"Redirect", "Leave", "Hangup", "Reject"}

#: Verbs behind which the call is over.
_ENDS = frozenset({"Hangup", "Reject"})

_SEQ = re.compile(r"\bseq=\d+")
_PROMPTS = frozenset({"Say", "Play", "Pause"})
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


@dataclass(frozen=True)
class Rendering:
    """What one state, or the prompt of one event, says.

    Attributes:
        source: id of the state or event.
        elements: verbs, language and voice set, without action URLs.
        is_blank: whether it is the empty document, which is an answer of its own: it lets a leg
            that was dialled be put through.
    """

    source: str
    elements: tuple[Element, ...]
    is_blank: bool = False

    @property
    def is_said(self) -> bool:
        """Whether it is anything at all."""
        return self.is_blank or bool(self.elements)


@dataclass(frozen=True)
class Listening:
    """What a Gather without attributes of its own is given.

    Attributes:
        phrases: words that lead somewhere, for ``hints``.
        speech: whether words lead anywhere at all.
    """

    phrases: tuple[str, ...] = ()
    speech: bool = False


@dataclass(frozen=True)
class Waiting:
    """What a caller is given to wait with.

    Attributes:
        url: of the next wait document.
        elements: what is heard until then.
    """

    url: str
    elements: tuple[Element, ...] = ()


@dataclass(frozen=True)
class Twiml:
    """A document that is ready to be sent.

    Attributes:
        body: UTF-8 bytes.
        asking: states whose rendering asks something.
        is_silent: whether nothing at all is said or done, and nobody wanted just that.
        hangs_up: whether a Hangup or Reject comes before anything else can happen.
        goes_on: whether any verb leads on, or ends the call on purpose.
        remarks: what Twilio would warn about.
    """

    body: bytes
    asking: tuple[str, ...]
    is_silent: bool
    hangs_up: bool
    goes_on: bool
    remarks: tuple[Remark, ...]


def assemble(
    renderings: Iterable[Rendering],
    *,
    active: Collection[str],
    turn_url: str,
    is_final: bool = False,
    listening: Listening | None = None,
    queueing: Mapping[str, str] | None = None,
    hold: Waiting | None = None,
) -> Twiml:
    """Put renderings together into one document.

    What the active states ask comes behind everything that is only said, and nothing comes
    behind a hang-up.

    Args:
        renderings: in the order they are heard.
        active: states that are active now; other states' input verbs keep only their prompts.
        turn_url: where verbs without an action of their own go on.
        is_final: whether the chart has ended.
        listening: what the active states understand.
        queueing: by state, where an Enqueue of its gets its wait documents.
        hold: what follows where nothing is asked, and nothing leads on.

    Raises:
        RenderingError: two states ask something at the same time.
        DocumentTooLargeError: more than Twilio reads.
    """
    root = Element("Response")
    heard = [one for one in renderings if one.is_said]
    asking: dict[str, list[Element]] = {}
    for rendering in heard:
        elements = [_stamped(deepcopy(element), turn_url) for element in rendering.elements]
        if rendering.source in active:
            elements, question = _split(elements)
            if question:
                asking[rendering.source] = question
        root.extend(_prompts_only(elements))
        if any(element.tag in _ENDS for element in elements):
            asking.clear()  # nobody would hear it
            break
    if len(asking) > 1:
        raise RenderingError(
            f"{' and '.join(asking)} both ask the caller something at the same time; "
            "let one of them only speak"
        )
    for state_id, question in asking.items():
        # Last, because nothing behind a question is ever heard.
        for element in question:
            if element.tag == "Enqueue" and state_id in (queueing or {}):
                element.attrib.setdefault("waitUrl", (queueing or {})[state_id])
        root.extend(_asked(question, turn_url, is_final, listening or Listening()))
    if hold is not None and not any(child.tag in _LAST_VERBS for child in root):
        root.extend(_waiting(hold))
    is_blank = any(one.is_blank for one in heard)
    return _finish(root, tuple(asking), [one.source for one in heard], is_blank=is_blank)


def asks(rendering: Rendering) -> bool:
    """Return whether a rendering asks the caller something, or waits for how something ends."""
    return any(element.tag in INPUT_VERBS for element in rendering.elements)


def leads_on(rendering: Rendering) -> bool:
    """Return whether a rendering leads somewhere, be it to a hang-up on purpose."""
    return any(element.tag in _LAST_VERBS - INPUT_VERBS for element in rendering.elements)


def prompts_of(renderings: Iterable[Rendering]) -> list[Element]:
    """Return what renderings say, without anything that asks or leads on."""
    elements = _prompts_only(element for one in renderings for element in one.elements)
    return [element for element in elements if element.tag in _PROMPTS]


def wait_document(waiting: Waiting, first: Iterable[Rendering] = ()) -> Twiml:
    """Return a document for somebody who waits.

    Args:
        waiting: what is heard, and where the next one is.
        first: what was not yet heard; only its prompts are.

    Raises:
        RenderingError: a verb or attribute has a name that is not XML.
        DocumentTooLargeError: more than Twilio reads.
    """
    root = Element("Response")
    root.extend(map(deepcopy, prompts_of(first)))
    root.extend(_waiting(waiting))
    return _finish(root, (), ["waiting"])


def _waiting(waiting: Waiting) -> Iterator[Element]:
    """Go through the verbs of a wait; keys that are pressed go to the next wait document."""
    for element in map(deepcopy, waiting.elements):
        if element.tag in INPUT_VERBS:
            element.attrib.setdefault("action", waiting.url)
        yield element
    yield _redirect(waiting.url)


def leave() -> bytes:
    """Return the document that takes a caller out of a queue."""
    root = Element("Response")
    root.append(Element("Leave"))
    return to_bytes(root)


def _prompts_only(elements: Iterable[Element]) -> Iterator[Element]:
    for element in elements:
        if element.tag in INPUT_VERBS:
            yield from (child for child in element if child.tag in _PROMPTS)
        else:
            yield element


def _split(elements: list[Element]) -> tuple[list[Element], list[Element]]:
    """Split a rendering before its first input verb."""
    first = next((i for i, one in enumerate(elements) if one.tag in INPUT_VERBS), len(elements))
    return elements[:first], elements[first:]


def _asked(
    question: list[Element], turn_url: str, is_final: bool, listening: Listening
) -> Iterator[Element]:
    for element in question:
        if element.tag in INPUT_VERBS:
            _set_action(element, turn_url, listening)
        yield element
        if element.tag == "Record" and not is_final:
            # Twilio may go on behind a recording in which nothing was heard.
            yield _redirect(turn_url)


def _stamped(element: Element, turn_url: str) -> Element:
    """Renew the number in turn URLs that were made for an earlier document."""
    path, _, query = turn_url.partition("?")
    seq = _SEQ.search(query)
    for one in element.iter():
        for name, value in one.attrib.items():
            one.attrib[name] = _renewed(value, path, seq)
        if one.tag == "Redirect":
            one.text = _renewed(one.text or "", path, seq)
    return element


def _renewed(url: str, path: str, seq: re.Match[str] | None) -> str:
    return _SEQ.sub(seq[0], url) if seq and url.startswith(f"{path}?") else url


def _set_action(element: Element, turn_url: str, listening: Listening) -> None:
    element.attrib.setdefault("action", turn_url)
    if element.tag != "Gather":
        return
    element.attrib.setdefault("actionOnEmptyResult", "true")
    if listening.speech:
        element.attrib.setdefault("input", "dtmf speech")
    if listening.phrases and "speech" in element.get("input", ""):
        element.attrib.setdefault("hints", ", ".join(listening.phrases))


def _redirect(url: str) -> Element:
    redirect = Element("Redirect")
    redirect.text = url
    return redirect


def _finish(
    root: Element, asking: tuple[str, ...], heard: Iterable[str], *, is_blank: bool = False
) -> Twiml:
    found = [*remarks(root), *_make_speakable(root)]
    body = to_bytes(root)
    if len(body) > LIMIT_BYTES:
        raise DocumentTooLargeError(len(body), LIMIT_BYTES, dict.fromkeys(heard))
    _check_xml(body.decode(), heard)
    last = next((child.tag for child in root if child.tag in _LAST_VERBS), None)
    return Twiml(
        body,
        asking,
        is_silent=not len(root) and not is_blank,
        hangs_up=last in _ENDS,
        goes_on=last is not None,
        remarks=tuple(found),
    )


def _make_speakable(root: Element) -> Iterator[Remark]:
    """Change what Twilio could not read or speak, where that is possible."""
    if clean([root]):
        yield Remark(PARSE_FAILURE, "control characters were removed from the text")
    for say in split_long_says(root):
        count = len("".join(say.itertext()))
        yield Remark(SAY_TOO_LONG, f"<Say> of {count} characters, with SSML or a loop; split it")


def _check_xml(xml: str, heard: Iterable[str]) -> None:
    """Refuse what ElementTree writes and nobody can read: names with spaces, say."""
    try:
        ElementTree.fromstring(xml)
    except ElementTree.ParseError as error:
        raise RenderingError(
            f"{', '.join(heard)}: a verb or attribute has a name that is not XML ({error}); "
            "write names as twilio-python has them"
        ) from error


def to_bytes(root: Element) -> bytes:
    """Return a document as it is sent."""
    return (_DECLARATION + ElementTree.tostring(root, encoding="unicode")).encode("utf-8")


def to_xml(rendering: Rendering) -> str:
    """Return a rendering as it is kept in the record until it is heard."""
    root = Element("Response")
    root.extend(map(deepcopy, rendering.elements))
    clean([root])  # or it could not be read again
    xml = ElementTree.tostring(root, encoding="unicode")
    _check_xml(xml, [rendering.source])
    return xml


def from_xml(source: str, xml: str) -> Rendering:
    """Read what `to_xml` wrote."""
    return Rendering(source, tuple(ElementTree.fromstring(xml)))


def plain(source: str, elements: Iterable[Element]) -> Twiml:
    """Return a document of nothing but these verbs, as they are.

    Args:
        source: what to call it in an error.
        elements: verbs.

    Raises:
        RenderingError: a verb or attribute has a name that is not XML.
        DocumentTooLargeError: more than Twilio reads.
    """
    root = Element("Response")
    root.extend(map(deepcopy, elements))
    return _finish(root, (), [source])


def hang_up_after(*elements: Element) -> bytes:
    """Return a document that says something and hangs up."""
    root = Element("Response")
    root.extend(map(deepcopy, elements))
    root.append(Element("Hangup"))
    list(_make_speakable(root))
    return to_bytes(root)


def one_moment(words: Iterable[Rendering], url: str, *, pause: int) -> bytes:
    """Return a document that asks for patience, and comes back.

    Args:
        words: what to say before the pause.
        url: where to come back to.
        pause: seconds.
    """
    root = Element("Response")
    root.extend(element for rendering in words for element in rendering.elements)
    root.append(Element("Pause", {"length": str(pause)}))
    root.append(_redirect(url))
    return to_bytes(root)


def nothing() -> bytes:
    """Return a document that does nothing."""
    return to_bytes(Element("Response"))
