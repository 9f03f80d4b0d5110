"""The record: what is stored comes back as it was, or is refused with the field's name."""

from __future__ import annotations

import json
import math
from collections.abc import MutableMapping
from contextlib import suppress
from dataclasses import fields, replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statechart_ivr.call import Call
from statechart_ivr.errors import DamagedRecordError, DetachedError, SessionValueError
from statechart_ivr.record import (
    MAX_BITS,
    MAX_DEPTH,
    VERSION,
    Job,
    LastAnswer,
    ReadOnlySession,
    Record,
    Session,
    check_json,
)

JOB: dict[str, Any] = {
    "id": "j1",
    "method": "look_up",
    "on": "menu",
    "data": {},
    "deadline": 1.5,
    "lease": 1,
}
RECORD = Record(
    flow="FrontDesk",
    entry="/incoming-call",
    call=Call(sid="CA1", from_="+1", to="+2").to_json(),
    seq=3,
    conf=["open_line", "menu"],
    hist={"back": ["menu"]},
    data={"order": "123456"},
    lang="de-DE",
    attempts=1,
    asking=["menu"],
    turns=3,
    entry_keys=["k1"],
    answer=LastAnswer("token", "key", "<Response />"),
    unheard=[("menu", "<Response><Say>Hallo</Say></Response>")],
    seen=["s1"],
    jobs=[Job(**JOB)],
    ended=True,
)
SECRET = "4711-is-the-pin"

text = st.text(st.characters(), max_size=8)  # half characters and all
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**MAX_BITS) + 1, 2**MAX_BITS - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=20,
)
json_objects = st.dictionaries(text, json_values, max_size=5)


class Colour(str, Enum):
    """A text that is not only text."""

    RED = "red"


def nested(depth: int) -> list[Any]:
    """Return lists within lists, ``depth`` of them."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def stored(**changes: Any) -> bytes:
    """Return a record as stored, with some fields put wrong."""
    return json.dumps({**json.loads(RECORD.to_bytes()), **changes}).encode()


class TestRoundTrip:
    """What is stored comes back as it was."""

    def test_full_record(self) -> None:
        """Every field."""
        assert Record.from_bytes(RECORD.to_bytes()) == RECORD

    def test_new_record(self) -> None:
        """Empty fields, and no answer yet."""
        record = Record("FrontDesk", "/incoming-call", RECORD.call)
        assert Record.from_bytes(record.to_bytes()) == record

    def test_layout(self) -> None:
        """The stored names, in order, version first; bytes are ASCII."""
        content = json.loads(RECORD.to_bytes().decode("ascii"))
        assert list(content) == ["v", *(f.name for f in fields(Record))]
        assert content["v"] == VERSION
        assert content["answer"] == {"token": "token", "key": "key", "body": "<Response />"}
        assert content["call"].keys() == Call("CA1").to_json().keys()

    @given(json_objects)
    def test_any_session(self, data: dict[str, Any]) -> None:
        """Emoji, half characters, large numbers, negative zero: value and type stay."""
        back = Record.from_bytes(replace(RECORD, data=data).to_bytes()).data
        assert repr(back) == repr(data)

    @given(text, text)
    def test_any_texts(self, name: str, number: str) -> None:
        """Callers choose what they are called."""
        call = Call(sid="CA1", from_=number, caller_name=name).to_json()
        record = replace(RECORD, call=call, lang=name, unheard=[(name, "<Response />")])
        assert Record.from_bytes(record.to_bytes()) == record

    def test_fields_of_a_later_version_are_left_out(self) -> None:
        """A field this version does not know is no reason to lose a call."""
        assert Record.from_bytes(stored(later=1)) == RECORD

    def test_a_session_that_is_no_longer_json_is_not_stored(self) -> None:
        """A value can be changed behind the session's back; the error says where it is."""
        session = Session({})
        session["items"] = [{"a": 1}]
        session["items"][0]["b"] = {1, 2}
        with pytest.raises(
            SessionValueError, match=r"session\['items'\]\[0\]\['b'\] is of type set"
        ):
            replace(RECORD, data=dict(session)).to_bytes()


DAMAGE: dict[str, list[Any]] = {
    "flow": [None, 1, ["x"]],
    "entry": [None, {}],
    "call": [None, {}, [], {**RECORD.call, "sid": 1}, {**RECORD.call, "more": ""}],
    "seq": [-1, 1.0, "1", None, True],
    "conf": [None, "menu", [1], {"menu": 1}, [["menu"]]],
    "hist": [None, [], {"back": "menu"}, {"back": [1]}],
    "data": [None, [], "x"],
    "lang": [1, ["de"]],
    "attempts": [-1, "0", None, False],
    "asking": [None, [None]],
    "turns": [-1, None, 0.5],
    "entry_keys": [None, [1]],
    "answer": [{}, [], "x", {"token": "", "key": ""}, {"token": "", "key": "", "body": None}],
    "unheard": [None, [["menu"]], [["menu", 1]], ["mx"], [["a", "b", "c"]], [["menu", "<Say"]]],
    "seen": [None, [1], "s"],
    "jobs": [
        None,
        ["j"],
        [{}],
        [{**JOB, "id": 1}],
        [{**JOB, "data": []}],
        [{**JOB, "deadline": "soon"}],
        [{**JOB, "lease": None}],
        [{**JOB, "lease": True}],
    ],
    "ended": [None, 0, "false"],
}


class TestDamage:
    """What cannot be read is refused; the message names the field, and nothing else."""

    def test_every_field_is_damaged_here(self) -> None:
        """A field added to the record is checked too."""
        assert DAMAGE.keys() == {f.name for f in fields(Record)}

    @pytest.mark.parametrize("name", DAMAGE)
    def test_missing_field(self, name: str) -> None:
        """Each of them has to be there."""
        content = json.loads(RECORD.to_bytes())
        del content[name]
        with pytest.raises(DamagedRecordError, match=f"field '{name}' is missing or damaged"):
            Record.from_bytes(json.dumps(content).encode())

    @pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in DAMAGE.items() for v in vs])
    def test_wrong_field(self, name: str, value: Any) -> None:
        """Each value has to be of its type, inside too."""
        with pytest.raises(DamagedRecordError, match=f"field '{name}' is missing or damaged"):
            Record.from_bytes(stored(**{name: value}))

    @pytest.mark.parametrize(
        "number",
        [b"NaN", b"Infinity", b"1e999", b"-1e999", b"9" * 700, b"[" * 150 + b"]" * 150],
    )
    def test_values_that_a_session_cannot_hold(self, number: bytes) -> None:
        """JSON as Python reads it has more than a session takes."""
        data = stored(data={"x": 0}).replace(b'{"x": 0}', b'{"x": ' + number + b"}")
        with pytest.raises(DamagedRecordError, match="field 'data'"):
            Record.from_bytes(data)

    @pytest.mark.parametrize("number", [b"NaN", b"1e999"])
    def test_jobs_have_a_deadline_that_comes(self, number: bytes) -> None:
        """A job is not waited for without end."""
        data = stored().replace(b'"deadline": 1.5', b'"deadline": ' + number)
        with pytest.raises(DamagedRecordError, match="field 'jobs'"):
            Record.from_bytes(data)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"\xff\xfe\x00",
            b"\x80",
            pytest.param(b"[" * 100_000, id="deep lists"),
            pytest.param(b'{"a":' * 100_000, id="deep objects"),
            pytest.param(b"1" * 5000, id="a large number"),
            pytest.param(RECORD.to_bytes()[:-1], id="cut off"),
        ],
    )
    def test_what_is_not_json(self, data: bytes) -> None:
        """Cut off, binary, or deeper than any record."""
        with pytest.raises(DamagedRecordError, match="the record is not JSON"):
            Record.from_bytes(data)

    @pytest.mark.parametrize(
        "data", [b"[]", b"null", b'"x"', b"{}", stored(v=2), stored(v="1"), stored(v=None)]
    )
    def test_another_version(self, data: bytes) -> None:
        """Only what says that it is of this version is read."""
        with pytest.raises(DamagedRecordError, match=f"not of version {VERSION}"):
            Record.from_bytes(data)

    @pytest.mark.parametrize(
        "data",
        [
            stored(data={"pin": SECRET})[:-1],
            stored(data=[SECRET]),
            stored(data={"pin": SECRET}, seq=SECRET),
            stored(v=SECRET),
            SECRET.encode(),
        ],
    )
    def test_content_is_not_in_the_error(self, data: bytes) -> None:
        """Neither in its message nor in what an error report finds behind it."""
        with pytest.raises(DamagedRecordError) as caught:
            Record.from_bytes(data)
        assert SECRET not in str(caught.value)
        assert caught.value.__cause__ is None

    @given(st.binary(max_size=200))
    def test_any_bytes(self, data: bytes) -> None:
        """Nothing but the one error comes of them."""
        with pytest.raises(DamagedRecordError):
            Record.from_bytes(data)

    @given(st.data())
    def test_any_changed_byte(self, data: st.DataObject) -> None:
        """A record with one byte changed is read or refused."""
        changed = bytearray(RECORD.to_bytes())
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        with suppress(DamagedRecordError):
            assert isinstance(Record.from_bytes(bytes(changed)), Record)


class TestSession:
    """The data of one call."""

    def test_is_a_mapping(self) -> None:
        """With all that dictionaries have."""
        session = Session({"a": 1})
        assert isinstance(session, MutableMapping)
        session["b"] = 2
        session.update(c=3)
        session.setdefault("d", 4)
        del session["a"]
        assert dict(session) == {"b": 2, "c": 3, "d": 4}
        assert (len(session), session.get("z"), "b" in session) == (3, None, True)

    def test_missing_key(self) -> None:
        """As with dictionaries."""
        session = Session({})
        with pytest.raises(KeyError):
            session["a"]
        with pytest.raises(KeyError):
            del session["a"]

    def test_keeps_a_copy(self) -> None:
        """What is changed after assigning it is not changed in the session."""
        session, items = Session({}), [1]
        session["items"] = items
        items.append(2)
        assert session["items"] == [1]

    def test_shows_names_only(self) -> None:
        """A session in a log or an assertion tells no caller's data."""
        assert repr(Session({"pin": SECRET})) == "Session(['pin'])"

    @given(json_objects)
    def test_takes_all_json(self, data: dict[str, Any]) -> None:
        """What is stored is read back, value and type."""
        session = Session({})
        session.update(data)
        assert repr(dict(session)) == repr(data)

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            ((1, 2), r"session\['k'\] is of type tuple, which is not JSON; write a list"),
            ({1}, r"session\['k'\] is of type set, which is not JSON; write a list"),
            (b"x", r"session\['k'\] is of type bytes, which is not JSON$"),
            (object(), "is of type object"),
            (Colour.RED, "is of type Colour"),
            (math.nan, r"session\['k'\] is nan, which is not JSON"),
            (-math.inf, "is -inf, which is not JSON"),
            ({1: 2}, r"session\['k'\] has the key 1: int, not text"),
            ({True: 2}, r"has the key True: bool, not text"),
            ({None: 2}, r"has the key None: NoneType, not text"),
            ({Colour.RED: 2}, r"has the key .*: Colour, not text"),
            ({"a": [0, {"b": (1,)}]}, r"session\['k'\]\['a'\]\[1\]\['b'\] is of type tuple"),
            (2**MAX_BITS, f"is a number of more than {MAX_BITS} bits"),
            (-(2**MAX_BITS), f"is a number of more than {MAX_BITS} bits"),
            pytest.param(10**5000, "is a number of more than", id="too large to be shown"),
            (nested(MAX_DEPTH + 1), f"is nested more than {MAX_DEPTH} deep"),
            (nested(50_000), f"is nested more than {MAX_DEPTH} deep"),
        ],
    )
    def test_refuses_what_is_not_json(self, value: Any, message: str) -> None:
        """At once, with key and type; the session stays as it was."""
        session = Session({"k": "before"})
        with pytest.raises(SessionValueError, match=message):
            session["k"] = value
        assert session["k"] == "before"

    def test_refuses_what_holds_itself(self) -> None:
        """There is no end to it in JSON."""
        value: dict[str, Any] = {}
        value["self"] = value
        with pytest.raises(SessionValueError, match="or holds itself"):
            Session({})["k"] = value

    @pytest.mark.parametrize("key", [1, True, None, ("a",), Colour.RED])
    def test_refuses_keys_that_are_not_text(self, key: Any) -> None:
        """The type is named."""
        with pytest.raises(SessionValueError, match=f"a key is text, not {type(key).__name__}"):
            Session({})[key] = 1

    def test_nesting_up_to_the_limit_is_fine(self) -> None:
        """The limit is what may be, not what may not."""
        session = Session({})
        session["k"] = nested(MAX_DEPTH)
        assert session["k"] == nested(MAX_DEPTH)

    def test_is_a_type_error_too(self) -> None:
        """As JSON's own complaint would be."""
        with pytest.raises(TypeError):
            check_json((), "x")


class TestReadOnlySession:
    """The session as background work sees it."""

    def test_is_read_like_any_other(self) -> None:
        """With all that dictionaries have."""
        session = ReadOnlySession({"a": 1})
        assert isinstance(session, Session)
        assert dict(session) == {"a": 1}
        assert session.get("b", 2) == 2
        assert "a" in session

    @pytest.mark.parametrize(
        "write",
        [
            lambda session: session.update(a=2),
            lambda session: session.setdefault("b", 2),
            lambda session: session.pop("a"),
            lambda session: session.clear(),
            lambda session: session.__setitem__("a", 2),
            lambda session: session.__delitem__("a"),
        ],
    )
    def test_takes_nothing(self, write: Any) -> None:
        """The call goes on meanwhile; the message says what to return instead."""
        session = ReadOnlySession({"a": 1})
        with pytest.raises(DetachedError, match=r"return \(event id, \{name: value\}\)"):
            write(session)
        assert dict(session) == {"a": 1}


class TestJob:
    """Work that is not done, as it stands in the record."""

    @pytest.mark.parametrize("name", JOB)
    def test_every_field_has_to_be_there(self, name: str) -> None:
        """A job without one cannot be done."""
        content = json.loads(RECORD.to_bytes())
        del content["jobs"][0][name]
        with pytest.raises(DamagedRecordError, match="field 'jobs' is missing or damaged"):
            Record.from_bytes(json.dumps(content).encode())

    @pytest.mark.parametrize(
        ("name", "value"),
        [("id", 1), ("method", None), ("on", []), ("data", []), ("deadline", "1"), ("lease", True)],
    )
    def test_every_field_has_to_be_of_its_kind(self, name: str, value: object) -> None:
        """Whoever changes records by hand is told."""
        content = json.loads(RECORD.to_bytes())
        content["jobs"][0][name] = value
        with pytest.raises(DamagedRecordError, match="field 'jobs' is missing or damaged"):
            Record.from_bytes(json.dumps(content).encode())

    def test_what_a_later_version_adds_is_no_damage(self) -> None:
        """During a deploy, two versions have one store."""
        content = json.loads(RECORD.to_bytes())
        content["jobs"][0]["priority"] = 1
        assert Record.from_bytes(json.dumps(content).encode()) == RECORD
