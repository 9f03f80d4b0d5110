"""What a rendering may return, and how it becomes verbs that can be spoken."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.twiml.voice_response import Dial, Gather, Number, Pause, Play, Say, VoiceResponse

from statechart_ivr.errors import RenderingError
from statechart_ivr.twiml.content import (
    POLLY_LIMIT,
    SAY_LIMIT,
    clean,
    document,
    gather,
    speak,
    split_long_says,
    split_text,
    to_elements,
)

MARKUP = "<Dial>+1</Dial> & </Say> ]]> &lt; <!-- <?x?> \"'"


def xml(content: Any) -> str:
    """Return what a rendering becomes, as XML."""
    return "".join(ElementTree.tostring(one, encoding="unicode") for one in to_elements(content))


def response() -> VoiceResponse:
    """Return a response with two verbs."""
    made = VoiceResponse()
    made.say("a")
    made.pause(length=2)
    return made


def generated() -> Iterator[Any]:
    """Yield what a renderer written as a generator yields, generators included."""
    yield "a"
    yield None
    yield (Say(one) for one in "bc")
    yield [("d",), []]


class TestToElements:
    """Everything that says something, and nothing else."""

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            (None, ""),
            ("", ""),
            (" \n", ""),
            ([], ""),
            ("Hello.", "<Say>Hello.</Say>"),
            (Say("Hello."), "<Say>Hello.</Say>"),
            (Number("+1"), "<Number>+1</Number>"),
            (document("<Response><Say>a</Say> <Hangup/></Response>"), "<Say>a</Say> <Hangup />"),
            (response(), '<Say>a</Say><Pause length="2" />'),
            (VoiceResponse().append("a"), "<Say>a</Say>"),
            (["a", Pause()], "<Say>a</Say><Pause />"),
            (("a", response(), None), '<Say>a</Say><Say>a</Say><Pause length="2" />'),
            ({"a": 1}.keys(), "<Say>a</Say>"),
            (generated(), "<Say>a</Say><Say>b</Say><Say>c</Say><Say>d</Say>"),
            (Dial(12345678900), "<Dial>12345678900</Dial>"),
            (Say(1.5), "<Say>1.5</Say>"),
        ],
    )
    def test_accepts(self, content: Any, expected: str) -> None:
        """Verbs, text, documents, responses, nothing, and any nesting of these."""
        assert xml(content) == expected

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (42, "cannot say 42 of type int"),
            (b"a", "of type bytes"),
            ({"say": "a"}, "cannot say {'say': 'a'} of type dict"),
            (True, "of type bool"),
            (object(), "of type object"),
            (["a", [3.5]], "of type float"),
            (Element("Say"), "of type Element; return text, a TwiML verb"),
            (Say, "of type type"),
            (Say(["a"]), "<Say> holds something of type list; write text"),
        ],
    )
    def test_refuses(self, content: Any, message: str) -> None:
        """The error says what came, and what may."""
        with pytest.raises(RenderingError, match=re.escape(message)):
            to_elements(content)

    def test_error_is_short(self) -> None:
        """A whole data structure returned by mistake does not fill the log."""
        with pytest.raises(RenderingError) as caught:
            to_elements({"a": "x" * 10_000})
        assert len(str(caught.value)) < 300

    @given(st.text())
    @example(MARKUP)
    def test_text_is_spoken_never_parsed(self, text: str) -> None:
        """Whatever stands in it, it is the text of one Say."""
        for content in (text, Say(text), [text], VoiceResponse().append(text)):
            for element in to_elements(content):
                assert (element.tag, element.text or "", len(element)) == ("Say", text, 0)

    def test_document_can_be_said_again(self) -> None:
        """One that is a class's constant is not changed by what is done to its elements."""
        constant = document("<Response><Gather><Say>a</Say></Gather></Response>")
        speak(to_elements(constant), language="de-DE", voice="x")
        assert xml(constant) == "<Gather><Say>a</Say></Gather>"


class TestDocument:
    """TwiML written by hand."""

    @pytest.mark.parametrize(
        "source",
        [
            "<Response/>",
            '<?xml version="1.0" encoding="UTF-8"?><Response><Say>a</Say></Response>',
            '<?xml version="1.0" encoding="UTF-16"?><Response><Say>ü</Say></Response>',
            "<Response><!-- why -->\n  <Say>a &amp; b</Say>\n  <Hangup/>\n</Response>",
            "<Response><Say><![CDATA[<b>]]></Say></Response>",
        ],
    )
    def test_accepts(self, source: str) -> None:
        """Declarations, comments, white space, CDATA."""
        assert all(one.tag in {"Say", "Hangup"} for one in document(source).elements)

    def test_reads_what_stands_there(self) -> None:
        """Attributes and nested elements."""
        source = (
            '<Response><Gather numDigits="1"><Say voice="x">a &amp; b</Say></Gather></Response>'
        )
        assert f"<Response>{xml(document(source))}</Response>" == source

    @pytest.mark.parametrize(
        ("source", "message"),
        [
            ("", "this is not XML"),
            ("Hello.", "this is not XML"),
            ("<Response><Say>a</Response>", "this is not XML"),
            ("<Response><Say>a & b</Say></Response>", "this is not XML"),
            ("<Response/><Response/>", "this is not XML"),
            ("<Response>\ud800</Response>", "this is not XML"),
            ("<Response>\x00</Response>", "this is not XML"),
            ("<Response>&hello;</Response>", "this is not XML"),
            (" <?xml version='1.0'?><Response/>", "this is not XML"),
            ("<Say>a</Say>", "the root is <Say>; write <Response>"),
            ("<response/>", "the root is <response>"),
            ("<Response xmlns='urn:x'/>", "the root is <{urn:x}Response>"),
            ("<!DOCTYPE Response><Response/>", "a document type is not read"),
            (
                '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response>&b;</Response>',
                "a document type is not read",
            ),
            (
                '<!DOCTYPE r SYSTEM "file:///etc/passwd"><Response/>',
                "a document type is not read",
            ),
            ("<Response>Hello.</Response>", "'Hello.' stands outside of verbs; write <Say>"),
            ("<Response><Say>a</Say>b</Response>", "'b' stands outside of verbs"),
            (b"<Response/>", "document() takes text, not bytes"),
            (None, "document() takes text, not NoneType"),
        ],
    )
    def test_refuses(self, source: Any, message: str) -> None:
        """At once, where the flow's author sees it."""
        with pytest.raises(RenderingError, match=re.escape(message)):
            document(source)


class TestGather:
    """A Gather with prompts."""

    def test_one_key(self) -> None:
        """The finish key is empty, so that # is a key."""
        assert xml(gather("a")) == '<Gather finishOnKey="" numDigits="1"><Say>a</Say></Gather>'

    def test_one_key_with_a_finish_key(self) -> None:
        """Whoever names one gets it."""
        assert xml(gather(finish_on_key="#")) == '<Gather finishOnKey="#" numDigits="1" />'

    @pytest.mark.parametrize(
        ("num_digits", "expected"), [(None, "<Gather />"), (4, '<Gather numDigits="4" />')]
    )
    def test_several_keys(self, num_digits: int | None, expected: str) -> None:
        """Twilio's finish key stays what it is."""
        assert xml(gather(num_digits=num_digits)) == expected

    def test_prompts(self) -> None:
        """Text, Say, Play and Pause, in order."""
        made = gather("a", Say("b", voice="x"), Play("c.mp3"), Pause(length=1), num_digits=None)
        assert xml(made) == (
            '<Gather><Say>a</Say><Say voice="x">b</Say>'
            '<Play>c.mp3</Play><Pause length="1" /></Gather>'
        )

    def test_no_prompt(self) -> None:
        """A state above may have said it all."""
        assert len(to_elements(gather())[0]) == 0

    def test_markup_in_prompts_is_spoken(self) -> None:
        """As everywhere."""
        assert to_elements(gather(MARKUP))[0][0].text == MARKUP

    def test_attributes(self) -> None:
        """In snake_case, as twilio-python takes them; lists where Twilio reads lists."""
        made = gather(num_digits=None, input=["dtmf", "speech"], hints=("a", "b c"), timeout=3)
        assert to_elements(made)[0].attrib == {
            "input": "dtmf speech",
            "hints": "a, b c",
            "timeout": "3",
        }

    def test_attributes_as_text(self) -> None:
        """Written out they stay as they are."""
        made = gather(num_digits=None, input="speech", hints="a,b")
        assert to_elements(made)[0].attrib == {"input": "speech", "hints": "a,b"}

    @pytest.mark.parametrize(
        ("prompt", "message"),
        [
            (Gather(), "not Gather (13320)"),
            (Dial("+1"), "not Dial (13320)"),
            (document("<Response/>"), "not Document (13320)"),
            (None, "not NoneType (13320)"),
            (5, "not int (13320)"),
            (["a", "b"], "not list (13320); unpack it: gather(*…)"),
            (iter("ab"), "unpack it: gather(*…)"),
        ],
    )
    def test_refuses(self, prompt: Any, message: str) -> None:
        """What Twilio would refuse to find in a Gather."""
        with pytest.raises(RenderingError, match=re.escape(message)):
            gather(prompt)


class TestSpeak:
    """Language and voice for what has none."""

    def spoken(self, content: Any, language: str | None, voice: Any) -> str:
        """Return what is heard with a flow's language and voice."""
        elements = to_elements(content)
        speak(elements, language=language, voice=voice)
        return "".join(ElementTree.tostring(one, encoding="unicode") for one in elements)

    @pytest.mark.parametrize(
        ("content", "expected"),
        [
            ("a", '<Say language="de-DE" voice="Vicki">a</Say>'),
            (Say("a", language="fr-FR"), '<Say language="fr-FR" voice="Vicki">a</Say>'),
            (Say("a", voice="Marlene"), '<Say voice="Marlene" language="de-DE">a</Say>'),
            (Play("a.mp3"), "<Play>a.mp3</Play>"),
            (
                gather("a", num_digits=None),
                '<Gather language="de-DE"><Say language="de-DE" voice="Vicki">a</Say></Gather>',
            ),
            (
                gather(num_digits=None, language="fr-FR"),
                '<Gather language="fr-FR" />',
            ),
        ],
    )
    def test_own_ones_stay(self, content: Any, expected: str) -> None:
        """Say and Gather get a language, Say a voice, at any depth."""
        assert self.spoken(content, "de-DE", "Vicki") == expected

    @pytest.mark.parametrize("voice", [None, {}, {"de-DE": "Vicki"}])
    def test_nothing_to_give(self, voice: Any) -> None:
        """Without language and voice all stays as it is."""
        assert self.spoken(["a", gather()], None, voice) == xml(["a", gather()])

    def test_voice_by_language(self) -> None:
        """The voice of the language that is spoken, the Say's own first."""
        voices = {"de-DE": "Vicki", "fr-FR": "Lea"}
        assert 'voice="Vicki"' in self.spoken("a", "de-DE", voices)
        assert 'voice="Lea"' in self.spoken(Say("a", language="fr-FR"), "de-DE", voices)
        assert "voice" not in self.spoken(Say("a", language="es-ES"), "de-DE", voices)


class TestClean:
    """Characters that XML cannot hold."""

    @pytest.mark.parametrize("bad", ["\x00", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
    def test_removes(self, bad: str) -> None:
        """From text, attributes and between elements, at any depth."""
        say = Element("Say", {"voice": f"a{bad}b"})
        say.text = f"c{bad}d"
        inner = ElementTree.SubElement(say, "break")
        inner.tail = f"e{bad}f"
        assert clean([say])
        assert (
            ElementTree.tostring(say, encoding="unicode") == '<Say voice="ab">cd<break />ef</Say>'
        )

    @pytest.mark.parametrize(
        "good", ["", "a\t\n\r", "\x7f\x85", "\ud7ff\ue000\ufffd", "😀\U0010ffff"]
    )
    def test_keeps(self, good: str) -> None:
        """Everything that can be written."""
        say = to_elements(Say(good))[0]
        assert not clean([say])
        assert say.text == good

    @given(st.text(st.characters()))
    def test_result_is_xml(self, text: str) -> None:
        """Whatever is cleaned can be read again."""
        say = to_elements(Say(text, voice=text))[0]
        clean([say])
        (back,) = document(f"<Response>{ElementTree.tostring(say, 'unicode')}</Response>").elements
        assert (back.text or "").split() == (say.text or "").split()


class TestSplitText:
    """Pieces that fit."""

    @pytest.mark.parametrize(
        ("text", "pieces"),
        [
            ("", []),
            ("short", ["short"]),
            ("1234567890", ["1234567890"]),
            ("One. Two. Three.", ["One. Two.", "Three."]),
            ("What?! No… Yes!", ["What?! No…", "Yes!"]),
            ("1.5 is more than 1.", ["1.5 is", "more than", "1."]),
            ("aaaa bbbb cccc", ["aaaa bbbb", "cccc"]),
            ("aaaa\nbbbb\ncccc", ["aaaa\nbbbb", "cccc"]),
            ("123456789. x", ["123456789.", "x"]),
            ("1234567890. x", ["1234567890", ". x"]),
            ("x" * 25, ["x" * 10, "x" * 10, "x" * 5]),
            ("一二三。四五六。七八九。", ["一二三。四五六。", "七八九。"]),
            ("   " * 10, []),
        ],
    )
    def test_split_at_ten(self, text: str, pieces: list[str]) -> None:
        """Behind sentences, else words, else anywhere."""
        assert split_text(text, 10) == pieces

    @given(st.text(st.sampled_from("ab.!? \n。😀")), st.integers(1, 12))
    def test_nothing_is_lost(self, text: str, limit: int) -> None:
        """All but spaces is there, in order, in pieces that fit and say something."""
        pieces = split_text(text, limit)
        assert "".join("".join(pieces).split()) == "".join(text.split())
        assert all(0 < len(piece) <= limit and piece.strip() for piece in pieces[:-1])
        assert len(text) <= limit or all(len(piece) <= limit for piece in pieces)

    @given(st.lists(st.text("abc.", min_size=1, max_size=9), max_size=12))
    def test_words_stay_whole(self, parts: list[str]) -> None:
        """Words shorter than the limit are not cut."""
        assert " ".join(split_text(" ".join(parts), 10)).split() == parts


class TestSplitLongSays:
    """Says that are longer than Twilio reads."""

    SENTENCE = "This is the house that Jack built. "

    def split(self, content: Any) -> tuple[Element, list[Element]]:
        """Return a response after splitting, and what could not be split."""
        root = Element("Response")
        root.extend(to_elements(content))
        return root, split_long_says(root)

    @pytest.mark.parametrize(
        ("voice", "limit"),
        [(None, SAY_LIMIT), ("alice", SAY_LIMIT), ("Polly.Amy-Neural", POLLY_LIMIT)],
    )
    def test_pieces_fit_the_voice(self, voice: str | None, limit: int) -> None:
        """Polly reads fewer characters; attributes go with each piece."""
        root, whole = self.split(Say(self.SENTENCE * 300, voice=voice, language="en-GB"))
        assert len(root) > 1
        assert not whole
        assert all(len(say.text or "") <= limit for say in root)
        assert all((say.text or "").endswith("built.") for say in root)
        assert all(say.get("voice") == voice and say.get("language") == "en-GB" for say in root)
        assert " ".join(say.text or "" for say in root) == (self.SENTENCE * 300).strip()

    def test_order_stays(self) -> None:
        """Pieces stand where the whole stood, also within a Gather."""
        long = "x" * (SAY_LIMIT + 1)
        root, _ = self.split(["a", gather("b", long, "c"), long, "d"])
        assert [one.tag for one in root] == ["Say", "Gather", "Say", "Say", "Say"]
        assert [len(one.text or "") for one in root[1]] == [1, SAY_LIMIT, 1, 1]
        assert [one.text for one in root][-1] == "d"

    def test_at_the_limit(self) -> None:
        """What fits stays whole."""
        root, _ = self.split("x" * SAY_LIMIT)
        assert len(root) == 1

    def test_what_cannot_be_split(self) -> None:
        """In pieces, SSML would break, and a loop would repeat each piece alone."""
        loop = Say("x" * (SAY_LIMIT + 1), loop=2)
        ssml = Say("x" * SAY_LIMIT)
        ssml.emphasis("y" * 10)
        root, whole = self.split([loop, gather(ssml)])
        assert {one.tag for one in root} == {"Say", "Gather"}
        assert {id(one) for one in whole} == {id(root[0]), id(root[1][0])}
