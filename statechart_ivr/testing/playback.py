"""Plays documents to a caller, verb by verb, until it is somebody's turn to do something."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Protocol
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from statechart_ivr.call import may_bring_a_secret, without_secrets
from statechart_ivr.errors import EndlessRedirectsError, PhoneError
from statechart_ivr.testing.holding import Holding, is_poll
from statechart_ivr.testing.listening import Gathering, Recording, Taken
from statechart_ivr.testing.parameters import dequeued, new_sid, waiting
from statechart_ivr.testing.rules import text_of, value_of
from statechart_ivr.testing.script import Script, described, seconds_to_hear
from statechart_ivr.testing.transcript import Transcript

#: Documents that may follow one another without anybody doing anything.
MAX_REDIRECTS = 30

_PROMPTS = frozenset({"Say", "Play", "Pause"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Fetch(Protocol):
    """Asks the application for a document."""

    def __call__(
        self, method: str, url: str, parameters: Mapping[str, str], *, in_queue: bool
    ) -> Script:
        """Send a webhook and read the answer."""
        ...


@dataclass
class Queued:
    """A caller in a queue.

    Attributes:
        enqueue: the verb.
        script: the document it stands in.
        position: of the verb after it.
        joined: second of the call at which the caller came.
        following: URL and method of the next wait document; None while Twilio's own music plays.
        sid: the queue's.
    """

    enqueue: Element
    script: Script
    position: int
    joined: float
    following: tuple[str, str] | None
    sid: str = field(default_factory=lambda: new_sid("QU"))


class Playback:
    """One call as Twilio sees it, from its first document to the hang-up.

    Args:
        fetch: asks the application.
        transcript: takes the call down, and knows the time.
        holding: how the caller is held while work goes on.

    Attributes:
        script: the document that is being played; empty before the first.
        played: the documents that began since anybody last did something.
        position: of the verb after the one that waits, in the document.
        waiting: the verb whose end is somebody's turn to bring about; None while playing,
            before the first document, and when the call is over.
        listening: the Gather or Record that hears the caller now, or None.
        queued: the queue the caller is in, or None.
        held: URL and method of the next wait document of a caller who is held until the test says
            what background work comes to; None for everybody else.
        outcome: ``completed``, ``busy``, …, once the call is over; empty before.
    """

    def __init__(self, fetch: Fetch, transcript: Transcript, holding: Holding) -> None:
        self._fetch = fetch
        self._holding = holding
        self._transcript = transcript
        self.position = 0
        self._hops: list[str] = []
        self.script = Script("", "", (), ())
        self.played: list[Script] = []
        self.waiting: Element | None = None
        self.listening: Gathering | Recording | None = None
        self.queued: Queued | None = None
        self.held: tuple[str, str] | None = None
        self.outcome = ""

    def copied(self, fetch: Fetch, transcript: Transcript) -> Playback:
        """Return a playback that goes on from here, and asks and takes down elsewhere."""
        twin = copy(self)
        twin._fetch, twin._transcript, twin._hops = fetch, transcript, [*self._hops]
        twin.played = [*self.played]
        twin.listening, twin.queued = copy(self.listening), copy(self.queued)
        return twin

    @property
    def verb(self) -> Element:
        """The verb that waits.

        Raises:
            PhoneError: there is none.
        """
        if self.waiting is None:
            then = "dial() again" if self.outcome else "dial() first"
            raise PhoneError(f"{self.situation}; {then}")
        return self.waiting

    @property
    def is_polling(self) -> bool:
        """Whether the caller waits with documents of the application's, in a queue or held."""
        return self.held is not None or (
            self.queued is not None and self.queued.following is not None
        )

    @property
    def deadline(self) -> float:
        """Second of the call at which silence has an effect; infinity if it never has."""
        return math.inf if self.listening is None else self.listening.deadline

    @property
    def asks_for_secret(self) -> bool:
        """Whether what the caller does now may be a secret, as the verb's action URL says."""
        return may_bring_a_secret(self._resolved(self.verb.get("action", "")))

    @property
    def situation(self) -> str:
        """What the call is doing, as a clause."""
        if self.waiting is None:
            return "the call is over" if self.outcome else "nobody dialled"
        if isinstance(self.listening, Gathering):
            kinds = {"keys": self.listening.takes_keys, "speech": self.listening.takes_speech}
            return f"a Gather listens for {' and '.join(kind for kind in kinds if kinds[kind])}"
        return _SITUATIONS[self.waiting.tag].format(described(self.waiting))

    def refusal(self, what: str) -> PhoneError:
        """Make the error for something that is not possible now; it says what is."""
        method = what.partition("(")[0]
        others = [f"{one}()" for one in _ADVICE[self.verb.tag].split() if one != method]
        advice = " or ".join([*others, "hang_up()"])
        return PhoneError(f"{what} is not possible: {self.situation}; use {advice}")

    # What happens to the call from outside

    def open(self, url: str, method: str = "POST") -> None:
        """Go on at a URL, whatever was going on."""
        if self.queued is not None:
            # Its answer has no effect: the call is elsewhere by then.
            self._tell_dequeued(self.queued, "redirected")
            self.queued = None
        self.play(self._ask(url, method))

    def play(self, script: Script, *, in_queue: bool = False) -> None:
        """Play a document from its beginning, up to somebody's turn.

        Args:
            script: the document.
            in_queue: whether it is heard in the queue the caller is in.
        """
        self._somebody_acted()
        self.queued = self.queued if in_queue else None
        self._put_on(script)
        self._run()

    def take(self, taken: Taken) -> None:
        """End the Gather or Record that listens, and hear what comes after it."""
        self._somebody_acted()
        verb, self.waiting, self.listening = self.verb, None, None
        is_asked = value_of(verb, "actionOnEmptyResult", "false").lower() == "true"
        if is_asked or not taken.is_empty:
            self._put_on(self._ask_action(verb, taken.parameters))
        self._run()

    def time_out(self) -> None:
        """Let the Gather or Record that listens hear nothing more."""
        if self.listening is not None:
            self._transcript.advance_to(self.deadline)
            self.take(self.listening.silence())

    def finish(self, parameters: Mapping[str, str]) -> None:
        """End a verb that somebody else ends: Dial, Pay, Connect, Refer."""
        self._somebody_acted()
        verb, self.waiting = self.verb, None
        if verb.get("action"):
            self._put_on(self._ask_action(verb, parameters))
        self._run()

    def poll(self, parameters: Mapping[str, str] = _NOTHING) -> None:
        """Play the next wait document, if the caller waits with one."""
        if self.held is not None:
            self._somebody_acted()
            self._put_on(self._ask(*self.held))
            self._run()
        elif self.queued is not None and self.queued.following is not None:
            self._somebody_acted()
            self._put_on(self._ask_waiting(self.queued, *self.queued.following, parameters))
            self._run()

    def go_on_held(self) -> None:
        """Play the next wait document to a caller who is held for background work."""
        if self.held is not None:
            self.poll()

    def leave_queue(self, queued: Queued, result: str, parameters: Mapping[str, str]) -> None:
        """End an Enqueue, and hear what comes after it."""
        self._somebody_acted()
        self._go_on_after(queued, result, parameters)
        self._run()

    def hang_up(self) -> None:
        """Hang up; a Record is asked for its message even then, and its answer not heard."""
        verb = self.verb
        if isinstance(self.listening, Recording):
            seconds = self._transcript.seconds - self.listening.started
            taken = self.listening.hang_up(seconds)
            self._ask_action(verb, {**taken.parameters, "CallStatus": "completed"})
        self._end("completed")

    def _somebody_acted(self) -> None:
        self._hops.clear()
        self.played.clear()
        self._holding.begin_afresh()

    # What Twilio does by itself

    def _ask(self, url: str, method: str, parameters: Mapping[str, str] = _NOTHING) -> Script:
        return self._fetch(method.upper(), url, parameters, in_queue=self.queued is not None)

    def _ask_action(self, verb: Element, parameters: Mapping[str, str]) -> Script:
        # Without an action, Gather and Record ask for the document they stand in.
        url = self._resolved(verb.get("action", ""))
        return self._ask(url, value_of(verb, "method", "POST"), parameters)

    def _resolved(self, url: str) -> str:
        return urljoin(self.script.url, url.strip())

    def _put_on(self, script: Script, position: int = 0) -> None:
        self.script, self.position = script, position
        if not position:
            self.played.append(script)
        self.waiting = self.listening = self.held = None

    def _run(self) -> None:
        while self.waiting is None and not self.outcome:
            verbs = self.script.verbs
            if self.position < len(verbs):
                self.position += 1
                self._on_verb(verbs[self.position - 1])
            elif self.queued is not None:
                # Twilio asks for the wait URL again, for as long as the caller waits.
                self.waiting = self.queued.enqueue
            else:
                self._end("completed")

    def _on_verb(self, verb: Element) -> None:
        if verb.tag not in _PROMPTS | {"Gather"}:
            self._transcript.happens(described(verb))
        match verb.tag:
            case "Say" | "Play" | "Pause":
                self._on_prompt(verb)
            case "Gather":
                self._on_gather(verb)
            case "Record":
                self.waiting, self.listening = verb, Recording(verb, self._transcript.seconds)
            case "Dial" | "Pay" | "Connect" | "Refer":
                self.waiting = verb
            case "Enqueue":
                self._on_enqueue(verb)
            case "Redirect":
                self._on_redirect(verb)
            case "Leave" if self.queued is not None:
                self._go_on_after(self.queued, "leave")
            case "Hangup":
                self._end("completed")
            case "Reject":
                self._end("busy" if verb.get("reason") == "busy" else "no-answer")

    def _on_prompt(self, verb: Element) -> None:
        self._hear(verb)
        seconds = seconds_to_hear(verb)
        if math.isinf(seconds):
            self.waiting = verb
        else:
            self._transcript.advance_to(self._transcript.seconds + seconds)

    def _hear(self, verb: Element) -> None:
        if verb.tag == "Pause":
            self._transcript.happens(described(verb))
        else:
            self._transcript.hears(text_of(verb) if verb.tag == "Say" else described(verb))

    def _on_gather(self, verb: Element) -> None:
        self.waiting, self.listening = verb, Gathering(verb, self._transcript.seconds)
        for prompt in verb:
            self._hear(prompt)

    def _on_redirect(self, verb: Element) -> None:
        url, method = self._resolved(text_of(verb)), value_of(verb, "method", "POST")
        if self.queued is None and self._holding.by_hand and is_poll(url):
            self.held, self.waiting = (url, method), verb
        elif self.queued is None:
            if not (is_poll(url) and self._holding.goes_on(self._transcript.seconds)):
                self._hop(url)
            self._put_on(self._ask(url, method))
        else:
            # One wait document for each wait(): the redirects among them never end.
            self.queued.following = url, method
            self.waiting = self.queued.enqueue

    def _hop(self, url: str) -> None:
        self._hops.append(url)
        if len(self._hops) > MAX_REDIRECTS:
            circle = map(without_secrets, self._hops[MAX_REDIRECTS // 2 :])
            around = " → ".join(dict.fromkeys(circle))
            raise EndlessRedirectsError(
                f"{MAX_REDIRECTS} documents without anybody doing anything: {around} → …; "
                "let one of these documents ask something, or end"
            )

    def _on_enqueue(self, verb: Element) -> None:
        following = None
        if wait_url := verb.get("waitUrl"):
            following = self._resolved(wait_url), value_of(verb, "waitUrlMethod", "POST")
        now = self._transcript.seconds
        self.queued = Queued(verb, self.script, self.position, now, following)
        self.waiting = verb
        if following is not None:
            self._hop(following[0])
            self._put_on(self._ask_waiting(self.queued, *following))

    def _ask_waiting(
        self, queued: Queued, url: str, method: str, parameters: Mapping[str, str] = _NOTHING
    ) -> Script:
        usual = waiting(queued.sid, self._transcript.seconds - queued.joined)
        return self._ask(url, method, {**usual, **parameters})

    def _go_on_after(
        self, queued: Queued, result: str, parameters: Mapping[str, str] = _NOTHING
    ) -> None:
        answer = self._tell_dequeued(queued, result, parameters)
        self.queued = None
        if answer is None:
            self._put_on(queued.script, queued.position)
        else:
            self._put_on(answer)

    def _tell_dequeued(
        self, queued: Queued, result: str, parameters: Mapping[str, str] = _NOTHING
    ) -> Script | None:
        """Ask an Enqueue's action, and return its answer; None if it has no action."""
        action = queued.enqueue.get("action")
        if not action:
            return None
        told = dequeued(result, queued.sid, self._transcript.seconds - queued.joined)
        method = value_of(queued.enqueue, "method", "POST").upper()
        url = urljoin(queued.script.url, action.strip())
        return self._fetch(method, url, {**told, **parameters}, in_queue=False)

    def _end(self, outcome: str) -> None:
        self.waiting = self.listening = self.held = None
        self.outcome = outcome
        if self.queued is not None:
            self._tell_dequeued(self.queued, "hangup", {"CallStatus": "completed"})
            self.queued = None


_SITUATIONS = {
    "Say": "{} is repeated for ever",
    "Play": "{} is repeated for ever",
    "Record": "the caller's message is being recorded",
    "Dial": "{} rings, or talks to the caller",
    "Enqueue": "the caller waits in the queue {}",
    "Pay": "<Pay> asks the caller for a payment",
    "Connect": "<Connect> has the caller",
    "Refer": "<Refer> hands the caller over",
    "Redirect": "the caller is held for background work",
}

#: Methods of the phone that go on from there, besides hanging up.
_ADVICE = {
    "Say": "",
    "Play": "",
    "Gather": "press say wait",
    "Record": "record press wait",
    "Dial": "dial_result",
    "Enqueue": "wait queue_result",
    "Pay": "pay_result",
    "Connect": "connect_result",
    "Refer": "refer_result",
    "Redirect": "work wait",
}
