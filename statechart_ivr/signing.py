"""Twilio's signature: made for the test phone, checked for the application.

Source: https://www.twilio.com/docs/usage/security#validating-requests
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Collection, Iterable, Iterator
from urllib.parse import parse_qsl

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
BODY_DIGEST = "bodySHA256"

HMAC_SHA1 = "HMAC_SHA1"
HMAC_SHA256 = "HMAC_SHA256"

_HASHES = {HMAC_SHA1: "sha1", HMAC_SHA256: "sha256"}
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_ORIGIN = re.compile(r"(https?)(://[^/?#]*?)(:\d+)?(?=[/?#]|$)")


def sign(
    token: str, url: str, pairs: Iterable[tuple[str, str]] = (), *, algorithm: str = HMAC_SHA1
) -> str:
    """Compute the signature of a request, as Twilio does.

    >>> sign("12345", "https://example.com/incoming-call", [("Digits", "1")])
    'CqNvoxrqfHz5xx2hVicVmcwpmZE='

    Args:
        token: the auth token, or the shared key that the settings header names.
        url: the whole URL; its fragment is not signed.
        pairs: names and values of the form, in any order; none for GET, and for other bodies.
        algorithm: ``HMAC_SHA1``, or ``HMAC_SHA256`` with a shared key.

    Returns:
        The value of the header ``X-Twilio-Signature``, in Base64.

    Raises:
        KeyError: another algorithm.
    """
    # A repeated value is signed once, however often it is sent.
    values = "".join(name + value for name, value in sorted(set(pairs)))
    signed = (url.partition("#")[0] + values).encode(errors="replace")
    return b64encode(hmac.digest(token.encode(), signed, _HASHES[algorithm])).decode()


def is_signed(
    tokens: Iterable[str],
    url: str,
    signature: str | None,
    *,
    pairs: Collection[tuple[str, str]] = (),
    body: bytes = b"",
    settings: str | None = None,
) -> bool:
    """Tell whether a request was signed with one of the tokens.

    Whatever a stranger sends, the answer is yes or no, never an exception.

    Args:
        tokens: auth tokens and shared keys; several while one replaces another.
        url: the whole URL as Twilio knows it.
        signature: the header ``X-Twilio-Signature``; None when it is missing.
        pairs: names and values of the form.
        body: what was sent instead of a form; it counts only if the URL carries its digest as
            ``bodySHA256``.
        settings: the header ``X-Twilio-Webhooks-Signature-Settings``, or None.
    """
    algorithm = announced_algorithm(settings)
    if not signature or algorithm not in _HASHES or not (pairs or _is_body_signed(url, body)):
        return False
    sent = signature.encode(errors="replace")
    return any(
        hmac.compare_digest(sent, sign(token, spelling, pairs, algorithm=algorithm).encode())
        for token in tokens
        for spelling in _spellings(url)
    )


def announced_algorithm(settings: str | None) -> str:
    """Return the algorithm that the settings header names; ``HMAC_SHA1`` when it names none.

    >>> announced_algorithm("key=webhooks_sharedkey_1,algorithm=HMAC_SHA256")
    'HMAC_SHA256'
    """
    for part in (settings or "").split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return HMAC_SHA1


def _is_body_signed(url: str, body: bytes) -> bool:
    digest = dict(reversed(parse_qsl(url.partition("#")[0].partition("?")[2]))).get(BODY_DIGEST)
    if digest is None:
        return not body
    computed = hashlib.sha256(body).hexdigest()
    return hmac.compare_digest(computed.encode(), digest.encode(errors="replace"))


def _spellings(url: str) -> Iterator[str]:
    """Give the URL with and without its port, as far as Twilio itself is of two minds.

    Over https a voice webhook is signed without any port, over http with it; a default port
    may be written out or left out.
    """
    yield url
    match = _ORIGIN.match(url)
    if match is None:
        return
    scheme, host, port = match.groups()
    rest = url[match.end() :]
    default = _DEFAULT_PORTS[scheme]
    if port is None:
        yield scheme + host + default + rest
    elif scheme == "https" or port == default:
        yield scheme + host + rest
