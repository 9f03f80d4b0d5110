"""A call in one line: what is written, what it does, and what is no call."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statechart_ivr.checker.notation import Step, parse_call, written
from statechart_ivr.errors import NotationError

#: As it is written, and the method of the phone that it stands for.
TABLE = [
    ("at 2026-01-05T17:00", 'until("2026-01-05T17:00")'),
    ("2", 'press("2")'),
    ("123456#", 'press("123456#")'),
    ("*", 'press("*")'),
    (".", "wait()"),
    ("say yes", 'say("yes")'),
    ("say 'opening hours'", 'say("opening hours")'),
    ("record", "record()"),
    ("dial.busy", 'dial_result("busy")'),
    ("dial.no_answer", 'dial_result("no-answer")'),
    ("dial.unbridged", 'dial_result("completed", bridged=False)'),
    ("queue.leave", 'queue_result("leave")'),
    ("queue.queue_full", 'queue_result("queue-full")'),
    ("pay.success", 'pay_result("success")'),
    ("connect", "connect_result()"),
    ("refer.completed", 'refer_result("completed")'),
    ("example pin.1", 'example("pin", 1)'),
    ("hangup", "hang_up()"),
    ("again", "retry()"),
    ("late", "late()"),
    ("outage", "outage()"),
    ("go /path", 'redirect("/path")'),
    ("work -", "work(None)"),
    (
        'work order_found \'{"status": "packed"}\'',
        'work("order_found", status="packed")',
    ),
    ("deliver agent_ready", 'deliver("agent_ready")'),
    ("deliver agent_ready '{\"name\": 7}'", 'deliver("agent_ready", name=7)'),
]


@pytest.mark.parametrize(("text", "code"), TABLE)
def test_what_is_written_is_a_method_of_the_phone(text: str, code: str) -> None:
    """Each row of the table, and it is written again as it was read."""
    steps = parse_call(f"dial {text}")
    assert [step.code() for step in steps] == ["dial()", code]
    assert written(steps) == f"dial {text}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("dial", "dial()"),
        ("dial /in", 'dial("/in")'),
        ('dial \'{"AnsweredBy": "human"}\'', 'dial(AnsweredBy="human")'),
        (
            'dial /in \'{"session": {"when": "soon"}}\'',
            "dial(\"/in\", session={'when': 'soon'})",
        ),
    ],
)
def test_calls_come_in(text: str, code: str) -> None:
    """At the first route or another one, with what a placed call brings along."""
    (step,) = parse_call(text)
    assert step.code() == code
    assert str(step) == text


def test_the_clock_stands_somewhere_before_the_call_comes_in() -> None:
    """``at`` is the only thing that may stand before ``dial``."""
    assert [step.verb for step in parse_call("at 2026-01-05T17:00Z dial 1")] == [
        "at",
        "dial",
        "press",
    ]


def test_names_that_python_does_not_take_are_spread() -> None:
    """A keyword, or a name with a space, is still data of the event."""
    step = Step.of_event("work", "found", {"class": 1, "a b": 2, "good": 3})
    assert step.code() == "work(\"found\", good=3, **{'a b': 2, 'class': 1})"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dial say 'yes", "No closing quotation; close the quotes"),
        ("", "a call begins with dial, once"),
        ("2", "a call begins with dial, once"),
        ("2 dial", "only at stands before it"),
        ("dial 2 dial", "a call begins with dial, once"),
        ("dial say", "say stands at the end; write say WORDS"),
        ("dial go", "go stands at the end; write go /path"),
        ("dial work", "work stands at the end; write work EVENT"),
        ("dial at noon", "at noon: write a moment as 2026-01-05T17:00"),
        ("dial example pin", "example pin: write a state and a number, such as pin.1"),
        ("dial example pin.0", "example pin.0: write a state and a number, such as pin.1"),
        ("dial deliver -", "only work can come to nothing"),
        ("dial dial.lost", "dial.lost: there is dial.completed, dial.answered"),
        ("dial queue.too_full", "queue.too_full: there is queue.bridged"),
        ("dial work done '{1}'", r"work … \{1\}: .*; write JSON in quotes"),
        ("dial '{nothing'", r"dial … \{nothing: .*; write JSON in quotes"),
        ("dial '{\"session\": 7}'", r"dial … .*7\}: a session is an object"),
        ("dial pay.", "'pay.' means nothing in a call; there is dial KEYS . record"),
        ("dial 2x", "'2x' means nothing in a call"),
        ("dial ''", "'' means nothing in a call"),
    ],
)
def test_what_is_no_call_is_refused(text: str, message: str) -> None:
    """The message says what would be one."""
    with pytest.raises(NotationError, match=message):
        parse_call(text)


_words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
_ids = st.from_regex(r"[a-z_]+(\.[a-z_]+)?", fullmatch=True)
_data = st.dictionaries(
    _words,
    st.recursive(
        st.none() | st.booleans() | st.integers() | _words,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_words, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=2,
)
_paths = _words.map("/{}".format)
_steps = st.one_of(
    st.sampled_from([Step(one) for one in ("wait", "record", "hang_up", "retry", "late")]),
    st.just(Step("connect_result")),
    st.text("0123456789*#", min_size=1).map(lambda keys: Step("press", keys)),
    _words.map(lambda words: Step("say", words)),
    _paths.map(lambda path: Step("redirect", path)),
    st.datetimes().map(lambda moment: Step("at", moment.isoformat())),
    st.sampled_from(["busy", "no-answer", "unbridged"]).map(lambda one: Step("dial_result", one)),
    st.sampled_from(["leave", "queue-full"]).map(lambda one: Step("queue_result", one)),
    st.sampled_from(["success", "too-many-failed-attempts"]).map(
        lambda one: Step("pay_result", one)
    ),
    st.sampled_from(["completed", "failed"]).map(lambda one: Step("refer_result", one)),
    st.builds(Step.of_event, st.just("work"), st.none() | _ids, _data),
    st.builds(Step.of_event, st.just("deliver"), _ids, _data),
)
_dials = st.builds(
    Step.of_entry, st.just("") | _paths, st.none() | _data, st.dictionaries(_words, _words)
)


@given(_dials, st.lists(_steps))
def test_every_call_is_read_as_it_was_written(dial: Step, steps: list[Step]) -> None:
    """Whatever is said, and whatever an event carries."""
    assert parse_call(written([dial, *steps])) == [dial, *steps]


@given(_data)
def test_the_data_of_an_event_is_written_in_one_order(data: dict[str, object]) -> None:
    """Two events with the same data are the same step."""
    backwards = dict(reversed(data.items()))
    step = Step.of_event("work", "done", data)
    assert step == Step.of_event("work", "done", backwards)
    assert json.loads(step.data or "{}") == data
