"""A support line: callers wait in a queue or are called back, and agents take them on.

::

    statechart-ivr serve examples/support_queue/flow.py --no-validate

That serves all three flows: `SupportLine` is the callers' number, `AgentLine` the agents', and
`Whisper` is what an agent hears before being put through.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple, Protocol

from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Hangup, Pause, Play, Record

from statechart_ivr import CallFlow, background, document, gather, key, renders, routable
from statechart_ivr.errors import RestError

QUEUE = "support"


class CallBack(NamedTuple):
    """Somebody who wants to be called back.

    Attributes:
        number: whom to call.
        message: URL of what they have said.
    """

    number: str
    message: str


class CallBacks(Protocol):
    """The list of those who want to be called back."""

    def add(self, job_id: str, call_back: CallBack) -> None:
        """Add somebody at the end; the same job adds nobody twice."""
        ...

    def take(self, job_id: str) -> CallBack | None:
        """Take whoever is next; None if nobody is left, or if the same job has taken one."""
        ...


class DemoCallBacks:
    """Keeps the list in this process; stands in when the application passes no list."""

    def __init__(self) -> None:
        self._list: deque[CallBack] = deque()
        self._jobs: set[str] = set()

    def add(self, job_id: str, call_back: CallBack) -> None:
        """Add somebody at the end."""
        if self._is_new(job_id):
            self._list.append(call_back)

    def take(self, job_id: str) -> CallBack | None:
        """Take whoever is next."""
        return self._list.popleft() if self._is_new(job_id) and self._list else None

    def _is_new(self, job_id: str) -> bool:
        is_new = job_id not in self._jobs
        self._jobs.add(job_id)
        return is_new


DEMO = DemoCallBacks()


class SupportLine(CallFlow):
    """What callers hear: the queue, the way out of it, and the call back.

    The application may pass `CallBacks` as ``services={"call_backs": …}``.
    """

    waiting = State(initial=True)
    message = State()
    called_back = State()
    promised = State(final=True)
    nobody_there = State(final=True)
    goodbye = State(final=True)

    waiting.to(message, event=key("1", say="To be called back instead, press 1."))
    waiting.to(goodbye, event=["queue.bridged", "queue.bridging_in_process", "queue.hangup"])
    waiting.to(message, event="queue")  # full, or out of order
    message.to(promised, event="recorded")
    message.to(goodbye, event="give_up")
    called_back.to(goodbye, event="dial", cond="was_bridged")
    called_back.to(nobody_there, event="dial")

    @routable("/support")
    @renders(waiting, person=True)
    def enqueue(self):
        return ["Welcome to support.", Enqueue(QUEUE)]

    @renders(waiting, waiting=True)
    def say_position(self):
        return [gather(*self.how_long(), *self.choices()), Pause(length=20)]

    def how_long(self) -> list[str]:
        """Say how things stand, as Twilio tells it with a request; not with one for a key."""
        told = self.call.parameters
        if not told.get("QueuePosition"):
            return []
        minutes = int(told.get("AvgQueueTime") or 0) // 60 + 1
        return [
            f"You are number {told['QueuePosition']} in the queue.",
            f"The average wait is less than {minutes} minute{'s' if minutes > 1 else ''}.",
        ]

    @renders(message)
    def take_message(self):
        return ["Tell us after the tone what it is about.", Record(max_length=120)]

    @renders("no_input")
    def say_not_heard(self):
        return "We have heard nothing."

    @background("recorded")
    def ask_for_call_back(self, recording_url):
        call_backs: CallBacks = self.services.get("call_backs", DEMO)
        call_backs.add(self.job.id, CallBack(self.call.from_, recording_url))

    @renders(promised)
    def promise(self):
        return ["Thank you. We will call you back.", Hangup()]

    @routable("/call-back")
    @renders(called_back, person=True)
    def dial_agent(self):
        """Ring the agent who wanted the call; what they hear first is no part of this call."""
        message = {"message": self.session["message"]}
        dial = Dial(timeout=20)
        dial.number(self.session["agent"], url=self.url_for("whisper", query=message))
        return ["This is support, calling you back. One moment, please.", dial]

    def was_bridged(self, bridged: bool) -> bool:
        """Whether the agent has accepted; an agent who declines has answered the phone, too."""
        return bridged

    @background(nobody_there, "hang_up.busy", "hang_up.no_answer", "hang_up.failed")
    def put_back(self):
        """Nobody is forgotten: who was not reached, or whose agent was not, is called once more."""
        call_backs: CallBacks = self.services.get("call_backs", DEMO)
        call_backs.add(self.job.id, CallBack(self.call.to, self.session["message"]))

    @renders(nobody_there)
    def say_nobody_there(self):
        return ["We have missed each other. We will try again.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Thank you for calling. Goodbye.", Hangup()]


class AgentLine(CallFlow):
    """What agents hear: one caller after the other, and whom to call back in between."""

    helping = State(initial=True)
    between = State()
    calling_back = State()
    nobody_left = State()
    ringing = State(final=True)
    goodbye = State(final=True)

    helping.to(between, event="dial")  # the caller has hung up, or nobody came
    between.to(helping, event=key("1", say="For the next caller, press 1."))
    between.to(calling_back, event=key("2", say="To call somebody back, press 2."))
    between.to(goodbye, event="give_up")
    calling_back.to(ringing, event="call_placed")
    calling_back.to(nobody_left, event=["list_empty", "background_failed"])
    nobody_left.to(between)  # moves on by itself: both are heard

    @routable("/agent")
    @renders(helping, person=True)
    def dial_queue(self):
        dial = Dial()
        dial.queue(QUEUE)  # waits for somebody to come, if nobody is there
        return ["Here is the next caller.", dial]

    @renders(between)
    def say_menu(self):
        return gather(*self.choices())

    @renders(calling_back)
    def say_one_moment(self):
        return "One moment, please."

    @background(calling_back, events=["call_placed", "list_empty"])
    def call_back(self):
        """Call whoever is next on the list, once: a job that is done again takes nobody."""
        call_backs: CallBacks = self.services.get("call_backs", DEMO)
        customer = call_backs.take(self.job.id)
        if customer is None:
            return "list_empty"
        session = {"agent": self.call.from_, "message": customer.message}
        try:
            self.place_call("dial_agent", to=customer.number, from_=self.call.to, session=session)
        except RestError as error:
            # Twilio was busy, or not there. A number it refuses is one nobody can be called at.
            if not error.maybe_done and error.status in {None, 429}:
                call_backs.add(f"{self.job.id} failed", customer)
            raise
        return "call_placed"

    @renders(nobody_left)
    def say_nobody_left(self):
        return "There is nobody to call back just now."

    @renders(ringing)
    def say_ringing(self):
        return ["We are calling the customer. Hang up, and your phone will ring.", Hangup()]

    @renders(goodbye)
    def say_goodbye(self):
        return ["Goodbye.", Hangup()]


class Whisper(CallFlow):
    """What an agent hears who picks up: who is on the line, before the line is put through.

    Twilio plays it on the agent's leg, which is a call of its own, with a SID of its own.
    """

    offer = State(initial=True)
    accepted = State(final=True)
    declined = State(final=True)

    offer.to(accepted, event=key("1", say="To be put through, press 1."))
    offer.to(declined, event=[key(), "no_input"])  # an answering machine presses nothing

    @routable("/whisper", offer)
    def whisper(self):
        """Keep what Twilio has brought along in the URL."""
        self.session["message"] = self.call.parameters["message"]

    @renders(offer)
    def say_who(self):
        message = Play(self.session["message"])
        return gather("A customer who wanted to be called back said:", message, *self.choices())

    @renders(accepted)
    def put_through(self):
        return document("<Response/>")  # where it ends, Twilio puts the two through

    @renders(declined)
    def hang_up(self):
        return Hangup()
