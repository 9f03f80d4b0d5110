"""An application's answer as what is heard: read as Twilio reads it, refused as it refuses.

Twilio does not publish how fast it speaks; the durations here are estimates, good enough for
a clock that nobody looks at closely.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextvars import ContextVar
from html import unescape
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from statechart_ivr.call import may_bring_a_secret, without_secrets
from statechart_ivr.errors import TwimlRefusedError
from statechart_ivr.testing.rules import complaints, text_of, value_of
from statechart_ivr.twiml import LIMIT_BYTES, Remark

#: How fast text is spoken.
CHARACTERS_PER_SECOND = 15
#: How long a recording is taken to be: the phone does not fetch it.
PLAY_SECONDS = 5.0
TONE_SECONDS = 0.5
_TONES = frozenset("0123456789*#wW")

#: Says how many seconds the recording at a URL takes, the URL as it stands in the document. For the
#: checker, which knows the files.
sound_seconds: ContextVar[Callable[[str], float] | None] = ContextVar("sound_seconds", default=None)

_XML_TYPES = frozenset({"text/xml", "application/xml"})


class Reply(NamedTuple):
    """What came back over HTTP.

    Attributes:
        status: the HTTP status.
        content_type: the header, or nothing.
        body: the bytes.
        location: the header, or nothing.
    """

    status: int
    content_type: str = ""
    body: bytes = b""
    location: str = ""


class Script(NamedTuple):
    """One document, ready to be played.

    Attributes:
        url: where it came from; relative URLs in it start there.
        text: as it came.
        verbs: what the Response holds.
        complaints: what Twilio would warn about.
    """

    url: str
    text: str
    verbs: tuple[Element, ...]
    complaints: tuple[Remark, ...]


def read(reply: Reply, url: str, *, in_queue: bool = False) -> Script:
    """Read an answer.

    Args:
        reply: what came back.
        url: what was asked for.
        in_queue: whether it is heard while waiting in a queue.

    Raises:
        TwimlRefusedError: Twilio would not play it at all.
    """
    shown = without_secrets(url)
    _check_http(reply, shown)
    text, root = _parse(reply.body, shown)
    return Script(url, text, tuple(root), tuple(complaints(root, in_queue=in_queue)))


def check(script: Script) -> None:
    """Raise what Twilio would only warn about.

    Raises:
        TwimlRefusedError: with the number of the first complaint, and all in the message.
    """
    if script.complaints:
        first, *others = script.complaints
        also = "".join(f"\n  also {number}: {message}" for number, message in others)
        message = f"{first.message} (from {without_secrets(script.url)}){also}"
        raise TwimlRefusedError(first.number, message)


def _check_http(reply: Reply, url: str) -> None:
    if 300 <= reply.status < 400:
        raise TwimlRefusedError(
            11200,
            f"{url} answered {reply.status} to {without_secrets(reply.location)!r}: what the "
            "caller did would be lost on the way; answer 200, with a <Redirect> if need be",
        )
    if reply.status >= 400:
        excerpt = _excerpt(reply.body, url)
        raise TwimlRefusedError(11200, f"{url} answered {reply.status}: {excerpt}")
    if not reply.body:
        raise TwimlRefusedError(
            12100, f"{url} answered {reply.status} with nothing; answer at least <Response/>"
        )
    kind = reply.content_type.partition(";")[0].strip().lower()
    if kind not in _XML_TYPES:
        raise TwimlRefusedError(
            12300, f"{url} answered with Content-Type {reply.content_type!r}; make it text/xml"
        )


def _parse(body: bytes, url: str) -> tuple[str, Element]:
    if len(body) > LIMIT_BYTES:
        raise TwimlRefusedError(
            11750, f"{url} answered {len(body)} bytes > {LIMIT_BYTES} bytes; say less at once"
        )
    try:
        root = fromstring(body)  # noqa: S314 - the application under test wrote it
    except ParseError as error:
        raise TwimlRefusedError(
            12100, f"{url} answered what is not XML ({error}): {_excerpt(body, url)}"
        ) from error
    if root.tag != "Response":
        raise TwimlRefusedError(12102, f"{url} answered <{root.tag}>; the root is <Response>")
    return body.decode("utf-8", "replace"), root


def _excerpt(body: bytes, url: str) -> str:
    if may_bring_a_secret(url):
        return "(not shown, for it may repeat a secret)"
    # Frameworks repeat the URL in their error pages.
    text = without_secrets(unescape(" ".join(body.decode("utf-8", "replace").split())))
    return text if len(text) <= 200 else text[:200] + "…"


def seconds_to_hear(element: Element) -> float:
    """Return how long a Say, Play or Pause takes, or the prompts of a Gather.

    Returns:
        Seconds; infinity for ``loop="0"``.
    """
    if element.tag == "Pause":
        return float(value_of(element, "length", "1"))
    if element.tag not in {"Say", "Play"}:
        return sum(map(seconds_to_hear, element))
    times = int(value_of(element, "loop", "1")) or math.inf
    return _seconds_once(element) * times


def _seconds_once(element: Element) -> float:
    if element.tag == "Say":
        return seconds_to_say(text_of(element))
    tones = value_of(element, "digits")
    if tones:
        return len(tones) * TONE_SECONDS
    measure = sound_seconds.get()
    return PLAY_SECONDS if measure is None else measure(text_of(element))


def seconds_to_say(text: str) -> float:
    """Return how long a text takes to speak, in seconds."""
    return len(text) / CHARACTERS_PER_SECOND


def sounds_in(heard: str) -> list[str]:
    """Return the URLs of the recordings in what was heard, as they stand in its documents."""
    found = re.findall(r"<Play ([^>]+)>", heard)
    return [one for one in found if not set(one) <= _TONES]


def described(element: Element) -> str:
    """Return a verb in a few words, for transcripts and errors: ``<Dial +14155550100>``."""
    said = text_of(element) or value_of(element, "digits") or value_of(element, "length")
    if element.tag == "Redirect":
        said = without_secrets(said)
    return f"<{element.tag} {said}>" if said else f"<{element.tag}>"
