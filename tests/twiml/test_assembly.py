"""One document from what the states say: actions, questions, limits, and bytes."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, tostring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twilio.twiml.voice_response import (
    Connect,
    Dial,
    Enqueue,
    Gather,
    Hangup,
    Leave,
    Pause,
    Pay,
    Play,
    Record,
    Redirect,
    Refer,
    Reject,
    Say,
    VoiceResponse,
)

from statechart_ivr.errors import DocumentTooLargeError, RenderingError
from statechart_ivr.twiml import (
    INPUT_VERBS,
    LIMIT_BYTES,
    Listening,
    Rendering,
    Twiml,
    assemble,
    document,
    from_xml,
    gather,
    hang_up_after,
    nothing,
    one_moment,
    to_elements,
    to_xml,
)
from statechart_ivr.twiml.content import SAY_LIMIT

TURN = "/ivr/turn?at=%2Fincoming-call&seq=1"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'

#: Every verb that ends with a request, without an action of its own.
ASKING = {
    "Gather": gather("a"),
    "Record": Record(),
    "Dial": Dial("+14155550100"),
    "Enqueue": Enqueue("support"),
    "Pay": Pay(),
    "Connect": Connect(),
    "Refer": Refer(),
}


def saying(source: str, content: Any) -> Rendering:
    """Return what a state says."""
    return Rendering(source, tuple(to_elements(content)))


def assembled(*contents: Any, **options: Any) -> Twiml:
    """Return the document of one active state that says something."""
    return assemble([saying("menu", [*contents])], active=["menu"], turn_url=TURN, **options)


def verbs(twiml: Twiml | bytes) -> list[Element]:
    """Read a document back."""
    body = twiml if isinstance(twiml, bytes) else twiml.body
    return list(document(body.decode()).elements)


def tags(twiml: Twiml | bytes) -> list[str]:
    """Return the names of a document's verbs, in order."""
    return [one.tag for one in verbs(twiml)]


def text_of(twiml: Twiml | bytes) -> str:
    """Return everything a document says."""
    return "".join(part for verb in verbs(twiml) for part in verb.itertext())


class TestBytes:
    """What leaves."""

    def test_document(self) -> None:
        """A declaration with nothing before it, the verbs in one Response, UTF-8."""
        assert assembled("Grüße").body == (
            f"{DECLARATION}<Response><Say>Grüße</Say></Response>".encode()
        )

    def test_nothing(self) -> None:
        """A document without verbs."""
        assert nothing() == f"{DECLARATION}<Response />".encode()
        assert assembled().body == nothing()

    def test_the_empty_document(self) -> None:
        """Just what somebody wanted is not silence; besides anything else it adds nothing."""
        blank = Rendering("accepted", (), is_blank=True)
        alone = assemble([blank], active=["accepted"], turn_url=TURN)
        assert (alone.body, alone.is_silent) == (nothing(), False)
        last = assemble([saying("offer", "1"), blank], active=["accepted"], turn_url=TURN)
        assert last.body == assembled("1").body

    def test_renderings_are_heard_in_order(self) -> None:
        """State by state, verb by verb."""
        renderings = [saying("a", ["1", Pause()]), saying("b", "2"), saying("a", Play("3.mp3"))]
        twiml = assemble(renderings, active=["b"], turn_url=TURN)
        assert tags(twiml) == ["Say", "Pause", "Say", "Play"]
        assert text_of(twiml) == "123.mp3"

    def test_renderings_stay_as_they_are(self) -> None:
        """They may be said again, with another action."""
        rendering = saying("menu", [gather("a\x00" + "x" * SAY_LIMIT), Record()])
        before = [tostring(one) for one in rendering.elements]
        assemble([rendering], active=["menu"], turn_url=TURN)
        assert [tostring(one) for one in rendering.elements] == before

    @given(st.text(st.characters()))
    @example("<Dial>+1</Dial></Say><Hangup/> & \" ' ]]> <!-- &#0; 😀 \x00 \ud800")
    def test_text_of_callers_is_only_spoken(self, text: str) -> None:
        """Whatever stands in it, at every place where text can be: it makes no verb."""
        twiml = assembled(text, gather(text, hints=text), Say(text, voice=text))
        assert set(tags(twiml)) <= {"Say", "Gather"}
        for verb in verbs(twiml):
            assert all(one.tag == "Say" and not len(one) for one in verb)

    @given(
        st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
    )
    def test_text_is_heard_as_it_is(self, text: str) -> None:
        """Quotes, markup, emoji: the words arrive."""
        assert text_of(assembled(Say(text))).split() == text.split()


class TestActions:
    """Where verbs go on."""

    @pytest.mark.parametrize("is_final", [False, True])
    @pytest.mark.parametrize("tag", sorted(ASKING))
    def test_every_input_verb_gets_the_turn_url(self, tag: str, is_final: bool) -> None:
        """In final states too."""
        twiml = assembled(ASKING[tag], is_final=is_final)
        assert verbs(twiml)[0].get("action") == TURN
        assert twiml.asking == ("menu",)

    def test_all_input_verbs_are_tried_here(self) -> None:
        """A verb added to them is tested too."""
        assert ASKING.keys() == INPUT_VERBS

    @pytest.mark.parametrize("kind", [Gather, Record, Dial, Enqueue, Pay, Connect, Refer])
    def test_own_action_stays(self, kind: Any) -> None:
        """Whoever writes one means it."""
        assert verbs(assembled(kind(action="/mine")))[0].get("action") == "/mine"

    def test_others_get_none(self) -> None:
        """Sms has an action too, and does not wait."""
        response = VoiceResponse()
        response.sms("a")
        assert verbs(assembled("a", response))[1].attrib == {}

    def test_gather_asks_for_empty_results(self) -> None:
        """Silence comes back as an event; unless the flow says otherwise."""
        assert verbs(assembled(gather()))[0].get("actionOnEmptyResult") == "true"
        own = gather(action_on_empty_result=False)
        assert verbs(assembled(own))[0].get("actionOnEmptyResult") == "false"
        assert verbs(assembled(Dial("+1")))[0].get("actionOnEmptyResult") is None

    def test_record_is_followed_by_a_redirect(self) -> None:
        """An empty recording may fall through: the call goes on at the same place."""
        record, redirect = verbs(assembled(Record()))
        assert record.get("action") == redirect.text == TURN
        assert redirect.tag == "Redirect"

    def test_record_of_a_final_state_is_not(self) -> None:
        """There is nothing to go on to."""
        assert tags(assembled("a", Record(), is_final=True)) == ["Say", "Record"]

    def test_only_record_is(self) -> None:
        """What is never come back from needs nothing behind it."""
        for tag in ASKING.keys() - {"Record"}:
            assert tags(assembled(ASKING[tag])) == [tag]


class TestListening:
    """What Gathers are told about words."""

    def attributes(self, made: Gather, **listening: Any) -> dict[str, str]:
        """Return what a Gather knows of speech."""
        (verb,) = verbs(assembled(made, listening=Listening(**listening)))
        return {name: verb.attrib[name] for name in ("input", "hints") if name in verb.attrib}

    def test_keys_only(self) -> None:
        """No word leads anywhere: Twilio's default stays."""
        assert self.attributes(gather()) == {}

    def test_words(self) -> None:
        """Keys and words, and no hints where anything may be said."""
        assert self.attributes(gather(), speech=True) == {"input": "dtmf speech"}

    def test_phrases(self) -> None:
        """They become hints."""
        found = self.attributes(gather(), phrases=("billing", "opening hours"), speech=True)
        assert found == {"input": "dtmf speech", "hints": "billing, opening hours"}

    def test_own_attributes_stay(self) -> None:
        """Of a Gather that knows better."""
        own = gather(input="speech", hints="x")
        assert self.attributes(own, phrases=("a",), speech=True) == {
            "input": "speech",
            "hints": "x",
        }

    def test_no_hints_for_keys(self) -> None:
        """A Gather that does not listen to words has no use for them."""
        assert self.attributes(gather(input="dtmf"), phrases=("a",), speech=True) == {
            "input": "dtmf"
        }

    def test_other_verbs_do_not_listen(self) -> None:
        """Only Gathers take words."""
        (dial,) = verbs(assembled(Dial("+1"), listening=Listening(("a",), speech=True)))
        assert dial.attrib == {"action": TURN}


class TestQuestions:
    """One at a time, and only of states that are active."""

    def test_inactive_states_keep_their_prompts(self) -> None:
        """A greeting that moved on is heard; its question is not asked."""
        passed = saying(
            "greeting", [gather("Hello.", Play("a.mp3"), Pause()), Dial("+1"), Record()]
        )
        twiml = assemble([passed, saying("menu", gather("b"))], active=["menu"], turn_url=TURN)
        assert tags(twiml) == ["Say", "Play", "Pause", "Gather"]
        assert twiml.asking == ("menu",)

    def test_prompts_of_payments_go_with_them(self) -> None:
        """A Prompt outside of its Pay is nothing Twilio knows."""
        pay = Pay()
        pay.prompt(for_="postal-code").say("Your code, please.")
        assert assemble([saying("paying", pay)], active=["menu"], turn_url=TURN).is_silent

    def test_other_verbs_of_inactive_states_stay(self) -> None:
        """They do not ask anything."""
        twiml = assemble([saying("x", ["a", Hangup()])], active=[], turn_url=TURN)
        assert tags(twiml) == ["Say", "Hangup"]

    def test_two_questions_are_an_error(self) -> None:
        """Of two active states; both are named."""
        renderings = [saying("left", gather("a")), saying("right", Dial("+1"))]
        with pytest.raises(RenderingError, match=r"^left and right both ask the caller"):
            assemble(renderings, active=["left", "right"], turn_url=TURN)

    def test_two_verbs_of_one_state_are_not(self) -> None:
        """A Gather may fall through to the next one, if its state says so."""
        first = gather("a", action_on_empty_result=False)
        assert assembled(first, gather("b")).asking == ("menu",)

    def test_a_region_that_only_speaks(self) -> None:
        """Beside one that asks."""
        renderings = [saying("left", "a"), saying("right", gather("b"))]
        twiml = assemble(renderings, active=["left", "right"], turn_url=TURN)
        assert twiml.asking == ("right",)

    def test_nobody_asks(self) -> None:
        """Then none is named."""
        assert assembled("a").asking == ()


class TestWhatFollows:
    """What a document leads to."""

    @pytest.mark.parametrize(
        ("content", "is_silent", "hangs_up", "goes_on"),
        [
            ([], True, False, False),
            (["a"], False, False, False),
            (["a", Hangup()], False, True, True),
            ([Reject()], False, True, True),
            (["a", Redirect("/x")], False, False, True),
            ([Leave()], False, False, True),
            ([gather("a")], False, False, True),
            ([gather("a"), Hangup()], False, False, True),
            ([Redirect("/x"), Hangup()], False, False, True),
        ],
    )
    def test_flags(
        self, content: list[Any], is_silent: bool, hangs_up: bool, goes_on: bool
    ) -> None:
        """The first verb that is not come back from decides."""
        twiml = assembled(*content)
        assert (twiml.is_silent, twiml.hangs_up, twiml.goes_on) == (is_silent, hangs_up, goes_on)


class TestLimits:
    """What Twilio reads and speaks."""

    def test_long_says_are_split(self) -> None:
        """Nothing of them is lost."""
        text = "All work and no play makes Jack a dull boy. " * 200
        twiml = assembled(text)
        assert max(len(one.text or "") for one in verbs(twiml)) <= SAY_LIMIT
        assert " ".join(one.text or "" for one in verbs(twiml)) == text.strip()
        assert twiml.remarks == ()

    def test_long_says_that_cannot_be_split(self) -> None:
        """A remark says how long they are."""
        twiml = assembled(Say("x" * 5000, loop=2))
        assert [one.number for one in twiml.remarks] == [13521]
        assert "5000 characters" in twiml.remarks[0].message

    def test_control_characters_are_removed(self) -> None:
        """With a remark, as Twilio could not read them."""
        twiml = assembled("a\x00b\x1bc")
        assert text_of(twiml) == "abc"
        assert [one.number for one in twiml.remarks] == [12100]

    def test_unknown_names_are_remarked(self) -> None:
        """Also of verbs that came as a document."""
        twiml = assembled(gather(num_digit=1), document("<Response><Shout/></Response>"))
        assert [one.number for one in twiml.remarks] == [12200, 12200]

    def test_what_is_set_here_is_known(self) -> None:
        """No remark on the attributes that this module adds."""
        listening = Listening(("a",), speech=True)
        for made in ASKING.values():
            assert assembled(made, listening=listening).remarks == ()

    def test_the_largest_document(self) -> None:
        """Exactly the limit is still read."""
        frame = len(assembled(Play("x")).body) - 1
        assert len(assembled(Play("x" * (LIMIT_BYTES - frame))).body) == LIMIT_BYTES

    def test_larger_documents_are_refused(self) -> None:
        """In bytes, not characters; the error names who speaks, once each."""
        renderings = [saying("a", "1"), saying("quiet", None), saying("b", Play("ü" * 40_000))]
        with pytest.raises(DocumentTooLargeError, match="document of a, b is 80") as caught:
            assemble([*renderings, renderings[0]], active=["b"], turn_url=TURN)
        assert caught.value.size > caught.value.limit == LIMIT_BYTES


class TestUnheard:
    """Renderings kept in the record."""

    @pytest.mark.parametrize(
        "content",
        [
            "a",
            [gather("a", voice="b"), Pause(length=2)],
            [Say("<Dial> & \"quotes\" 'too'"), Dial("+1")],
            [],
        ],
    )
    def test_round_trip(self, content: Any) -> None:
        """Without actions, which belong to the document they are said in."""
        rendering = saying("menu", content)
        back = from_xml("menu", to_xml(rendering))
        assert back.source == "menu"
        assert list(map(tostring, back.elements)) == list(map(tostring, rendering.elements))

    @given(st.text(st.characters()))
    @example("\x00\ud800<&>")
    def test_any_text_can_be_read_again(self, text: str) -> None:
        """Whatever a caller is called, the next request finds a document."""
        rendering = saying("menu", Say(text, voice=text))
        (back,) = from_xml("menu", to_xml(rendering)).elements
        assert (back.text or "").split() == text_of(assembled(Say(text))).split()
        assert (rendering.elements[0].text or "") == text


class TestShortDocuments:
    """Those that no state renders."""

    def test_hang_up_after(self) -> None:
        """Last words, and the end."""
        body = hang_up_after(*to_elements(["a", Play("b.mp3")]))
        assert tags(body) == ["Say", "Play", "Hangup"]
        assert tags(hang_up_after()) == ["Hangup"]

    def test_last_words_are_made_speakable(self) -> None:
        """As all others: readable, and in pieces."""
        elements = to_elements("a\x00" + "x" * SAY_LIMIT)
        assert tags(hang_up_after(*elements)) == ["Say", "Say", "Hangup"]
        assert (elements[0].text or "")[:2] == "a\x00"

    def test_one_moment(self) -> None:
        """Patience, and back again."""
        say, pause, redirect = verbs(
            one_moment([saying("flow", "One moment.")], "/ivr/turn?a=1&b=2", pause=3)
        )
        assert (say.tag, say.text) == ("Say", "One moment.")
        assert (pause.tag, pause.get("length")) == ("Pause", "3")
        assert (redirect.tag, redirect.text) == ("Redirect", "/ivr/turn?a=1&b=2")

    def test_one_more_moment(self) -> None:
        """The second time nothing is said."""
        assert tags(one_moment([], "/x", pause=2)) == ["Pause", "Redirect"]
