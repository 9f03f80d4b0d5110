"""Calls in one line of text: ``dial 2 . * 5 hangup``.

What happens in a call stands in the order in which it happens, with spaces between. What has
spaces in it stands in quotes, as in a shell.

| written | what happens | the phone's method |
|---|---|---|
| ``at 2026-01-05T17:00`` | the clock stands there, in UTC: before the call comes in, or later on | ``at=``, ``until`` |
| ``dial``, ``dial /path`` | the call comes in, at the flow's first route or at another one | ``dial`` |
| ``dial /path '{"session": {…}, "AnsweredBy": "human"}'`` | the same, of a call that was placed | ``dial`` |
| ``2``, ``123456#`` | keys are pressed | ``press`` |
| ``.`` | nobody does anything until the next thing happens | ``wait`` |
| ``say yes``, ``say 'opening hours'`` | the caller says words | ``say`` |
| ``record`` | the caller leaves a message | ``record`` |
| ``dial.busy`` | a Dial ends; ``dial.unbridged``: it was answered, and nobody was put through | ``dial_result`` |
| ``queue.leave`` | an Enqueue ends | ``queue_result`` |
| ``pay.success``, ``connect``, ``refer.completed`` | another verb ends | ``pay_result``, … |
| ``example pin.1`` | the first of the ``examples=`` of the handler in ``pin`` is pressed, or said | ``example`` |
| ``hangup`` | the caller hangs up | ``hang_up`` |
| ``again`` | the last request comes twice | ``retry`` |
| ``late`` | the one before it comes late | ``late`` |
| ``outage`` | the store is away when the next document is asked for | ``outage`` |
| ``go /path`` | the live call is taken over at a route | ``redirect`` |
| ``work order_found '{"status": "packed"}'`` | background work ends with an event; ``-`` for none | ``work`` |
| ``deliver agent_ready '{…}'`` | an event comes from outside | ``deliver`` |
"""  # noqa: E501 - a table

from __future__ import annotations

import json
import keyword
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from statechart_ivr.clock import as_moment
from statechart_ivr.errors import NotationError
from statechart_ivr.testing.parameters import DIAL_STATUSES, QUEUE_RESULTS
from statechart_ivr.testing.phone import Phone

_KEYS = frozenset("0123456789*#")
_KNOWN = {"dial": (*DIAL_STATUSES, "unbridged"), "queue": QUEUE_RESULTS}


@dataclass(frozen=True)
class Step:
    """One thing that happens in a call.

    Attributes:
        verb: ``dial at press wait say example record dial_result queue_result pay_result
            connect_result refer_result hang_up retry late outage redirect work deliver``, most of
            them methods of
            `~statechart_ivr.testing.Phone`.
        what: the path, the keys, the words, the result, the event, the moment; or nothing.
        data: of the event, as JSON text with its names sorted; or nothing.
    """

    verb: str
    what: str = ""
    data: str = ""

    @classmethod
    def of_event(cls, verb: str, event: str | None, data: Mapping[str, Any]) -> Step:
        """Return the step ``work`` or ``deliver``."""
        return cls(verb, event or "-", _json(data))

    @classmethod
    def of_entry(
        cls, path: str, session: Mapping[str, Any] | None, parameters: Mapping[str, str]
    ) -> Step:
        """Return the step ``dial``, for the first route if ``path`` is empty."""
        known = {} if session is None else {"session": dict(session)}
        return cls("dial", path, _json({**known, **parameters}))

    def __str__(self) -> str:
        return _WRITERS.get(self.verb, _write)(self)

    def apply(self, phone: Phone) -> None:
        """Have it happen to a phone's call.

        Raises:
            PhoneError: it cannot happen now.
        """
        method, arguments, options = self._method()
        getattr(phone, method)(*arguments, **options)

    def code(self) -> str:
        """Return it as a method call in Python: ``press("2")``."""
        method, arguments, options = self._method()
        positional = [_literal(one) for one in arguments]
        named = [f"{name}={_literal(one)}" for name, one in options.items() if _is_name(name)]
        others = {name: one for name, one in options.items() if not _is_name(name)}
        spread = [f"**{others!r}"] if others else []
        return f"{method}({', '.join([*positional, *named, *spread])})"

    def _method(self) -> tuple[str, list[Any], dict[str, Any]]:
        if self.verb == "at":
            return "until", [self.what], {}
        if self.verb == "example":
            state, _, number = self.what.rpartition(".")
            return "example", [state, int(number)], {}
        if self.verb == "dial_result" and self.what == "unbridged":
            return "dial_result", ["completed"], {"bridged": False}
        if self.verb == "dial":
            return "dial", [self.what] if self.what else [], json.loads(self.data or "{}")
        if self.verb in {"work", "deliver"}:
            event = None if self.what == "-" else self.what
            return self.verb, [event], json.loads(self.data or "{}")
        return self.verb, [self.what] if self.what else [], {}


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(dict(data), sort_keys=True) if data else ""


def _is_name(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text)


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def parse_call(text: str) -> list[Step]:
    """Read a call.

    >>> [step.code() for step in parse_call("dial 12 . say 'opening hours' dial.busy hangup")]
    ... # doctest: +NORMALIZE_WHITESPACE
    ['dial()', 'press("12")', 'wait()', 'say("opening hours")', 'dial_result("busy")', 'hang_up()']

    Args:
        text: in the notation of this module.

    Raises:
        NotationError: something in it means nothing; the message says what does.
    """
    try:
        words = shlex.split(text, comments=False)
    except ValueError as error:
        raise NotationError(f"{text!r}: {error}; close the quotes") from None
    steps = list(_steps(words))
    dialled = [i for i, step in enumerate(steps) if step.verb == "dial"]
    if len(dialled) != 1 or any(step.verb != "at" for step in steps[: dialled[0]]):
        raise NotationError(f"{text!r}: a call begins with dial, once; only at stands before it")
    return steps


def _steps(words: Sequence[str]) -> Iterator[Step]:
    rest = list(words)
    while rest:
        yield _next(rest)


def _next(rest: list[str]) -> Step:
    word = rest.pop(0)
    if word in _PLAIN:
        return Step(_PLAIN[word])
    if word == "dial":
        path = rest.pop(0) if rest and rest[0].startswith("/") else ""
        data = _data(rest.pop(0), word) if rest and rest[0].startswith("{") else {}
        if not isinstance(data.get("session", {}), dict):
            raise NotationError(f"dial … {_json(data)}: a session is an object")
        return Step("dial", path, _json(data))
    if word in _TAKING:
        if not rest:
            raise NotationError(f"{word} stands at the end; write {word} {_TAKING[word]}")
        return _taking(word, rest)
    family, _, result = word.partition(".")
    if family in _RESULTS and result:
        return Step(_RESULTS[family], _checked_result(family, result.replace("_", "-")))
    if word and set(word) <= _KEYS:
        return Step("press", word)
    known = " ".join(["dial", "KEYS", *_PLAIN, *_TAKING, *(f"{one}.RESULT" for one in _RESULTS)])
    raise NotationError(f"{word!r} means nothing in a call; there is {known}")


def _taking(word: str, rest: list[str]) -> Step:
    what = rest.pop(0)
    if word == "at":
        return Step("at", _checked_moment(what))
    if word == "example":
        return Step("example", _checked_example(what))
    if word in {"work", "deliver"}:
        data = _data(rest.pop(0), word) if rest and rest[0].startswith("{") else {}
        if word == "deliver" and what == "-":
            raise NotationError("deliver -: only work can come to nothing; write deliver EVENT")
        return Step.of_event(word, None if what == "-" else what, data)
    return Step("redirect" if word == "go" else word, what)


def _checked_moment(text: str) -> str:
    try:
        as_moment(text)
    except ValueError:
        raise NotationError(f"at {text}: write a moment as 2026-01-05T17:00") from None
    return text


def _checked_example(text: str) -> str:
    state, _, number = text.rpartition(".")
    if not state or not (number.isascii() and number.isdigit() and int(number)):
        raise NotationError(f"example {text}: write a state and a number, such as pin.1")
    return text


def _checked_result(family: str, result: str) -> str:
    if result not in _KNOWN.get(family, (result,)):
        known = ", ".join(f"{family}.{one.replace('-', '_')}" for one in _KNOWN[family])
        raise NotationError(f"{family}.{result.replace('-', '_')}: there is {known}")
    return result


def _data(text: str, word: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise NotationError(f"{word} … {text}: {error}; write JSON in quotes") from None
    return dict(data)


_PLAIN = {
    ".": "wait",
    "record": "record",
    "hangup": "hang_up",
    "again": "retry",
    "late": "late",
    "outage": "outage",
    "connect": "connect_result",
}
_TAKING = {
    "at": "2026-01-05T17:00",
    "say": "WORDS",
    "example": "STATE.1",
    "go": "/path",
    "work": "EVENT",
    "deliver": "EVENT",
}
_RESULTS = {
    "dial": "dial_result",
    "queue": "queue_result",
    "pay": "pay_result",
    "refer": "refer_result",
}
_FAMILIES = {verb: family for family, verb in _RESULTS.items()}
_WORDS = {verb: word for word, verb in _PLAIN.items()} | {"redirect": "go", "press": ""}


def _write(step: Step) -> str:
    word = _WORDS.get(step.verb, step.verb)
    return " ".join(
        [*([word] if word else []), *map(_quoted, filter(None, (step.what, step.data)))]
    )


def _quoted(text: str) -> str:
    try:
        is_one_word = shlex.split(text) == [text]
    except ValueError:  # a quote that stands alone
        is_one_word = False
    return text if is_one_word else shlex.quote(text)


def _write_result(step: Step) -> str:
    return f"{_FAMILIES[step.verb]}.{step.what.replace('-', '_')}"


_WRITERS: Mapping[str, Callable[[Step], str]] = dict.fromkeys(_FAMILIES, _write_result)


def written(steps: Iterable[Step]) -> str:
    """Return steps as text, which `parse_call` reads again."""
    return " ".join(map(str, steps))
