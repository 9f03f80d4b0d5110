"""What a caller can choose, keys and words, written as events."""

from __future__ import annotations

import unicodedata
from typing import Any

from statemachine import Event

from statechart_ivr.events.table import KEYS


class Several(list[Any]):
    """Several ids at once, that the engine also takes inside another list."""

    def split(self, _separator: str | None = None) -> list[Any]:
        """Return the ids, which is what the engine asks of each entry of ``event=[…]``."""
        return list(self)


class PromptedEvent(Event):
    """An event whose name is what a menu says about it; `key` and `said` make them."""


def key(*keys: str, say: str | None = None) -> Any:
    """Return the event of one or several keys of the phone.

    >>> key("1"), key("*"), key("1", "2"), key()
    ('key.1', 'key.star', ['key.1', 'key.2'], 'key')

    Args:
        *keys: ``0``–``9``, ``*``, ``#``; none at all means any key.
        say: the prompt that ``choices()`` lists for the transition.

    Returns:
        One event id, or a list of several, which may stand inside ``event=[…]`` as it is; `Event`
        objects with ``say``.

    Raises:
        ValueError: something is not one key, or the prompt says nothing.
    """
    for one in keys:
        if not isinstance(one, str) or one not in KEYS:
            several = ", ".join(map(repr, str(one)))
            hint = f"; write key({several})" if all(char in KEYS for char in str(one)) else ""
            raise ValueError(f"key({one!r}): a key is one of '0'-'9', '*' and '#'{hint}")
    return _events([f"key.{KEYS[one]}" for one in keys] or ["key"], say)


def said(*phrases: str, say: str | None = None) -> Any:
    """Return the event of one or several phrases the caller may say.

    >>> said("Billing, please")
    'speech.billing_please'

    A phrase is found when its words occur, in order and side by side, in what was said; upper
    and lower case and punctuation do not count.

    Args:
        *phrases: words; none at all means whatever was said.
        say: the prompt that ``choices()`` lists for the transition.

    Returns:
        One event id, or a list of several, which may stand inside ``event=[…]`` as it is; `Event`
        objects with ``say``.

    Raises:
        ValueError: a phrase has no letter and no digit, or the prompt says nothing.
    """
    ids = []
    for phrase in phrases:
        words = words_of(phrase) if isinstance(phrase, str) else []
        if not words:
            raise ValueError(f"said({phrase!r}): a phrase is text with at least one word")
        ids.append("speech." + "_".join(words))
    return _events(ids or ["speech"], say)


def _events(ids: list[str], say: str | None) -> Any:
    # The engine would take the id for the name of an event without one, and menus would say it.
    if say is not None and not (isinstance(say, str) and say.strip()):
        raise ValueError(f"say={say!r}: a prompt is text that says something; or leave it out")
    events = ids if say is None else [PromptedEvent(id=one, name=say) for one in ids]
    return events[0] if len(events) == 1 else Several(events)


def words_of(text: str) -> list[str]:
    """Return the words of a text as phrases are compared: lower case, no punctuation.

    >>> words_of("Billing-department, PLEASE!")
    ['billing', 'department', 'please']
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    # Accents and vowel signs that stand as characters of their own belong to the word.
    spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in folded)
    return [word for word in spaced.split() if any(map(str.isalnum, word))]


def phrase_of(event: str) -> str | None:
    """Return the words that a ``speech.…`` event waits for; None for other events."""
    family, _, phrase = event.partition(".")
    return phrase.replace("_", " ") if family == "speech" and phrase else None


def is_choice(event: str) -> bool:
    """Return whether an event is a key, or words, that a caller can choose."""
    return event.partition(".")[0] in {"key", "speech"}


def data_of(event: str) -> dict[str, Any]:
    """Return what an event of a key or a phrase is sure to carry; nothing for other events.

    >>> data_of("key.star"), data_of("speech.yes"), data_of("dial")
    ({'digits': '*', 'finished_on_key': ''}, {'speech': 'yes', 'confidence': None}, {})
    """
    pressed = next((one for one, name in KEYS.items() if event == f"key.{name}"), None)
    if pressed is not None:
        return {"digits": pressed, "finished_on_key": ""}
    phrase = phrase_of(event)
    return {} if phrase is None else {"speech": phrase, "confidence": None}


def occurs(event: str, speech: str) -> bool:
    """Return whether the phrase of a ``speech.…`` event occurs in what was said."""
    phrase = phrase_of(event)
    return phrase is not None and f" {phrase} " in f" {' '.join(words_of(speech))} "
