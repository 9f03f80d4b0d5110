"""The clauses of what is served, as a table: the specification that the tests hold servers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

WHOLE = b"abcdefghijklmnopqrstuvwxyz"
BEFORE, MODIFIED, AFTER = (f"Wed, 01 May 2024 {hour}:00:00 GMT" for hour in (11, 12, 13))


class Row(NamedTuple):
    """A clause: what is asked for, and what comes.

    ``{v}`` stands for the fingerprint of ``intro.mp3`` in what is asked and said, ``{outside}``
    for the path of a file outside of the folder.

    Attributes:
        clause: what the row is about.
        status: of the answer.
        ask: headers of the request.
        path: below the mount path.
        says: headers of the answer, besides those that every answer of its status has.
        body: of the answer; all of ``intro.mp3`` if left out, nothing where there can be none.
        method: of the request.
    """

    clause: str
    status: int
    ask: Mapping[str, str] = {}
    path: str = "intro.mp3"
    says: Mapping[str, str | None] = {}
    body: bytes | None = None
    method: str = "GET"


def known(listed: str) -> dict[str, str]:
    """Return the header that says which content the client has already."""
    return {"If-None-Match": listed}


def part(asked: str, **conditions: str) -> dict[str, str]:
    """Return the headers that ask for some of the bytes."""
    return {"Range": asked, **{name.replace("_", "-"): text for name, text in conditions.items()}}


def is_part(first: int, last: int) -> dict[str, Any]:
    """Return what a row says about an answer with these bytes only."""
    says = {"Content-Range": f"bytes {first}-{last}/26", "Content-Length": str(last - first + 1)}
    return {"says": says, "body": WHOLE[first : last + 1]}


# What every server must do; the other tables are for one.
ANYWHERE = [
    Row("a file", 200, says={"Content-Length": "26", "Content-Type": "audio/mpeg"}),
    Row("a part of it", 206, part("bytes=3-5"), **is_part(3, 5)),
    Row("the client has it", 304, known('"{v}"')),
    Row("HEAD: its length and no body", 200, says={"Content-Length": "26"}, method="HEAD"),
    Row("a file with nothing in it", 200, path="empty.wav", says={"Content-Length": "0"}, body=b""),
]

CACHING = [
    Row("the right fingerprint: for ever", 200, path="intro.mp3?v={v}"),
    Row("among other parameters", 200, path="intro.mp3?a=1&v={v}&b"),
    Row("a part of it: for ever", 206, part("bytes=3-5"), "intro.mp3?v={v}", **is_part(3, 5)),
    Row("nothing new: for ever", 304, known('"{v}"'), "intro.mp3?v={v}"),
    Row("HEAD: for ever", 200, path="intro.mp3?v={v}", method="HEAD"),
    Row("no fingerprint: ask each time", 200, says={"Cache-Control": "no-cache"}),
    *(
        Row(f"a wrong fingerprint, {what}: ask each time", 200, path=f"intro.mp3?v={wrong}")
        for what, wrong in {
            "empty": "",
            "another": "0123456789abcdef01234567",
            "longer": "{v}0",
            "quoted": "%22{v}%22",
            "of two": "{v},{v}",
        }.items()
    ),
    Row("the name of the parameter counts", 200, path="intro.mp3?w={v}"),
    # A cache may keep any answer that says so, for the next who asks without these headers.
    Row("no such part: not for ever", 416, part("bytes=26-"), path="intro.mp3?v={v}"),
    Row("not as it must be: not for ever", 412, {"If-Match": '"other"'}, path="intro.mp3?v={v}"),
    Row("no such file: not for ever", 404, path="other.mp3?v={v}"),
]

WHAT_THE_CLIENT_HAS = [
    Row("If-None-Match: a list with the tag", 304, known('"one", "{v}" ,"two"')),
    Row("If-None-Match: a list without spaces", 304, known('"one","{v}"')),
    Row("If-None-Match: a weak tag is as good", 304, known('W/"{v}"')),
    Row("If-None-Match: a weak tag in a list", 304, known('W/"one", W/"{v}"')),
    Row("If-None-Match: a tag with a comma in it", 304, known('"one,two", "{v}"')),
    Row("If-None-Match: any", 304, known("*")),
    Row("If-None-Match: another tag", 200, known('"other"')),
    Row("If-None-Match: a longer tag", 200, known('"{v}0"')),
    Row("If-None-Match: between two tags", 200, known('"one"{v}"two"')),
    Row("If-None-Match: no quotes", 200, known("{v}")),
    Row("If-None-Match: half a tag", 200, known('"{v}')),
    Row("If-None-Match: HEAD", 304, known('"{v}"'), method="HEAD"),
    Row("If-None-Match wins: new", 200, {**known('"other"'), "If-Modified-Since": AFTER}),
    Row("If-None-Match wins: known", 304, {**known('"{v}"'), "If-Modified-Since": BEFORE}),
    Row("If-None-Match wins: garbage", 200, {**known("?"), "If-Modified-Since": AFTER}),
    Row("If-Modified-Since: as it says", 304, {"If-Modified-Since": MODIFIED}),
    Row("If-Modified-Since: later", 304, {"If-Modified-Since": AFTER}),
    Row("If-Modified-Since: earlier", 200, {"If-Modified-Since": BEFORE}),
    Row("If-Modified-Since: garbage", 200, {"If-Modified-Since": "yesterday"}),
    Row(
        "If-Modified-Since: as RFC 850 wrote it",
        304,
        {"If-Modified-Since": "Wednesday, 01-May-24 12:00:00 GMT"},
    ),
    Row("If-Modified-Since: as C does", 304, {"If-Modified-Since": "Wed May  1 12:00:00 2024"}),
    Row("what is known is not sent in parts", 304, part("bytes=0-3", If_None_Match='"{v}"')),
]

WHAT_IT_MUST_BE = [
    Row("If-Match: the tag", 200, {"If-Match": '"{v}"'}),
    Row("If-Match: a list", 200, {"If-Match": '"one", "{v}"'}),
    Row("If-Match: any", 200, {"If-Match": "*"}),
    Row("If-Match: another", 412, {"If-Match": '"other"'}),
    Row("If-Match: a weak tag is not enough", 412, {"If-Match": 'W/"{v}"'}),
    Row("If-Match: garbage", 412, {"If-Match": "{v}"}),
    Row("If-Match: HEAD", 412, {"If-Match": '"other"'}, method="HEAD"),
    Row("If-Match goes before If-None-Match", 412, {"If-Match": '"other"', **known('"{v}"')}),
    Row("If-Match holds: then If-None-Match", 304, {"If-Match": '"{v}"', **known('"{v}"')}),
    Row("If-Unmodified-Since: as it says", 200, {"If-Unmodified-Since": MODIFIED}),
    Row("If-Unmodified-Since: later", 200, {"If-Unmodified-Since": AFTER}),
    Row("If-Unmodified-Since: earlier", 412, {"If-Unmodified-Since": BEFORE}),
    Row("If-Unmodified-Since: garbage", 200, {"If-Unmodified-Since": "yesterday"}),
    Row(
        "If-Match goes before If-Unmodified-Since",
        200,
        {"If-Match": '"{v}"', "If-Unmodified-Since": BEFORE},
    ),
    Row("a part of what it is not", 412, part("bytes=0-3", If_Match='"other"')),
]

PARTS = [
    Row("the first byte", 206, part("bytes=0-0"), **is_part(0, 0)),
    Row("the first two, as Safari asks", 206, part("bytes=0-1"), **is_part(0, 1)),
    Row("the last byte", 206, part("bytes=25-25"), **is_part(25, 25)),
    Row("from the start, as players ask", 206, part("bytes=0-"), **is_part(0, 25)),
    Row("from somewhere on", 206, part("bytes=20-"), **is_part(20, 25)),
    Row("the last three", 206, part("bytes=-3"), **is_part(23, 25)),
    Row("more at the end than there is", 206, part("bytes=-27"), **is_part(0, 25)),
    Row("beyond the end", 206, part("bytes=20-99"), **is_part(20, 25)),
    Row("spaces around", 206, part("bytes= 3-5 "), **is_part(3, 5)),
    Row("leading zeros", 206, part("bytes=003-0005"), **is_part(3, 5)),
    Row("the unit in capitals", 206, part("Bytes=3-5"), **is_part(3, 5)),
    Row("behind the end", 416, part("bytes=26-")),
    Row("far behind the end", 416, part("bytes=100-200")),
    Row("the last none", 416, part("bytes=-0")),
    Row("of nothing", 416, part("bytes=0-"), "empty.wav", says={"Content-Range": "bytes */0"}),
    Row("the last of nothing: all of it", 200, part("bytes=-3"), "empty.wav", body=b""),
    *(
        Row(f"{what}: all of it", 200, part(asked), says={"Content-Range": None})
        for what, asked in {
            "two parts": "bytes=0-1,4-5",
            "two parts and a space": "bytes=0-1, -3",
            "backwards": "bytes=5-3",
            "no numbers": "bytes=-",
            "letters": "bytes=a-b",
            "a sign": "bytes=+3-5",
            "two signs": "bytes=--3",
            "a fraction": "bytes=0.5-1",
            "no part": "bytes=",
            "no unit": "0-5",
            "another unit": "items=0-5",
            "a million digits' worth": f"bytes=0-{'9' * 30}",
        }.items()
    ),
    Row("HEAD takes no parts", 200, part("bytes=3-5"), method="HEAD", says={"Content-Range": None}),
    Row("HEAD: not even none", 200, part("bytes=26-"), method="HEAD"),
    Row("If-Range: the tag", 206, part("bytes=3-5", If_Range='"{v}"'), **is_part(3, 5)),
    Row("If-Range: another tag", 200, part("bytes=3-5", If_Range='"other"')),
    Row("If-Range: a weak tag", 200, part("bytes=3-5", If_Range='W/"{v}"')),
    Row("If-Range: a list is garbage", 200, part("bytes=3-5", If_Range='"{v}", "{v}"')),
    Row("If-Range: any is garbage", 200, part("bytes=3-5", If_Range="*")),
    Row("If-Range: the date", 206, part("bytes=3-5", If_Range=MODIFIED), **is_part(3, 5)),
    Row("If-Range: a later date", 200, part("bytes=3-5", If_Range=AFTER)),
    Row("If-Range: an earlier date", 200, part("bytes=3-5", If_Range=BEFORE)),
    Row("If-Range: another tag, behind the end", 200, part("bytes=99-", If_Range='"other"')),
    Row("If-Range without a range", 200, {"If-Range": '"{v}"'}),
]

METHODS = [
    *(
        Row(f"{method} is not for files", 405, method=method, says={"Allow": "GET,HEAD"})
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW")
    ),
    Row("HEAD for what is not there", 404, path="other.mp3", method="HEAD"),
]

TYPES = [
    Row(f"{name} is {kind}", 200, path=name, says={"Content-Type": kind}, body=name.encode())
    for name, kind in {
        "a.wav": "audio/wav",
        "a.aiff": "audio/aiff",
        "a.aif": "audio/aiff",
        "a.aifc": "audio/x-aifc",
        "a.wave": "audio/wav",
        "a.gsm": "audio/gsm",
        "a.ul": "audio/ulaw",
        "a.ulaw": "audio/ulaw",
        "a.mulaw": "audio/ulaw",
        "loud.WAV": "audio/wav",
        "two.parts.wav": "audio/wav",
        "a.txt": "text/plain",
        "a.mp3.gz": "application/octet-stream",
        "a.unheard-of": "application/octet-stream",
        "bare": "application/octet-stream",
    }.items()
]

NAMES = [
    Row(f"the name {name!r}", 200, path=path, body=name.encode())
    for name, path in {
        "my song.mp3": "my%20song.mp3",
        "100%.mp3": "100%25.mp3",
        "%41.mp3": "%2541.mp3",
        "a+b.mp3": "a+b.mp3",
        "a+b&c=d.mp3": "a%2Bb%26c%3Dd.mp3",
        "a#b.mp3": "a%23b.mp3",
        "what?.mp3": "what%3F.mp3",
        "grüße/münchen.mp3": "gr%c3%bc%C3%9Fe/m%C3%BCnchen.mp3",
        "电话.mp3": "%E7%94%B5%E8%AF%9D.mp3",
        "back\\slash.mp3": "back%5Cslash.mp3",
        "deep/down/here.mp3": "deep/down/here.mp3",
    }.items()
]

NOT_THERE = [
    Row(f"{what}: not there", 404, path=path)
    for what, path in {
        "no such file": "other.mp3",
        "the folder": "",
        "a folder inside": "deep",
        "a folder inside, with a slash": "deep/",
        "a file with a slash": "intro.mp3/",
        "a file as a folder": "intro.mp3/more.mp3",
        "other letters": "INTRO.mp3",
        "a plus is no space": "my+song.mp3",
        "quoted twice": "my%2520song.mp3",
        "up and out": "../secret.mp3",
        "up and out, dots quoted": "%2e%2e/secret.mp3",
        "up and out, slash quoted": "..%2fsecret.mp3",
        "up and out, all quoted": "%2E%2E%2Fsecret.mp3",
        "up and out, quoted twice": "%252e%252e/secret.mp3",
        "up and out, with backslashes": "..%5csecret.mp3",
        "up and out, over-long UTF-8": "%c0%ae%c0%ae/secret.mp3",
        "up and out, bytes that vanish": ".%ff./secret.mp3",
        "down, up and in": "deep/../intro.mp3",
        "right here": "./intro.mp3",
        "the whole path": "{outside}",
        "the whole path, quoted": "%2F{outside}",
        "file:": "file://{outside}",
        "two slashes inside": "deep//down/here.mp3",
        "a hidden file": ".hidden.mp3",
        "a hidden file, quoted": "%2ehidden.mp3",
        "in a hidden folder": ".git/config",
        "a link out of the folder": "out.mp3",
        "a linked folder": "linked/here.mp3",
        "a linked folder outside": "far/secret.mp3",
        "a link to nothing": "dangling.mp3",
        "a link to itself": "circle.mp3",
        "a pipe": "pipe.mp3",
        "NUL": "intro.mp3%00",
        "NUL inside": "intro.mp3%00.txt",
        "a name too long": "a" * 5000,
        "a line break": "intro.mp3%0a",
        "a half surrogate": "%ed%a0%80.mp3",
    }.items()
]

BESIDES = [
    Row("a link inside the folder", 200, path="inside.mp3"),
    Row("a path of the flow is the flow's", 403, path="come-in"),
    Row("a path of the flow, by POST", 403, path="come-in", method="POST"),
]

TABLE = [
    *ANYWHERE, *CACHING, *WHAT_THE_CLIENT_HAS, *WHAT_IT_MUST_BE, *PARTS, *METHODS, *TYPES, *NAMES,
    *NOT_THERE, *BESIDES,
]  # fmt: skip
