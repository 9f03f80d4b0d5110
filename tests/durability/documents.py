"""What a caller's side of a line needs to know of a document."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.etree.ElementTree import Element, fromstring, tostring


class Comeback(NamedTuple):
    """A document that asks for patience, because the store is away.

    Attributes:
        words: what is said, if anything.
        pause: seconds.
        url: what to ask for then.
    """

    words: str
    pause: float
    url: str


def comeback(body: bytes) -> Comeback | None:
    """Read a document that asks for patience; None if it is another one."""
    url = redirect(body)
    if "again" not in parse_qs(urlsplit(url).query):
        return None
    return Comeback(words(body), pause(body), url)


def pause(body: bytes) -> float:
    """Return for how many seconds nothing is said in a document."""
    return sum(float(one.get("length", "1")) for one in _root(body).iter("Pause"))


def words(body: bytes) -> str:
    """Return what a document says."""
    return " ".join(say.text or "" for say in _root(body).iter("Say"))


def hangs_up(body: bytes) -> bool:
    """Return whether a document ends with a hang-up."""
    return [verb.tag for verb in _root(body)][-1:] == ["Hangup"]


def action(body: bytes) -> str:
    """Return where a document's question is answered; nothing if it asks none."""
    return next((verb.get("action", "") for verb in _root(body) if verb.get("action")), "")


def redirect(body: bytes) -> str:
    """Return where a document sends the call when it has been heard; nothing if nowhere."""
    return _root(body).findtext("Redirect", "")


def wait_url(body: bytes) -> str:
    """Return where a document's queue gets something to wait with; nothing if it has none."""
    return next((verb.get("waitUrl", "") for verb in _root(body) if verb.get("waitUrl")), "")


def number(url: str) -> int:
    """Return the number of the document that a turn URL is about; 0 if it has none."""
    return int(parse_qs(urlsplit(url).query).get("seq", ["0"])[0])


def is_end_of(body: bytes, whole: bytes) -> bool:
    """Return whether a document is the last part of another: greetings are not repeated."""
    verbs, all_verbs = ([tostring(verb) for verb in _root(xml)] for xml in (body, whole))
    return bool(verbs) and all_verbs[-len(verbs) :] == verbs


def _root(body: bytes) -> Element:
    return fromstring(body or b"<Response/>")
