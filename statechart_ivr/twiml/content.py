"""From what a rendering returns to XML elements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from reprlib import repr as short
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from twilio.twiml import TwiML
from twilio.twiml.voice_response import Gather, Pause, Play, Say, VoiceResponse

from statechart_ivr.errors import RenderingError

#: Characters a Say may hold; Polly voices read fewer (Twilio's documentation of Say).
SAY_LIMIT = 4096
POLLY_LIMIT = 3000

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Chinese and Japanese put no space behind a sentence.
_SENTENCE_END = re.compile(r"[.!?…](?=\s)|[。！？]")
_WORD_END = re.compile(r"\S(?=\s)")


class Document:
    """TwiML written by hand, from `document`.

    Attributes:
        elements: the verbs of the Response.
    """

    def __init__(self, elements: Iterable[Element]) -> None:
        self.elements = tuple(elements)


def document(xml: str) -> Document:
    """Take TwiML written by hand; the only text that is parsed.

    >>> document("<Response><Say>Hello.</Say></Response>").elements[0].text
    'Hello.'

    ``document("<Response/>")`` does nothing, and that is what a leg wants to hear that was dialled
    with ``Number(url=…)`` and is to be put through.

    Args:
        xml: a document whose root is ``<Response>``.

    Raises:
        RenderingError: it is not XML, has another root, holds text outside of verbs, or declares
            a document type.
    """
    if not isinstance(xml, str):
        raise RenderingError(f"document() takes text, not {type(xml).__name__}")
    if "<!DOCTYPE" in xml:  # which could define entities that grow without end
        raise RenderingError("document(): a document type is not read; leave <!DOCTYPE …> out")
    try:
        root = ElementTree.fromstring(xml)
    except (ElementTree.ParseError, UnicodeEncodeError) as error:
        raise RenderingError(f"document(): this is not XML: {error}") from error
    if root.tag != "Response":
        raise RenderingError(f"document(): the root is <{root.tag}>; write <Response>…</Response>")
    stray = [text.strip() for text in (root.text, *(verb.tail for verb in root)) if text]
    if any(stray):
        text = short("".join(stray))
        raise RenderingError(f"document(): {text} stands outside of verbs; write <Say>…</Say>")
    return Document(root)


def gather(*prompts: Any, num_digits: int | None = 1, **attributes: Any) -> Gather:
    """Return a Gather that says something and listens.

    Args:
        *prompts: text, ``Say``, ``Play`` or ``Pause``.
        num_digits: keys to wait for; None for as many as come until the finish key or a
            silence. With one, ``finishOnKey`` is empty, so that ``#`` is a key like any other.
        **attributes: any other of Gather's, in snake_case, as twilio-python takes them; lists
            for ``input`` and ``hints``.

    Raises:
        RenderingError: a prompt is something else, which Twilio would refuse (13320).
    """
    if num_digits == 1:
        attributes.setdefault("finish_on_key", "")
    for name, separator in (("input", " "), ("hints", ", ")):
        if isinstance(attributes.get(name), list | tuple):
            attributes[name] = separator.join(attributes[name])
    made = Gather(num_digits=num_digits, **attributes)
    for prompt in prompts:
        made.append(_prompt(prompt))
    return made


def _prompt(prompt: Any) -> TwiML:
    if isinstance(prompt, str):
        return Say(prompt)
    if isinstance(prompt, Say | Play | Pause):
        return prompt
    hint = "; unpack it: gather(*…)" if isinstance(prompt, list | tuple | Iterator) else ""
    name = type(prompt).__name__
    raise RenderingError(f"gather() takes text, Say, Play and Pause, not {name} (13320){hint}")


def to_elements(content: Any) -> list[Element]:
    """Turn what a rendering returned into verbs.

    Args:
        content: a TwiML verb, text, `Document`, ``VoiceResponse``, None, or an iterable of
            these, nested at will. Text is always spoken, never parsed; empty text says nothing.

    Raises:
        RenderingError: it is none of these.
    """
    return list(_elements(content))


def is_blank(content: Any) -> bool:
    """Return whether a rendering returned the empty document, and not just nothing to say."""
    return isinstance(content, Document) and not content.elements


def _elements(content: Any) -> Iterator[Element]:
    if content is None:
        return
    if isinstance(content, str):
        if content.strip():
            yield Say(content).xml()
    elif isinstance(content, Document):
        # It may be a class's constant: what is said of it now must not stick to it.
        yield from map(deepcopy, content.elements)
    elif isinstance(content, VoiceResponse):
        yield from _elements(content.verbs)
    elif isinstance(content, TwiML):
        yield _with_text(content.xml())
    elif isinstance(content, Iterable) and not isinstance(content, bytes | Mapping):
        for part in content:
            yield from _elements(part)
    else:
        raise RenderingError(
            f"cannot say {short(content)} of type {type(content).__name__}; "
            "return text, a TwiML verb, document(…), a list of these, or None"
        )


def _with_text(verb: Element) -> Element:
    """Make text of the numbers that twilio-python takes for it, as in ``Dial(12345678900)``."""
    for one in verb.iter():
        if isinstance(one.text, int | float):
            one.text = str(one.text)
        elif not isinstance(one.text, str | None):
            kind = type(one.text).__name__
            raise RenderingError(f"<{one.tag}> holds something of type {kind}; write text")
    return verb


def speak(
    elements: Iterable[Element], *, language: str | None, voice: str | Mapping[str, str] | None
) -> None:
    """Give Say and Gather a language, and Say a voice, where they have none of their own.

    Args:
        elements: verbs; changed in place.
        language: such as ``de-DE``.
        voice: a name, or names by language.
    """
    for one in _all(elements):
        if one.tag in {"Say", "Gather"} and language:
            one.attrib.setdefault("language", language)
        if one.tag == "Say" and (name := _voice_for(one.get("language"), voice)):
            one.attrib.setdefault("voice", name)


def _voice_for(language: str | None, voice: str | Mapping[str, str] | None) -> str | None:
    return voice.get(language or "") if isinstance(voice, Mapping) else voice


def clean(elements: Iterable[Element]) -> bool:
    """Remove the characters that XML cannot hold, and return whether there were any."""
    found = 0
    for one in _all(elements):
        one.text, in_text = _NOT_XML.subn("", one.text or "")
        one.tail, in_tail = _NOT_XML.subn("", one.tail or "")
        found += in_text + in_tail
        for name, value in one.attrib.items():
            one.attrib[name], in_value = _NOT_XML.subn("", value)
            found += in_value
    return found > 0


def _all(elements: Iterable[Element]) -> Iterator[Element]:
    """Go through elements and everything inside them."""
    for element in elements:
        yield from element.iter()


def split_long_says(parent: Element) -> list[Element]:
    """Split every Say that is longer than Twilio reads, at sentences, all through a document.

    Returns:
        Says that are too long, but would be heard differently in pieces: with SSML, or in a loop.
    """
    whole = []
    for place, child in reversed(list(enumerate(parent))):
        if child.tag != "Say":
            whole += split_long_says(child)
            continue
        text = "".join(child.itertext())
        limit = POLLY_LIMIT if child.get("voice", "").startswith("Polly.") else SAY_LIMIT
        if len(text) > limit and (len(child) or "loop" in child.attrib):
            whole.append(child)
        elif len(text) > limit:
            parent[place : place + 1] = [_say(one, child) for one in split_text(text, limit)]
    return whole


def _say(text: str, like: Element) -> Element:
    say = Element("Say", like.attrib)
    say.text = text
    return say


def split_text(text: str, limit: int) -> list[str]:
    """Split a text into pieces of at most ``limit`` characters; only spaces are lost.

    Behind the last sentence that fits whole, else behind the last word, else anywhere.
    """
    pieces = []
    while len(text) > limit:
        cut = _last(_SENTENCE_END, text, limit) or _last(_WORD_END, text, limit) or limit
        pieces.append(text[:cut].strip())
        text = text[cut:].strip()
    return [piece for piece in (*pieces, text) if piece]


def _last(pattern: re.Pattern[str], text: str, limit: int) -> int:
    """Return where the last match within the limit ends; 0 without any."""
    ends = (match.end() for match in pattern.finditer(text, 0, limit + 1))
    return max((end for end in ends if end <= limit), default=0)
