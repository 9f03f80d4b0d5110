"""One file, or a part of it, as the answer to a request."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable
from email.utils import formatdate
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from bottle import HTTPResponse

from statechart_ivr.web.body import header, parse_pairs, query_string
from statechart_ivr.web.static.conditions import UNSATISFIABLE, Validators, range_of, status_of
from statechart_ivr.web.static.folder import OpenFile

#: Name of the fingerprint in a URL's query.
FINGERPRINT = "v"

# A year is as good as for ever (RFC 9111, section 1.2.2, wants no more), and "immutable" (RFC 8246)
# spares the questions in between.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
# A refusal is for this client only: a cache that kept it would give it to those who ask for the
# same URL with other headers.
_NOT_AT_ALL = "no-store"

# What Twilio plays, by the types that its documentation of <Play> names.
_AUDIO_TYPES = {
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".wave": "audio/wav",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".aifc": "audio/x-aifc",
    ".gsm": "audio/gsm",
    ".ul": "audio/ulaw",
    ".ulaw": "audio/ulaw",
    ".mulaw": "audio/ulaw",
}
# Without what the system has to say, which differs from machine to machine.
_OTHER_TYPES = mimetypes.MimeTypes()

# Servers ask for as much as a socket takes, which may be megabytes for each client.
_BLOCK = 1 << 17


def respond(opened: OpenFile, environ: dict[str, Any]) -> HTTPResponse:
    """Answer a GET or a HEAD with a file, which the server closes when it is sent.

    Args:
        opened: the file.
        environ: of the request.
    """
    ask: Callable[[str], str] = partial(header, environ)
    file = Validators(f'"{opened.fingerprint}"', opened.version.written // 1_000_000_000)
    headers = {
        "ETag": file.tag,
        "Last-Modified": formatdate(file.modified, usegmt=True),
        "Cache-Control": _FOR_EVER if _is_current(opened, environ) else _ASK_AGAIN,
    }
    status = status_of(ask, file)
    if status != 200:
        return _without_body(opened, status, headers)
    headers["Accept-Ranges"] = "bytes"
    size = opened.version.size
    # A range is for GET only (RFC 9110, section 14.2).
    part = range_of(ask, file, size) if environ["REQUEST_METHOD"] == "GET" else None
    if part is UNSATISFIABLE:
        return _without_body(opened, 416, {**headers, "Content-Range": f"bytes */{size}"})
    headers["Content-Type"] = media_type(opened.name)
    if isinstance(part, range):
        headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
        return _with_body(opened, 206, headers, part)
    return _with_body(opened, 200, headers, range(size))


def media_type(name: str) -> str:
    """Return the type of a file by its extension; for sounds, one that Twilio knows.

    >>> media_type("greetings/hello.MP3")
    'audio/mpeg'
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix in _AUDIO_TYPES:
        return _AUDIO_TYPES[suffix]
    guessed, encoding = _OTHER_TYPES.guess_type(name)
    return guessed if guessed and not encoding else "application/octet-stream"


def _is_current(opened: OpenFile, environ: dict[str, Any]) -> bool:
    return (FINGERPRINT, opened.fingerprint) in parse_pairs(query_string(environ))


def _without_body(opened: OpenFile, status: int, headers: dict[str, str]) -> HTTPResponse:
    opened.file.close()
    if status >= 400:
        headers["Cache-Control"] = _NOT_AT_ALL
    return HTTPResponse(status=status, headers=headers)


def _with_body(opened: OpenFile, status: int, headers: dict[str, str], part: range) -> HTTPResponse:
    headers["Content-Length"] = str(len(part))
    return HTTPResponse(FilePart(opened, part), status, headers=headers)


class FilePart:
    """Some of a file's bytes, to be read while they are sent, and only as long as they are right.

    A server that is told a file is for ever may keep half of one recording and half of the next.
    So the end is not given out if the file was written to since it was hashed: the connection
    breaks, and what came of it is too short to be taken for the whole.

    Servers ask how long it is by seeking.

    Args:
        opened: the file; closed with this.
        part: positions of the bytes.
    """

    def __init__(self, opened: OpenFile, part: range) -> None:
        self._opened = opened
        self._file = opened.file
        self._part = part
        self._file.seek(part.start)

    def tell(self) -> int:
        """Return how many bytes were read."""
        return self._file.tell() - self._part.start

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, counted from the beginning of the part."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self.tell(), os.SEEK_END: len(self._part)}[whence]
        return self._file.seek(self._part.start + origin + offset) - self._part.start

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, at most a block unless all are wanted.

        Raises:
            OSError: the file was written to since it was hashed.
        """
        left = max(0, len(self._part) - self.tell())
        block: bytes = self._file.read(left if size < 0 else min(size, left, _BLOCK))
        is_end = len(block) == left > 0 or (not block and left and size)
        if is_end and not self._opened.is_as_hashed():
            raise OSError(f"{self._file.name} was written to while it was sent")
        return block

    def close(self) -> None:
        """Close the file."""
        self._file.close()
