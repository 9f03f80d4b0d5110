"""An application with all examples that have background work, and what workers load."""

from __future__ import annotations

import json
import os
from pathlib import Path

from twilio.rest import Client

from examples.reminder.flow import Reminder
from examples.support_queue.flow import AgentLine, DemoCallBacks, SupportLine, Whisper
from examples.voicemail.flow import Voicemail
from examples.weather_line.flow import WeatherLine
from statechart_ivr import CallFlow
from statechart_ivr.runners import DramatiqRunner
from statechart_ivr.runners.base import Runner
from statechart_ivr.web import IvrApp
from tests.rest.server import ACCOUNT
from tests.rest.server import TOKEN as API_TOKEN

ROOT = "https://ivr.example.com"
FLOWS: tuple[type[CallFlow], ...] = (
    WeatherLine,
    Voicemail,
    SupportLine,
    AgentLine,
    Whisper,
    Reminder,
)


class Weather:
    """Knows one place, and breaks at another."""

    def forecast(self, zip_code: str) -> str | None:
        """Return the weather of 94103."""
        if zip_code == "00000":
            raise ConnectionError("the weather service is away")
        return "Sun." if zip_code == "94103" else None


class Notes:
    """A mailbox and a calendar that write down, in a folder, what they are told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, recording_sid: str, **known: str) -> None:
        """Write down what is known of a message."""
        self._write(f"{recording_sid}-{'-'.join(known)}", "message", *known)

    def confirm(self, job_id: str, appointment: str) -> None:
        """Write down that somebody comes."""
        self._write(job_id, "confirmed", appointment)

    def reschedule(self, job_id: str, appointment: str) -> None:
        """Write down that somebody wants another day."""
        self._write(job_id, "another day", appointment)

    def try_again(self, job_id: str, appointment: str, why: str) -> None:
        """Write down that somebody is to be called again."""
        self._write(job_id, "again", appointment, why)

    def _write(self, key: str, *words: str) -> None:
        (self._folder / f"{key}.json").write_text(json.dumps(words))

    def read(self) -> list[list[str]]:
        """Return all that was written down, in the order of the alphabet."""
        return sorted(json.loads(path.read_text()) for path in self._folder.glob("*.json"))


def serve(
    runner: Runner,
    *,
    store: str,
    api: str,
    folder: Path,
    flows: tuple[type[CallFlow], ...] = FLOWS,
) -> IvrApp:
    """Return an application.

    Args:
        runner: of its work.
        store: URL of its sessions.
        api: URL of a Twilio that places calls.
        folder: where its services write down what they are told.
        flows: what it serves.
    """
    notes = Notes(folder)
    client = Client(ACCOUNT, API_TOKEN)
    client.api.base_url = api
    return IvrApp(
        *flows,
        auth_token="12345",
        base_url=ROOT,
        store=store,
        runner=runner,
        client=client,
        services={
            "weather": Weather(),
            "mailbox": notes,
            "calendar": notes,
            "call_backs": DemoCallBacks(),
        },
    )


def from_environment() -> IvrApp:
    """Return the application as workers of Dramatiq's have it."""
    told = os.environ
    return serve(
        DramatiqRunner(told["EXAMPLES_BROKER"], queue_name=told["EXAMPLES_QUEUE"]),
        store=told["EXAMPLES_STORE"],
        api=told["EXAMPLES_API"],
        folder=Path(told["EXAMPLES_FOLDER"]),
    )
