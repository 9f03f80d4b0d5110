"""What an author says of an example, beyond what the checker knows by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from statechart_ivr import CallFlow
from tests.mutations.authors import EXPECTATIONS

#: Takes the name of an example and its flows, and goes through what is not as its author says.
Property = Callable[[str, Sequence[type[CallFlow]]], Iterator[str]]


def calls(example: str, flows: Sequence[type[CallFlow]]) -> Iterator[str]:
    """Go through the calls that are not heard as expected."""
    found = (expected.broken_in(flows) for expected in EXPECTATIONS[example])
    return filter(None, found)


#: All that mutants are tried with. What else looks for mistakes in a flow, such as random calls,
#: joins here.
PROPERTIES: Sequence[Property] = (calls,)


def broken(example: str, flows: Sequence[type[CallFlow]]) -> str:
    """Return the first thing that is not as the author of an example says, or nothing."""
    found = (one for look in PROPERTIES for one in look(example, flows))
    return next(found, "")
