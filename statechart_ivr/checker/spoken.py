"""What a prompt offers: the keys and words it names, read from its text.

Only sentences that tell a caller to press something are read ("press 1 or 2", "for sales, press
one; for support, two", "press the star key"), so that prices, dates and opening hours are none.
What a language says it with is a row of `LANGUAGES`; text in a language that has no row is not
read at all, and nothing is concluded from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple
from xml.etree.ElementTree import Element

from statechart_ivr.events import KEYS
from statechart_ivr.testing.rules import text_of

#: Digits that a Dial calls rather than a menu takes: "hang up and dial 911".
_PHONE_NUMBER = 3


class Language(NamedTuple):
    """How a language offers keys and words; regular expressions of whole words.

    Attributes:
        keys: what keys are called, besides their digits and signs; lower case.
        press: to press.
        dial: those of these words that are used of phone numbers, too.
        fillers: what stands between that and the key, or behind the key.
        not_before: what may stand before "press" so that nothing is offered.
        not_behind: what may stand behind a number that is no key.
        joins: between two keys that are both offered.
        range: between the first and the last of several keys.
        purposes: before what a key is for.
        any_key: any key at all.
        any_other: any key but those that were named.
        again: what says that nothing else is to happen.
        say: to say, as the beginning of an offer.
        or_: between words that are both offered.
        not_said: how something begins that is no wording to be repeated.
        behind_words: what stands behind the words that are offered.
    """

    keys: Mapping[str, str]
    press: str
    dial: str
    fillers: str
    not_before: str
    not_behind: str
    joins: str
    range: str
    purposes: str
    any_key: str
    any_other: str
    again: str
    say: str
    or_: str
    not_said: str
    behind_words: str


_ENGLISH_DIGITS = "zero one two three four five six seven eight nine".split()

#: By the first part of a language's code.
LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        keys={
            **{word: str(digit) for digit, word in enumerate(_ENGLISH_DIGITS)},
            "star": "*",
            "asterisk": "*",
            "pound": "#",
            "hash": "#",
        },
        press=r"(?:press(?:ing)?|dial(?:ing)?|hit|push|touch|punch|key in|enter)(?: or say)?|"
        r"(?:choose|select)(?: option| number|(?= \d))",
        dial=r"dial(?:ing)?",
        fillers=r"either|the|number|option|digit|keys?|sign|button",
        not_before=r"not|never|don't|without",
        not_behind=r"digits?|numbers|characters?|times?|letters?|or more|more|of|seconds?|minutes?",
        joins=r"or|and",
        range=r"to|through|thru",
        purposes=r"for|to|if",
        any_key=r"(?:any|a) (?:key|button)",
        any_other=r"any other (?:key|button)",
        again=r"again|repeat|once more",
        say=r"(?:^|\bor|\bplease|\band|\byou (?:can|may)|,) *(?:just |also )?(?:say|saying)",
        or_=r"or",
        not_said=r"or|your|you|the|an?|what|which|who|where|when|why|how|it|that|this|these|them|"
        r"something|anything|one of|hello|thank",
        behind_words=r"press|dial|for|to|if|when|at any time|now|after|and|then|please",
    ),
}

#: Polly's voices do not name their language: these speak English.
_ENGLISH_VOICES = frozenset(
    "aditi amy aria arthur ayanda brian danielle emma geraint gregory ivy jasmine joanna joey "
    "justin kajal kendra kevin kimberly matthew niamh nicole olivia patrick raveena russell ruth "
    "salli stephen".split()
)


class Offers(NamedTuple):
    """What a text offers.

    Attributes:
        keys: that it names as choices; several digits where they are to be keyed in together.
        any_key: whether it says "any key".
        any_other: whether it says "any other key", and does not only promise to say it again.
        words: that it asks to be said.
    """

    keys: tuple[str, ...] = ()
    any_key: bool = False
    any_other: bool = False
    words: tuple[str, ...] = ()


class Text(NamedTuple):
    """One Say.

    Attributes:
        text: what it says.
        language: its row in `LANGUAGES`, by code; nothing where there is none.
    """

    text: str
    language: str

    @property
    def offers(self) -> Offers:
        """What it offers."""
        return read(self.text, self.language) if self.language else Offers()


class Prompts(NamedTuple):
    """What was heard.

    Attributes:
        texts: each Say.
        is_readable: whether that is all, and in languages that are known: nobody listens to
            recordings here.
    """

    texts: tuple[Text, ...]
    is_readable: bool

    def names(self, key: str) -> bool:
        """Return whether a key is named anywhere, be it in passing."""
        return any(one.language and key in mentioned(*one) for one in self.texts)


def prompts_in(elements: Iterable[Element], language: str | None = None) -> Prompts:
    """Read what is heard in verbs.

    Args:
        elements: verbs, and Gathers with prompts inside.
        language: where neither a Say nor its voice has one; English if there is none.
    """
    parts = [part for element in elements for part in element.iter()]
    texts = tuple(
        Text(text_of(part), _language_of(part, language or "en"))
        for part in parts
        if part.tag == "Say"
    )
    has_recordings = any(part.tag == "Play" and not part.get("digits") for part in parts)
    return Prompts(texts, not has_recordings and all(one.language for one in texts))


def _language_of(say: Element, otherwise: str) -> str:
    voice = say.get("voice", "")
    code = say.get("language") or _of_voice(voice) or otherwise
    primary = code.partition("-")[0].lower()
    return primary if primary in LANGUAGES else ""


def _of_voice(voice: str) -> str:
    maker, _, name = voice.partition(".")
    if maker == "Polly":
        return "en" if name.partition("-")[0].lower() in _ENGLISH_VOICES else "unknown"
    return name if maker == "Google" else ""


@lru_cache(maxsize=4096)
def read(text: str, language: str) -> Offers:
    """Return what a text offers.

    >>> read("For sales, press 1 or say sales. To end, press the pound key.", "en")
    Offers(keys=('1', '#'), any_key=False, any_other=False, words=('sales',))

    Args:
        text: of a Say.
        language: code of a row in `LANGUAGES`.
    """
    row = LANGUAGES[language]
    keys: dict[str, None] = {}
    words: dict[str, None] = {}
    any_key = any_other = False
    for sentence in _sentences(text):
        keys |= dict.fromkeys(_keys_in(sentence, row, follows=bool(keys)))
        words |= dict.fromkeys(_words_in(sentence, row))
        any_key |= _has(rf"(?:{row.press}) (?:{row.any_key})", sentence)
        any_other |= _has(row.any_other, sentence) and not _has(row.again, sentence)
    return Offers(tuple(keys), any_key, any_other, tuple(words))


@lru_cache(maxsize=4096)
def mentioned(text: str, language: str) -> frozenset[str]:
    """Return the keys that a text has a word or sign for, whatever it says of them."""
    row = LANGUAGES[language]
    tokens = re.findall(r"\w+|[*#]", text.lower())
    return frozenset(key for token in tokens if (key := row.keys.get(token, token)) in KEYS)


def _has(pattern: str, sentence: str) -> bool:
    return re.search(rf"\b(?:{pattern})\b", sentence) is not None


def _sentences(text: str) -> Iterator[str]:
    """Go through the sentences in lower case, without quotation marks and brackets."""
    straight = text.lower().replace("’", "'")
    plain = re.sub(r"[\"“”‘()\[\]]|(?<!\w)'|'(?!\w)", "", straight)
    yield from (" ".join(one.split()) for one in re.split(r"[.!?](?:\s|$)|\n", plain))


def _keys_in(sentence: str, row: Language, *, follows: bool) -> Iterator[str]:
    """Go through the keys of one sentence; ``follows``: another one before has named keys."""
    key = "|".join([r"[*#]", r"\d+(?!\d)", *(rf"{word}\b" for word in row.keys)])
    verbs = list(re.finditer(rf"\b({row.press}) ", sentence))
    for verb in verbs:
        if not re.search(rf"\b(?:{row.not_before}) *$", sentence[: verb.start()]):
            keys = list(_listed(sentence[verb.end() :], key, row))
            may_be_a_number = re.fullmatch(row.dial, verb[1]) is not None
            longest = _PHONE_NUMBER if may_be_a_number else len(sentence)
            yield from (one for one in keys if len(one) < longest)
    if verbs:
        yield from _left_out(sentence[verbs[0].end() :], key, row)
    elif follows and (match := re.fullmatch(rf"(?:{row.purposes}) [^,;]+, *({key})", sentence)):
        yield row.keys.get(match[1], match[1])


def _listed(rest: str, key: str, row: Language) -> Iterator[str]:
    """Go through the keys behind one "press": 1, 1 or 2, 1 to 5."""
    filler = rf"(?:(?:{row.fillers})\b *)*"
    one = re.compile(
        rf"{filler}({key})(?! \d|-\d\d)(?!(?:-| )(?:{row.not_behind})\b) *{filler}"
        rf"((?:{row.range})\b *|[-–] *)?(,? *(?:(?:{row.joins})\b *)?)"
    )
    place, before = 0, ""
    while match := one.match(rest, place):
        found = row.keys.get(match[1], match[1])
        if before.isdigit() and found.isdigit():
            yield from map(str, range(int(before) + 1, int(found)))
        yield found
        before, place = found if match[2] else "", match.end()
        if not (match[2] or match[3].strip()):
            return


def _left_out(rest: str, key: str, row: Language) -> Iterator[str]:
    """Go through the keys that share an earlier "press": "…, 2 for support; for hours, 3"."""
    joined, filler = rf"(?:{row.joins})\b", rf"(?:(?:{row.fillers})\b *)*"
    for pattern in (
        rf"(?:[,;]|\b{joined}) *(?:{joined} *)?{filler}({key}) *{filler}(?:{row.purposes})\b",
        rf"\b(?:{row.purposes}) [^,;]+, *{filler}({key}) *{filler}(?=[,;]|$|\b{joined})",
    ):
        for match in re.finditer(pattern, rest):
            yield row.keys.get(match[1], match[1])


def _words_in(sentence: str, row: Language) -> Iterator[str]:
    for verb in re.finditer(rf"(?:{row.say})\b[ :,]*", sentence):
        tail = re.split(rf"\b(?:{row.behind_words})\b|[;:]", sentence[verb.end() :])[0]
        first, *others = re.split(rf"(?:, *| +){row.or_} +", tail)
        listed = first.split(",") if others else first.split(",")[:1]
        for words in [*listed, *others]:
            plain = words.strip(" ,")
            if plain and not re.match(rf"(?:{row.not_said})\b", plain):
                yield plain
