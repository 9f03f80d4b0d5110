"""What the caller hears in one turn."""

from __future__ import annotations

import logging
import re

import pytest
from statemachine import HistoryState, State
from twilio.twiml.voice_response import Dial, Gather, Hangup, Record, Say

from statechart_ivr import CallFlow, document, gather, key, on_input, renders, routable


class Greeter(CallFlow):
    """Greets, says the news if there are any, and asks."""

    class inside(State.Compound):
        menu = State(initial=True)
        detail = State()
        back = HistoryState()
        menu.to(detail, event=key("1"))
        detail.to(menu, event=key("1"), internal=False)
        back.to(menu)

    greeting = State(initial=True)
    news = State()
    aside = State()
    mailbox = State()
    done = State(final=True)
    greeting.to(news, cond="has_news")
    greeting.to(inside)
    news.to(inside)
    inside.to(aside, event=key("2"))
    inside.to(mailbox, event=key("3"))
    inside.to(done, event=key("4"))
    inside.to.itself(event=key("5"), internal=True, on="note")
    aside.to(inside.back, event=key())
    mailbox.to(done, event=["recorded", "no_input"])

    @routable("/call", greeting)
    def begin(self):
        self.session["news"] = "news" in self.call.parameters

    def has_news(self):
        return self.session["news"]

    def note(self):
        self.session["noted"] = True

    @renders(greeting)
    def greet(self):
        return "Welcome."

    @renders(news)
    def tell(self):
        return gather("Here is the news.", "Press any key to skip.")

    @renders(inside)
    def say_inside(self):
        return "Inside."

    @renders(inside.menu, inside.detail)
    def ask(self):
        return gather("Menu." if self.menu.is_active else "Detail.")

    @renders(aside)
    def ask_aside(self):
        yield "Aside."
        yield [Gather(timeout=3), None]

    @renders(mailbox)
    def take(self):
        return ["Speak.", Record()]

    @renders("no_match")
    def sorry(self):
        return gather("Sorry.")


def test_renderings_are_heard_in_the_order_the_states_were_entered(line):
    """Transient states too, outer before inner: one document from greeting to menu."""
    call = line(Greeter)
    call.dial()
    assert call.heard == ["Welcome.", "Inside.", "Menu."]


def test_the_question_of_a_state_that_was_left_keeps_only_its_prompts(line):
    """The news were to be skipped by a key, but the chart has moved on by itself."""
    call = line(Greeter)
    call.dial("/call?news=1")
    assert call.heard == [
        "Welcome.", "Here is the news.", "Press any key to skip.", "Inside.", "Menu."
    ]  # fmt: skip
    assert call.xml.count("<Gather") == 1


def test_the_innermost_rendering_follows_when_no_active_state_was_said(line):
    """A key that leads nowhere: the prompt, then the menu without what is around it."""
    call = line(Greeter)
    call.dial()
    call.press("9")
    assert call.heard == ["Sorry.", "Menu."]
    assert call.xml.count("<Gather") == 1


def test_a_transition_that_enters_nothing_lets_the_state_be_heard_again(line):
    """An internal transition of the compound state claims the key and enters it anew."""
    call = line(Greeter)
    call.dial()
    call.press("5")
    assert call.heard == ["Inside.", "Menu."]
    assert call.record.data["noted"]


def test_back_is_where_the_caller_was(line):
    """History is kept across requests."""
    call = line(Greeter)
    call.dial()
    call.press("1")
    call.press("2")
    assert call.heard == ["Aside."]
    assert call.record.hist == {"back": ["detail"]}
    call.press("7")
    assert call.heard == ["Inside.", "Detail."]


def test_verbs_without_action_get_the_turn_url(line):
    """Gathers are asked to report silence too; what the flow set itself stays."""
    call = line(Greeter)
    call.dial()
    assert call.action == "/ivr/turn?at=%2Fcall&seq=1"
    assert 'actionOnEmptyResult="true"' in call.xml
    call.press("2")
    assert 'timeout="3"' in call.xml
    assert call.action == "/ivr/turn?at=%2Fcall&seq=2"


def test_a_redirect_follows_a_record_that_may_fall_through(line):
    """Twilio may not report an empty recording: then it comes to the turn URL as silence."""
    call = line(Greeter)
    call.dial()
    call.press("3")
    redirect = re.search(r"<Record[^>]*/><Redirect>([^<]+)</Redirect>", call.xml)
    assert redirect
    call.post(redirect[1].replace("&amp;", "&"))
    assert call.record.conf == ["done"]


def test_a_final_state_that_says_nothing_hangs_up(line):
    """There is nothing left to be heard; the call has ended."""
    call = line(Greeter)
    call.dial()
    call.press("4")
    assert call.xml.endswith("<Response><Hangup /></Response>")
    assert call.record.ended


class Odd(CallFlow):
    """Says what cannot be said, in several ways."""

    class both(State.Parallel):
        class one(State.Compound):
            first = State()

        class two(State.Compound):
            second = State()

    menu = State(initial=True)
    quiet = State()
    mute = State()
    leaving = State()
    odd = State()
    voicemail = State(final=True)
    menu.to(both, event=key("1"))
    menu.to(quiet, event=key("2"))
    menu.to(mute, event=key("3"))
    menu.to(leaving, event=key("4"))
    menu.to(odd, event=key("5"))
    menu.to(voicemail, event=key("6"))
    both.to(menu, event=key())
    quiet.to(menu, event="later")
    mute.to(menu, event="later")
    leaving.to(menu, event="later")
    odd.to(menu, event=key())

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @renders(both.one.first, both.two.second)
    def ask_both(self):
        return gather("Both.")

    @renders(quiet)
    def just_say(self):
        return "That is all."

    @renders(mute)
    def say_nothing(self):
        return None

    @renders(leaving)
    def leave(self):
        return ["Goodbye.", Hangup()]

    @renders(odd)
    def say_odd(self):
        return Gather(num_digit=1).append(Say("Odd."))

    @renders(voicemail)
    def take_message(self):
        return ["Speak.", Record()]


def test_two_questions_at_the_same_time_are_an_error(line, caplog):
    """Both regions ask: the caller could not answer either."""
    call = line(Odd)
    call.dial()
    call.press("1")
    assert call.heard == [Odd.apology]
    assert "first and second both ask the caller something" in caplog.text


@pytest.mark.parametrize("pressed", ["2", "3"])
def test_a_state_that_asks_nothing_ends_the_call_and_is_logged(line, caplog, pressed):
    """Nothing leads on: the document ends, and the call with it."""
    call = line(Odd)
    call.dial()
    call.press(pressed)
    assert "asks nothing and leads nowhere" in caplog.text
    assert not call.record.ended


def test_a_state_may_hang_up_on_purpose(line, caplog):
    """Its own Hangup is no mistake, and ends the call."""
    call = line(Odd)
    call.dial()
    call.press("4")
    assert "leads nowhere" not in caplog.text
    assert call.record.ended


class Radio(CallFlow):
    """Two regions: one asks, the other says what has changed; and a question around a page."""

    class on_air(State.Parallel):
        class station(State.Compound):
            choosing = State(initial=True)
            choosing.to(choosing, event=key("1"))

        class sound(State.Compound):
            loud = State(initial=True)
            mute = State()
            loud.to(mute, event=key("2"))
            mute.to(loud, event=key("2"))

    class book(State.Compound):
        page_one = State(initial=True)
        page_two = State()
        page_one.to(page_two, event=key("1"))
        page_two.to(page_one, event=key("1"))

    closing = State()
    off = State(final=True)
    on_air.to(off, event=key("0"))
    on_air.to(book, event=key("3"))
    book.to(off, event=key("0"))
    book.to(closing, event=key("9"))
    closing.to(off, event="later")

    @routable("/call")
    @renders(on_air.station.choosing)
    def ask_station(self):
        return gather("Station?")

    @renders(on_air.sound.loud, on_air.sound.mute)
    def say_sound(self):
        return "Mute." if self.mute.is_active else "Loud."

    @renders(book)
    def ask_page(self):
        return gather("Press 1 to turn.")

    @renders(book.page_one, book.page_two)
    def read(self):
        return "Page one." if self.page_one.is_active else "Page two."

    @renders(closing)
    def close(self):
        return "Closing.", Hangup(), gather("Never heard.")


def test_the_question_comes_last(line):
    """Nothing behind a question is ever heard: what other states say comes before it."""
    call = line(Radio)
    call.dial()
    assert call.heard == ["Loud.", "Station?"]
    call.press("3")
    assert call.heard == ["Page one.", "Press 1 to turn."]


def test_a_question_that_is_still_open_is_asked_again(line, caplog):
    """The state that was entered only speaks; without the question the call would end."""
    call = line(Radio)
    call.dial()
    call.press("2")
    assert call.heard == ["Mute.", "Station?"]
    call.press("3")
    call.press("1")
    assert call.heard == ["Page two.", "Press 1 to turn."]
    assert "leads nowhere" not in caplog.text


class Studio(CallFlow):
    """Three regions: two only speak, the third asks."""

    class on_air(State.Parallel):
        class sound(State.Compound):
            loud = State(initial=True)

        class light(State.Compound):
            dark = State(initial=True)
            bright = State()
            dark.to(bright, event=key("1"))

        class station(State.Compound):
            choosing = State(initial=True)

    off = State(final=True)
    on_air.to(off, event=key("0"))

    @routable("/call", on_air)
    def begin(self):
        """Start in all regions."""

    @renders(on_air.sound.loud, on_air.light.bright)
    def say(self):
        return "Bright." if self.bright.is_active else "Loud."

    @renders(on_air.station.choosing)
    def ask(self):
        return gather("Station?")


def test_only_what_asks_is_heard_again(line):
    """Another region that merely speaks has been heard before."""
    call = line(Studio)
    call.dial()
    assert call.heard == ["Loud.", "Station?"]
    call.press("1")
    assert call.heard == ["Bright.", "Station?"]


def test_nothing_comes_behind_a_hang_up(line):
    """Nobody would hear it, and there is no question any more."""
    call = line(Radio)
    call.dial()
    call.press("3")
    call.press("9")
    assert call.heard == ["Closing."]
    assert call.record.ended


class Unreadable(CallFlow):
    """Makes up an attribute that is no XML name."""

    menu = State(initial=True, final=True)

    @routable("/call")
    @renders(menu)
    def ask(self):
        return Say("Hello.", **{"bad name": "1"})


def test_twiml_that_nobody_can_read_does_not_leave(line, caplog):
    """Twilio would answer the caller with its error voice."""
    call = line(Unreadable)
    call.dial()
    assert call.heard == [Unreadable.apology]
    assert "menu: a verb or attribute has a name that is not XML" in caplog.text


def test_what_twilio_does_not_know_is_said_in_the_log(line, caplog):
    """The document goes out as it is, and the warning says what was meant."""
    call = line(Odd)
    call.dial()
    with caplog.at_level(logging.WARNING):
        call.press("5")
    assert call.heard == ["Odd."]
    assert "<Gather> has no attribute 'numDigit'; did you mean 'numDigits'?" in caplog.text


class Whisper(CallFlow):
    """What a leg that was dialled hears before it is put through, or not."""

    offer = State(initial=True)
    accepted = State(final=True)
    declined = State(final=True)
    offer.to(accepted, event=key("1"))
    offer.to(declined, event=key())

    @routable("/call")
    @renders(offer)
    def ask(self):
        return gather("Press 1 to accept.")

    @renders(accepted)
    def put_through(self):
        return document("<Response/>")


@pytest.mark.parametrize(("key_pressed", "verbs"), [("1", ""), ("2", "<Hangup />")])
def test_an_empty_document_of_a_final_state_is_answered_as_it_is(line, key_pressed, verbs):
    """Where it ends the leg is put through; nothing at all still hangs up."""
    call = line(Whisper)
    call.dial()
    call.press(key_pressed)
    assert call.xml.endswith(f"<Response>{verbs}</Response>" if verbs else "<Response />")
    assert call.record.ended is bool(verbs)


class PutThrough(CallFlow):
    """Is put through, and wants to know when that is over."""

    offer = State(initial=True)
    talking = State()
    over = State(final=True)
    offer.to(talking, event=key("1"))
    talking.to(over, event="hang_up")

    @routable("/call")
    @renders(offer)
    def ask(self):
        return gather("Press 1 to accept.")

    @renders(talking)
    def put_through(self):
        return document("<Response/>")


def test_an_empty_document_is_what_a_state_says(line):
    """A late request gets it again, and moves nothing; nobody takes the state for a silent one."""
    call = line(PutThrough)
    call.dial()
    late = call.action
    call.press("1")
    seq = call.record.seq
    assert call.post(late, Digits="2").endswith("<Response />")
    assert (call.record.seq, call.record.conf) == (seq, ["talking"])


def test_what_answers_the_verbs_of_a_final_state_moves_nothing(line):
    """The call goes on until its document is done; then it is hung up."""
    call = line(Odd)
    call.dial()
    call.press("6")
    assert call.action.endswith("seq=2")
    assert "<Redirect" not in call.xml
    assert not call.record.ended
    call.go_on(RecordingSid="RE1", RecordingUrl="https://example.com/RE1")
    assert call.xml.endswith("<Response><Hangup /></Response>")
    assert call.record.ended
    call.dial()
    assert call.xml.endswith("<Response><Hangup /></Response>")


class Polyglot(CallFlow):
    """Speaks the language that was chosen."""

    language: str | None = "en-GB"
    voice = {"de-DE": "Polly.Vicki-Neural"}

    choosing = State(initial=True)
    menu = State()
    choosing.to(menu, event=key("1"))
    menu.to(choosing, event=key("2"))

    @routable("/call")
    @renders(choosing)
    def ask_language(self):
        return gather("Language?", Say("Sprache?", language="de-AT"))

    @on_input(choosing)
    def take(self, caller_input):
        self.language = "de-DE" if caller_input.digits == "1" else None
        return "key.1"

    @renders(menu)
    def ask(self):
        return gather("Ja?")


def test_language_and_voice_are_given_where_there_are_none(line):
    """The class's language first, then the call's, kept from request to request."""
    call = line(Polyglot)
    call.dial()
    assert '<Say language="en-GB">Language?</Say><Say language="de-AT">' in call.xml
    call.press("1")
    assert '<Say language="de-DE" voice="Polly.Vicki-Neural">Ja?</Say>' in call.xml
    call.press("9")
    assert 'language="de-DE"' in call.xml
    assert call.record.lang == "de-DE"


def test_a_language_can_be_unset(line):
    """None leaves the choice to Twilio."""
    call = line(Polyglot)
    call.dial()
    call.press("5")
    assert "language" not in call.xml


class Caller(CallFlow):
    """Says what others wrote."""

    menu = State(initial=True)
    done = State(final=True)
    menu.to(done, event="dial")

    @routable("/call")
    @renders(menu)
    def repeat(self):
        return [f"Hello {self.call.caller_name}.", Dial("+12345678900")]


@pytest.mark.parametrize(
    "name", ["<Dial>+1900</Dial>", "</Say><Hangup/>", "&lt;", "Köln 📞", "\x00\x1b[31m\ud83d"]
)
def test_text_is_spoken_and_never_parsed(line, name):
    """Whatever a caller's name holds, the document has one Dial, ours."""
    call = line(Caller)
    call.dial(CallerName=name)
    assert call.xml.count("<Dial") == 1
    assert "<Hangup" not in call.xml
    assert call.heard[0].startswith("Hello ")
