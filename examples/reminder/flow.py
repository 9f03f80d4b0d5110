"""Calls people about their appointments; they confirm it, or ask for another day.

::

    statechart-ivr serve examples/reminder/flow.py --no-validate

Calls are placed by whoever knows the appointments, once a day::

    app.switchboard.place_call(
        "remind",
        to="+14155550100",
        from_="+12345678900",
        session={"appointment": "A17", "when": "Tuesday at ten"},
        machine_detection="Enable",
    )
"""

from __future__ import annotations

import logging
from typing import Protocol

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, background, gather, key, renders, routable, said

logger = logging.getLogger(__name__)


class Calendar(Protocol):
    """Wherever appointments are kept; whatever it is told twice under one id, it does once."""

    def confirm(self, job_id: str, appointment: str) -> None:
        """Take note that somebody comes."""
        ...

    def reschedule(self, job_id: str, appointment: str) -> None:
        """Have somebody find another day, and call back."""
        ...

    def try_again(self, job_id: str, appointment: str, why: str) -> None:
        """Have the call placed once more, some time later; a few times, and by day."""
        ...


class DemoCalendar:
    """Only logs what it is told; stands in when the application passes no calendar."""

    def confirm(self, job_id: str, appointment: str) -> None:
        """Log that somebody comes."""
        logger.warning("%s: %s is confirmed", job_id, appointment)

    def reschedule(self, job_id: str, appointment: str) -> None:
        """Log that somebody wants another day."""
        logger.warning("%s: %s is to be another day", job_id, appointment)

    def try_again(self, job_id: str, appointment: str, why: str) -> None:
        """Log that somebody is to be called again."""
        logger.warning("%s: nobody was told of %s: %s", job_id, appointment, why)


class Reminder(CallFlow):
    """An outbound call: a person is asked, an answering machine is told.

    The session has ``appointment``, as the calendar knows it, and ``when``, as it is said. The
    application may pass a `Calendar` as ``services={"calendar": …}``.
    """

    picked_up = State(initial=True)  # says nothing: branches at once
    question = State()
    confirmed = State(final=True)
    another_day = State(final=True)
    told_machine = State(final=True)
    goodbye = State(final=True)

    picked_up.to(told_machine, cond="is_machine")
    picked_up.to(question)
    question.to(confirmed, event=[key("1", say="If you come, press 1, or say yes."), said("yes")])
    question.to(
        another_day,
        event=[key("2", say="For another day, press 2, or say another day."), said("another day")],
    )
    question.to(goodbye, event="give_up")

    @routable("/reminder", picked_up)
    def remind(self):
        """Nothing: whoever placed the call has written the session."""

    def is_machine(self) -> bool:
        """Whether Twilio took who picked up for a machine; a guard of the chart."""
        return self.call.answered_by.startswith("machine")

    @renders(question)
    def ask(self):
        return gather(
            f"This is Doctor Miller's practice. You have an appointment on {self.session['when']}.",
            *self.choices(),
        )

    @renders(confirmed)
    def thank(self):
        return ["Thank you. See you then.", Hangup()]

    @renders(another_day)
    def promise_a_call(self):
        return ["Thank you. We will call you to find another day.", Hangup()]

    @renders(told_machine)
    def tell_machine(self):
        return [
            "This is Doctor Miller's practice.",
            f"Please remember your appointment on {self.session['when']}.",
            "To change it, call us. Goodbye.",
            Hangup(),
        ]

    @renders(goodbye)
    def say_goodbye(self):
        return ["We will try again later. Goodbye.", Hangup()]

    @background(confirmed)
    def confirm(self):
        self._calendar.confirm(self.job.id, self.session["appointment"])

    @background(another_day)
    def reschedule(self):
        self._calendar.reschedule(self.job.id, self.session["appointment"])

    @background(goodbye, "hang_up.busy", "hang_up.no_answer")
    def try_again(self):
        """Ask to be tried again, also for a call that nobody has answered."""
        self._calendar.try_again(self.job.id, self.session["appointment"], self.job.on)

    @property
    def _calendar(self) -> Calendar:
        calendar: Calendar = self.services.get("calendar", DemoCalendar())
        return calendar
