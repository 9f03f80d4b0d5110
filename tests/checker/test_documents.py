"""What Twilio says about documents: which it refuses, which it warns about, which are too long."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Hangup, Pause, Record, Say

from statechart_ivr import CallFlow, document, gather, key, renders, routable
from statechart_ivr.checker import check_flow

CODES = ("twiml-refused", "twiml-warning", "document-too-long")
LONG = "Thank you for calling. " * 200


def flow_saying(content: Any) -> type[CallFlow]:
    """Return a flow that says something and waits for whatever becomes of it."""

    class Saying(CallFlow):
        line = State(initial=True)
        goodbye = State(final=True)

        line.to(goodbye, event=["dial", "queue", "recorded", "give_up"])

        @routable("/incoming-call")
        @renders(line)
        def speak(self):
            return content

        @renders(goodbye)
        def say_goodbye(self):
            return Hangup()

    return Saying


def seen(flow: type[CallFlow]) -> list[tuple[str, str, str]]:
    """Return code, state and call of what is said about documents."""
    found = [one for one in check_flow(flow).findings if one.code in CODES]
    return [(one.code, one.state, one.call) for one in found]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (Dial("+14155550100"), None),
        (Dial(), "twiml-refused"),  # 13224
        (Dial("Reception"), "twiml-warning"),  # 13223
        (Dial("+14155550100", timeout=0), "twiml-warning"),  # 13212
        (Enqueue(""), "twiml-refused"),  # 14204
        (Enqueue("q" * 65), "twiml-refused"),  # 14205
        (Enqueue("support", method="PUT"), "twiml-refused"),  # 14201
        (Enqueue("support", wait_url="/", wait_url_method="PUT"), "twiml-refused"),  # 14206
        (gather("Yes?", action_on_empty_result="perhaps"), "twiml-refused"),  # 13338
        (gather("Yes?", timeout=0), "twiml-warning"),  # 13313
        ([Pause(length=0), gather("Yes?")], "twiml-warning"),  # 13910
        ([Say(""), gather("Yes?")], "twiml-warning"),  # 13520
        ([document("<Response><Play/></Response>"), gather("Yes?")], "twiml-refused"),  # 11100
        ([document("<Response><Sing/></Response>"), gather("Yes?")], "twiml-warning"),  # 12200
        ([Say(LONG[:4000], loop=2), gather("Yes?")], None),
        ([Say(LONG[:4000], loop=2, voice="Polly.Amy"), gather("Yes?")], "document-too-long"),
        ([Say(LONG, loop=2), gather("Yes?")], "document-too-long"),
        ([Say(LONG), gather("Yes?")], None),  # is split at sentences
        ([LONG * 20, gather("Yes?")], "document-too-long"),
        (Record(transcribe=True, max_length=3600), "twiml-warning"),  # 13615
    ],
)
def test_what_is_said_about_a_document(content: Any, code: str | None) -> None:
    """The number decides whether Twilio refuses, or goes on without it."""
    assert [one[0] for one in seen(flow_saying(content))] == ([] if code is None else [code])


def test_broken_xml() -> None:
    """XML that nobody can read is refused, whoever has written it."""
    by_hand = flow_saying(None)
    by_hand.speak = lambda self: document("<Response>")
    odd_name = flow_saying(Dial("+14155550100", **{"caller id": "x"}))
    assert seen(by_hand) == seen(odd_name) == [("twiml-refused", "", "dial")]


def test_last_words_can_be_too_long() -> None:
    """What is said before the hang-up is no rendering of a state, and has the same limit."""

    class Talkative(CallFlow):
        line = State(initial=True)
        goodbye = State(final=True)

        line.to(goodbye, event=key("1", say="To end, press 1."))

        @routable("/incoming-call")
        @renders(line)
        def ask(self):
            return gather(*self.choices())

        @renders("give_up")
        def talk(self):
            return LONG * 20

        @renders(goodbye)
        def say_goodbye(self):
            return "Goodbye."

    assert seen(Talkative) == [("document-too-long", "line", "dial 9 9 9")]


def test_other_xml_is_the_flows_own_affair() -> None:
    """XML that a flow reads somewhere else is none of Twilio's."""
    flow = flow_saying(None)
    flow.speak = lambda self: fromstring("<weather>")
    assert seen(flow) == []
    assert check_flow(flow).having("raises")


def test_documents_that_lead_on_are_looked_at() -> None:
    """A document that redirects to another, and one behind which a caller waits, are read, too."""

    class Waiting(CallFlow):
        hello = State(initial=True)
        line = State()
        goodbye = State(final=True)

        hello.to(line, event="give_up")
        line.to(goodbye, event=["queue", "give_up"])

        @routable("/incoming-call")
        @renders(hello)
        def greet(self):
            return document(
                '<Response><Pause length="0"/><Redirect method="POST">/line</Redirect></Response>'
            )

        @routable("/line")
        @renders(line)
        def enqueue(self):
            return Enqueue("support", method="PUT")

        @renders(line, waiting=True)
        def say_wait(self):
            return Pause(length=-1)

        @renders(goodbye)
        def say_goodbye(self):
            return Hangup()

    assert seen(Waiting) == [
        ("twiml-refused", "line", "dial"),
        ("twiml-warning", "line", "dial"),
        ("twiml-warning", "line", "dial"),
    ]
