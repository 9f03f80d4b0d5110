"""What the phone says of a call in which the caller enters a secret."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from statechart_ivr.call import Request
from statechart_ivr.errors import PhoneError
from statechart_ivr.testing.exchange import Sent
from statechart_ivr.testing.listening import Gathering
from statechart_ivr.testing.phone import Phone
from statechart_ivr.testing.transport import Webhook
from statechart_ivr.web.body import Payload

# Long enough to stand in no time stamp and no SID by chance.
PIN = "480217936524"

MENU = "<Gather numDigits='1' action='/pin'><Say>Press 2.</Say></Gather>"
QUESTION = "<Gather {} input='dtmf speech' action='/got?seq=2&amp;s=1'><Say>PIN?</Say></Gather>"
GOT = "<Say>Thanks.</Say>"


@pytest.fixture
def dialled(canned: Any) -> Callable[..., Phone]:
    """Return a function that calls an application with a menu, and a PIN's question behind it."""

    def dial(attributes: str = "", got: Any = GOT, path: str = "/pin", **pages: Any) -> Phone:
        others = {f"/{name}": page for name, page in pages.items()}
        served = {"/in": MENU, "/pin": QUESTION.format(attributes), "/got": got, **others}
        return Phone(canned(served), prefix=None).dial(path)

    return dial


def test_keys(dialled: Any) -> None:
    """The transcript says that keys were pressed, and neither which nor how many."""
    assert dialled().press(f"{PIN}#").transcript.splitlines() == [
        "0:00 dials",
        "0:00 POST /pin",
        "0:00 hears: PIN?",
        "0:00 presses ••••••",
        "0:00 POST /got?seq=2&s=1",
        "0:00 hears: Thanks.",
        "0:00 the call is over: completed",
    ]


@pytest.mark.parametrize("attributes", ["", "method='GET'"])
@pytest.mark.parametrize(
    "act",
    [
        lambda call, pin: call.press(f"{pin}#"),
        lambda call, pin: call.press(pin),
        lambda call, pin: call.say(pin),
    ],
    ids=["finished", "left to a silence", "said"],
)
def test_length(dialled: Any, act: Any, attributes: str) -> None:
    """The transcripts of a short secret and of a long one are the same, their times too."""
    short, long = (act(dialled(attributes), pin).transcript for pin in ("4711", PIN * 9))
    assert short == long
    assert "••••••" in short
    assert PIN not in long


def test_what_is_no_secret_is_told(dialled: Any) -> None:
    """At any other question the transcript says what was done."""
    call = dialled(path="/in").press("2").say("it is four")
    assert "presses 2" in call.transcript
    assert "four" not in call.transcript
    open_call = dialled(pin="<Gather input='speech' action='/got'/>").say("my name")
    assert "says: my name" in open_call.transcript


def test_keys_typed_ahead(dialled: Any) -> None:
    """Keys that a question before takes are shown; those that spill into the secret are not."""
    call = dialled(path="/in").press(f"2{PIN}#")
    assert "0:00 presses 2••••••" in call.transcript.splitlines()
    assert PIN not in call.transcript


def test_keys_too_many(dialled: Any) -> None:
    """Keys that spill out of a secret may be its end, whoever hears them."""
    call = dialled("numDigits='4'", got="<Gather numDigits='1' action='/b'/>", b=GOT).press("48021")
    assert "0:00 presses ••••••" in call.transcript.splitlines()
    assert "POST /b" in call.transcript


def test_keys_one_by_one(dialled: Any) -> None:
    """A key pressed at a later question, by itself, is shown again."""
    call = dialled("numDigits='4'", got="<Gather numDigits='1' action='/b'/>", b=GOT)
    assert "presses 1" in call.press("4802").press("1").transcript


@pytest.mark.parametrize(
    ("question", "act"),
    [
        ("<Gather/>", lambda call: call.press("8#")),
        ("<Record/>", lambda call: call.press("8")),
    ],
)
def test_a_verb_without_action(dialled: Any, question: str, act: Any) -> None:
    """It asks for its own document, whose URL may say that a secret is asked for."""
    call = act(dialled(path="/own?s=1", own=[question, GOT]))
    assert "presses ••••••" in call.transcript
    assert "presses 8" not in call.transcript


def test_a_document_asked_for_by_get(canned: Any) -> None:
    """What is asked for anew from its URL no longer carries what was entered there before."""
    app = canned({"/in": ["<Gather method='GET'/>", "<Gather method='GET'/>", GOT]})
    call = Phone(app, prefix=None).dial("/in?s=1").press(PIN).press("1")
    assert app.last("/in").query["Digits"] == "1"
    assert call.transcript.count("GET /in?s=1\n") == 2


ECHO = b"Sorry: https://phone.example/got?s=1&amp;Digits=" + PIN.encode()
PAGE = (500, "text/html", ECHO)


@pytest.mark.parametrize(
    ("pages", "act"),
    [
        ({}, lambda call: call.press(int(PIN))),
        ({}, lambda call: call.press(f"{PIN[:6]} {PIN[6:]}")),
        ({}, lambda call: call.press(f"{PIN}#{PIN}")),
        ({"pin": "<Dial>+14155550123</Dial>"}, lambda call: call.press(PIN)),
        ({"pin": "<Dial>+14155550123</Dial>"}, lambda call: call.say(PIN)),
        ({"pin": "<Gather/>"}, lambda call: call.say(PIN)),
        ({"pin": "<Record/>"}, lambda call: call.record(digits=PIN)),
        ({"got": PAGE}, lambda call: call.press(PIN)),
        ({"got": (200, "text/xml", ECHO)}, lambda call: call.press(PIN)),
        ({"got": (404, "text/html", ECHO)}, lambda call: call.callback("/got", Digits=PIN)),
        ({"bad": PAGE}, lambda call: call.redirect(f"/bad?Digits={PIN}")),
        (
            {"got": (301, "text/plain", b"", ("Location", f"/got/?Digits={PIN}"))},
            lambda call: call.press(PIN),
        ),
        (
            {"got": f"<Redirect method='GET'>/got?s=1&amp;Digits={PIN}</Redirect>"},
            lambda call: call.press(PIN),
        ),
        (
            {"got": f"<Redirect>https://other.example/?Digits={PIN}</Redirect>"},
            lambda call: call.press(PIN),
        ),
    ],
)
@pytest.mark.parametrize("attributes", ["", "method='GET'"])
def test_errors(dialled: Any, pages: dict[str, Any], act: Any, attributes: str) -> None:
    """No error repeats what was entered, or tried to be, nor does the transcript up to there."""
    call = dialled(attributes, **pages)
    with pytest.raises(PhoneError) as caught:
        act(call)
    lines = traceback.format_exception(caught.value)
    said = [line for line in lines if not line.startswith("  ")]
    assert PIN[:6] not in "".join([*said, call.transcript, repr(call), repr(vars(caught.value))])


def test_an_error_says_what_was_heard(dialled: Any) -> None:
    """The keys that arrived tell where the call went wrong."""
    words = r"press\(\) after '2' is not possible: <Dial \+14155550123> rings"
    with pytest.raises(PhoneError, match=words):
        dialled(path="/in", pin="<Dial>+14155550123</Dial>").press(f"2{PIN}")
    with pytest.raises(PhoneError, match="nobody hears what is pressed after '••••••': the call"):
        dialled().press(f"{PIN}#1")


@pytest.mark.server
def test_an_error_of_pythons(canned: Any, serve: Any) -> None:
    """Python's own complaint about a URL would repeat all of it."""
    gather = "<Gather method='GET' action='/got it?s=1'/>"
    url = serve(canned({"/in": gather}))
    call = Phone(url, prefix=None).dial("/in")
    with pytest.raises(PhoneError, match="gave no answer in 15 s: InvalidURL") as caught:
        call.press(PIN)
    assert caught.value.__suppress_context__
    assert PIN not in str(caught.value)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_representations(method: str) -> None:
    """What a failing test shows of its variables holds no input."""
    told = (("Digits", PIN),)
    webhook = Webhook(method, f"https://phone.example/a?Digits={PIN}", told, "T1")
    gathering = Gathering(Element("Gather", {"numDigits": str(len(PIN))}), 0.0)
    taken = [gathering.press(key, 0.0) for key in PIN][-1]
    request = Request(path="/a", query=told, form=told)
    shown = [webhook, Sent(webhook, is_played=True), gathering, taken, request]
    assert PIN not in repr([*shown, Payload(told, PIN.encode(), "text/plain")])
    assert taken is not None
    assert taken.parameters["Digits"] == PIN
