"""What a caller's side of a line needs to know of a document, and what it sends."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import parse_qs, urljoin, urlsplit
from xml.etree.ElementTree import Element, fromstring

from examples.servers import ROOT
from statechart_ivr.testing.parameters import standard
from statechart_ivr.testing.transport import Webhook

_PARTIES = "+14155550100", "+14155550199"


def webhook(call_sid: str, url: str, token: str, **told: str) -> Webhook:
    """Return what Twilio sends about a call that is under way, unless ``told`` says otherwise.

    Args:
        call_sid: the call.
        url: absolute, or a path below the application's root.
        token: which a retry shares.
        **told: what the caller or Twilio did.
    """
    about = {**standard(call_sid, *_PARTIES), "CallStatus": "in-progress", **told}
    return Webhook("POST", urljoin(ROOT, url), tuple(about.items()), token)


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
    root = _root(body)
    redirect = root.findtext("Redirect", "")
    if "again" not in parse_qs(urlsplit(redirect).query):
        return None
    pause = sum(float(one.get("length", "1")) for one in root.iter("Pause"))
    return Comeback(words(body), pause, redirect)


def words(body: bytes) -> str:
    """Return what a document says."""
    return " ".join(say.text or "" for say in _root(body).iter("Say"))


def hangs_up(body: bytes) -> bool:
    """Return whether a document ends with a hang-up."""
    return [verb.tag for verb in _root(body)][-1:] == ["Hangup"]


def action(body: bytes) -> str:
    """Return where a document's question is answered; nothing if it asks none."""
    return next((verb.get("action", "") for verb in _root(body) if verb.get("action")), "")


def number(url: str) -> int:
    """Return the number of the document that a turn URL is about; 0 if it has none."""
    return int(parse_qs(urlsplit(url).query).get("seq", ["0"])[0])


def _root(body: bytes) -> Element:
    return fromstring(body or b"<Response/>")
