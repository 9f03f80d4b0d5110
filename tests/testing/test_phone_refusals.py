"""`Phone` refuses what Twilio would refuse, and says under which number Twilio does.

The numbers: https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

from typing import Any

import pytest

from statechart_ivr.errors import TwimlRefusedError
from statechart_ivr.testing import Phone
from statechart_ivr.testing.rules import RULES

XML = "text/xml"


@pytest.mark.parametrize(
    ("answer", "number", "words"),
    [
        ((404, "text/plain", b"no such page"), 11200, "answered 404: no such page"),
        ((500, "text/plain", b"x" * 300), 11200, "xxx…"),
        ((302, XML, b"<Response/>", ("Location", "/b")), 11200, "302 to '/b'.*answer 200"),
        ((204, None, b""), 12100, "204 with nothing; answer at least <Response/>"),
        ((200, XML, b""), 12100, "with nothing"),
        ((200, "text/html", b"<Response/>"), 12300, "Content-Type 'text/html'; make it text/xml"),
        ((200, XML, b"<Response><Say></Response>"), 12100, "not XML"),
        ((200, XML, b" <?xml version='1.0'?><Response/>"), 12100, "not XML"),
        ((200, XML, b"<Reply/>"), 12102, "the root is <Response>"),
        ((200, XML, b"<Response>" + b" " * 65536 + b"</Response>"), 11750, "65557 bytes > 65536"),
    ],
)
def test_answers(canned: Any, answer: Any, number: int, words: str) -> None:
    """What is no TwiML is refused, strict or not."""
    for strict in (True, False):
        with pytest.raises(TwimlRefusedError, match=f"{number}.*{words}") as caught:
            Phone(canned({"/in": answer}), strict=strict).dial("/in")
        assert caught.value.number == number


@pytest.mark.parametrize("kind", ["text/xml", "application/xml; charset=utf-8", "Text/XML"])
def test_content_types(canned: Any, kind: str) -> None:
    """XML is XML, under either name."""
    assert Phone(canned({"/in": (200, kind, b"<Response/>")})).dial("/in").ended


LONG = "x" * 4097
REFUSED = [
    ("<Shout>Hello.</Shout>", 12200),
    ("<Say voise='alice'>Hello.</Say>", 12200),
    ("<Say><Gather/></Say>", 12200),
    ("<Say/>", 13520),
    (f"<Say>{LONG}</Say>", 13521),
    (f"<Say voice='Polly.Joanna'>{LONG[:3001]}</Say>", 13521),
    ("<Say loop='-1'>Hello.</Say>", 13510),
    ("<Play/>", 11100),
    ("<Play loop='often'>/a.mp3</Play>", 13410),
    ("<Play digits='12x'/>", 12200),
    ("<Pause length='0'/>", 13910),
    ("<Gather numDigits='0'/>", 13314),
    ("<Gather numDigits='some'/>", 13314),
    ("<Gather timeout='-1'/>", 13313),
    ("<Gather finishOnKey='x'/>", 13310),
    ("<Gather finishOnKey='12'/>", 13311),
    ("<Gather method='PUT'/>", 13312),
    ("<Gather speechTimeout='long'/>", 13327),
    ("<Gather actionOnEmptyResult='1'/>", 13338),
    ("<Gather input=\"['dtmf', 'speech']\"/>", 12200),
    ("<Gather bargeIn='maybe'/>", 12200),
    ("<Gather><Say loop='x'>Hello.</Say></Gather>", 13322),
    ("<Gather><Play digits='1'/></Gather>", 13320),
    ("<Record method='PUT'/>", 13610),
    ("<Record timeout='0'/>", 13611),
    ("<Record maxLength='long'/>", 13612),
    ("<Record finishOnKey='x'/>", 13613),
    ("<Record transcribe='1'/>", 13614),
    ("<Record transcribe='true' maxLength='121'/>", 13615),
    ("<Record playBeep='1'/>", 13616),
    ("<Dial method='PUT'>+14155550123</Dial>", 13210),
    ("<Dial timeout='x'>+14155550123</Dial>", 13212),
    ("<Dial hangupOnStar='x'>+14155550123</Dial>", 13213),
    ("<Dial timeLimit='x'>+14155550123</Dial>", 13216),
    ("<Dial><Number method='x'>+14155550123</Number></Dial>", 13221),
    ("<Dial><Number sendDigits='x'>+14155550123</Number></Dial>", 13222),
    ("<Dial>front desk</Dial>", 13223),
    ("<Dial><Number>front desk</Number></Dial>", 13223),
    ("<Dial/>", 13224),
    ("<Enqueue method='x'>a</Enqueue>", 14201),
    ("<Enqueue/>", 14204),
    (f"<Enqueue>{LONG[:65]}</Enqueue>", 14205),
    ("<Enqueue waitUrlMethod='x'>a</Enqueue>", 14206),
    ("<Redirect method='x'>/in</Redirect>", 13710),
    ("<Redirect/>", 11100),
    ("<Say>Hello.</Say><Reject/>", 12200),
    ("<Leave/>", 12200),
]


@pytest.mark.parametrize(("verbs", "number"), REFUSED)
def test_documents(canned: Any, verbs: str, number: int) -> None:
    """What Twilio's console would complain about is an error, before anything is heard."""
    call = Phone(canned({"/in": verbs}))
    with pytest.raises(TwimlRefusedError) as caught:
        call.dial("/in")
    assert caught.value.number == number
    assert call.heard == ""
    assert "https://phone.example/in" in str(caught.value)


def test_every_rule_is_tried() -> None:
    """No attribute is checked that no document above gets wrong."""
    tried = " ".join(verbs for verbs, _ in REFUSED)
    assert [name for name in RULES if f"<{name[0]}" not in tried or name[1] not in tried] == []


@pytest.mark.parametrize(
    "verbs",
    [
        "<Gather input='speech dtmf' timeout='auto' finishOnKey='' numDigits='10'/>",
        "<Enqueue workflowSid='WW1'/>",
        "<Dial method='get'><Sip>sip:ann@example.com</Sip></Dial>",
        "<Record transcribe='true' maxLength='120' finishOnKey='*#0'/>",
        "<Dial>(415) 555-0123</Dial>",
    ],
)
def test_accepted(canned: Any, verbs: str) -> None:
    """What is unusual and allowed is played."""
    assert Phone(canned({"/in": verbs})).dial("/in").waiting_for is not None


@pytest.mark.parametrize("verb", ["<Dial>+14155550123</Dial>", "<Record/>", "<Reject/>"])
def test_verbs_that_no_wait_document_may_have(canned: Any, verb: str) -> None:
    """In a queue only a few verbs are allowed, and the message lists them."""
    app = canned({"/in": "<Enqueue waitUrl='/wait'>a</Enqueue>", "/wait": verb})
    with pytest.raises(TwimlRefusedError, match=r"12200.*use Gather, Hangup, Leave, Pause, Play"):
        Phone(app).dial("/in")


def test_all_complaints_at_once(canned: Any) -> None:
    """The first complaint gives the number, the others stand below it."""
    app = canned({"/in": "<Say/><Pause length='x'/>"})
    with pytest.raises(TwimlRefusedError, match=r"13520.*\n.*also 13910") as caught:
        Phone(app).dial("/in")
    assert caught.value.number == 13520


def test_not_strict(canned: Any) -> None:
    """Without strictness the call goes on as Twilio's would, and the transcript warns."""
    app = canned({"/in": "<Leave/><Pause length='x'/><Say>Hello.</Say><Reject/>"})
    call = Phone(app, strict=False).dial("/in")
    assert (call.heard, call.ended) == ("Hello.", True)
    for number in (12200, 13910):
        assert f"warning {number}" in call.transcript
