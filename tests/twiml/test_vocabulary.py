"""What Twilio knows, read off twilio-python; and what it would say about the rest."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest
from twilio.twiml import TwiML, voice_response
from twilio.twiml.voice_response import Dial, Gather, Pay, Say, VoiceResponse

from statechart_ivr.twiml.content import document
from statechart_ivr.twiml.vocabulary import Remark, remarks, vocabulary

CLASSES = [
    one
    for one in vars(voice_response).values()
    if inspect.isclass(one) and issubclass(one, TwiML) and one is not TwiML
]


def documented(function: Any) -> list[str]:
    """Return the names of the parameters a docstring describes."""
    names = re.findall(r":param ([\w:]+):(?! additional)", function.__doc__ or "")
    return [name.replace("xml:lang", "xml_lang") for name in names]


def value_for(name: str) -> str:
    """Return something that twilio-python takes for a parameter."""
    return "en-GB" if name == "language" else "x"


def made(kind: type[TwiML]) -> TwiML:
    """Return an element with every attribute that its class takes."""
    parameters = inspect.signature(kind).parameters.values()
    named = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    return kind(**{name: value_for(name) for name in named})


def nested() -> Iterator[Any]:
    """Go through each class and each method that nests an element in it."""
    for kind in CLASSES:
        for name, method in vars(kind).items():
            if not name.startswith("_") and inspect.isfunction(method):
                yield pytest.param(kind, name, id=f"{kind.__name__}.{name}")


def said_about(xml: str) -> list[Remark]:
    """Return the remarks on a Response with something in it."""
    root = Element("Response")
    root.extend(document(f"<Response>{xml}</Response>").elements)
    return remarks(root)


class TestNoFalseRemarks:
    """What twilio-python can build, Twilio knows."""

    @pytest.mark.parametrize(("kind", "name"), list(nested()))
    def test_everything_nested_with_all_documented_attributes(
        self, kind: type[TwiML], name: str
    ) -> None:
        """Each element in each place where it may stand."""
        parent = made(kind)
        method = getattr(parent, name)
        method(**{parameter: value_for(parameter) for parameter in documented(method)})
        found = remarks(parent.xml())
        if (kind, name) == (VoiceResponse, "prompt"):
            assert [one.message for one in found] == ["<Prompt> cannot stand in <Response>"]
        else:
            assert found == []

    @pytest.mark.parametrize("kind", CLASSES)
    def test_every_class_with_all_attributes(self, kind: type[TwiML]) -> None:
        """Built by itself, to be appended."""
        assert remarks(made(kind).xml()) == []

    def test_a_document_read_back(self) -> None:
        """``xml:lang`` is spelt out when XML is read."""
        say = Say("a")
        say.lang("b", xml_lang="fr-FR")
        assert said_about(tostring(say.xml(), "unicode")) == []

    def test_pay_with_prompts(self) -> None:
        """A Prompt stands in a Pay, and holds what is said."""
        pay = Pay(charge_amount="1.00")
        pay.prompt(for_="payment-card-number").say("Your card, please.")
        assert remarks(VoiceResponse().append(pay).xml()) == []


class TestRemarks:
    """What Twilio would warn about, by number."""

    @pytest.mark.parametrize(
        ("xml", "remark"),
        [
            ("<Shout>a</Shout>", Remark(12200, "there is no verb <Shout>")),
            ("<say>a</say>", Remark(12200, "there is no verb <say>; did you mean 'Say'?")),
            ("<TwiML />", Remark(12200, "there is no verb <TwiML>")),
            (
                '<Gather numDigit="1" />',
                Remark(12200, "<Gather> has no attribute 'numDigit'; did you mean 'numDigits'?"),
            ),
            ('<Say qqq="1">a</Say>', Remark(12200, "<Say> has no attribute 'qqq'")),
            ('<Say xml:lang="de">a</Say>', Remark(12200, "<Say> has no attribute 'xml:lang'")),
            ("<Say><Play>a</Play></Say>", Remark(12200, "<Play> cannot stand in <Say>")),
            ("<Number>+1</Number>", Remark(12200, "<Number> cannot stand in <Response>")),
            ("<Gather><Gather/></Gather>", Remark(13320, "<Gather> cannot stand in <Gather>")),
            ("<Gather><Dial/></Gather>", Remark(13320, "<Dial> cannot stand in <Gather>")),
            ("<Dial><Say>a</Say></Dial>", Remark(13215, "<Say> cannot stand in <Dial>")),
        ],
    )
    def test_one(self, xml: str, remark: Remark) -> None:
        """Unknown verbs, attributes and nestings; with what was probably meant."""
        assert said_about(xml) == [remark]

    def test_all_at_once(self) -> None:
        """Each of them, at every depth, in reading order."""
        xml = '<Gather a="1"><Dial b="2"><Foo><Bar/></Foo></Dial></Gather><Baz/>'
        assert [one.message.partition(";")[0] for one in said_about(xml)] == [
            "<Gather> has no attribute 'a'",
            "<Dial> cannot stand in <Gather>",
            "<Dial> has no attribute 'b'",
            "there is no verb <Foo>",
            "there is no verb <Baz>",
        ]

    def test_typos_that_twilio_python_lets_through(self) -> None:
        """The reason for all this."""
        response = VoiceResponse()
        response.append(Gather(num_digit=1).append(Dial("+1")))
        assert [one.number for one in remarks(response.xml())] == [12200, 13320]

    def test_nothing_to_remark(self) -> None:
        """An empty response is fine."""
        assert remarks(Element("Response")) == []


class TestVocabulary:
    """What is read off the classes."""

    def test_is_made_once(self) -> None:
        """It takes some time, and does not change."""
        assert vocabulary() is vocabulary()

    def test_has_only_what_twilio_has(self) -> None:
        """Neither the base class nor what its ``add_child`` makes of anything."""
        assert {"Response", "Say", "say-as", "ConversationRelay"} <= vocabulary().keys()
        assert not {"TwiML", "GenericNode", "x"} & vocabulary().keys()

    def test_gather_holds_prompts_only(self) -> None:
        """As Twilio's page says."""
        assert vocabulary()["Gather"].children == {"Say", "Play", "Pause"}
