"""Files of example calls: one call a line, and what it is to come to.

``dial 1 -> state hours hears 'nine to five' ended``: what stands behind the arrow has to be so when
the call has been made. Lines that begin with ``#``, and empty ones, mean nothing.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from statechart_ivr.checker.notation import Step, parse_call, written
from statechart_ivr.errors import NotationError
from statechart_ivr.testing.phone import Phone

ARROW = "->"
_ALLOWED = "state NAME, hears 'WORDS', or ended"


@dataclass(frozen=True)
class Expectation:
    """What is to be so at the end of a call.

    Attributes:
        word: ``state``, ``hears`` or ``ended``.
        what: the state's id, or the words; or nothing.
    """

    word: str
    what: str = ""

    def complaint(self, phone: Phone) -> str:
        """Return what is otherwise; nothing if it is so."""
        return _COMPLAINTS[self.word](phone, self.what)


@dataclass(frozen=True)
class ExampleCall:
    """One line of a file.

    Attributes:
        line: its number.
        steps: what happens.
        expectations: what it is to come to.
    """

    line: int
    steps: tuple[Step, ...]
    expectations: tuple[Expectation, ...]

    @property
    def call(self) -> str:
        """The call alone, in the notation."""
        return written(self.steps)


def parse_calls(text: str) -> list[ExampleCall]:
    """Read a file of example calls.

    >>> (call,) = parse_calls("dial 1 -> state hours ended")
    >>> [step.code() for step in call.steps], [one.word for one in call.expectations]
    (['dial()', 'press("1")'], ['state', 'ended'])

    Raises:
        NotationError: a line cannot be read; the message has its number.
    """
    return list(_calls(text))


def _calls(text: str) -> Iterator[ExampleCall]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        call, arrow, expected = _parted(line)
        try:
            expectations = tuple(_expectations(expected)) if arrow else ()
            yield ExampleCall(number, tuple(parse_call(call)), expectations)
        except NotationError as error:
            raise NotationError(f"line {number}: {error}") from None


def _parted(line: str) -> tuple[str, str, str]:
    """Part a line at its arrow, which stands alone and in no quotes."""
    quoted_or_arrow = rf"""'[^']*'|"(?:\\.|[^"\\])*"|(?<!\S)({ARROW})(?!\S)"""
    for match in re.finditer(quoted_or_arrow, line):
        if match[1]:
            return line[: match.start()], match[1], line[match.end() :]
    return line, "", ""


def _expectations(text: str) -> Iterator[Expectation]:
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise NotationError(f"{ARROW}{text}: {error}; close the quotes") from None
    if not words:
        raise NotationError(f"nothing stands behind {ARROW}; write {_ALLOWED}")
    while words:
        word = words.pop(0)
        if word == "ended":
            yield Expectation(word)
        elif word in _COMPLAINTS and words:
            yield Expectation(word, words.pop(0))
        else:
            raise NotationError(f"{word!r} cannot be expected so; write {_ALLOWED}")


def _other_state(phone: Phone, state: str) -> str:
    states = phone.states
    return "" if state in states else f"is in {', '.join(states) or 'no state'}, not in {state}"


def _not_heard(phone: Phone, words: str) -> str:
    return "" if words in phone.heard else f"hears {phone.heard!r}, in which is no {words!r}"


def _not_ended(phone: Phone, _: str) -> str:
    return "" if phone.ended else f"is not over, but waits for: {phone.waiting_for}"


_COMPLAINTS: dict[str, Callable[[Phone, str], str]] = {
    "state": _other_state,
    "hears": _not_heard,
    "ended": _not_ended,
}
