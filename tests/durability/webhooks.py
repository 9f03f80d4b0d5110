"""What Twilio sends about a call that is under way."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urljoin, urlsplit

from examples.servers import ROOT
from statechart_ivr.call import Request
from statechart_ivr.testing.parameters import standard
from statechart_ivr.testing.transport import Webhook

_PARTIES = "+14155550100", "+14155550199"


def webhook(call_sid: str, url: str, token: str, **told: str) -> Webhook:
    """Return a request as it goes over a line.

    Args:
        call_sid: the call.
        url: absolute, or a path below the application's root.
        token: which a retry shares.
        **told: what the caller or Twilio did.
    """
    about = {**standard(call_sid, *_PARTIES), "CallStatus": "in-progress", **told}
    return Webhook("POST", urljoin(ROOT, url), tuple(about.items()), token)


def request(url: str, form: Mapping[str, str], *, token: str = "") -> Request:
    """Return a request as a switchboard gets it.

    Args:
        url: a path below the application's root, with its query.
        form: all that Twilio says.
        token: which a retry shares.
    """
    place = urlsplit(url)
    query = tuple(parse_qsl(place.query, keep_blank_values=True))
    return Request(path=place.path, query=query, form=tuple(form.items()), token=token)
