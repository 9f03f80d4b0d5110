"""What stands in the code of flows: the texts and numbers it may compare with or return."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import isfunction
from types import CodeType


def parts_of(whole: object) -> Iterator[object]:
    """Go through a function, its code, all constants in it, and those of the functions inside.

    Args:
        whole: a function or property; of anything else there are no parts but itself.
    """
    whole = whole.fget if isinstance(whole, property) else whole
    part = whole.__code__ if isfunction(whole) else whole
    yield part
    inside = part.co_consts if isinstance(part, CodeType) else part
    if isinstance(inside, tuple | frozenset):
        for one in inside:
            yield from parts_of(one)
