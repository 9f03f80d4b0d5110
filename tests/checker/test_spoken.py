"""What is read from the text of prompts: keys, words, and in which language."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

import pytest

from statechart_ivr.checker.spoken import LANGUAGES, Language, mentioned, prompts_in, read

KEYS = {
    "For sales, press 1.": "1",
    "To end the call, press pound.": "#",
    "Press 1 or 2.": "1 2",
    "Press 1, 2 or 3.": "1 2 3",
    "Press one, two, or three.": "1 2 3",
    "Press 1 through 4.": "1 2 3 4",
    "Press 1 to 3 to rate us.": "1 2 3",
    "Press 1-5 to rate us.": "1 2 3 4 5",
    "Press 1 to star.": "1 *",
    "Press 5 to 5.": "5 5",
    "Press the star key.": "*",
    "Press the pound (#) key.": "#",
    "Press star or pound, then wait.": "* #",
    "Press either 4 or 5 to go on.": "4 5",
    "Press 'nine'.": "9",
    "Press “*”.": "*",
    "For a person, dial zero.": "0",
    "Press the number 3 key.": "3",
    "Select option 4.": "4",
    "Enter 1 for yes or 2 for no.": "1 2",
    "By pressing 1, you agree.": "1",
    "Press 12 for accounts.": "12",
    "Press 1 to order 2 pizzas.": "1",
    "Press 1 for sales, 2 for support, or 3 for hours.": "1 2 3",
    "Press 1 for sales and 2 for support.": "1 2",
    "Press 1 for sales, the star key for support; for a person, the 0 key.": "1 * 0",
    "For sales, press one; for support, two.": "1 2",
    "For sales, press 1, for hours, 2, or for a person, 0.": "1 2 0",
    "To hear this again, press 9. For sales, press 1.": "9 1",
    "PRESS 7 NOW!": "7",
    "For the last message, press 4. For the next, 6. For lunch, come at 2.": "4 6",
    "Press or say one. For support, press or say 2.": "1 2",
    "Choose 1 for sales. Select option two for support.": "1 2",
    "To pay, press 4; otherwise, press star or stay on the line.": "4 *",
    "Enter your 10-digit number followed by the pound key.": "",
    "For lunch, 2.": "",
    # No offers:
    "We are open from nine to five, on 2 days of the week.": "",
    "If this is an emergency, hang up and dial 911.": "",
    "Dial 1-800-555-1234, or dial 1 800 555.": "",
    "Enter your order number, then pound.": "",
    "Enter 5 digits.": "",
    "Enter a 5-digit code.": "",
    "Press one of the keys.": "",
    "Please choose one.": "",
    "Do not press 3, and don’t press 4.": "",
    "You pressed 3.": "",
    "It costs 2 euros, 3 for children.": "",
    "Press any key.": "",
    "Press nothing.": "",
    "": "",
}

WORDS = {
    "For sales, press 1 or say sales.": ["sales"],
    "If you come, press 1, or say yes.": ["yes"],
    "For another day, press 2, or say another day.": ["another day"],
    "Or say sales, support, or hours.": ["sales", "support", "hours"],
    "Say yes or no.": ["yes", "no"],
    'Just say "representative" at any time.': ["representative"],
    "Say yes, and we will call you.": ["yes"],
    "Say yes, we wait.": ["yes"],
    "Please say: more.": ["more"],
    "You can also say main menu, help or goodbye.": ["main menu", "help", "goodbye"],
    "Press or say one.": ["one"],
    "Please say or enter your account number.": [],
    "Say help for help.": ["help"],
    "Please say your name.": [],
    "Say what you want.": [],
    "We say thanks to all.": [],
    "Say, or press 1.": [],
}


@pytest.mark.parametrize("text", KEYS)
def test_keys_are_read(text: str) -> None:
    """Keys that a sentence offers are read in the order in which it names them, and no others."""
    assert read(text, "en").keys == tuple(dict.fromkeys(KEYS[text].split()))


@pytest.mark.parametrize("text", WORDS)
def test_words_are_read(text: str) -> None:
    """Words that a caller is asked to say are read, and free answers are not."""
    assert list(read(text, "en").words) == WORDS[text]


@pytest.mark.parametrize(
    ("text", "any_key", "any_other"),
    [
        ("Press any key to go on.", True, False),
        ("Please press a key.", True, False),
        ("To enter a number, press 1.", False, False),
        ("To hang up, press any other key.", False, True),
        ("Any other key takes you back.", False, True),
        ("To hear this again, press any other key.", False, False),
        ("Press 1.", False, False),
    ],
)
def test_any_key_is_read(text: str, any_key: bool, any_other: bool) -> None:
    """Any key is all of them, any other key the rest; hearing it again is what happens anyway."""
    offers = read(text, "en")
    assert (offers.any_key, offers.any_other) == (any_key, any_other)


def test_keys_in_passing() -> None:
    """A key is mentioned by its name or sign, whatever is said of it."""
    assert mentioned("Enter two digits, then the hash key, or *.", "en") == {"2", "#", "*"}


@pytest.mark.parametrize(
    ("say", "keys"),
    [
        ("<Say>press 1</Say>", "1"),
        ('<Say language="en-GB">press 1</Say>', "1"),
        ('<Say language="de-DE">press 1</Say>', None),
        ('<Say voice="Polly.Joanna-Neural">press 1</Say>', "1"),
        ('<Say voice="Polly.Vicki">press 1</Say>', None),
        ('<Say voice="Google.en-US-Standard-C">press 1</Say>', "1"),
        ('<Say voice="Google.de-DE-Standard-C">press 1</Say>', None),
        ('<Say voice="alice">press 1</Say>', "1"),
        ("<Say>press <say-as>1</say-as></Say>", "1"),
        ("<Gather><Say>press 1</Say></Gather>", "1"),
    ],
)
def test_the_language(say: str, keys: str | None) -> None:
    """A Say is read in its own language or its voice's; in one that is not known, not at all."""
    prompts = prompts_in([fromstring(say)])
    assert [key for text in prompts.texts for key in text.offers.keys] == ([keys] if keys else [])
    assert prompts.is_readable is (keys is not None)
    assert prompts.names("1") is (keys is not None)


def test_the_language_of_the_gather() -> None:
    """Where a Say has no language, that of its Gather counts."""
    say = fromstring("<Say>press 1</Say>")
    assert prompts_in([say], "de-DE").is_readable is False
    assert prompts_in([say], "en-US").texts[0].offers.keys == ("1",)


@pytest.mark.parametrize(
    ("play", "is_readable"), [("<Play>/a.mp3</Play>", False), ('<Play digits="1"/>', True)]
)
def test_recordings_cannot_be_read(play: str, is_readable: bool) -> None:
    """What is said in a recording is not known; tones say nothing."""
    assert prompts_in([fromstring(play)]).is_readable is is_readable


GERMAN = Language(
    keys={"null": "0", "eins": "1", "zwei": "2", "sterntaste": "*", "rautetaste": "#"},
    press=r"drücken sie|wählen sie",
    dial=r"wählen sie",
    fillers=r"bitte|die|taste",
    not_before=r"nicht",
    not_behind=r"mal|ziffern|stellen",
    joins=r"oder|und",
    range=r"bis",
    purposes=r"für|um",
    any_key=r"eine beliebige taste",
    any_other=r"eine andere taste",
    again=r"noch einmal",
    say=r"(?:^|\boder) *(?:sagen sie)",
    or_=r"oder",
    not_said=r"ihren?|uns",
    behind_words=r"drücken|für|um",
)


@pytest.mark.parametrize(
    ("text", "keys", "words"),
    [
        ("Für den Verkauf drücken Sie bitte die 1.", "1", []),
        ("Drücken Sie die Eins oder die Rautetaste.", "1 #", []),
        ("Drücken Sie 1 für den Verkauf und die 2 für den Kundendienst.", "1 2", []),
        ("Für den Verkauf drücken Sie 1, für den Kundendienst, 2.", "1 2", []),
        (
            "Drücken Sie 1 bis 3, oder sagen Sie Verkauf oder Einkauf.",
            "1 2 3",
            ["verkauf", "einkauf"],
        ),
        ("Wählen Sie 110.", "", []),
        ("Drücken Sie 2 mal.", "", []),
    ],
)
def test_another_language(
    text: str, keys: str, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row of the table is all that a language needs."""
    monkeypatch.setitem(LANGUAGES, "de", GERMAN)
    [said] = prompts_in([fromstring(f'<Say language="de-DE">{text}</Say>')]).texts
    assert said.offers.keys == tuple(keys.split())
    assert list(said.offers.words) == words
