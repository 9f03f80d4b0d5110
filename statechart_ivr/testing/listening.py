"""A Gather or Record while it listens: what completes it, and when silence does."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from statechart_ivr.errors import PhoneError
from statechart_ivr.testing.parameters import recorded
from statechart_ivr.testing.rules import KEYS, value_of
from statechart_ivr.testing.script import seconds_to_hear, seconds_to_say

#: Seconds of silence that end a Gather or Record (Twilio's pages of both).
DEFAULT_TIMEOUT = "5"
#: Seconds of the longest recording, by default (Twilio's page of Record).
MAX_RECORDING = "3600"


@dataclass(frozen=True)
class Taken:
    """How a Gather or Record ended.

    Attributes:
        parameters: what the action request says, which may be a secret.
        is_empty: whether there was no input.
    """

    parameters: dict[str, str] = field(repr=False)
    is_empty: bool = False


@dataclass
class Gathering:
    """A Gather that waits for the caller.

    Attributes:
        element: the verb.
        started: second of the call at which its first prompt begins.
        is_cut_in: whether the caller no longer waits for the end of the prompts.
        keys: pressed so far.
    """

    element: Element
    started: float
    is_cut_in: bool = False
    keys: str = field(default="", repr=False)
    _last_key: float = -math.inf

    @property
    def takes_keys(self) -> bool:
        """Whether keys are listened to."""
        return "dtmf" in self._input

    @property
    def takes_speech(self) -> bool:
        """Whether words are listened to."""
        return "speech" in self._input

    @property
    def _input(self) -> str:
        return value_of(self.element, "input", "dtmf").lower()

    @property
    def prompts_end(self) -> float:
        """Second of the call at which the last prompt is over; infinity if it never is."""
        return self.started + seconds_to_hear(self.element)

    @property
    def deadline(self) -> float:
        """Second of the call at which silence ends the Gather; infinity if it never does."""
        since = self._last_key if self.keys else self.prompts_end
        return since + self._seconds("timeout", DEFAULT_TIMEOUT)

    def ready_at(self, now: float) -> float:
        """Return when the caller, at the earliest, does something that counts.

        A caller listens to the prompts unless told otherwise, and has to with
        ``bargeIn="false"``. A prompt that is repeated for ever is always cut short.
        """
        if math.isinf(self.prompts_end):
            return now
        may_cut_in = value_of(self.element, "bargeIn", "true").lower() == "true"
        return now if may_cut_in and self.is_cut_in else max(now, self.prompts_end)

    def press(self, key: str, now: float) -> Taken | None:
        """Take one key, and return what it completes, if anything."""
        if key == value_of(self.element, "finishOnKey", "#"):
            return self._keyed(key)
        self.keys += key
        self.is_cut_in = True
        self._last_key = now
        wanted = value_of(self.element, "numDigits")
        return self._keyed() if wanted and len(self.keys) == int(wanted) else None

    def silence(self) -> Taken:
        """Return what silence completes: the keys so far, or nothing."""
        return self._keyed() if self.takes_keys else Taken({}, is_empty=True)

    def _keyed(self, finish_key: str = "") -> Taken:
        # A lone finish key is no input.
        finished_on = finish_key if self.keys else ""
        parameters = {"Digits": self.keys, "FinishedOnKey": finished_on, "msg": "Gather End"}
        return Taken(parameters, is_empty=not self.keys)

    def say(self, words: str, confidence: float | None) -> Taken:
        """Take words; Twilio may leave the confidence out."""
        parameters = {"SpeechResult": words}
        return Taken(
            parameters if confidence is None else {**parameters, "Confidence": str(confidence)}
        )

    def seconds_to_understand(self, words: str) -> float:
        """Return how long it takes to say words, and to be sure that nothing follows."""
        timeout = value_of(self.element, "timeout", DEFAULT_TIMEOUT)
        return seconds_to_say(words) + self._seconds("speechTimeout", timeout)

    def _seconds(self, attribute: str, default: str) -> float:
        value = value_of(self.element, attribute, default)
        return float(DEFAULT_TIMEOUT if value == "auto" else value)


@dataclass
class Recording:
    """A Record that waits for the caller.

    Attributes:
        element: the verb.
        started: second of the call at which the beep sounds.
    """

    element: Element
    started: float

    @property
    def finish_keys(self) -> str:
        """The keys that end it."""
        return value_of(self.element, "finishOnKey", KEYS)

    @property
    def timeout(self) -> float:
        """Seconds of silence that end it."""
        return float(value_of(self.element, "timeout", DEFAULT_TIMEOUT))

    @property
    def deadline(self) -> float:
        """Second of the call at which it ends if the caller says nothing at all."""
        return self.started + self.timeout

    def silence(self) -> Taken:
        """Return what silence completes: Twilio drops an empty recording, and goes on."""
        return Taken({}, is_empty=True)

    def take(self, seconds: float, digits: str | None) -> tuple[float, Taken]:
        """Take a message.

        Args:
            seconds: how long it is.
            digits: the key that ends it; empty for silence; None for a key if there is one.

        Returns:
            Seconds until it is over, and what the action is told.

        Raises:
            PhoneError: the key does not end it.
        """
        keys = self.finish_keys
        key = ("#" if "#" in keys else keys[:1]) if digits is None else digits
        if key not in {"", *keys}:
            what = repr(key) if len(key) == 1 else "more than one key"
            raise PhoneError(f"{what} does not end this recording; these do: {keys or 'none'}")
        longest = float(value_of(self.element, "maxLength", MAX_RECORDING))
        if seconds >= longest:
            return longest, Taken(recorded(longest, ""))
        taken = Taken(recorded(seconds, key)) if seconds else self.silence()
        return seconds + (0.0 if key else self.timeout), taken

    def hang_up(self, seconds: float) -> Taken:
        """Return what the action is told when the caller hangs up after some seconds."""
        return Taken(recorded(seconds, "hangup"))


def finished(keys: str, gathering: Gathering) -> str:
    """Return of some keys those that a Gather takes, with the one that ends it where it is needed.

    What is pressed after its end would go to the document that follows.
    """
    wanted = value_of(gathering.element, "numDigits")
    finish = value_of(gathering.element, "finishOnKey", "#")
    if finish and finish in keys:
        keys = keys[: keys.index(finish) + 1]
    if wanted and len(keys) >= int(wanted):
        return keys[: int(wanted)]
    return keys if not finish or keys.endswith(finish) else keys + finish
