"""Sounds that flows play: found, measured, and missed."""

from __future__ import annotations

import sys
import wave
from pathlib import Path

import pytest
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Play

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.checker import Limits, check_flow
from statechart_ivr.checker.sounds import Shelf, header_of, shelf_of, sounds_of
from statechart_ivr.errors import ConfigurationError, MissingExtraError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing import Phone
from statechart_ivr.web import FingerprintPlugin, HoldMusicPlugin, IvrApp

BASE_URL = "https://ivr.example.com/phones"


class Line(CallFlow):
    """Plays sounds in all ways there are."""

    menu = State(initial=True)
    waiting = State()
    goodbye = State(final=True)

    menu.to(waiting, event=key("1"))
    menu.to(goodbye, event=key("2"))
    waiting.to(goodbye, event="queue")

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(Play(self.url_for("/static/menu.wav")))

    @renders(waiting)
    def wait(self):
        return [Play("https://elsewhere.example/please.mp3"), Enqueue("support")]

    @renders(goodbye)
    def say_goodbye(self):
        return [Play(digits="ww12"), Play("/static/goodbye.wav")]


def write_wav(file: Path, seconds: float, rate: int = 8000, channels: int = 1) -> None:
    """Write a silence."""
    with wave.open(str(file), "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(bytes(int(seconds * rate) * 2 * channels))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the sounds that the flow plays, the menu twelve seconds long."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    write_wav(folder / "menu.wav", 12)
    write_wav(folder / "goodbye.wav", 2)
    return folder


@pytest.fixture
def without_tinytag(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no library that reads sounds."""
    monkeypatch.setitem(sys.modules, "tinytag", None)


def test_nothing_is_missing(folder: Path) -> None:
    """Of a flow whose sounds are all there, nothing is said."""
    report = check_flow(Line, sounds=folder)
    assert report.having("missing-sound") == ()


def test_url_for_a_file_that_is_missing(folder: Path) -> None:
    """What `url_for` does not find is named, with the state it is asked for in."""
    (folder / "menu.wav").unlink()
    (found,) = check_flow(Line, sounds=folder).having("missing-sound")
    assert (found.call, found.checks) == ("dial", ('assert not report.having("missing-sound")',))
    assert "no file for '/static/menu.wav'" in found.message


def test_a_url_without_a_file(folder: Path) -> None:
    """A path that is written out is looked up, too; the test for it fails as long as it is so."""
    (folder / "goodbye.wav").unlink()
    report = check_flow(Line, sounds=folder)
    (found,) = report.having("missing-sound")
    assert (found.state, found.call) == ("goodbye", "dial 2")
    assert found.message == f"no file for /static/goodbye.wav in {folder}"
    with pytest.raises(AssertionError):
        exec(found.checks[0], {"report": report})  # noqa: S102 - ours


def test_below_another_mount_path(folder: Path) -> None:
    """The mount path is part of the URLs."""
    (found,) = check_flow(Line, sounds=folder, mount_path="/sounds").having("missing-sound")
    assert "/static/menu.wav" in found.message


def test_an_application_says_where_its_sounds_are(folder: Path) -> None:
    """Its FingerprintPlugin is asked, and its hold music is played by the application itself."""

    class Queue(Line):
        def wait(self):
            return Enqueue("support", wait_url=self.url_for("hold-music"))

    write_wav(folder / "hold.wav", 3)
    app = IvrApp(Queue, auth_token="1", base_url=BASE_URL, store="memory:")
    app.install(FingerprintPlugin(folder, mount_path="/static"))
    app.install(HoldMusicPlugin("hold.wav"))
    report = check_flow(Queue, like=app)
    shelf = shelf_of(app.switchboard)
    (missing,) = report.having("missing-sound") or [None]
    assert missing is None
    played = {sound.name: sound for sound in sounds_of(report.found, shelf)}
    assert set(played) == {"menu.wav", "hold.wav", None}
    assert played["hold.wav"].states == ("Queue.waiting",)
    assert not played["hold.wav"].is_missing


def test_what_only_a_get_asks_for(folder: Path) -> None:
    """A document of the application's own is fetched as the flow says; without one it is a 404."""

    class Queue(Line):
        def wait(self):
            return Enqueue(
                "support", wait_url="/phones/wait-here?mood=a&mood=b", wait_url_method="GET"
            )

    app = IvrApp(Queue, auth_token="1", base_url=BASE_URL, store="memory:")
    app.install(FingerprintPlugin(folder, mount_path="/static"))
    refused = check_flow(Queue, like=app).having("twiml-refused")
    assert [one.call for one in refused] == ["dial 1"]
    again = IvrApp(Queue, auth_token="1", base_url=BASE_URL, store="memory:")
    again.install(FingerprintPlugin(folder, mount_path="/static"))
    again.get("/wait-here", callback=lambda: "<Response><Pause length='9'/></Response>")
    assert check_flow(Queue, like=again).having("twiml-refused") == ()


def test_budgets_know_how_long_sounds_are(folder: Path) -> None:
    """The clock of the phone goes by the files, not by what is usual."""
    limits = Limits(prompt_seconds=11)
    (found,) = check_flow(Line, sounds=folder, limits=limits).having("long-prompt")
    assert (found.state, found.message.split(" for ")[1]) == ("menu", "12.0 s > 11 s")
    assert check_flow(Line, limits=limits).having("long-prompt") == ()


@pytest.mark.usefixtures("without_tinytag")
def test_budgets_without_tinytag(folder: Path) -> None:
    """Where nothing reads the files, a sound takes as long as is usual."""
    report = check_flow(Line, sounds=folder, limits=Limits(prompt_seconds=11))
    assert report.having("long-prompt") == ()


@pytest.mark.usefixtures("without_tinytag")
def test_headers_need_tinytag(folder: Path) -> None:
    """The error says what to type; what has no header needs nothing."""
    with pytest.raises(MissingExtraError, match=r"pip install 'statechart-ivr\[sounds\]'"):
        header_of(folder / "menu.wav")
    (folder / "beep.ulaw").write_bytes(bytes(4000))
    assert header_of(folder / "beep.ulaw") == (0.5, "ulaw")


@pytest.mark.parametrize(
    ("rate", "channels", "form"),
    [(8000, 1, "wav, 8,000 Hz, mono"), (44100, 2, "wav, 44,100 Hz, stereo")],
)
def test_headers(tmp_path: Path, rate: int, channels: int, form: str) -> None:
    """Length and format are read from the file."""
    write_wav(tmp_path / "a.WAV", 1.5, rate, channels)
    assert header_of(tmp_path / "a.WAV") == (1.5, form)


@pytest.mark.parametrize("name", ["noise.mp3", "noise.txt", "noise.wav"])
def test_what_is_no_sound(tmp_path: Path, name: str) -> None:
    """A file that says nothing of its length is none."""
    (tmp_path / name).write_bytes(b"not really music")
    seconds, form = header_of(tmp_path / name)
    assert seconds is None
    assert form.endswith("not a sound that can be read")


def test_shelf(folder: Path) -> None:
    """URLs are looked up below the application's root and mount path, and nowhere else."""
    (folder / ".hidden").write_bytes(b"")
    (folder / "de").mkdir()
    write_wav(folder / "de" / "hallo du.wav", 1)
    shelf = Shelf(folder, "/static", BASE_URL)
    assert shelf.names == ("de/hallo du.wav", "goodbye.wav", "menu.wav")
    names = {
        "/phones/static/de/hallo%20du.wav?v=1": "de/hallo du.wav",
        f"{BASE_URL}/static/menu.wav": "menu.wav",
        "/static/menu.wav": None,
        "https://elsewhere.example/phones/static/menu.wav": None,
    }
    assert {url: shelf.name_of(url) for url in names} == names
    assert shelf.seconds_of("/phones/static/menu.wav") == 12
    assert shelf.seconds_of("/phones/static/menu.wav") == 12
    assert shelf.seconds_of("https://elsewhere.example/menu.wav") == 5
    assert shelf.file_of("none.wav") is None


def test_sounds_of(folder: Path) -> None:
    """Each sound is there once, with the states that play it, and hold music at the end."""
    (folder / "goodbye.wav").unlink()
    report = check_flow(Line, sounds=folder)
    shelf = Shelf(folder, "/static", "https://phone.example")
    found = sounds_of(report.found, shelf, "/static/goodbye.wav?v=1")
    assert [(one.url, one.name, one.is_missing, one.states) for one in found] == [
        ("/static/menu.wav", "menu.wav", False, ("Line.menu",)),
        ("https://elsewhere.example/please.mp3", None, False, ("Line.waiting",)),
        ("/static/goodbye.wav", "goodbye.wav", True, ("Line.goodbye", "(hold music)")),
    ]
    assert not any(one.is_missing for one in sounds_of(report.found, None))


def test_what_url_for_missed_is_listed(folder: Path) -> None:
    """A sound that no document names, because there is no such file, is one all the same."""
    (folder / "menu.wav").unlink()
    report = check_flow(Line, sounds=folder)
    (found,) = sounds_of(report.found, Shelf(folder, "/static", "https://phone.example"))
    assert (found.name, found.is_missing, found.states) == ("menu.wav", True, ("Line",))


def test_other_errors_are_no_sounds(folder: Path) -> None:
    """What else a flow raises has nothing to do with its sounds."""

    class Raising(Line):
        def say_goodbye(self):
            raise ValueError("no goodbye")

    report = check_flow(Raising, sounds=folder)
    assert [one.code for one in report.findings if one.code == "raises"]
    found = sounds_of(report.found, Shelf(folder, "/static", "https://phone.example"))
    assert [one.name for one in found] == ["menu.wav", None]


def test_the_flow_that_a_call_comes_in_to_is_named(folder: Path) -> None:
    """Of several flows it is the one whose route the call comes in by."""
    (folder / "goodbye.wav").unlink()
    (folder / "menu.wav").unlink()

    class Other(CallFlow):
        menu = State(initial=True, final=True)

        @routable("/other")
        @renders(menu)
        def say_menu(self):
            return "Nothing is played here."

    class Third(CallFlow):
        menu = State(initial=True, final=True)

        @routable("/third")
        @renders(menu)
        def say_menu(self):
            return Play(self.url_for("/static/third.wav"))

    found = check_flow(Other, Third, sounds=folder).having("missing-sound")
    assert [(one.flow, one.call) for one in found][:1] == [("Third", "dial /third")]


@pytest.mark.parametrize("plugin", [None, FingerprintPlugin(fingerprint_url=lambda path: path)])
def test_applications_without_files(plugin: FingerprintPlugin | None) -> None:
    """Files that are elsewhere are not looked for."""
    app = IvrApp(Line, auth_token="1", base_url=BASE_URL, store="memory:")
    if plugin:
        app.install(plugin)
    assert shelf_of(app.switchboard) is None
    assert check_flow(Line, like=app.switchboard).having("missing-sound") == ()


def test_two_places_for_sounds(folder: Path) -> None:
    """An application says itself where its sounds are."""
    board = Switchboard(Line, store=MemoryStore())
    with pytest.raises(ConfigurationError, match="leave sounds= out"):
        check_flow(Line, like=board, sounds=folder)
    with pytest.raises(ConfigurationError, match="no folder"):
        check_flow(Line, sounds=folder / "none")


def test_the_phone_alone_takes_a_usual_length() -> None:
    """Outside the checker a sound has no file."""
    call = Phone(Line).dial("/incoming-call").press("2")
    assert "0:05 POST" in call.transcript
    assert call.ended
