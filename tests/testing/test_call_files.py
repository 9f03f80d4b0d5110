"""Files of example calls: what stands in a line, and what it is to come to."""

from __future__ import annotations

import pytest

from statechart_ivr.errors import NotationError
from statechart_ivr.testing import Phone
from statechart_ivr.testing.call_files import Expectation, parse_calls
from tests.checker.bad_flows.dead_key import Fixed


def test_lines() -> None:
    """Comments and empty lines mean nothing; each call has the number of its line."""
    first, second = parse_calls("# a call\n\ndial 1\n  # and another\n dial 2 . -> ended\n")
    assert (first.line, first.call, first.expectations) == (3, "dial 1", ())
    assert (second.line, second.call, second.expectations) == (
        5,
        "dial 2 .",
        (Expectation("ended"),),
    )


@pytest.mark.parametrize(
    "line",
    [
        "dial -> hears 'press 1' state menu",
        'dial -> hears "press 1" state menu',
    ],
)
def test_expectations(line: str) -> None:
    """Several stand one after the other, with words in quotes of either kind."""
    (call,) = parse_calls(line)
    assert call.expectations == (Expectation("hears", "press 1"), Expectation("state", "menu"))


@pytest.mark.parametrize("call", ["dial say 'a -> b'", 'dial say "a -> b"', "dial say a->b"])
def test_an_arrow_in_words(call: str) -> None:
    """Inside quotes, or inside a word, an arrow is what the caller says."""
    (found,) = parse_calls(f"{call} -> ended")
    assert found.call.replace('"', "'").replace("'a->b'", "a->b") == call.replace('"', "'")
    assert [one.word for one in found.expectations] == ["ended"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("2 .", "line 2: '2 .': a call begins with dial"),
        ("dial ->", "line 2: nothing stands behind ->; write state NAME, hears 'WORDS', or ended"),
        ("dial -> hears 'x", "close the quotes"),
        ("dial -> state", "line 2: 'state' cannot be expected so; write state NAME"),
        ("dial -> silence", "line 2: 'silence' cannot be expected so"),
    ],
)
def test_what_cannot_be_read(line: str, complaint: str) -> None:
    """The complaint has the number of the line, and says what to write."""
    with pytest.raises(NotationError) as caught:
        parse_calls(f"# example\n{line}\n")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("expectation", "complaint"),
    [
        (Expectation("state", "menu"), ""),
        (Expectation("state", "hours"), "is in menu, not in hours"),
        (Expectation("hears", "press 1"), ""),
        (Expectation("hears", "press 9"), "in which is no 'press 9'"),
        (Expectation("ended"), "is not over, but waits for: gather"),
    ],
)
def test_what_is_otherwise(expectation: Expectation, complaint: str) -> None:
    """A complaint says how it is, and how it was to be."""
    found = expectation.complaint(Phone(Fixed).dial())
    assert (complaint in found) if complaint else not found


def test_a_call_that_is_over() -> None:
    """Of one that was hung up, nothing else is to be expected than that."""
    phone = Phone(Fixed).dial().hang_up()
    assert not Expectation("ended").complaint(phone)
