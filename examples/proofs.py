"""How the examples are proved: with which calls, where that takes more than a route's path."""

from __future__ import annotations

from typing import NamedTuple

from examples.front_desk.flow import FrontDesk
from examples.lunch_line.flow import LunchLine
from examples.phone_tree.flow import PhoneTree
from examples.reminder.flow import Reminder
from examples.support_queue.flow import AgentLine, SupportLine, Whisper
from examples.voicemail.flow import Voicemail
from examples.weather_line.flow import WeatherLine
from statechart_ivr import CallFlow
from statechart_ivr.checker import Entry

APPOINTMENT = {"appointment": "A17", "when": "Tuesday at ten"}
CALL_BACK = {"agent": "+14155550111", "message": "https://phone.example/message"}


class Proof(NamedTuple):
    """What is checked together.

    Attributes:
        flows: of one application.
        entries: how calls come in; none for every route.
    """

    flows: tuple[type[CallFlow], ...]
    entries: tuple[Entry, ...] = ()

    def __str__(self) -> str:
        return self.flows[0].__name__


PROOFS = [
    Proof((FrontDesk,)),
    Proof((LunchLine,)),
    Proof((PhoneTree,)),
    Proof((WeatherLine,)),
    Proof((Voicemail,)),
    Proof(
        (Reminder,),
        tuple(
            Entry("/reminder", session=APPOINTMENT, parameters={"AnsweredBy": who})
            for who in ("human", "machine_start")
        ),
    ),
    Proof(
        (SupportLine, AgentLine, Whisper),
        (
            Entry("/support"),
            Entry("/agent"),
            Entry("/call-back", session=CALL_BACK),
            Entry("/whisper?message=https%3A%2F%2Fphone.example%2Fmessage"),
        ),
    ),
]
