"""What has happened to a call, read off the parameters that Twilio sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Any

from statechart_ivr.events.table import KEYS, REFUSED_NAMES, TERMINAL_STATUSES, Kind


@dataclass(frozen=True)
class Occurrence:
    """Something that happened to a call.

    Attributes:
        kind: input, outcome or signal.
        candidates: the ids to look for in each state, in order; phrases come before them.
        data: keyword arguments for callbacks.
    """

    kind: Kind
    candidates: tuple[str, ...]
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def event(self) -> str:
        """The first id, which tells best what happened."""
        return self.candidates[0]

    @property
    def is_keys_or_words(self) -> bool:
        """Whether ``@on_input`` handlers are asked about it."""
        return self.candidates[-1] in {"digits", "speech"}


def occurrence_in(parameters: Mapping[str, str]) -> Occurrence:
    """Return what the parameters of a verb's action request say has happened.

    A Dial's action may carry a RecordingUrl, and a Record's Digits: so the order matters.

    Args:
        parameters: as Twilio sends them; whatever stands in them is read as something.
    """
    for parameter, read in _READERS.items():
        if parameters.get(parameter):
            return read(parameters)
    return Occurrence(Kind.INPUT, ("no_input",))


def hang_up(parameters: Mapping[str, str]) -> Occurrence | None:
    """Return ``hang_up.<status>`` for a terminal status callback; None for any other."""
    event = _event("hang_up", parameters.get("CallStatus", ""))
    if event.partition(".")[2] not in TERMINAL_STATUSES:
        return None
    return Occurrence(Kind.SIGNAL, (event,), {"duration": _number(parameters, "CallDuration")})


def _dial(parameters: Mapping[str, str]) -> Occurrence:
    data = {
        "dial_call_sid": parameters.get("DialCallSid", ""),
        "duration": _number(parameters, "DialCallDuration"),
        "bridged": parameters.get("DialBridged", "").lower() == "true",
    }
    return Occurrence(Kind.OUTCOME, (_event("dial", parameters["DialCallStatus"]),), data)


def _queue(parameters: Mapping[str, str]) -> Occurrence:
    data = {
        "queue_sid": parameters.get("QueueSid", ""),
        "queue_time": _number(parameters, "QueueTime"),
    }
    return Occurrence(Kind.OUTCOME, (_event("queue", parameters["QueueResult"]),), data)


def _recorded(parameters: Mapping[str, str]) -> Occurrence:
    data = {
        "recording_url": parameters.get("RecordingUrl", ""),
        "recording_sid": parameters.get("RecordingSid", ""),
        "duration": _number(parameters, "RecordingDuration"),
    }
    return Occurrence(Kind.OUTCOME, ("recorded",), data)


def _pay(parameters: Mapping[str, str]) -> Occurrence:
    return Occurrence(Kind.OUTCOME, (_event("pay", parameters["Result"]),), keywords(parameters))


def _refer(parameters: Mapping[str, str]) -> Occurrence:
    event = _event("refer", parameters["ReferCallStatus"])
    return Occurrence(Kind.OUTCOME, (event,), keywords(parameters))


def _connect(parameters: Mapping[str, str]) -> Occurrence:
    return Occurrence(Kind.OUTCOME, ("connect",), keywords(parameters))


def _speech(parameters: Mapping[str, str]) -> Occurrence:
    confidence = _confidence(parameters.get("Confidence", ""))
    data = {"speech": parameters["SpeechResult"], "confidence": confidence}
    return Occurrence(Kind.INPUT, ("speech",), data)


def _confidence(value: str) -> float | None:
    try:
        confidence = float(value)
    except ValueError:
        return None
    # Whatever else float() reads, "nan" above all, is nothing a session could keep.
    return confidence if 0 <= confidence <= 1 else None


def _digits(parameters: Mapping[str, str]) -> Occurrence:
    digits = parameters["Digits"]
    if digits == "hangup":  # a Record without a recording, ended by hanging up
        return Occurrence(Kind.INPUT, ("no_input",))
    data = {"digits": digits, "finished_on_key": parameters.get("FinishedOnKey", "")}
    keys = (f"key.{KEYS[digits]}",) if digits in KEYS else ()
    return Occurrence(Kind.INPUT, (*keys, "digits"), data)


_READERS = {
    "DialCallStatus": _dial,
    "QueueResult": _queue,
    "RecordingSid": _recorded,
    "RecordingUrl": _recorded,
    "Result": _pay,
    "ReferCallStatus": _refer,
    "SessionStatus": _connect,
    "StreamSid": _connect,
    "VirtualAgentStatus": _connect,
    "SpeechResult": _speech,
    "Digits": _digits,
}


def keywords(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return Twilio's parameters as keyword arguments of callbacks, named by `keyword`."""
    return {keyword(name): value for name, value in parameters.items() if name}


def keyword(name: str) -> str:
    """Return one parameter's name in snake_case; names that callbacks cannot have get a ``_``.

    >>> keyword("RecordingSid"), keyword("State"), keyword("From")
    ('recording_sid', 'state_', 'from_')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    snake = re.sub(r"\W+", "_", spaced.lower())
    return f"{snake}_" if snake in REFUSED_NAMES or iskeyword(snake) else snake


def _event(family: str, value: str) -> str:
    """Return an event id with a value of Twilio's: ``dial`` and ``no-answer``."""
    part = re.sub(r"[^a-z0-9]+", "_", value.lower()).strip("_")
    return f"{family}.{part}" if part else family


def _number(parameters: Mapping[str, str], name: str) -> int:
    # Bounded, for Python itself refuses to read numbers of some thousand digits.
    value = parameters.get(name, "")
    return int(value) if re.fullmatch("[0-9]{1,18}", value) else 0
