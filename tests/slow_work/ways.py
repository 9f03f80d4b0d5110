"""Ways through the examples, one after the other, and what is heard on them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from examples.walks import do
from statechart_ivr.testing import Phone

if TYPE_CHECKING:
    from statechart_ivr.web import IvrApp
    from tests.rest.server import TwilioApi


class Way(NamedTuple):
    """One call.

    Attributes:
        route: where it comes in.
        doings: what is done in it, as `examples.walks` has it, and what Twilio tells of it.
        told: Twilio's parameters of it.
    """

    route: str
    doings: str
    told: Mapping[str, str] = MappingProxyType({})

    def __str__(self) -> str:
        return f"{self.route}: {self.doings}"


#: One after the other: who is called back has left a message before.
WAYS = [
    Way("/weather", "94103, 1, 94103, 2"),
    Way("/weather", "94103, silence"),
    Way("/weather", "941, 94103"),
    Way("/weather", "11111, 22222, 33333"),
    Way("/weather", "silence, silence, silence"),
    Way("/weather", "00000"),
    Way("/weather", "94103, go /unknown-error"),
    Way("/voicemail", "dial completed"),
    Way("/voicemail", "dial answered"),
    Way("/voicemail", "dial busy, record, told stored, told transcribed"),
    Way("/voicemail", "dial no-answer, silence, silence, silence"),
    Way("/voicemail", "dial failed, hang up, told stored"),
    Way("/support", "queue bridged"),
    Way("/support", "queue bridging-in-process"),
    Way("/support", "hang up"),
    Way("/support", "2, silence, 1, record"),
    Way("/agent", "dial completed, 2"),
    Way("/call-back", "dial completed"),
    Way("/support", "queue queue-full, silence, record"),
    Way("/agent", "dial no-answer, 1, dial completed, 2"),
    Way("/call-back", "dial busy"),  # who is on the list again, then
    Way("/agent", "dial completed, 2"),
    Way("/call-back", "dial answered"),
    Way("/support", "1, record", {"From": "anonymous"}),  # whom nobody can call back
    Way("/agent", "dial completed, 2, silence, silence, silence"),
    Way("/support", "1, silence, silence, silence"),
    Way("/agent", "dial completed, 2"),  # and nobody is left
    Way("/whisper", "1"),
    Way("/whisper", "2"),
    Way("/whisper", "silence"),
    Way("/reminder", "1"),
    Way("/reminder", "say yes"),
    Way("/reminder", "2"),
    Way("/reminder", "say another day"),
    Way("/reminder", "silence, 5, silence"),
    Way("/reminder", "", {"AnsweredBy": "machine_start"}),
    Way("/reminder", "told busy"),
    Way("/reminder", "told no-answer"),
]
#: What Twilio tells of a call, by a word: where, and what.
TOLD: dict[str, tuple[str, dict[str, str]]] = {
    "stored": ("/ivr/event/stored", {"RecordingUrl": "https://api.twilio.com/it"}),
    "transcribed": (
        "/ivr/event/transcribed",
        {"TranscriptionStatus": "completed", "TranscriptionText": "Hello."},
    ),
    "busy": ("/ivr/status", {"CallStatus": "busy"}),
    "no-answer": ("/ivr/status", {"CallStatus": "no-answer"}),
}
SESSION = {"appointment": "A17", "when": "Tuesday at ten"}


def walk(app: IvrApp, twilio: TwilioApi) -> Iterator[str]:
    """Walk all ways, and return the transcript of each."""
    for way in WAYS:
        yield f"{way}\n{_walk(app, twilio, way)}"


def _walk(app: IvrApp, twilio: TwilioApi, way: Way) -> str:
    phone = Phone(app, raise_errors=False)
    query = _query(app, twilio, way.route)
    if not way.doings.startswith("told "):
        phone.dial(way.route + query, **way.told)
    for doing in filter(None, way.doings.split(", ")):
        what, _, detail = doing.partition(" ")
        if what == "told":
            _tell(phone, query, *TOLD[detail])
        else:
            do(phone, doing)
    # What an event has started goes on behind the call.
    wait_until(lambda: not _jobs(app, phone))
    return folded(phone.transcript)


def _query(app: IvrApp, twilio: TwilioApi, route: str) -> str:
    """Return what Twilio was told to bring along, where it is Twilio that calls."""
    if route == "/whisper":
        return "?message=https://api.twilio.com/it"
    if route == "/reminder":
        number = {"to": "+14155550100", "from_": "+12345678900"}
        app.switchboard.place_call("remind", session=SESSION, **number)
    if route not in {"/reminder", "/call-back"}:
        return ""
    placed = [one.form["Url"] for one in twilio.asked if one.path.endswith("/Calls.json")]
    return placed[-1].partition(route)[2]


def _tell(phone: Phone, query: str, path: str, told: dict[str, str]) -> None:
    sid = {"RecordingSid": "RE" + "0" * 32} if path.startswith("/ivr/event") else {}
    query = f"?call={phone.call_sid}" if sid else query
    phone.callback(path + query, **sid, **told)


def _jobs(app: IvrApp, phone: Phone) -> bool:
    record = app.switchboard.peek(phone.call_sid)
    return bool(record and record.jobs)


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it is not so after a minute and a half.
    """
    deadline = time.monotonic() + 90
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


_STAMP = re.compile(r"^\d+:\d\d ", re.MULTILINE)
_SID = re.compile(r"\b(CA|RE|QU)[0-9a-f]{32}\b|(?<=placed\.)[0-9a-f]{32}")
_POLL = re.compile(r"^POST (/ivr/wait\?.*&wait=)(\d+)\n", re.MULTILINE)


def folded(transcript: str) -> str:
    """Return a transcript as it is however long the caller was held, and whatever SIDs there are.

    What is heard between two wait documents of one hold goes, and with it how long it took.
    """
    text = _SID.sub("…", _STAMP.sub("", transcript))
    polls = list(_POLL.finditer(text))
    for one, following in reversed([*pairwise(polls)]):
        is_next = following[1] == one[1] and int(following[2]) == int(one[2]) + 1
        if is_next:
            text = text[: one.start()] + text[following.start() :]
    return re.sub(r"(?<=&wait=)\d+", "n", text)
