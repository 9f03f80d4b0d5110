"""The files that are served, and what is asked of them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

from statechart_ivr.call import Answer

#: Bytes: what is next to nothing, a prompt of half a minute, an hour of hold music.
SIZES: Mapping[str, int] = {"small": 8_000, "prompt": 200_000, "large": 20_000_000}

#: What is asked: all of a file; whether it is still the same; half of it, from a quarter on.
REQUESTS = ("whole", "unchanged", "range")


@dataclass(frozen=True)
class File:
    """A file.

    Attributes:
        name: it holds a hash of the content, as WhiteNoise wants it for what is for ever.
        content: all of it.
    """

    name: str
    content: bytes


class Case(NamedTuple):
    """What is measured at a time.

    Attributes:
        file: one of `SIZES`.
        request: one of `REQUESTS`.
    """

    file: str
    request: str


@dataclass(frozen=True)
class Exchange:
    """A request, and the only right answer.

    Attributes:
        request: head; there is no body.
        wanted: status and body.
    """

    request: bytes
    wanted: Answer

    def difference(self, answer: Answer) -> str:
        """Return what is wrong with an answer; nothing if it is right to the last byte."""
        if answer == self.wanted:
            return ""
        if (answer.status, len(answer.body)) != (self.wanted.status, len(self.wanted.body)):
            return f"{_outline(answer)}, not {_outline(self.wanted)}"
        both = zip(answer.body, self.wanted.body, strict=True)
        at = next(number for number, (got, wanted) in enumerate(both) if got != wanted)
        return f"{_outline(answer)}, wrong from byte {at:,} on"


def make_files(folder: Path, sizes: Mapping[str, int]) -> dict[str, File]:
    """Write the files, which hold the same in every run.

    Args:
        folder: where.
        sizes: bytes, by file.

    Returns:
        The files, by the same names.
    """
    random, files = Random(1), {}  # noqa: S311 - no secret
    for name, size in sizes.items():
        content = random.randbytes(size)
        digest = hashlib.blake2b(content, digest_size=6).hexdigest()
        files[name] = File(f"{name}.{digest}.mp3", content)
        (folder / files[name].name).write_bytes(content)
    return files


def exchanges(path: str, tag: str, content: bytes) -> Iterator[tuple[str, Exchange]]:
    """Give an exchange for each of the `REQUESTS`.

    Args:
        path: of the file, and query.
        tag: the entity tag that the server gives it.
        content: of the file.
    """
    start, stop = len(content) // 4, len(content) * 3 // 4
    yield "whole", Exchange(_head(path), Answer(200, content))
    yield "unchanged", Exchange(_head(path, f"If-None-Match: {tag}"), Answer(304, b""))
    part = _head(path, f"Range: bytes={start}-{stop - 1}")
    yield "range", Exchange(part, Answer(206, content[start:stop]))


def _head(path: str, *headers: str) -> bytes:
    lines = (f"GET {path} HTTP/1.1", "Host: ivr.example.com", "Accept: */*", *headers)
    return "\r\n".join((*lines, "", "")).encode("ascii")


def _outline(answer: Answer) -> str:
    return f"status {answer.status} with {len(answer.body):,} bytes"
