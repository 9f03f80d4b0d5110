"""What a request asks besides the file: preconditions and ranges, as RFC 9110 has them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bottle import parse_date

#: Returns a header of the request, or nothing.
Header = Callable[[str], str]

# An entity tag, weak or strong (section 8.8.3).
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
# One range of bytes; 18 digits are more than any file has (section 14.1.2).
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.IGNORECASE)


@dataclass(frozen=True)
class Validators:
    """By what a file's content is known.

    Attributes:
        tag: strong, quoted entity tag.
        modified: whole seconds since 1970.
    """

    tag: str
    modified: int


class _Unsatisfiable:
    """A range that the file has no byte of."""

    def __repr__(self) -> str:
        return "UNSATISFIABLE"


UNSATISFIABLE: Final = _Unsatisfiable()


def status_of(header: Header, file: Validators) -> int:
    """Evaluate a request's preconditions, in the order of RFC 9110, section 13.2.2.

    Returns:
        412 where the file is not what it must be, 304 where the client has it already, else 200.
    """
    if wanted := header("If-Match"):
        if not _is_among(file.tag, wanted, weakly=False):
            return 412
    elif (date := _date(header("If-Unmodified-Since"))) is not None and file.modified > date:
        return 412
    if known := header("If-None-Match"):
        return 304 if _is_among(file.tag, known, weakly=True) else 200
    date = _date(header("If-Modified-Since"))
    return 304 if date is not None and file.modified <= date else 200


def range_of(header: Header, file: Validators, size: int) -> range | _Unsatisfiable | None:
    """Return which bytes of a file are asked for.

    Args:
        header: of the request.
        file: for ``If-Range``.
        size: of the file, bytes.

    Returns:
        Positions of bytes; None for the whole file. The latter also for several ranges at once,
        and for what is no range, as sections 14.2 and 14.1.1 allow.
    """
    match = _RANGE.fullmatch(header("Range"))
    if match is None or not _holds(header("If-Range"), file):
        return None
    first, last = match.groups()
    if first:
        stop = min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None
        return range(int(first), stop) if int(first) < size else UNSATISFIABLE
    if not last:
        return None
    if not size and int(last):
        return None  # satisfiable, yet Content-Range cannot say so
    suffix = min(int(last), size)
    return range(size - suffix, size) if suffix else UNSATISFIABLE


def _is_among(tag: str, listed: str, *, weakly: bool) -> bool:
    """Return whether a strong tag is among those that a header lists (section 8.8.3.2)."""
    if listed.strip() == "*":
        return True
    return any(one == tag and (weakly or not weak) for weak, one in _TAG.findall(listed))


def _holds(condition: str, file: Validators) -> bool:
    """Return whether ``If-Range`` lets a part be sent: strong tag, or exact date (13.1.5)."""
    if not condition:
        return True
    if (match := _TAG.fullmatch(condition.strip())) is not None:
        return not match[1] and match[2] == file.tag
    return _date(condition) == file.modified


def _date(text: str) -> int | None:
    """Return seconds since 1970 of a date as HTTP writes it; None where it is none."""
    seconds: int | None = parse_date(text) if text else None
    return seconds
