"""The class attributes that every flow has, and what they may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from statechart_ivr.spec.problems import Problems


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 1


def _is_count_or_none(value: object) -> bool:
    return value is None or _is_count(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_text_or_none(value: object) -> bool:
    return isinstance(value, str | None)


def _is_voice(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(one, str) for pair in value.items() for one in pair)
    return isinstance(value, str | None)


def _is_timezone(value: Any) -> bool:
    try:
        ZoneInfo(value)
    except (AttributeError, LookupError, OSError, TypeError, ValueError):
        return False
    return True


#: What each of them has to be, and what to write.
RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "max_attempts": (_is_count_or_none, "write a number from 1, or None"),
    "max_turns": (_is_count, "write a number from 1"),
    "timezone": (_is_timezone, "write a name such as 'Europe/Berlin'"),
    "apology": (_is_text, "write text"),
    "one_moment": (_is_text, "write text"),
    "language": (_is_text_or_none, "write text such as 'en-GB', or None"),
    "voice": (_is_voice, "write a name, {language: name}, or None"),
}


def check_settings(cls: type, problems: Problems) -> None:
    """Note class attributes of a wrong kind, which callers would meet as a crash in mid-call.

    Args:
        cls: the class of the flow.
        problems: where to note what is wrong.
    """
    for name, (is_right, hint) in RULES.items():
        value = getattr(cls, name)
        if not is_right(value):
            problems.add(f"is {value!r}; {hint}", name=name)
