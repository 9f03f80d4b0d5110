"""The error tree: one root, data in attributes, messages that teach."""

from __future__ import annotations

import inspect
import re

import pytest

from statechart_ivr import errors
from statechart_ivr.errors import (
    DocumentTooLargeError,
    FlowDefinitionError,
    IvrError,
    MissingExtraError,
    SessionMismatchError,
    StaleSessionError,
    TransitionLoopError,
    TwimlRefusedError,
    UnknownEventError,
)

NAME = errors.__name__
ALL = [one for one in vars(errors).values() if inspect.isclass(one) and one.__module__ == NAME]


def drawn_parents() -> dict[str, str]:
    """Read the tree drawn in the module's docstring: parent by error."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        if found := re.match(r"^ {4}([│ ]*[├└]── )?(\w+Error)", line):
            depth = len(found[1] or "") // 4
            path = [*path[:depth], found[2]]
            parents[found[2]] = path[depth - 1] if depth else "Exception"
    return parents


def test_drawn_tree_is_the_real_one() -> None:
    """The picture in the docstring shows each class below the one it derives from."""
    assert drawn_parents() == {one.__name__: one.__bases__[0].__name__ for one in ALL}


@pytest.mark.parametrize("error", ALL)
def test_every_error_is_one_of_ours_and_documented(error: type[Exception]) -> None:
    """One ``except`` clause catches all of them."""
    assert issubclass(error, IvrError)
    assert error.__doc__


def test_flow_definition_error_lists_all_problems() -> None:
    """Each on its own line, counted."""
    error = FlowDefinitionError(["A.x: wrong", "A.y: wrong too"])
    assert error.problems == ("A.x: wrong", "A.y: wrong too")
    assert str(error) == ("2 problems in the definition of a flow:\n  A.x: wrong\n  A.y: wrong too")


def test_flow_definition_error_of_one() -> None:
    """One problem is counted in the singular."""
    assert str(FlowDefinitionError(["x"])).startswith("1 problem in ")


def test_missing_extra_says_what_to_type() -> None:
    """The message is the command that helps."""
    error = MissingExtraError("RedisStore", "redis")
    assert error.extra == "redis"
    assert "pip install 'statechart-ivr[redis]'" in str(error)


@pytest.mark.parametrize(("states", "named"), [(["a", "b"], "a, b"), ([], "no state")])
def test_document_too_large_is_measured_against_limit(states: list[str], named: str) -> None:
    """The message says whose document it is, how large, and what the limit is."""
    error = DocumentTooLargeError(70000, 65536, states)
    assert (error.size, error.limit) == (70000, 65536)
    assert f"document of {named} is 70000 bytes > 65536 bytes" in str(error)


def test_unknown_event_carries_the_event() -> None:
    """A caller can find out which."""
    error = UnknownEventError("paid", "no transition for 'paid'")
    assert (error.event, str(error)) == ("paid", "no transition for 'paid'")


def test_transition_loop_says_where() -> None:
    """The last transition is named."""
    error = TransitionLoopError(50, "a to b")
    assert error.limit == 50
    assert "more than 50" in str(error)
    assert "a to b" in str(error)


def test_session_mismatch_carries_the_missing_states() -> None:
    """None are missing where the known ones cannot be active together."""
    assert SessionMismatchError("gone", ["a"]).missing == ("a",)
    assert SessionMismatchError("cannot be").missing == ()


@pytest.mark.parametrize(("expected", "told"), [(3, "revision 3"), (None, "no session")])
def test_stale_session_says_what_was_expected(expected: int | None, told: str) -> None:
    """Also where there should have been no session at all."""
    error = StaleSessionError("CA1", expected)
    assert (error.call_sid, error.expected) == ("CA1", expected)
    assert f"session of CA1 is no longer at {told}" in str(error)


def test_twiml_refused_begins_with_twilios_number() -> None:
    """The number leads to Twilio's own page about it."""
    error = TwimlRefusedError(12200, "there is no verb <Foo>")
    assert error.number == 12200
    assert str(error) == "Twilio error 12200: there is no verb <Foo>"
    assert isinstance(error, AssertionError)
