"""Files that change while they are served."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace as replaced
from pathlib import Path
from typing import Any

import pytest

from statechart_ivr.errors import UnknownUrlError
from statechart_ivr.web import FingerprintPlugin
from statechart_ivr.web.static import folder as folder_module
from statechart_ivr.web.static.answer import FilePart
from statechart_ivr.web.static.folder import Folder, Version
from tests.web.static.conftest import SOUNDS, application

LONG_AGO = 946684800  # 2000-01-01
URL = "/static/intro.mp3"
BOTH = pytest.mark.parametrize("watch", [False, True])

Ask = Callable[..., Any]


@pytest.fixture(autouse=True, params=[False, True], ids=["young", "settled"])
def _age(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every test twice: files of this moment are read again each time, older ones are not."""
    if request.param:
        monkeypatch.setattr(folder_module, "_TICK", -1)


def fingerprint(content: bytes) -> str:
    """Return what the plugin calls a content."""
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def write(file: Path, content: bytes, *, at: int = LONG_AGO) -> None:
    """Write into a file, and set when that was."""
    file.write_bytes(content)
    os.utime(file, (at, at))


def replace(file: Path, content: bytes) -> None:
    """Put a new file in the place of another, as a deploy does."""
    new = file.with_name("new")
    write(new, content)
    new.replace(file)


def served(sounds: Path, *, watch: bool) -> tuple[Any, FingerprintPlugin]:
    """Return an application, and its plugin."""
    app = application()
    return app, app.install(FingerprintPlugin(sounds, mount_path="/static", watch=watch))


@BOTH
@pytest.mark.parametrize("change", [write, replace])
def test_new_content_has_no_old_name(
    sounds: Path, ask: Ask, watch: bool, change: Callable[..., None]
) -> None:
    """Under the old fingerprint it is not for ever; its tag is its own; and under its own it is."""
    app, plugin = served(sounds, watch=watch)
    old = plugin.url_for(URL)
    change(sounds / "intro.mp3", b"Good evening.")
    _, headers, body = ask(app, "GET", old)
    new = fingerprint(b"Good evening.")
    assert body == b"Good evening."
    assert (headers["Cache-Control"], headers["ETag"]) == ("no-cache", f'"{new}"')
    assert "immutable" in ask(app, "GET", f"{URL}?v={new}")[1]["Cache-Control"]


@BOTH
def test_content_of_the_same_size_and_time(sounds: Path, ask: Ask, watch: bool) -> None:
    """Size and time alone do not hide a change: another file took its place."""
    file = sounds / "intro.mp3"
    write(file, b"aaaa")
    app, plugin = served(sounds, watch=watch)
    old = plugin.url_for(URL)
    replace(file, b"bbbb")
    _, headers, body = ask(app, "GET", old)
    assert (body, headers["Cache-Control"]) == (b"bbbb", "no-cache")


def test_a_watched_change_has_a_new_url(sounds: Path) -> None:
    """Without a restart; and back again."""
    _, plugin = served(sounds, watch=True)
    old = plugin.url_for(URL)
    before = (sounds / "intro.mp3").read_bytes()
    replace(sounds / "intro.mp3", b"Good evening.")
    assert plugin.url_for(URL) == f"{URL}?v={fingerprint(b'Good evening.')}"
    replace(sounds / "intro.mp3", before)
    assert plugin.url_for(URL) == old


def test_an_unwatched_change_keeps_its_url(sounds: Path) -> None:
    """Until the next start, flows name the file they were started with."""
    _, plugin = served(sounds, watch=False)
    old = plugin.url_for(URL)
    replace(sounds / "intro.mp3", b"Good evening.")
    assert plugin.url_for(URL) == old


@BOTH
def test_a_file_that_is_only_touched(sounds: Path, ask: Ask, watch: bool) -> None:
    """Its content counts, not its date: the URL stays, and stays for ever."""
    app, plugin = served(sounds, watch=watch)
    url = plugin.url_for(URL)
    os.utime(sounds / "intro.mp3", (LONG_AGO, LONG_AGO))
    assert plugin.url_for(URL) == url
    assert "immutable" in ask(app, "GET", url)[1]["Cache-Control"]


@BOTH
def test_a_link_that_is_turned(sounds: Path, ask: Ask, watch: bool, tmp_path: Path) -> None:
    """What it leads to now is served; nothing, once that is outside the folder."""
    (tmp_path / "secret.mp3").write_bytes(b"Nobody's business.")
    link = sounds / "current.mp3"
    link.symlink_to("intro.mp3")
    app, _ = served(sounds, watch=watch)
    assert ask(app, "GET", "/static/current.mp3")[2] == SOUNDS["intro.mp3"]
    for target, answer in (("my song.mp3", 200), ("../secret.mp3", 404)):
        link.unlink()
        link.symlink_to(target)
        status, _, body = ask(app, "GET", "/static/current.mp3")
        assert (status, body == SOUNDS.get(target)) == (answer, status == 200)


@BOTH
def test_a_link_to_the_folder_that_is_turned(ask: Ask, watch: bool, tmp_path: Path) -> None:
    """Where a new version is a folder beside the old one, it is there at once, if watched."""
    for release in ("1", "2"):
        (tmp_path / release).mkdir()
        write(tmp_path / release / "intro.mp3", release.encode())
    write(tmp_path / "2" / "new.mp3", b"News.")
    (tmp_path / "current").symlink_to("1")
    app, plugin = served(tmp_path / "current", watch=watch)
    old = plugin.url_for(URL)
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").replace(tmp_path / "current")
    assert (plugin.url_for(URL) != old) == watch
    now = b"2" if watch else b"1"
    assert ask(app, "GET", plugin.url_for(URL))[2] == now
    assert ask(app, "GET", "/static/new.mp3")[0] == (200 if watch else 404)


def test_new_files(sounds: Path, ask: Ask) -> None:
    """They are there at once where the folder is watched, and from the next start otherwise."""
    watching, watcher = served(sounds, watch=True)
    keeping, keeper = served(sounds, watch=False)
    write(sounds / "new.mp3", b"News.")
    assert ask(watching, "GET", watcher.url_for("/static/new.mp3"))[2] == b"News."
    assert ask(keeping, "GET", "/static/new.mp3")[0] == 404
    with pytest.raises(UnknownUrlError):
        keeper.url_for("/static/new.mp3")


@BOTH
def test_files_that_are_gone(sounds: Path, ask: Ask, watch: bool) -> None:
    """404; and their name is an error as soon as that is noticed."""
    app, plugin = served(sounds, watch=watch)
    url = plugin.url_for(URL)
    (sounds / "intro.mp3").unlink()
    assert ask(app, "GET", url)[0] == 404
    if watch:
        with pytest.raises(UnknownUrlError):
            plugin.url_for(URL)


def test_a_file_written_a_moment_ago_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written twice within one tick of the clock it looks the same, so that it is read again."""
    monkeypatch.setattr(folder_module, "_TICK", 10**9)
    file = tmp_path / "a.wav"
    write(file, b"one")
    folder = Folder(tmp_path, watch=True)
    name, hashed = next(iter(folder._hashed.items()))
    assert not hashed.is_settled
    # As if the second writing had left no trace at all.
    folder._hashed[name] = folder_module._Hashed(hashed.version, "stale", is_settled=False)
    assert folder.fingerprint_of("a.wav") == fingerprint(b"one")


def test_a_settled_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing costs time, and a file that looks the same after a while is the same."""
    write(tmp_path / "a.wav", b"one")
    monkeypatch.setattr(folder_module, "_TICK", -1)
    folder = Folder(tmp_path, watch=True)
    known = folder._hashed["a.wav"]
    assert folder.fingerprint_of("a.wav") == fingerprint(b"one")
    assert folder._hashed["a.wav"] is known


class WrittenMeanwhile(io.FileIO):
    """A file that somebody writes to while it is read for the first time."""

    rewritten = False

    def read(self, size: int | None = -1, /) -> bytes:
        """Read, and then write."""
        block = super().read(-1 if size is None else size)
        if not self.rewritten:
            self.rewritten = True
            write(Path(str(self.name)), b"a longer text")
        return block


def test_a_file_written_to_while_it_is_hashed(tmp_path: Path) -> None:
    """It is read again: the fingerprint is of what it holds in the end."""
    file = tmp_path / "a.wav"
    write(file, b"short")
    with WrittenMeanwhile(file) as opened:
        hashed = folder_module._hash(opened)
        assert hashed.fingerprint == fingerprint(b"a longer text")
        assert opened.tell() == 0
        assert hashed.version == Version.of(opened)


class TestWhileItIsSent:
    """What is read of a file after its headers were sent."""

    @pytest.fixture
    def part(self, tmp_path: Path) -> Any:
        """Return a part of a file: 3 bytes of 10."""
        write(tmp_path / "a.wav", b"0123456789")
        opened = Folder(tmp_path).open("a.wav")
        assert opened is not None
        with closing(FilePart(opened, range(4, 7))) as part:
            yield part

    def test_only_the_part(self, part: FilePart) -> None:
        """It begins, ends and counts like a file of its own."""
        assert part.read() == b"456"
        assert part.read() == b""
        assert (part.seek(0, os.SEEK_END), part.tell()) == (3, 3)
        assert (part.seek(1), part.read(1), part.seek(0, os.SEEK_CUR)) == (1, b"5", 2)

    def test_written_to(self, part: FilePart, tmp_path: Path) -> None:
        """The end is held back: nobody gets half of one recording and half of the next."""
        assert part.read(2) == b"45"
        (tmp_path / "a.wav").write_bytes(b"abcdefghij")
        with pytest.raises(OSError, match=r"a\.wav was written to while it was sent"):
            part.read(1)

    def test_written_to_and_the_time_set_back(self, part: FilePart, tmp_path: Path) -> None:
        """Whoever does so leaves a trace all the same."""
        assert part.read(2) == b"45"
        write(tmp_path / "a.wav", b"abcdefghij")
        with pytest.raises(OSError, match="was written to"):
            part.read(1)

    def test_written_to_without_a_trace(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The system notes the time first, and then takes what is written: both are looked at."""
        monkeypatch.setattr(folder_module, "_TICK", 10**12)
        write(tmp_path / "a.wav", b"0123456789")
        folder = Folder(tmp_path)
        opened, again = folder.open("a.wav"), folder.open("a.wav")
        assert opened is not None
        assert again is not None
        with closing(FilePart(opened, range(4, 7))) as part:
            assert part.read() == b"456"
        # As if it had held something else when it was hashed, at the very same time.
        other = replaced(again, fingerprint=fingerprint(b"abcdefghij"))
        with closing(FilePart(other, range(4, 7))) as part:
            assert part.read(2) == b"45"
            with pytest.raises(OSError, match="was written to"):
                part.read(1)

    def test_cut_off(self, part: FilePart, tmp_path: Path) -> None:
        """A file that became shorter ends with an error, not too early."""
        os.truncate(tmp_path / "a.wav", 2)
        with pytest.raises(OSError, match="was written to"):
            part.read(2)

    def test_replaced(self, part: FilePart, tmp_path: Path) -> None:
        """Whoever listens hears the old one to its end."""
        replace(tmp_path / "a.wav", b"abcdefghij")
        assert part.read() == b"456"


def test_written_to_all_the_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not waited for: nothing hangs, and what is sent of it breaks off."""
    recording = tmp_path / "a.wav"
    write(recording, b"one")

    class BeingWritten(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            os.utime(recording, ns=(0, recording.stat().st_mtime_ns + 1_000_000))
            return super().read(-1 if size is None else size)

    monkeypatch.setattr(folder_module.io, "FileIO", BeingWritten)
    opened = Folder(tmp_path, watch=True).open("a.wav")
    assert opened is not None
    part = FilePart(opened, range(3))
    with closing(part), pytest.raises(OSError, match=r"a\.wav was written to"):
        part.read()


def test_a_file_nobody_may_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not there, and the log says why."""
    write(tmp_path / "a.wav", b"one")

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    # A test that runs as root may read everything.
    monkeypatch.setattr(folder_module.io, "FileIO", refuse)
    assert Folder(tmp_path).names == ()
    assert f"{tmp_path / 'a.wav'} cannot be read: Permission denied" in caplog.text


def test_a_folder_nobody_may_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in it is not there, and the log says why."""
    (tmp_path / "de").mkdir()
    write(tmp_path / "de" / "a.wav", b"one")
    write(tmp_path / "b.wav", b"two")
    listed = os.scandir

    def refuse(path: str) -> Any:
        if str(path).endswith("/de"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    # A test that runs as root may read everything.
    monkeypatch.setattr(os, "scandir", refuse)
    assert Folder(tmp_path).names == ("b.wav",)
    assert f"{tmp_path / 'de'} cannot be read: Permission denied" in caplog.text


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A name that is not UTF-8 has no URL."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav")).write_bytes(b"")
    assert Folder(tmp_path).names == ()
    assert Folder(tmp_path, watch=True).names == ()
