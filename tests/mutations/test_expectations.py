"""What is not as an author expects is told in words."""

from __future__ import annotations

import pytest

from examples.voicemail.flow import Voicemail
from tests.mutations.expectations import Expected

HEARD = "Nobody can come to the phone. Please leave a message after the tone."


@pytest.mark.parametrize(
    ("expected", "told"),
    [
        (Expected("dial dial.busy", "record", HEARD), ""),
        (Expected("dial dial.busy", "over", HEARD), "waits 'record' instead of 'over'"),
        (Expected("dial dial.busy", "record", "Hello."), f"heard {HEARD!r} instead of 'Hello.'"),
        (Expected("dial dial.busy", "record", HEARD, did=("add",)), "did () instead of ('add',)"),
        (Expected("dial dial.busy", "record", HEARD, has="<Hangup"), "no <Hangup in <?xml"),
        (Expected("dial 1", "over"), "PhoneError: "),
    ],
)
def test_what_is_told(expected: Expected, told: str) -> None:
    """The call, and what is otherwise."""
    found = expected.broken_in([Voicemail])
    assert found.startswith(f"{expected.call}: {told}" if told else "")
    assert bool(found) == bool(told)
