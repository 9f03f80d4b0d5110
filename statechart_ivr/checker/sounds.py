"""The sounds that a flow plays: which files they are, and how long they take."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from bottle import Bottle

from statechart_ivr.checker.findings import Finding, place_of
from statechart_ivr.checker.graph import Exploration, Trouble
from statechart_ivr.checker.line import BASE_URL, board_for
from statechart_ivr.checker.notation import Step
from statechart_ivr.clock import SystemClock
from statechart_ivr.errors import MissingExtraError, UnknownFileError
from statechart_ivr.flow import CallFlow
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.script import PLAY_SECONDS, sound_seconds
from statechart_ivr.web import FingerprintPlugin

#: Formats without a header, and how many bytes of them a second has.
_RAW = {".ulaw": 8000.0, ".gsm": 1650.0}
_CHANNELS = {1: "mono", 2: "stereo"}


class Header(NamedTuple):
    """What a sound file says of itself.

    Attributes:
        seconds: how long it is; None if it does not say.
        form: its format, in a few words.
    """

    seconds: float | None
    form: str


def header_of(file: Path) -> Header:
    """Read how long a sound is, and in what format.

    Raises:
        MissingExtraError: tinytag is not installed.
    """
    suffix = file.suffix.lower()
    if suffix in _RAW:
        return Header(file.stat().st_size / _RAW[suffix], suffix[1:])
    try:
        from tinytag import TinyTag, TinyTagException
    except ImportError as error:
        raise MissingExtraError("statechart-ivr sounds", "sounds") from error
    try:
        tag = TinyTag.get(file)
    except TinyTagException:
        return Header(None, "not a sound that can be read")
    if not tag.duration:
        return Header(None, f"{suffix[1:]}, not a sound that can be read")
    rate = f"{tag.samplerate:,} Hz" if tag.samplerate else ""
    channels = _CHANNELS.get(tag.channels or 0, "")
    return Header(tag.duration, ", ".join(one for one in (suffix[1:], rate, channels) if one))


class Shelf:
    """A folder of sounds, and the URLs at which an application serves them.

    Args:
        folder: of the files.
        mount_path: below which they are served.
        base_url: public URL of the application's root.
    """

    def __init__(self, folder: Path, mount_path: str, base_url: str) -> None:
        self.folder = folder
        self.mount_path = mount_path
        self._base_url = base_url
        self._seconds: dict[str, float] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The files there are, but for those with a part that begins with a dot."""
        found = (one.relative_to(self.folder) for one in self.folder.rglob("*") if one.is_file())
        shown = (one for one in found if not any(part.startswith(".") for part in one.parts))
        return tuple(sorted(one.as_posix() for one in shown))

    def name_of(self, url: str) -> str | None:
        """Return the name of the file at a URL, whether it is there or not; None if elsewhere."""
        root = urlsplit(self._base_url)
        parts = urlsplit(urljoin(f"{self._base_url}/", url))
        above = f"{root.path}{self.mount_path}/"
        is_here = (parts.scheme, parts.netloc) == (root.scheme, root.netloc)
        return (
            unquote(parts.path[len(above) :]) if is_here and parts.path.startswith(above) else None
        )

    def file_of(self, name: str) -> Path | None:
        """Return a file; None where there is none of this name."""
        file = self.folder / name
        return file if file.is_file() else None

    def seconds_of(self, url: str) -> float:
        """Return how long a sound takes, as far as that can be known; else what is usual."""
        if url not in self._seconds:
            self._seconds[url] = self._measured(url)
        return self._seconds[url]

    def _measured(self, url: str) -> float:
        name = self.name_of(url)
        file = None if name is None else self.file_of(name)
        if file is None:
            return PLAY_SECONDS
        try:
            return header_of(file).seconds or PLAY_SECONDS
        except MissingExtraError:
            return PLAY_SECONDS


@contextmanager
def measured_by(shelf: Shelf | None) -> Iterator[None]:
    """Let the phone's clock go by the lengths of the files, where there is a folder of them."""
    token = sound_seconds.set(shelf.seconds_of if shelf else None)
    try:
        yield
    finally:
        sound_seconds.reset(token)


def shelf_of(board: Switchboard) -> Shelf | None:
    """Return the folder that an application serves its sounds from; None if there is none."""
    plugin = board.environment.fingerprinter
    if not isinstance(plugin, FingerprintPlugin) or plugin.path is None:
        return None
    base_url = board.environment.base_url or BASE_URL
    return Shelf(Path(plugin.path), plugin.mount_path, base_url)


def board_with_sounds(
    flows: Sequence[type[CallFlow]], folder: str | os.PathLike[str], mount_path: str
) -> Switchboard:
    """Return an application of flows that serves a folder of sounds.

    Raises:
        ConfigurationError: there is no such folder, or the mount path is no path.
    """
    board = board_for(flows, SystemClock(), None)
    plugin = FingerprintPlugin(folder, mount_path=mount_path)
    plugin.setup(Bottle())
    board.use_fingerprinter(plugin)
    return board


@dataclass(frozen=True)
class Sound:
    """A sound that some call plays.

    Attributes:
        url: as it stands in the document, without its query; or the path that ``url_for`` was
            asked for, where there is no such file.
        name: of the file, below the folder; None if it is elsewhere.
        file: the file; None if it is missing, or elsewhere.
        states: that play it, each as ``Flow.state``; the flow alone, where a call has just come in.
        steps: the shortest call that plays it.
    """

    url: str
    name: str | None
    file: Path | None
    states: tuple[str, ...]
    steps: tuple[Step, ...] = ()

    @property
    def is_missing(self) -> bool:
        """Whether it should be in the folder, and is not."""
        return self.name is not None and self.file is None


def sounds_of(found: Exploration, shelf: Shelf | None, hold_music: str = "") -> list[Sound]:
    """Return all sounds that the calls of an exploration play, in the order they are found.

    Args:
        found: the exploration.
        shelf: where the files are; None if that is not known.
        hold_music: URL of what callers hear who are held, or nothing.
    """
    states: dict[str, dict[str, None]] = {}
    calls: dict[str, tuple[Step, ...]] = {}
    for flow, state, url, steps in (*_played(found), *_asked_for(found)):
        bare = url.partition("?")[0]
        states.setdefault(bare, {})[f"{flow}.{state}".rstrip(".")] = None
        calls.setdefault(bare, steps)
    if hold_music:
        states.setdefault(hold_music.partition("?")[0], {})["(hold music)"] = None
    return [_sound(url, tuple(those), calls.get(url, ()), shelf) for url, those in states.items()]


def _played(found: Exploration) -> Iterator[tuple[str, str, str, tuple[Step, ...]]]:
    for (flow, state, url), steps in found.played.items():
        yield flow, state, url, steps


def _asked_for(found: Exploration) -> Iterator[tuple[str, str, str, tuple[Step, ...]]]:
    """Go through the files that ``url_for`` did not find."""
    for one in found.incidents:
        if one.trouble is Trouble.RAISED and isinstance(one.error, UnknownFileError):
            yield found.flow_of(one).__name__, one.state, one.error.path, one.steps


def _sound(
    url: str, states: tuple[str, ...], steps: tuple[Step, ...], shelf: Shelf | None
) -> Sound:
    name = shelf.name_of(url) if shelf else None
    file = shelf.file_of(name) if shelf and name is not None else None
    return Sound(url, name, file, states, steps)


def missing_sounds(found: Exploration, shelf: Shelf) -> Iterator[Finding]:
    """Return the sounds that are played by a URL at which there is no file.

    What flows ask for with ``url_for`` is missing before it is played.
    """
    for flow, state, url, steps in _played(found):
        name = shelf.name_of(url)
        if name is None or shelf.file_of(name) is not None:
            continue
        flows = {one.__name__: one for one in found.flows}
        yield Finding(
            "missing-sound",
            flow,
            state,
            f"no file for {url} in {shelf.folder}",
            "add the file, or name one that is there",
            steps,
            place_of(flows[flow], state=state),
            (f'assert not report.having("missing-sound", "{state}")',),
        )
