"""The reminder: what people answer, what machines hear, and who is tried again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.reminder.flow import Reminder
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from examples.conftest import Serving
    from tests.rest.server import TwilioApi

pytestmark = pytest.mark.server

SESSION = {"appointment": "A17", "when": "Tuesday at ten"}


class Calendar:
    """Takes down what it is told, once for each job."""

    def __init__(self) -> None:
        self.told: dict[str, tuple[str, ...]] = {}

    def confirm(self, job_id: str, appointment: str) -> None:
        """Take note that somebody comes."""
        self.told[job_id] = ("confirmed", appointment)

    def reschedule(self, job_id: str, appointment: str) -> None:
        """Take note that somebody wants another day."""
        self.told[job_id] = ("another day", appointment)

    def try_again(self, job_id: str, appointment: str, why: str) -> None:
        """Take note that somebody is to be called again."""
        self.told[job_id] = ("again", appointment, why)


class TestReminder:
    """Each call is placed, and then picked up or not."""

    @pytest.fixture(autouse=True)
    def _place(self, serving: Serving, twilio: TwilioApi) -> None:
        self.calendar = Calendar()
        board = serving(Reminder, calendar=self.calendar)
        board.place_call(
            "remind",
            to="+14155550100",
            from_="+12345678900",
            session=SESSION,
            machine_detection="Enable",
        )
        self.asked = twilio.asked[-1].form
        self.call = Phone(board, Direction="outbound-api")

    @property
    def told(self) -> list[tuple[str, ...]]:
        """What the calendar was told."""
        return list(self.calendar.told.values())

    def pick_up(self, answered_by: str = "human") -> Phone:
        """Pick the phone up."""
        return self.call.dial(self.asked["Url"], AnsweredBy=answered_by)

    def test_placed(self):
        """Twilio is to listen whether a person or a machine picks up."""
        assert self.asked["To"] == "+14155550100"
        assert self.asked["MachineDetection"] == "Enable"

    def test_question(self):
        """Who picks up hears about the appointment, and what to press or say."""
        assert self.pick_up().heard == (
            "This is Doctor Miller's practice. You have an appointment on Tuesday at ten. "
            "If you come, press 1, or say yes. For another day, press 2, or say another day."
        )

    @pytest.mark.parametrize("words", ["", "yes I will be there"])
    def test_confirmed(self, words: str):
        """A key or a word confirms the appointment."""
        call = self.pick_up()
        call.say(words) if words else call.press("1")
        assert call.heard == "Thank you. See you then."
        assert self.told == [("confirmed", "A17")]

    @pytest.mark.parametrize("words", ["", "I need another day"])
    def test_another_day(self, words: str):
        """Another key, or other words, ask for another day."""
        call = self.pick_up()
        call.say(words) if words else call.press("2")
        assert call.heard == "Thank you. We will call you to find another day."
        assert self.told == [("another day", "A17")]

    @pytest.mark.parametrize("answered_by", ["human", "unknown"])
    def test_nobody_in_particular(self, answered_by: str):
        """Who neither presses nor says anything, three times, is called again."""
        call = self.pick_up(answered_by).wait().press("5").wait()
        assert call.heard == "We will try again later. Goodbye."
        assert self.told == [("again", "A17", "goodbye")]

    def test_machine(self):
        """A machine is told, and asked nothing."""
        call = self.pick_up("machine_start")
        assert "Please remember your appointment on Tuesday at ten." in call.heard
        assert call.ended
        assert self.told == []

    @pytest.mark.parametrize("status", ["busy", "no-answer"])
    def test_nobody_answers(self, status: str):
        """A call that nobody answers is tried again; told of it twice, once."""
        self.call.callback(self.asked["StatusCallback"], CallStatus=status)
        self.call.retry()
        event = f"hang_up.{status.replace('-', '_')}"
        assert self.told == [("again", "A17", event)]

    def test_no_such_number(self):
        """A number that does not exist is not tried again."""
        self.call.callback(self.asked["StatusCallback"], CallStatus="failed")
        assert self.told == []
