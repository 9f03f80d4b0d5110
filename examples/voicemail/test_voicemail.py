"""Voicemail: who gets to leave a message, and what becomes of it, whatever comes when."""

from __future__ import annotations

import pytest

from examples.voicemail.flow import Voicemail
from statechart_ivr.testing import Phone


class Mailbox:
    """Keeps messages in memory; counts how often it is told of each."""

    def __init__(self) -> None:
        self.messages: dict[str, dict[str, str]] = {}
        self.told = 0

    def add(self, recording_sid: str, **known: str) -> None:
        """Add to what is known of a message."""
        self.told += 1
        self.messages.setdefault(recording_sid, {}).update(known)


@pytest.fixture
def mailbox() -> Mailbox:
    """Return an empty mailbox."""
    return Mailbox()


@pytest.fixture
def call(mailbox: Mailbox) -> Phone:
    """Return a phone that has called and hears the ringing."""
    return Phone(Voicemail, services={"mailbox": mailbox}).dial("/voicemail")


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_nobody_comes(call: Phone, status: str):
    """After 20 seconds at most the caller can leave a message."""
    assert 'timeout="20"' in call.twiml
    call.dial_result(status)
    assert call.heard == "Nobody can come to the phone. Please leave a message after the tone."
    assert call.waiting_for == "record"


@pytest.mark.parametrize("status", ["completed", "answered"])
def test_somebody_came(call: Phone, mailbox: Mailbox, status: str):
    """Who has talked to somebody leaves no message."""
    assert call.dial_result(status).heard == "Thank you. Goodbye."
    assert mailbox.messages == {}


def test_message(call: Phone, mailbox: Mailbox):
    """A message is filed, with who has left it."""
    call.dial_result("busy").record(seconds=8)
    [message] = mailbox.messages.values()
    assert message["caller"] == "+14155550100"
    assert message["url"].startswith("https://api.twilio.com/")
    assert call.heard == "Thank you. Goodbye."


def test_hung_up_in_mid_recording(call: Phone, mailbox: Mailbox):
    """What a caller has said who just hangs up is filed all the same."""
    call.dial_result("busy").wait(3).hang_up()
    assert len(mailbox.messages) == 1


def test_told_of_twice(call: Phone, mailbox: Mailbox):
    """When Twilio says, now or later, now and later, that it is stored, it is still one message."""
    stored, _ = callbacks(call.dial_result("busy"))
    call.wait(3).hang_up()
    [sid] = mailbox.messages
    told = {"RecordingSid": sid, "RecordingUrl": "https://api.twilio.com/it"}
    call.callback(stored, RecordingStatus="completed", **told)
    call.retry()
    assert list(mailbox.messages) == [sid]
    assert mailbox.told == 2  # the retry was known


def test_transcribed_after_the_call(call: Phone, mailbox: Mailbox):
    """The text arrives long after the call, and is filed with its message."""
    _, transcribed = callbacks(call.dial_result("no-answer"))
    assert call.record(seconds=8).ended
    [sid] = mailbox.messages
    told = {"RecordingSid": sid, "TranscriptionStatus": "completed"}
    call.callback(transcribed, TranscriptionText="Call me back.", **told)
    assert mailbox.messages[sid]["text"] == "Call me back."


def test_not_transcribed(call: Phone, mailbox: Mailbox):
    """A message that nobody could make out stays as it is."""
    _, transcribed = callbacks(call.dial_result("no-answer"))
    call.record(seconds=8)
    [sid] = mailbox.messages
    call.callback(transcribed, RecordingSid=sid, TranscriptionStatus="failed")
    assert "text" not in mailbox.messages[sid]


def test_silence(call: Phone, mailbox: Mailbox):
    """Whoever says nothing is asked three times, and nothing is filed."""
    call.dial_result("busy").wait()
    assert call.heard.startswith("We have heard nothing. Nobody can come")
    assert call.wait().wait().heard == "Thank you. Goodbye."
    assert mailbox.messages == {}


def callbacks(call: Phone) -> tuple[str, str]:
    """Return where Twilio is to tell that a recording is stored, and what was said."""
    urls = [f"/ivr/event/{event}?call={call.call_sid}" for event in ("stored", "transcribed")]
    for url in urls:
        assert f'="https://phone.example{url}"' in call.twiml
    stored, transcribed = urls
    return stored, transcribed
