"""Twilio's parameters: a request, who calls whom, and what the caller did."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

Pairs = tuple[tuple[str, str], ...]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request of Twilio's, after its signature was checked, without HTTP.

    Attributes:
        path: below the application's root, mount prefix removed: ``/ivr/turn``.
        query: names and values of the query, decoded, in order.
        form: the same of the body.
        token: the header ``I-Twilio-Idempotency-Token``, or nothing.
        base_url: public URL of the application's root, without a slash at its end; only its
            path (``""``, ``/mounted``) where the host is not known.
    """

    path: str
    # What the caller did, maybe a secret, is kept out of what debuggers and reports show.
    query: Pairs = field(default=(), repr=False)
    form: Pairs = field(default=(), repr=False)
    token: str = ""
    base_url: str = ""

    @property
    def parameters(self) -> Mapping[str, str]:
        """All parameters; the body's win over the query's, the last of a name wins."""
        return MappingProxyType({**dict(self.query), **dict(self.form)})


@dataclass(frozen=True)
class Answer:
    """What goes back to Twilio.

    Attributes:
        status: the HTTP status: 200 with TwiML, 204 without a body, or an error.
        body: TwiML in UTF-8; nothing with 204.
    """

    status: int
    body: bytes = b""


@dataclass(frozen=True)
class Call:
    """One phone call, as Twilio describes it. The first nine fields are kept in the record.

    Attributes:
        sid: Twilio's id of the call, ``CA…``.
        account_sid: Twilio's id of the account or subaccount, ``AC…``.
        from_: who calls: a number in E.164, ``client:x``, ``sip:…``, ``anonymous``, anything.
        to: who is called.
        direction: ``inbound``, ``outbound-api``, …
        status: ``ringing``, ``in-progress``, ``completed``, …, as last heard.
        forwarded_from: the number that forwarded the call, or nothing.
        caller_name: from a look-up, or nothing.
        answered_by: ``human``, ``machine_start``, … of a call that we placed, or nothing.
        parameters: all of the present request, query included; empty outside one.
    """

    sid: str
    account_sid: str = ""
    from_: str = ""
    to: str = ""
    direction: str = ""
    status: str = ""
    forwarded_from: str = ""
    caller_name: str = ""
    answered_by: str = ""
    parameters: Mapping[str, str] = field(
        default_factory=lambda: _NOTHING, compare=False, repr=False
    )

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, str]) -> Call:
        """Read a call from a webhook's parameters; what is missing is empty."""
        kept = {name: parameters.get(twilio, "") for name, twilio in _TWILIO_NAMES.items()}
        return cls(**kept, parameters=MappingProxyType(dict(parameters)))

    def updated(self, parameters: Mapping[str, str]) -> Call:
        """Return the call as of a later request, which may know more, and often knows less."""
        new = {
            name: parameters[twilio]
            for name, twilio in _TWILIO_NAMES.items()
            if name != "sid" and parameters.get(twilio)
        }
        return replace(self, **new, parameters=MappingProxyType(dict(parameters)))

    def to_json(self) -> dict[str, str]:
        """Return what the record keeps."""
        return {name.rstrip("_"): getattr(self, name) for name in _TWILIO_NAMES}

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> Call:
        """Read what `to_json` wrote."""
        kept: dict[str, Any] = {name: value[name.rstrip("_")] for name in _TWILIO_NAMES}
        return cls(**kept)


_TWILIO_NAMES = {
    "sid": "CallSid",
    "account_sid": "AccountSid",
    "from_": "From",
    "to": "To",
    "direction": "Direction",
    "status": "CallStatus",
    "forwarded_from": "ForwardedFrom",
    "caller_name": "CallerName",
    "answered_by": "AnsweredBy",
}


@dataclass(frozen=True)
class CallerInput:
    """Keys or words from the caller, as an ``@on_input`` handler gets them.

    Attributes:
        digits: the keys, ``0``–``9``, ``*`` and ``#``, without the finish key; or nothing.
        finished_on_key: the key that ended the input, or nothing.
        speech: the words as Twilio understood them, or nothing.
        confidence: 0.0 to 1.0; None where Twilio did not say.
    """

    digits: str = ""
    finished_on_key: str = ""
    speech: str = ""
    confidence: float | None = None

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CallerInput:
        """Take what an input event carries."""
        return cls(**{f.name: data[f.name] for f in fields(cls) if f.name in data})


#: Parameters that tell what the caller or Twilio did: what makes two requests the same one.
INPUT_PARAMETERS = (
    "Digits FinishedOnKey SpeechResult Confidence RecordingSid RecordingUrl RecordingDuration "
    "DialCallStatus DialCallSid DialCallDuration DialBridged QueueResult QueueSid QueueTime "
    "Result ReferCallStatus SessionStatus HandoffData StreamSid VirtualAgentStatus"
).split()


#: Those that the caller says or keys in: the ones a secret may stand in.
CALLERS_PARAMETERS = frozenset("Digits FinishedOnKey SpeechResult Confidence".split())

# What describes the call itself, on every request.
_STANDARD = re.compile(
    "(Account|Call|ParentCall|Application)Sid|ApiVersion|Direction|CallStatus|ForwardedFrom|"
    "CallerName|CalledVia|AnsweredBy|StirVerstat|CallToken|"
    "(From|To|Called|Caller)(City|State|Zip|Country)?"
)
_PASSWORD = re.compile(r"^([\w+.-]+://)[^/@]*@")
_PARAMETER = re.compile(r"([?&]([^?&=]+)=)[^&]+")


def is_told(name: str) -> bool:
    """Return whether a parameter tells what happened: Twilio's, and not of the call itself."""
    return name[:1].isupper() and not _STANDARD.fullmatch(name)


def without_secrets(url: str) -> str:
    """Return a URL as it may stand in a log.

    What a caller keyed in or said may be a secret, and so is a password in front of the host.

    >>> without_secrets("https://me:pw@example.com/ivr/turn?seq=1&Digits=1234")
    'https://***@example.com/ivr/turn?seq=1&Digits=***'
    """
    masked = _PARAMETER.sub(lambda m: f"{m[1]}***" if is_told(unquote_plus(m[2])) else m[0], url)
    return _PASSWORD.sub(r"\1***@", masked)


def may_bring_a_secret(url: str) -> bool:
    """Return whether a URL of the application's says that its input may be a secret.

    >>> may_bring_a_secret("/ivr/turn?at=%2Fbalance&seq=1&s=1")
    True
    """
    return dict(parse_qsl(urlsplit(url).query)).get("s") == "1"


def caller_input_pairs(parameters: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Return the parameters that say what was done, in one order for all requests."""
    return [(name, parameters[name]) for name in INPUT_PARAMETERS if parameters.get(name)]
