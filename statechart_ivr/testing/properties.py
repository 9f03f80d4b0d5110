"""What is to hold in every call, as methods of a test class say it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

#: The attribute by which a marked method is found.
_MARK = "_statechart_ivr_property"


@dataclass(frozen=True)
class Mark:
    """What is wanted of a method.

    Attributes:
        kind: ``always never eventually``.
        within: for ``eventually``: how many turns of a call.
    """

    kind: str
    within: int = 0


@dataclass(frozen=True)
class Property:
    """A marked method.

    Attributes:
        name: of the method.
        mark: what is wanted of it.
        ask: the method, bound; takes the phone.
    """

    name: str
    mark: Mark
    ask: Callable[..., object]


def always(method: Method) -> Method:
    """Mark a method of a test class that has to hold after each move of a call.

    It takes the phone, and returns whether it holds; or asserts.
    """
    return _marked(method, Mark("always"))


def never(method: Method) -> Method:
    """Mark a method of a test class that must not return True after any move of a call."""
    return _marked(method, Mark("never"))


def eventually(*, within: int) -> Callable[[Method], Method]:
    """Mark a method of a test class that has to return True after some move.

    Args:
        within: in how many turns from the call's beginning on; a call that ends before has to have
            had it, too. A turn is a request of Twilio's for what comes next.

    Raises:
        ValueError: that is no turn at all.
    """
    if within < 1:
        raise ValueError(f"eventually(within={within}): write how many turns, 1 or more")
    return lambda method: _marked(method, Mark("eventually", within))


def _marked(method: Method, mark: Mark) -> Method:
    setattr(method, _MARK, mark)
    return method


def properties_of(case: object) -> Iterator[Property]:
    """Go through the marked methods of a test case, those of its bases included."""
    for name in dir(type(case)):
        mark = getattr(getattr(type(case), name, None), _MARK, None)
        if isinstance(mark, Mark):
            yield Property(name, mark, getattr(case, name))
