"""The record: everything of a call that outlives a request, as JSON bytes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, fields
from typing import Any
from xml.etree import ElementTree

from statechart_ivr.errors import DamagedRecordError, DetachedError, SessionValueError

VERSION = 1

#: How many keys of entries and takeovers, and of delivered events, are remembered.
REMEMBERED = 8

#: How deep a session's values may be nested, so that no way through them ends the stack.
MAX_DEPTH = 100
#: Bits of the largest whole number in a session. 640 digits are the least that Python can be told
#: to stop at when it reads a number.
MAX_BITS = 2048


@dataclass
class LastAnswer:
    """The answer given last, for the same request come again.

    Attributes:
        token: Twilio's idempotency token of the request, or nothing.
        key: keyed digest of what the request said.
        body: the TwiML.
    """

    token: str
    key: str
    body: str


@dataclass(frozen=True)
class Job:
    """Background work that is not done.

    Attributes:
        id: what work with side effects can be idempotent by.
        method: name of the ``@background`` method.
        on: the state whose entry started it, or the event.
        data: of the event; keyword arguments for the method.
        deadline: when it counts as failed; seconds since 1970.
        lease: until when whoever has taken it is left alone; seconds since 1970.
    """

    id: str
    method: str
    on: str
    data: dict[str, Any]
    deadline: float
    lease: float


@dataclass
class Record:
    """One call between two requests.

    Attributes:
        flow: name of the flow's class.
        entry: path of the route the call came in by.
        call: who calls whom, as `Call.to_json` writes it.
        seq: number of the document the caller is hearing.
        conf: ids of the active states, in the engine's order.
        hist: ids of the states each history state remembers.
        data: the session.
        lang: the language chosen, or None.
        attempts: silent or wrong inputs at the present question.
        asking: states whose rendering asks the caller something.
        turns: turns so far.
        entry_keys: digests of the last entries and takeovers.
        answer: the last answer, or None.
        unheard: what outside events made states say: state, and TwiML without action URLs.
        seen: digests of the last events delivered from outside.
        jobs: background work that is not done.
        ended: whether a hang-up was answered, or the call is over.
    """

    flow: str
    entry: str
    call: dict[str, str]
    seq: int = 0
    conf: list[str] = field(default_factory=list)
    hist: dict[str, list[str]] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    lang: str | None = None
    attempts: int = 0
    asking: list[str] = field(default_factory=list)
    turns: int = 0
    entry_keys: list[str] = field(default_factory=list)
    answer: LastAnswer | None = None
    unheard: list[tuple[str, str]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    ended: bool = False

    def to_bytes(self) -> bytes:
        """Return the record as it is stored.

        Raises:
            SessionValueError: something in the session is no longer JSON.
        """
        check_json(self.data, "session")
        content = {"v": VERSION, **{f.name: getattr(self, f.name) for f in fields(self)}}
        if self.answer is not None:
            content["answer"] = vars(self.answer)
        content["jobs"] = [vars(job) for job in self.jobs]
        return json.dumps(content, separators=(",", ":")).encode("ascii")

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """Read a stored record, and check every value of it.

        Raises:
            DamagedRecordError: the bytes are not what `to_bytes` writes; the message names the
                field, and no content.
        """
        try:
            content = json.loads(data)
        except (ValueError, RecursionError):
            # Without the cause: it holds the record, and whoever logs it would log the caller.
            raise DamagedRecordError("the record is not JSON") from None
        if not isinstance(content, dict) or content.get("v") != VERSION:
            raise DamagedRecordError(f"the record is not of version {VERSION}")
        for name, is_right in _CHECKS.items():
            if name not in content or not is_right(content[name]):
                raise DamagedRecordError(f"the record's field {name!r} is missing or damaged")
        content["unheard"] = [(state, xml) for state, xml in content["unheard"]]
        if content["answer"] is not None:
            content["answer"] = LastAnswer(**content["answer"])
        content["jobs"] = [Job(**{name: job[name] for name in _JOB}) for job in content["jobs"]]
        return cls(**{name: content[name] for name in _CHECKS})


Check = Callable[[Any], bool]


def _is(kind: type) -> Check:
    return lambda value: type(value) is kind


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _is_list_of(check: Check) -> Check:
    return lambda value: type(value) is list and all(map(check, value))


def _is_dict_of(check: Check) -> Check:
    return lambda value: type(value) is dict and all(map(check, value.values()))


def _is_none_or(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _has(names: Iterable[str]) -> Check:
    return lambda value: _is_dict_of(_is_text)(value) and value.keys() == set(names)


def _is_unheard(value: Any) -> bool:
    if not _is_list_of(_is_text)(value) or len(value) != 2:
        return False
    try:
        ElementTree.fromstring(value[1])
    except ElementTree.ParseError:
        return False
    return True


def _is_object(value: Any) -> bool:
    return type(value) is dict and _flaw(value) is None


def _is_job(value: Any) -> bool:
    return _is_object(value) and all(
        name in value and is_right(value[name]) for name, is_right in _JOB.items()
    )


_is_text = _is(str)
_CALL = "sid account_sid from to direction status forwarded_from caller_name answered_by".split()
_JOB: dict[str, Check] = {
    "id": _is_text,
    "method": _is_text,
    "on": _is_text,
    "data": _is(dict),
    "deadline": _is_number,
    "lease": _is_number,
}
_CHECKS: dict[str, Check] = {
    "flow": _is_text,
    "entry": _is_text,
    "call": _has(_CALL),
    "seq": _is_count,
    "conf": _is_list_of(_is_text),
    "hist": _is_dict_of(_is_list_of(_is_text)),
    "data": _is_object,
    "lang": _is_none_or(_is_text),
    "attempts": _is_count,
    "asking": _is_list_of(_is_text),
    "turns": _is_count,
    "entry_keys": _is_list_of(_is_text),
    "answer": _is_none_or(_has(["token", "key", "body"])),
    "unheard": _is_list_of(_is_unheard),
    "seen": _is_list_of(_is_text),
    "jobs": _is_list_of(_is_job),
    "ended": _is(bool),
}


class Session(MutableMapping[str, Any]):
    """The data of one call: text keys, JSON values.

    A value is stored as a JSON copy when it is assigned, so what is kept is what was shown.

    >>> session = Session({})
    >>> session["order"] = {"number": "123456", "items": [1, 2]}
    >>> session["order"]["items"]
    [1, 2]

    Raises:
        SessionValueError: on assigning a tuple, NaN, a key that is not text, or any other
            thing that is not JSON; the message names key and type.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    def __getitem__(self, key: str) -> Any:
        return self._data[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if type(key) is not str:
            raise SessionValueError(f"session[{key!r}]: a key is text, not {_type(key)}")
        check_json(value, f"session[{key!r}]")
        self._data[key] = json.loads(json.dumps(value))

    def __delitem__(self, key: str) -> None:
        del self._data[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __repr__(self) -> str:
        return f"Session({list(self._data)})"


class ReadOnlySession(Session):
    """The data of one call as it was when background work began.

    Raises:
        DetachedError: on assigning or deleting a value.
    """

    def __setitem__(self, key: str, value: Any) -> None:
        raise DetachedError(f"session[{key!r}] = …", _RETURN_DATA)

    def __delitem__(self, key: str) -> None:
        raise DetachedError(f"del session[{key!r}]", _RETURN_DATA)


_RETURN_DATA = "return (event id, {name: value}), and keep the value where the event arrives"


def check_json(value: Any, where: str) -> None:
    """Check that a value comes back from JSON as it went in.

    Args:
        value: anything.
        where: what to call it in the error.

    Raises:
        SessionValueError: it would not.
    """
    flaw = _flaw(value)
    if flaw is not None:
        raise SessionValueError(where + flaw)


def _flaw(value: Any, depth: int = 0) -> str | None:
    """Return where in a value something is not JSON, and what; None if all of it is."""
    kind = type(value)
    if value is None or kind in (str, bool):
        return None
    if kind is int:
        too_large = value.bit_length() > MAX_BITS
        return f" is a number of more than {MAX_BITS} bits; write it as text" if too_large else None
    if kind is float:
        return None if math.isfinite(value) else f" is {value}, which is not JSON"
    if depth >= MAX_DEPTH:
        return f" is nested more than {MAX_DEPTH} deep, or holds itself"
    if kind is list:
        return _first(_within(f"[{i}]", item, depth) for i, item in enumerate(value))
    if kind is dict:
        return _first(_in_item(key, item, depth) for key, item in value.items())
    hint = "; write a list" if isinstance(value, tuple | set) else ""
    return f" is of type {_type(value)}, which is not JSON{hint}"


def _in_item(key: Any, item: Any, depth: int) -> str | None:
    if type(key) is not str:
        return f" has the key {key!r}: {_type(key)}, not text"
    return _within(f"[{key!r}]", item, depth)


def _within(place: str, item: Any, depth: int) -> str | None:
    flaw = _flaw(item, depth + 1)
    return None if flaw is None else place + flaw


def _first(flaws: Iterable[str | None]) -> str | None:
    return next((flaw for flaw in flaws if flaw is not None), None)


def _type(value: object) -> str:
    return type(value).__qualname__
