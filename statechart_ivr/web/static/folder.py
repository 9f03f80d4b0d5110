"""A folder of files, and the fingerprints of what they hold."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from statechart_ivr.errors import ConfigurationError

log = logging.getLogger(__name__)

_BLOCK = 1 << 18
_PASSES = 3
# Time stamps of files go by ticks, of milliseconds or, on old file systems, two seconds: a file
# that was written within the last one may be written again and look the same.
_TICK = 2_000_000_000


@dataclass(frozen=True)
class Version:
    """By what a file is seen to be another one than before, without reading it.

    Attributes:
        size: bytes.
        written: when its content was last written, nanoseconds since 1970.
        changed: when anything about it was last changed, by the system's clock.
        number: of the file in its file system; one that takes another's place has its own.
        device: of the file system.
        links: how many names the file has.
    """

    size: int
    written: int
    changed: int
    number: int
    device: int
    links: int

    @classmethod
    def of(cls, file: io.FileIO) -> Version:
        """Return the version of an open file."""
        now = os.fstat(file.fileno())
        return cls(
            now.st_size,
            now.st_mtime_ns,
            now.st_ctime_ns,
            now.st_ino,
            now.st_dev,
            now.st_nlink,
        )

    def has_content_of(self, other: Version) -> bool:
        """Return whether nothing was written in between; that the file lost its name is no harm.

        Who writes may set the time back; what they cannot set back is when they did so.
        """
        is_renamed = self.links != other.links
        same = (self.size, self.written) == (other.size, other.written)
        return same and (is_renamed or self.changed == other.changed)


@dataclass(frozen=True)
class OpenFile:
    """A file that is about to be sent.

    Attributes:
        file: at its beginning; whoever gets it closes it.
        name: below the folder.
        version: what was hashed.
        fingerprint: the hash of its content, 24 hexadecimal digits.
        is_settled: whether it had not been written to for some time when it was hashed.
    """

    file: io.FileIO
    name: str
    version: Version
    fingerprint: str
    is_settled: bool

    def is_as_hashed(self) -> bool:
        """Return whether the file holds what it held when it was hashed; it is left where it is.

        One that was written to a moment ago is read again: the system notes the time before it
        takes what is written, so that this may have come in between, or within the same tick.
        """
        if not Version.of(self.file).has_content_of(self.version):
            return False
        if self.is_settled:
            return True
        place = self.file.tell()
        now = _hash(self.file)
        self.file.seek(place)
        return now.fingerprint == self.fingerprint


@dataclass(frozen=True)
class _Hashed:
    version: Version
    fingerprint: str
    is_settled: bool


class Folder:
    """The files below a folder, by name, each with the hash of its content.

    Names have slashes between their parts. Left out are names with a part that begins with a dot,
    links that lead out of the folder, and what lies in linked folders. It may be used from any
    thread.

    Args:
        path: of the folder; it is read through at once.
        watch: whether files that are new, changed or gone are noticed later on. Without, the
            names and fingerprints stay what they were at first; yet what `open` says of a file is
            true of what it sends. A link that leads to the folder is followed anew, too.

    Raises:
        ConfigurationError: there is no such folder.
    """

    def __init__(self, path: str | os.PathLike[str], *, watch: bool = False) -> None:
        # Made absolute, with its links: one of them may be turned to another folder.
        self._named = Path(path).absolute()
        self.path = self._named.resolve()
        self.watch = watch
        if not self.path.is_dir():
            raise ConfigurationError(f"there is no folder {self.path}; create it, or mend path=")
        self._hashed: dict[str, _Hashed] = {}
        self._at_first: dict[str, str] = {}
        for name in self._names_now():
            opened = self._open(name)
            if opened is not None:
                opened.file.close()
                self._at_first[name] = opened.fingerprint

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all files."""
        return tuple(self._names_now() if self.watch else self._at_first)

    def fingerprint_of(self, name: str) -> str | None:
        """Return the hash of a file's content; None where there is no such file."""
        if not self.watch:
            return self._at_first.get(name)
        opened = self._open(name)
        if opened is None:
            return None
        opened.file.close()
        return opened.fingerprint

    def open(self, name: str) -> OpenFile | None:
        """Open a file, with the hash of what it holds now; None where there is no such file."""
        return self._open(name) if self.watch or name in self._at_first else None

    def _open(self, name: str) -> OpenFile | None:
        return self._as_before(name) or self._anew(name)

    def _as_before(self, name: str) -> OpenFile | None:
        """Open what is the very file that was found before, and spare the search for it."""
        hashed = self._hashed.get(name)
        if hashed is None or not hashed.is_settled:
            return None
        try:
            root = self._named if self.watch else self.path
            file = io.FileIO(root / name, opener=_open_at_once)
        except OSError:
            return None
        if hashed.version == Version.of(file):
            return _opened(file, name, hashed)
        file.close()
        return None

    def _anew(self, name: str) -> OpenFile | None:
        path = self._resolved(name)
        if path is None:
            return None
        try:
            file = io.FileIO(path)
        except OSError as error:
            _warn(error)
            return None
        # Two threads may do so at once, and find the same.
        hashed = self._hashed[name] = _hash(file)
        return _opened(file, name, hashed)

    def _root(self) -> Path:
        """Return the folder past links; another thread may do so while one of them is turned."""
        root = self._named.resolve() if self.watch else self.path
        self.path = root
        return root

    def _resolved(self, name: str) -> Path | None:
        """Return where a file is, past links; None where it is none of this folder's."""
        if not _is_plain(name):
            return None
        root = self._root()
        path = root / name
        try:
            is_linked = path.parent.resolve(strict=True) != path.parent
            real = path.resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            # Not there; a name with NUL in it; a circle of links, before Python 3.13.
            return None
        is_ours = not is_linked and real.is_relative_to(root) and real.is_file()
        return real if is_ours else None

    def _names_now(self) -> Iterator[str]:
        root = self._root()
        for folder, inner, files in os.walk(root, onerror=_warn):
            inner[:] = sorted(one for one in inner if not one.startswith("."))
            for one in sorted(files):
                name = Path(folder, one).relative_to(root).as_posix()
                if _is_plain(name):
                    yield name


def _opened(file: io.FileIO, name: str, hashed: _Hashed) -> OpenFile:
    return OpenFile(file, name, hashed.version, hashed.fingerprint, hashed.is_settled)


def _warn(error: OSError) -> None:
    log.warning("%s cannot be read: %s", error.filename, error.strerror)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file, or whatever has taken its place: a pipe would have it wait for a writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def _is_plain(name: str) -> bool:
    """Return whether a name is one that a URL can lead to: no empty or dotted part, and text."""
    try:
        name.encode()
    except UnicodeEncodeError:  # Python's way to spell a name on the disk that is not UTF-8
        return False
    if "\n" in name:  # Bottle's router knows no such path
        return False
    return all(part and not part.startswith(".") for part in name.split("/"))


def _hash(file: io.FileIO) -> _Hashed:
    """Read a file through, again if it was written to meanwhile; it is left at its beginning.

    One that is written to all the time gets a version that it has no longer, so that whatever is
    sent of it breaks off.
    """
    for _ in range(_PASSES):
        began = time.time_ns()
        before = Version.of(file)
        content = hashlib.blake2b(digest_size=12)
        file.seek(0)
        while block := file.read(_BLOCK):
            content.update(block)
        file.seek(0)
        version = Version.of(file)
        if version.has_content_of(before):
            is_settled = began - version.changed > _TICK
            return _Hashed(version, content.hexdigest(), is_settled)
    return _Hashed(before, content.hexdigest(), is_settled=False)
