"""Preconditions and ranges: what holds for every header and every file."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from statechart_ivr.web.static.conditions import UNSATISFIABLE, Validators, range_of, status_of

FILE = Validators('"0123456789abcdef01234567"', 1_714_564_800)

#: As it comes over the wire, and is spelt by WSGI.
LATIN_1 = st.characters(max_codepoint=255)
OPAQUE = st.characters(
    max_codepoint=255, exclude_characters='"\x7f', exclude_categories=["Cc", "Z"]
)
TAGS = st.builds('{}"{}"'.format, st.sampled_from(["", "W/"]), st.text(OPAQUE, max_size=9))
COMMAS = st.text(" ,\t", max_size=2).map(lambda spaces: f",{spaces}")
DATES = st.integers(0, 2**33)
HEADERS = (
    "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range", "If-Range",
)  # fmt: skip


def asking(**headers: str) -> Callable[[str], str]:
    """Return the headers of a request, named with underscores."""
    return lambda name: headers.get(name.replace("-", "_"), "")


def date(seconds: int) -> str:
    """Return a date as HTTP writes it."""
    return formatdate(seconds, usegmt=True)


@st.composite
def lists(draw: st.DrawFn, tag: str) -> str:
    """Return a list of tags with this one in it somewhere."""
    others = draw(st.lists(TAGS, max_size=5))
    others.insert(draw(st.integers(0, len(others))), tag)
    return draw(COMMAS).join(others)


@given(lists(FILE.tag))
def test_a_tag_is_found_in_every_list(listed: str) -> None:
    """Whatever tags are around it, with commas and equals signs in them."""
    assert status_of(asking(If_None_Match=listed), FILE) == 304
    assert status_of(asking(If_Match=listed), FILE) == 200


@given(lists(f"W/{FILE.tag}"))
def test_a_weak_tag_is_found_in_every_list(listed: str) -> None:
    """It says what the client has, and not what the file must be."""
    assert status_of(asking(If_None_Match=listed), FILE) == 304
    assert status_of(asking(If_Match=listed), FILE) == 412


@given(st.lists(TAGS, min_size=1), COMMAS)
@example([f'"x{FILE.tag[1:]}'], ",")
@example([f'{FILE.tag[:-1]}x"'], ",")
@example([FILE.tag.upper()], ",")
def test_another_tag_is_none(others: list[str], comma: str) -> None:
    """Other tags are never taken for it."""
    listed = comma.join(others)
    assert status_of(asking(If_None_Match=listed), FILE) == 200
    assert status_of(asking(If_Match=listed), FILE) == 412


@given(DATES)
@example(FILE.modified - 1)
@example(FILE.modified)
@example(FILE.modified + 1)
def test_every_date(seconds: int) -> None:
    """A file of that time or older is known, and unchanged; only of exactly that time, resumed."""
    said = date(seconds)
    is_newer = FILE.modified > seconds
    assert status_of(asking(If_Modified_Since=said), FILE) == (200 if is_newer else 304)
    assert status_of(asking(If_Unmodified_Since=said), FILE) == (412 if is_newer else 200)
    resumed = range_of(asking(Range="bytes=0-0", If_Range=said), FILE, 1)
    assert resumed == (range(1) if FILE.modified == seconds else None)


@given(st.binary(min_size=1), st.data())
def test_parts_make_the_whole(content: bytes, data: st.DataObject) -> None:
    """The parts that a file is cut into, each asked for in one of the ways, are the file."""
    size = len(content)
    inner = data.draw(st.sets(st.integers(0, size)))
    cuts = sorted({0, size, *inner})
    got = b""
    for start, stop in pairwise(cuts):
        ways = [f"bytes={start}-{stop - 1}"]
        if stop == size:
            beyond = data.draw(st.integers(size, 10**17))
            ways += [f"bytes={start}-", f"bytes=-{size - start}", f"bytes={start}-{beyond}"]
        part = range_of(asking(Range=data.draw(st.sampled_from(ways))), FILE, size)
        assert isinstance(part, range)
        got += content[part.start : part.stop]
    assert got == content


@given(st.text(LATIN_1) | st.from_regex(r"(?i)bytes=[ 0-9,-]*", fullmatch=True), st.integers(0, 99))
def test_a_part_is_one_of_the_file(asked: str, size: int) -> None:
    """Whatever is asked for: all of it, nothing, or some bytes that it has."""
    part = range_of(asking(Range=asked), FILE, size)
    if isinstance(part, range):
        assert 0 <= part.start < part.stop <= size
    else:
        assert part in (None, UNSATISFIABLE)


@given(st.fixed_dictionaries({}, optional={name: st.text(LATIN_1) for name in HEADERS}))
@example(dict.fromkeys(HEADERS, "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"))
@example(dict.fromkeys(HEADERS, "Wed, 01 May 2024 12:00:00 +99999999999999"))
@example({"Range": f"bytes={'9' * 10_000}-"})
def test_nothing_is_too_odd(headers: dict[str, str]) -> None:
    """Any text in any header gets one of the answers."""
    assert status_of(lambda name: headers.get(name, ""), FILE) in (200, 304, 412)
    range_of(lambda name: headers.get(name, ""), FILE, 26)


@given(st.sampled_from(HEADERS[2:4]), st.text(LATIN_1))
@example("If-Modified-Since", "12:00:00")
@example("If-Modified-Since", "Wed, 01 May")
def test_what_is_no_date_asks_nothing(name: str, said: str) -> None:
    """Text without a month is no date, and the file is sent."""
    months = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    if not any(month in said.lower() for month in months):
        assert status_of(lambda asked: said if asked == name else "", FILE) == 200


def test_how_it_shows() -> None:
    """A part that there is none of says so in a failing test."""
    assert repr(UNSATISFIABLE) == "UNSATISFIABLE"
