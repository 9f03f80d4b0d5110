"""What Twilio sends with its requests, as far as nobody needs a real account for it.

And what a test may pass on, checked: a misspelt option must not travel as a parameter.

Source: https://www.twilio.com/docs/voice/twiml#twilios-request-to-your-application
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from datetime import datetime
from difflib import get_close_matches
from email.utils import format_datetime
from uuid import uuid4

from statechart_ivr.errors import PhoneError

Parameters = dict[str, str]

ACCOUNT_SID = "AC" + "0" * 32

DIAL_STATUSES = ("completed", "answered", "busy", "no-answer", "failed", "canceled")
QUEUE_RESULTS = (
    "bridged", "bridging-in-process", "error", "hangup", "leave", "queue-full", "system-error"
)  # fmt: skip
#: What an Enqueue's action is told when the call is pointed elsewhere.
REDIRECTED = ("redirected", "redirected-from-bridged")

_PLACES = {"City": "", "State": "CA", "Zip": "", "Country": "US"}


#: The digits that all ids have, where calls are to be the same whenever they are made. Then nothing
#: tells how long a call has lasted, either.
sid_digits: ContextVar[str] = ContextVar("sid_digits", default="")


def new_sid(prefix: str) -> str:
    """Return an id as Twilio makes them: two letters and 32 hexadecimal digits."""
    return prefix + (sid_digits.get() or uuid4().hex)


def _whole(seconds: float) -> str:
    return "0" if sid_digits.get() else str(int(seconds))


def standard(call_sid: str, from_: str, to: str) -> Parameters:
    """Return what every request about an incoming call says."""
    parties = {"From": from_, "Caller": from_, "To": to, "Called": to}
    places = {
        party + part: value for party in parties for part, value in _PLACES.items()
    }  # fmt: skip
    return {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "CallSid": call_sid,
        "CallStatus": "ringing",
        "Direction": "inbound",
        **parties,
        **places,
    }


def recorded(seconds: float, digits: str) -> Parameters:
    """Return what a Record's action is told.

    Args:
        seconds: length of the recording.
        digits: the key that ended it, ``hangup``, or nothing.
    """
    sid = new_sid("RE")
    return {
        "RecordingSid": sid,
        "RecordingUrl": f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{sid}",
        "RecordingDuration": str(int(seconds)),
        "Digits": digits,
    }


def dialled(status: str, seconds: float, *, bridged: bool) -> Parameters:
    """Return what a Dial's action is told.

    Args:
        status: one of `DIAL_STATUSES`.
        seconds: length of the conversation.
        bridged: whether the caller talked to somebody.
    """
    return {
        "DialCallStatus": status,
        "DialCallSid": new_sid("CA"),
        "DialCallDuration": str(int(seconds)),
        "DialBridged": str(bridged).lower(),
    }


def waiting(queue_sid: str, seconds: float) -> Parameters:
    """Return what is asked for a wait document with: first in a queue of one."""
    return {
        "QueueSid": queue_sid,
        "QueuePosition": "1",
        "QueueTime": _whole(seconds),
        "AvgQueueTime": _whole(seconds),
        "CurrentQueueSize": "1",
        "MaxQueueSize": "1000",
    }


def dequeued(result: str, queue_sid: str, seconds: float) -> Parameters:
    """Return what an Enqueue's action is told.

    Args:
        result: one of `QUEUE_RESULTS` or `REDIRECTED`.
        queue_sid: the queue.
        seconds: spent in it.
    """
    return {"QueueResult": result, "QueueSid": queue_sid, "QueueTime": _whole(seconds)}


def over(status: str, seconds: float, now: datetime) -> Parameters:
    """Return what the status callback says at the end of a call.

    Args:
        status: ``completed``, ``busy``, …
        seconds: length of the call.
        now: the moment.
    """
    return {
        "CallStatus": status,
        "CallDuration": _whole(seconds),
        "SequenceNumber": "0",
        "Timestamp": format_datetime(now),
        "CallbackSource": "call-progress-events",
    }


def as_text(function: Callable[..., object], parameters: Mapping[str, object]) -> Parameters:
    """Return a test's own parameters as they are sent.

    Args:
        function: what they were passed to.
        parameters: by Twilio's names, which begin with a capital letter.

    Raises:
        PhoneError: one begins otherwise; it was meant for an option.
    """
    for name in parameters:
        if not name[:1].isupper():
            options = inspect.signature(function).parameters.values()
            names = [one.name for one in options if one.kind is one.KEYWORD_ONLY]
            advice = "".join(
                f"; did you mean {near}=?" for near in get_close_matches(name, names)[:1]
            )
            raise PhoneError(
                f"{name}= is no option, and Twilio's parameters begin with a capital letter{advice}"
            )
    return {name: str(value) for name, value in parameters.items()}


def check_choice(what: str, value: str, choices: Collection[str]) -> None:
    """Refuse what Twilio does not say.

    Args:
        what: the argument, as in ``dial_result(), status``.
        value: what was passed.
        choices: what Twilio says.
    """
    if value not in choices:
        raise PhoneError(f"{what}={value!r}: Twilio says one of {', '.join(choices)}")


def check_text(what: str, value: object) -> None:
    """Refuse what is no text, such as keys written as a number; they may be a secret."""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise PhoneError(f"{what}: this is no text, but of type {kind}; write it in quotes")


def check_seconds(what: str, value: object) -> None:
    """Refuse what no time can be."""
    if not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise PhoneError(f"{what}={value!r}: seconds are a number, 0 or more")
