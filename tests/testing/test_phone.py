"""`Phone` makes calls: what it sends, hears, keeps and refuses, whatever the verbs."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from statechart_ivr.errors import PhoneError, TwimlRefusedError
from statechart_ivr.testing import Phone

MENU = "<Gather action='/chosen' numDigits='1'><Say>Press 1.</Say></Gather><Say>Too late.</Say>"


@pytest.fixture
def menu(canned: Any) -> Any:
    """Return an application with one menu."""
    return canned({"/in": MENU, "/chosen": "<Say>Thanks.</Say>"})


def test_a_call_from_beginning_to_end(menu: Any) -> None:
    """Dialling hears the menu, a key hears the answer, and the end of a document hangs up."""
    call = Phone(menu)
    assert call.dial("/in").heard == "Press 1."
    assert (call.waiting_for, call.ended) == ("gather", False)
    assert call.press("1").heard == "Thanks."
    assert (call.waiting_for, call.ended) == (None, True)
    assert "<Say>Thanks.</Say>" in call.twiml


def test_the_first_request_says_what_twilio_says(menu: Any) -> None:
    """All standard parameters are there, with a call SID of Twilio's form."""
    call = Phone(menu, from_="+4922112345", FromCity="Köln").dial("/in", CallerName="Änne 🙂")
    form = menu.last("/in").form
    assert re.fullmatch("CA[0-9a-f]{32}", form["CallSid"])
    assert form["CallSid"] == call.call_sid
    assert (form["From"], form["Caller"]) == ("+4922112345", "+4922112345")
    assert (form["To"], form["Called"]) == ("+14155550199", "+14155550199")
    assert (form["FromCity"], form["CallerName"]) == ("Köln", "Änne 🙂")
    assert (form["CallStatus"], form["Direction"]) == ("ringing", "inbound")
    assert {"AccountSid", "ApiVersion", "ToCountry", "CalledZip", "CallerState"} <= set(form)


def test_later_requests_are_in_progress(menu: Any) -> None:
    """A call rings once; from its first document on it is in progress."""
    Phone(menu).dial("/in", CallerName="Ann").press("1")
    form = menu.last("/chosen").form
    assert (form["CallStatus"], form["CallerName"]) == ("in-progress", "Ann")


def test_headers(menu: Any) -> None:
    """Each request has an idempotency token of its own, and Twilio's user agent."""
    Phone(menu).dial("/in").press("1")
    first, second = (menu.last(path).headers for path in ("/in", "/chosen"))
    assert first["HTTP_USER_AGENT"] == "TwilioProxy/1.1"
    token = "HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"
    assert first[token] != second[token]
    assert "HTTP_X_TWILIO_SIGNATURE" not in first


def test_get(menu: Any) -> None:
    """With GET the parameters stand in the query, after those of the URL."""
    Phone(menu).dial("/in?lang=de", method="GET", CallSid="CA1")
    asked = menu.last("/in")
    assert (asked.method, asked.form) == ("GET", {})
    assert (asked.query["lang"], asked.query["CallSid"]) == ("de", "CA1")
    Phone(menu).dial("/in", method="GET")
    assert "From" in menu.last("/in").query


def test_status_callback(menu: Any) -> None:
    """When the call is over, the status callback is told, once, with its length."""
    call = Phone(menu).dial("/in").wait(3).hang_up()
    form = menu.last("/ivr/status").form
    assert (form["CallStatus"], form["CallDuration"]) == ("completed", "3")
    assert form["Timestamp"] == "Mon, 05 Jan 2026 10:00:03 +0000"
    assert form["CallSid"] == call.call_sid
    assert menu.count("/ivr/status") == 1


@pytest.mark.parametrize(("prefix", "told"), [("/phones", 1), (None, 0)])
def test_status_callback_elsewhere(canned: Any, prefix: str | None, told: int) -> None:
    """Another prefix is told instead; with None, nobody is."""
    app = canned({"/in": "<Hangup/>"})
    assert Phone(app, prefix=prefix).dial("/in").ended
    assert app.count("/phones/status") == told


def test_a_status_callback_that_fails(canned: Any) -> None:
    """An application that fails to take the status callback is complained about: 15003."""
    app = canned({"/in": "<Hangup/>", "/ivr/status": (500, "text/plain", b"oops")})
    with pytest.raises(TwimlRefusedError, match=r"15003.*/ivr/status was answered with 500"):
        Phone(app).dial("/in")


def test_one_phone_makes_one_call_after_the_other(menu: Any) -> None:
    """A new call has a new SID, and a call that is under way has to end first."""
    call = Phone(menu).dial("/in")
    first = call.call_sid
    with pytest.raises(PhoneError, match=r"a Gather listens for keys; hang_up\(\) first"):
        call.dial("/in")
    assert call.hang_up().dial("/in").heard == "Press 1."
    assert call.call_sid != first


def test_nobody_dialled(menu: Any) -> None:
    """Before the first call, everything says that somebody has to dial."""
    call = Phone(menu)
    for act in (
        lambda: call.press("1"),
        call.wait,
        call.hang_up,
        call.record,
        call.retry,
        call.dial_result,
        lambda: call.redirect("/in"),
        lambda: call.say("hello"),
    ):
        with pytest.raises(PhoneError, match=r"nobody dialled; dial\(\) first"):
            act()
    assert (call.heard, call.twiml, call.waiting_for, call.ended) == ("", "", None, False)
    assert repr(call) == f"<Phone {call.call_sid}: nobody dialled>"


def test_after_the_end(menu: Any) -> None:
    """When the call is over, everything says so."""
    call = Phone(menu).dial("/in").hang_up()
    for act in (lambda: call.press("1"), call.wait, call.hang_up, call.queue_result):
        with pytest.raises(PhoneError, match="the call is over"):
            act()
    assert repr(call) == f"<Phone {call.call_sid}: the call is over>"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda call: call.press(1), r"press\(\), keys: this is no text, but of type int; write"),
        (lambda call: call.say(7), r"say\(\), words: this is no text, but of type int"),
        (lambda call: call.wait("3"), r"wait\(\), seconds='3': seconds are a number, 0 or more"),
        (lambda call: call.wait(-1), r"wait\(\), seconds=-1"),
        (lambda call: call.wait(math.inf), r"wait\(\), seconds=inf"),
        (lambda call: call.record(math.nan), r"record\(\), seconds=nan"),
        (lambda call: call.record(digits=1), r"record\(\), digits: this is no text"),
        (lambda call: call.dial_result(duration=-1), r"dial_result\(\), duration=-1"),
        (lambda call: call.queue_result(duration="long"), r"queue_result\(\), duration='long'"),
        (lambda call: call.dial_result(bridge=True), r"bridge= is no.*did you mean bridged="),
        (lambda call: call.pay_result(token="tok"), "token= is no option"),
    ],
)
def test_arguments_that_make_no_sense(menu: Any, act: Any, words: str) -> None:
    """An argument that is wrong whatever the call does is named, and nothing is done."""
    call = Phone(menu).dial("/in")
    assert repr(call) == f"<Phone {call.call_sid}: a Gather listens for keys>"
    with pytest.raises(PhoneError, match=words):
        act(call)
    assert len(menu.asked) == 1


def test_transcript(menu: Any) -> None:
    """The transcript says who did what, and when."""
    call = Phone(menu, prefix=None).dial("/in").press("1")
    assert call.transcript.splitlines() == [
        "0:00 dials",
        "0:00 POST /in",
        "0:00 hears: Press 1.",
        "0:00 presses 1",
        "0:00 POST /chosen",
        "0:00 hears: Thanks.",
        "0:01 the call is over: completed",
    ]


def test_the_clock(menu: Any) -> None:
    """The phone's clock starts where it is told to, and moves while one listens and waits."""
    call = Phone(menu, at="2026-07-01T08:00+02:00").dial("/in")
    assert call.now == datetime(2026, 7, 1, 6, tzinfo=timezone.utc)
    call.wait(4)
    assert call.now == datetime(2026, 7, 1, 6, 0, 4, tzinfo=timezone.utc)


def test_prompts_of_all_kinds_take_time(canned: Any) -> None:
    """Text, recordings, tones and pauses are heard one after the other."""
    says = "<Say loop='2'>123456789012345</Say><Play>/a.mp3</Play><Play digits='12'/>"
    app = canned({"/in": f"{says}<Pause/><Pause length='3'/>"})
    call = Phone(app).dial("/in")
    assert call.heard == "123456789012345 <Play /a.mp3> <Play 12>"
    assert (call.now - datetime(2026, 1, 5, 10, tzinfo=timezone.utc)).total_seconds() == 12


def test_text_with_markup_is_heard_as_text(canned: Any) -> None:
    """What stands in SSML elements is said too, white space counts once."""
    app = canned({"/in": "<Say>Good\n  <emphasis>evening</emphasis> all.</Say>"})
    assert Phone(app).dial("/in").heard == "Good evening all."


def test_endless_prompt(canned: Any) -> None:
    """After a prompt that is repeated for ever nothing comes but the hang-up."""
    app = canned({"/in": "<Play loop='0'>/music.mp3</Play><Say>Never.</Say>"})
    call = Phone(app).dial("/in")
    assert call.heard == "<Play /music.mp3>"
    with pytest.raises(PhoneError, match=r"repeated for ever; use hang_up\(\)"):
        call.wait()
    assert call.hang_up().ended


def test_redirects_are_followed(canned: Any) -> None:
    """A Redirect is relative to its own document, may use GET, and ends the old document."""
    hop = "<Say>One.</Say><Redirect method='GET'>next?n=2</Redirect><Say>Never.</Say>"
    app = canned({"/a/in": hop, "/a/next": "<Say>Two.</Say>"})
    assert Phone(app).dial("/a/in").heard == "One. Two."
    assert app.last("/a/next").method == "GET"
    assert app.last("/a/next").query["n"] == "2"


def test_a_loop_of_redirects(canned: Any) -> None:
    """Documents that lead in a circle without asking anything are found, and named."""
    app = canned({"/in": "<Redirect>/b</Redirect>", "/b": "<Redirect>/in</Redirect>"})
    with pytest.raises(PhoneError, match=r"30 documents.*/in → .*/b → …"):
        Phone(app).dial("/in")


def test_redirect_from_outside(menu: Any) -> None:
    """A live call can be pointed elsewhere, whatever it was doing."""
    call = Phone(menu).dial("/in").redirect("/chosen")
    assert call.heard == "Thanks."
    assert menu.last("/chosen").form["CallStatus"] == "in-progress"
    with pytest.raises(PhoneError, match="the call is over"):
        call.redirect("/chosen")


def test_paths(menu: Any) -> None:
    """Paths start with a slash; whole URLs have to be the application's."""
    call = Phone(menu)
    with pytest.raises(PhoneError, match="'in' is no path; write '/in'"):
        call.dial("in")
    with pytest.raises(PhoneError, match=r"not below https://phone.example.*base_url="):
        call.dial("https://elsewhere.example/in")
    assert call.dial("https://phone.example/in").heard == "Press 1."
    assert call.hang_up().dial("/in?url=https://elsewhere.example").heard == "Press 1."


def test_retry(canned: Any) -> None:
    """The last webhook is sent again with the same token, and its new answer is played."""
    app = canned({"/in": MENU, "/chosen": ["<Gather/>", "<Say>Again.</Say>"]})
    call = Phone(app).dial("/in").press("1")
    assert call.heard == ""
    assert call.retry().heard == "Again."
    first, second = [asked for asked in app.asked if asked.path == "/chosen"]
    assert first == second


def test_retry_of_callbacks(menu: Any) -> None:
    """A callback that was sent last is sent again as well, also when the call is over."""
    call = Phone(menu).dial("/in").callback("/recorded", RecordingStatus="completed").retry()
    assert menu.count("/recorded") == 2
    assert menu.last("/recorded").form["RecordingStatus"] == "completed"
    call.hang_up().retry()
    assert menu.count("/ivr/status") == 2


def test_retry_after_the_end(menu: Any) -> None:
    """The answer of a last document that came late is checked, and not played."""
    call = Phone(menu, prefix=None).dial("/in").press("1").retry()
    assert menu.count("/chosen") == 2
    assert call.heard == ""


def test_other_verbs_are_passed_by(canned: Any) -> None:
    """Verbs that the caller does not notice stand in the transcript only."""
    app = canned({"/in": "<Start><Siprec name='x'/></Start><Say>Hello.</Say>"})
    call = Phone(app).dial("/in")
    assert call.heard == "Hello."
    assert "<Start>" in call.transcript
