"""`Phone` at a Gather: keys, words and silence under Twilio's rules."""

from __future__ import annotations

from typing import Any

import pytest

from statechart_ivr.errors import PhoneError
from statechart_ivr.testing import Phone

FALLS_THROUGH = "<Say>Nothing.</Say>"


@pytest.fixture
def gather(canned: Any) -> Any:
    """Return a function: attributes of a Gather → an application that has it at /in."""

    def app(attributes: str = "", prompts: str = "<Say>Please enter it.</Say>") -> Any:
        verb = f"<Gather action='/got' {attributes}>{prompts}</Gather>"
        return canned({"/in": verb + FALLS_THROUGH, "/got": "<Say>Got it.</Say>"})

    return app


def seconds(call: Phone) -> int:
    """Return how long a call took, by the status callback's measure."""
    minutes, rest = call.transcript.splitlines()[-1].split()[0].split(":")
    return int(minutes) * 60 + int(rest)


@pytest.mark.parametrize(
    ("attributes", "keys", "digits", "finished_on"),
    [
        ("numDigits='4'", "1234", "1234", ""),
        ("", "12#", "12", "#"),
        ("", "12*", "12*", ""),
        ("finishOnKey='*'", "1#2*", "1#2", "*"),
        ("finishOnKey='' numDigits='1'", "#", "#", ""),
        ("numDigits='9'", "123", "123", ""),
    ],
)
def test_keys(gather: Any, attributes: str, keys: str, digits: str, finished_on: str) -> None:
    """The finish key is told apart, and silence sends what has been pressed."""
    app = gather(attributes)
    assert Phone(app).dial("/in").press(keys).heard == "Got it."
    form = app.last("/got").form
    assert (form["Digits"], form["FinishedOnKey"]) == (digits, finished_on)


def test_a_lone_finish_key_is_no_input(gather: Any) -> None:
    """Nothing but the finish key falls through like silence."""
    assert Phone(gather()).dial("/in").press("#").heard == "Nothing."


def test_silence_falls_through(gather: Any) -> None:
    """Without input the next verb follows, 5 s after the prompts."""
    app = gather(prompts="<Say>123456789012345</Say><Play>/a.mp3</Play><Pause length='2'/>")
    call = Phone(app).dial("/in")
    assert call.heard == "123456789012345 <Play /a.mp3>"
    assert call.wait().heard == "Nothing."
    assert "0:13 hears: Nothing." in call.transcript
    assert app.count("/got") == 0


@pytest.mark.parametrize(
    ("attributes", "wait"), [("timeout='9'", 9), ("timeout='auto'", 5), ("", 5)]
)
def test_timeouts(gather: Any, attributes: str, wait: int) -> None:
    """Silence ends a Gather after its timeout, which is 5 s if nothing else is said."""
    call = Phone(gather(attributes, prompts="")).dial("/in").wait(wait - 1)
    assert call.waiting_for == "gather"
    assert call.wait(1).heard == "Nothing."


def test_action_on_empty_result(gather: Any) -> None:
    """With actionOnEmptyResult silence is told to the action, with no digits."""
    app = gather("actionOnEmptyResult='true'")
    assert Phone(app).dial("/in").wait().heard == "Got it."
    assert app.last("/got").form["Digits"] == ""


def test_silence_where_words_are_wanted(gather: Any) -> None:
    """Where only words are listened to, silence says nothing of digits."""
    app = gather("input='speech' actionOnEmptyResult='true'")
    assert Phone(app).dial("/in").wait().heard == "Got it."
    assert "Digits" not in app.last("/got").form


def test_no_action_asks_for_the_same_document_again(canned: Any) -> None:
    """A Gather without action tells the URL of its own document."""
    app = canned({"/in": ["<Gather numDigits='1'/>", "<Say>Once more.</Say>"]})
    assert Phone(app).dial("/in?a=b").press("7").heard == "Once more."
    assert (app.last("/in").form["Digits"], app.last("/in").query) == ("7", {"a": "b"})


def test_action_with_get(gather: Any) -> None:
    """The method of a Gather is used for its action."""
    app = gather("method='GET' numDigits='1'")
    Phone(app).dial("/in").press("7")
    assert app.last("/got").query["Digits"] == "7"


def test_keys_go_on_to_the_next_document(canned: Any) -> None:
    """What is left when an input is complete is pressed at the Gather that follows."""
    menu = "<Say>Sub menu.</Say><Gather action='/b' numDigits='1'/>"
    app = canned({
        "/in": "<Gather action='/a' numDigits='1'/>", "/a": menu, "/b": "<Gather/>",
    })  # fmt: skip
    call = Phone(app).dial("/in").press("12")
    assert (app.last("/a").form["Digits"], app.last("/b").form["Digits"]) == ("1", "2")
    assert call.heard == "Sub menu."


def test_keys_nobody_hears(gather: Any, canned: Any) -> None:
    """Keys that are left over are an error, which says what became of the call."""
    with pytest.raises(PhoneError, match="nobody hears what is pressed after '1': the call is"):
        Phone(gather("numDigits='1'")).dial("/in").press("12")
    app = canned({"/in": "<Gather action='/d' numDigits='1'/>", "/d": "<Dial>+14155550123</Dial>"})
    with pytest.raises(PhoneError, match=r"press\(\) after '1' is not possible: <Dial \+141"):
        Phone(app).dial("/in").press("12")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ("", r"press\(''\): write at least one key of 0123456789\*#"),
        ("1a", r"press\(\): 'a' is no key; keys are 0123456789\*#"),
        ("1 2", r"press\(\): ' ' is no key"),
    ],
)
def test_what_is_no_key(gather: Any, keys: str, complaint: str) -> None:
    """Only keys that a phone has can be pressed."""
    with pytest.raises(PhoneError, match=complaint):
        Phone(gather()).dial("/in").press(keys)


@pytest.mark.parametrize(
    ("attributes", "wait", "at"),
    [
        ("", None, 10),  # the caller listens to the prompt
        ("", 2, 2),  # and cuts in, having waited
        ("bargeIn='false'", 2, 10),  # unless the prompt cannot be interrupted
    ],
)
def test_barge_in(gather: Any, attributes: str, wait: int | None, at: int) -> None:
    """Keys interrupt a prompt where it lets them, and come after it otherwise."""
    app = gather(f"numDigits='1' {attributes}", "<Play>/a.mp3</Play><Play>/b.mp3</Play>")
    call = Phone(app).dial("/in")
    if wait is not None:
        call.wait(wait)
    assert f"0:{at:02d} POST /got" in call.press("1").transcript


def test_keys_typed_ahead_interrupt(canned: Any) -> None:
    """A caller who knows the way does not listen to the second menu."""
    menu = "<Gather action='/{}' numDigits='1'><Play>/long.mp3</Play></Gather>"
    app = canned({"/in": menu.format("a"), "/a": menu.format("b"), "/b": "<Hangup/>"})
    assert "0:05 POST /b" in Phone(app).dial("/in").press("12").transcript


def test_endless_prompt_in_a_gather(gather: Any) -> None:
    """A prompt that is repeated until a key comes is cut short by it, and by nothing else."""
    app = gather("numDigits='1'", "<Play loop='0'>/music.mp3</Play>")
    call = Phone(app).dial("/in")
    with pytest.raises(PhoneError, match=r"a Gather listens for keys; use press\(\) or say\(\)"):
        call.wait()
    assert call.press("1").heard == "Got it."


def test_speech(gather: Any) -> None:
    """Words are sent as understood, with their confidence if Twilio has one."""
    app = gather("input='dtmf speech'")
    assert Phone(app).dial("/in").say("Köln, please").heard == "Got it."
    form = app.last("/got").form
    assert (form["SpeechResult"], form["Confidence"]) == ("Köln, please", "0.9")
    Phone(app).dial("/in").say("yes", confidence=None)
    assert "Confidence" not in app.last("/got").form
    Phone(app).dial("/in").press("1")
    assert app.last("/got").form["Digits"] == "1"


@pytest.mark.parametrize(
    ("attributes", "at"),
    [("", 6), ("speechTimeout='2'", 3), ("speechTimeout='auto'", 6), ("timeout='3'", 4)],
)
def test_speech_takes_time(gather: Any, attributes: str, at: int) -> None:
    """Words are over when silence has followed them."""
    app = gather(f"input='speech' {attributes}", "")
    call = Phone(app).dial("/in").say("123456789012345")
    assert f"0:{at:02d} POST /got" in call.transcript


def test_the_wrong_kind_of_input(gather: Any) -> None:
    """Keys are not heard where words are wanted, nor words where keys are."""
    with pytest.raises(PhoneError, match="a Gather listens for keys; use press"):
        Phone(gather()).dial("/in").say("billing")
    with pytest.raises(PhoneError, match="a Gather listens for speech; use say"):
        Phone(gather("input='speech'")).dial("/in").press("1")


@pytest.mark.parametrize(("words", "confidence"), [(" ", 0.9), ("yes", 1.1)])
def test_impossible_words(gather: Any, words: str, confidence: float) -> None:
    """Saying nothing is waiting, and a confidence is a share."""
    with pytest.raises(PhoneError, match=r"for silence, wait\(\)|0.0 to 1.0"):
        Phone(gather("input='speech'")).dial("/in").say(words, confidence=confidence)


def test_a_long_wait_hears_everything(canned: Any) -> None:
    """Waiting for some seconds goes through whatever silence leads to in them."""
    asks = "<Gather timeout='4'/><Say>Still there?</Say><Redirect/>"
    app = canned({"/in": asks.replace("<Redirect/>", "<Redirect>/in</Redirect>")})
    call = Phone(app).dial("/in").wait(10)
    assert app.count("/in") == 3
    assert call.waiting_for == "gather"


def test_values_twilio_does_not_take_count_as_left_out(gather: Any) -> None:
    """Without strictness, a wrong attribute is a line in the transcript, and its default."""
    app = gather("numDigits='four' timeout='soon'")
    call = Phone(app, strict=False).dial("/in").press("12345#")
    assert app.last("/got").form["Digits"] == "12345"
    assert "warning 13314" in call.transcript
