"""The person who phones: what one can do in a call, while Twilio plays the documents."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from copy import copy

from statechart_ivr.errors import PhoneError
from statechart_ivr.testing.exchange import Exchange
from statechart_ivr.testing.holding import Holding
from statechart_ivr.testing.listening import Gathering, Recording
from statechart_ivr.testing.parameters import (
    DIAL_STATUSES,
    QUEUE_RESULTS,
    REDIRECTED,
    check_choice,
    check_seconds,
    check_text,
    dialled,
    over,
)
from statechart_ivr.testing.playback import Playback
from statechart_ivr.testing.rules import KEYS, value_of
from statechart_ivr.testing.transcript import MASK, Transcript

#: What a caller who ends a recording with a key has said before, in seconds.
MESSAGE_SECONDS = 3.0
#: How long a call that somebody takes lasts, in seconds.
TALK_SECONDS = 60.0
#: How long a Dial rings when nobody answers (Twilio's page of Dial).
RING_SECONDS = "30"


class Caller:
    """One call, and the person who makes it.

    Args:
        exchange: sends this call's webhooks.
        transcript: takes the call down.
        status_url: where the end of the call is told; None if nowhere.
        holding: how the caller is held.

    Attributes:
        exchange: as given.
        transcript: as given.
        playback: Twilio's side of the call.
    """

    def __init__(
        self,
        exchange: Exchange,
        transcript: Transcript,
        status_url: str | None,
        holding: Holding,
    ) -> None:
        self.exchange = exchange
        self.transcript = transcript
        self.playback = Playback(exchange.document, transcript, holding)
        self._status_url = status_url
        self._is_told = False

    def copied(self) -> Caller:
        """Return the call as it is now, which goes on by itself from here."""
        twin = copy(self)
        twin.transcript = self.transcript.copied()
        twin.exchange = self.exchange.copied(twin.transcript)
        twin.playback = self.playback.copied(twin.exchange.document, twin.transcript)
        return twin

    def dial(self, url: str, method: str) -> None:
        """Begin the call."""
        self.transcript.does("dials")
        self.playback.open(url, method)

    def press(self, keys: str | Iterator[str]) -> None:
        """Press keys one after the other; what they leave incomplete is sent after a silence.

        The transcript shows those that were heard, up to the first that may be a secret. Errors
        repeat none that was not heard: where the call went wrong, it may be the secret's.

        Raises:
            PhoneError: something is no key, or nobody listens to it.
        """
        if not isinstance(keys, Iterator):
            _check_keys(keys)
        self.does("presses ")
        shown = ""
        for key in keys:
            self._check_heard(key, shown)
            typed_ahead, more = bool(shown), self._shown(key, shown)
            shown += more
            self.transcript.does_also(more)
            self._press(key, typed_ahead=typed_ahead)
        listening = self.playback.listening
        if isinstance(listening, Gathering) and listening.keys:
            self.playback.time_out()

    def _check_heard(self, key: str, shown: str) -> None:
        after = f" after {shown!r}" if shown else ""
        if self.playback.outcome:
            raise PhoneError(f"nobody hears what is pressed{after}: the call is over")
        if not self.is_heard(key):
            raise self.playback.refusal(f"press(){after}")

    def is_heard(self, key: str) -> bool:
        """Return whether anybody listens to a key now."""
        listening = self.playback.listening
        if isinstance(listening, Gathering):
            return listening.takes_keys
        if self.playback.waiting is None:
            return False
        return isinstance(listening, Recording) or self._hangs_up_on(key)

    def _shown(self, key: str, before: str) -> str:
        """Return what the transcript adds for a key."""
        if MASK in before:
            return ""  # who types a secret may type too much: what follows may be its end
        return MASK if self.playback.asks_for_secret else key

    def _press(self, key: str, *, typed_ahead: bool) -> None:
        """Press one key, to which somebody listens."""
        listening = self.playback.listening
        if isinstance(listening, Gathering):
            listening.is_cut_in |= typed_ahead
            self.transcript.advance_to(listening.ready_at(self.transcript.seconds))
            if taken := listening.press(key, self.transcript.seconds):
                self.playback.take(taken)
        elif isinstance(listening, Recording):
            if key in listening.finish_keys:
                self._leave_message(listening, MESSAGE_SECONDS, key)
        else:
            self.playback.finish(dialled("completed", 0, bridged=True))

    def _hangs_up_on(self, key: str) -> bool:
        verb = self.playback.verb
        on_star = verb.tag == "Dial" and value_of(verb, "hangupOnStar").lower() == "true"
        return on_star and key == "*"

    def say(self, words: str, confidence: float | None) -> None:
        """Say something.

        Raises:
            PhoneError: nobody listens for speech.
        """
        check_text("say(), words", words)
        if not words.strip():
            raise PhoneError(f"say({words!r}): these are no words; for silence, wait()")
        if confidence is not None and not 0 <= confidence <= 1:
            raise PhoneError(f"say(confidence={confidence}): Twilio says 0.0 to 1.0")
        listening = self.playback.listening
        if not isinstance(listening, Gathering) or not listening.takes_speech:
            raise self.playback.refusal("say()")
        # The time it takes would tell how long a secret is.
        shown = MASK if self.playback.asks_for_secret else words
        self.does(f"says: {shown}")
        begun = listening.ready_at(self.transcript.seconds)
        self.transcript.advance_to(begun + listening.seconds_to_understand(shown))
        self.playback.take(listening.say(words, confidence))

    def wait(self, parameters: Mapping[str, str]) -> None:
        """Do nothing until the next thing happens.

        Args:
            parameters: what a wait document is asked for with, besides what is usual.

        Raises:
            PhoneError: nothing ever would, or no wait document would be asked for.
        """
        playback, script = self.playback, self.playback.script
        if parameters and not playback.is_polling:
            raise playback.refusal(f"wait({next(iter(parameters))}=…)")
        if not math.isfinite(playback.deadline) and not playback.is_polling:
            raise playback.refusal("wait()")
        self.does("waits")
        playback.time_out()
        if playback.script is script:
            playback.poll(parameters)

    def wait_for(self, seconds: float) -> None:
        """Do nothing for some time, whatever happens in it."""
        check_seconds("wait(), seconds", seconds)
        self.does(f"waits {seconds:g} s")
        end = self.transcript.seconds + seconds
        while self.playback.deadline <= end:
            self.playback.time_out()
        self.transcript.advance_to(end)
        if isinstance(self.playback.listening, Gathering):
            self.playback.listening.is_cut_in = True

    def record(self, seconds: float, digits: str | None) -> None:
        """Leave a message, and end it.

        Raises:
            PhoneError: nothing is being recorded, or the key does not end it.
        """
        check_seconds("record(), seconds", seconds)
        if digits is not None:
            check_text("record(), digits", digits)
        listening = self.playback.listening
        if not isinstance(listening, Recording):
            raise self.playback.refusal("record()")
        self.does(f"leaves a message of {seconds:g} s")
        self._leave_message(listening, seconds, digits)

    def _leave_message(self, recording: Recording, seconds: float, digits: str | None) -> None:
        lasts, taken = recording.take(seconds, digits)
        self.pass_time(lasts)
        self.playback.take(taken)

    def hang_up(self) -> None:
        """Hang up."""
        self.does("hangs up")
        self.playback.hang_up()

    def retry(self) -> None:
        """Have the last webhook sent once more, and hear the new answer."""
        sent, playback = self.exchange.last, self.playback
        if sent is None:
            raise PhoneError("nobody dialled; dial() first")
        self.transcript.does("the last request is sent again")
        if not sent.is_played:
            self.exchange.notify(sent)
        elif playback.outcome:
            self.exchange.fetch(sent)
        else:
            playback.play(self.exchange.fetch(sent), in_queue=sent.in_queue)

    def come_late(self) -> None:
        """Have the webhook before the last one arrive once more; nobody hears the answer."""
        before = self.exchange.before
        if before is None:
            raise PhoneError("there is no request before the last one; do something first")
        self.transcript.does("an earlier request comes late")
        self.exchange.repeat(before)

    def work_ends(self, what: str) -> None:
        """Have background work come to something, and whoever is held for it hear of it."""
        self.transcript.does(what)
        self.playback.go_on_held()

    def end_dial(
        self,
        status: str,
        parameters: Mapping[str, str],
        *,
        duration: float | None,
        bridged: bool | None,
    ) -> None:
        """Say what became of a Dial; without ``duration`` and ``bridged``, what is usual."""
        check_choice("dial_result(), status", status, DIAL_STATUSES)
        was_taken = status in {"completed", "answered"}
        if duration is None:
            duration = TALK_SECONDS if was_taken else 0.0
        check_seconds("dial_result(), duration", duration)
        told = dialled(status, duration, bridged=was_taken if bridged is None else bridged)
        rings = self._ring_seconds if status == "no-answer" else 0.0
        what = f"dial_result({status!r})"
        self.finish("Dial", what, {**told, **parameters}, rings + duration)

    @property
    def _ring_seconds(self) -> float:
        return float(value_of(self.playback.verb, "timeout", RING_SECONDS))

    def end_queue(self, result: str, parameters: Mapping[str, str], *, duration: float) -> None:
        """Say how an Enqueue ended."""
        if result in REDIRECTED:
            raise PhoneError(f"{result} is what redirect(path) tells by itself; call that")
        check_choice("queue_result(), result", result, QUEUE_RESULTS)
        check_seconds("queue_result(), duration", duration)
        what, queued = f"queue_result({result!r})", self.playback.queued
        if queued is None:
            raise self.playback.refusal(what)
        if result == "hangup":
            self.hang_up()
        else:
            self.does(what)
            self.pass_time(duration)
            self.playback.leave_queue(queued, result, parameters)

    def finish(
        self, tag: str, what: str, parameters: Mapping[str, str], seconds: float = 0.0
    ) -> None:
        """Let somebody else end a verb.

        Args:
            tag: the verb that has to be waiting.
            what: what happens, as a call of the phone's method.
            parameters: what the verb's action is told.
            seconds: how long it took.

        Raises:
            PhoneError: it is not what the call waits for.
        """
        if self.playback.verb.tag != tag:
            raise self.playback.refusal(what)
        self.does(what)
        self.pass_time(seconds)
        self.playback.finish(parameters)

    def does(self, what: str) -> None:
        """Take down what is done in a call that is under way.

        Raises:
            PhoneError: none is.
        """
        if self.playback.waiting is None:
            raise self.playback.refusal(what)
        self.transcript.does(what)

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass."""
        self.transcript.advance_to(self.transcript.seconds + seconds)

    def settle(self) -> None:
        """Tell the status callback if the call has just ended."""
        outcome, transcript = self.playback.outcome, self.transcript
        if outcome and not self._is_told:
            self._is_told = True
            transcript.happens(f"the call is over: {outcome}")
            told = over(outcome, transcript.seconds, transcript.now)
            self.exchange.over(self._status_url, told)


def _check_keys(keys: str) -> None:
    check_text("press(), keys", keys)
    strange = [one for one in keys if one not in KEYS]
    if strange:
        raise PhoneError(f"press(): {strange[0]!r} is no key; keys are {KEYS}")
    if not keys:
        raise PhoneError(f"press(''): write at least one key of {KEYS}")
