"""Rings somebody for 20 seconds, and takes a message if nobody comes to the phone.

::

    export IVR_BASE_URL=https://ivr.example.com
    statechart-ivr serve examples/voicemail/flow.py --no-validate

The URL is where Twilio is to say that a message is stored, and what was said in it.
"""

from __future__ import annotations

import logging
from typing import Protocol

from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup, Record

from statechart_ivr import CallFlow, background, renders, routable

logger = logging.getLogger(__name__)


class Mailbox(Protocol):
    """Wherever messages are kept."""

    def add(self, recording_sid: str, **known: str) -> None:
        """Add what is known of a message to what is kept of it.

        Args:
            recording_sid: which message; one that is not known yet is new.
            **known: ``caller``, ``url``, ``text``, as far as they are known by now.
        """
        ...


class DemoMailbox:
    """Only logs what it is told; stands in when the application passes no mailbox."""

    def add(self, recording_sid: str, **known: str) -> None:
        """Log what is known of a message."""
        logger.warning("%s: %s", recording_sid, known)


class Voicemail(CallFlow):
    """A phone, and behind it an answering machine that writes down what was said.

    The application may pass a `Mailbox` as ``services={"mailbox": …}``.
    """

    ringing = State(initial=True)
    message = State()
    goodbye = State(final=True)

    ringing.to(goodbye, event=["dial.completed", "dial.answered"])
    ringing.to(message, event="dial")  # busy, no answer, failed, canceled
    message.to(goodbye, event=["recorded", "give_up"])

    @routable("/voicemail")
    @renders(ringing, person=True)
    def ring(self):
        return Dial("+12345678900", timeout=20)

    @renders(message)
    def take_message(self):
        return [
            "Nobody can come to the phone. Please leave a message after the tone.",
            Record(
                max_length=120,
                transcribe=True,
                transcribe_callback=self.event_url("transcribed"),
                recording_status_callback=self.event_url("stored"),
            ),
        ]

    @renders("no_input")
    def say_not_heard(self):
        return "We have heard nothing."

    @renders(goodbye)
    def say_goodbye(self):
        return ["Thank you. Goodbye.", Hangup()]

    @background("recorded", "stored")
    def file(self, recording_sid, recording_url):
        """File a message, also of a caller who just hung up.

        Twilio tells of it when the recording ends, and when it can be fetched; either may come
        late, twice, or not at all. Filed under its SID, the message is there once.
        """
        caller = self.call.from_
        self._mailbox.add(recording_sid, caller=caller, url=recording_url)

    @background("transcribed")
    def file_text(self, recording_sid, transcription_status, transcription_text=""):
        """Add what was said, which Twilio knows some time after the call."""
        if transcription_status == "completed":
            self._mailbox.add(recording_sid, text=transcription_text)

    @property
    def _mailbox(self) -> Mailbox:
        mailbox: Mailbox = self.services.get("mailbox", DemoMailbox())
        return mailbox
