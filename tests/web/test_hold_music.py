"""What callers hear while they wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import pytest
from bottle import Bottle
from statemachine import State
from twilio.twiml.voice_response import Enqueue, Say

from statechart_ivr import Call, CallFlow, renders, routable
from statechart_ivr.errors import ConfigurationError, UnknownUrlError
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.testing import Phone
from statechart_ivr.web import FingerprintPlugin, HoldMusicPlugin, IvrApp

ROOT = "https://ivr.example.com"
MUSIC = b"la la la"

Ask = Callable[..., Any]


class Support(CallFlow):
    """Callers wait for somebody."""

    waiting = State(initial=True)
    done = State(final=True)

    waiting.to(done, event="queue")

    @routable("/incoming-call")
    @renders(waiting)
    def wait(self) -> Any:
        """Put the caller into a queue."""
        return Enqueue("support", wait_url=self.url_for("hold-music"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with hold music in it."""
    (tmp_path / "hold music.mp3").write_bytes(MUSIC)
    return tmp_path


def serving(folder: Path, *, mount_path: str = "/static", **options: Any) -> Any:
    """Return an application with hold music."""
    app = IvrApp(Support, base_url=ROOT, store=MemoryStore(), validate=False)
    app.install(FingerprintPlugin(folder, mount_path=mount_path))
    app.install(HoldMusicPlugin("hold music.mp3", **options))
    return app


def document(ask: Ask, app: Any, method: str = "POST", **parameters: str) -> ET.Element:
    """Return the Response that Twilio gets when a caller waits."""
    form = urlencode(parameters)
    target = "/static/hold-music"
    if method == "GET":
        answer = ask(app, "GET", f"{target}?{form}")
    else:
        answer = ask(app, "POST", target, form.encode())
    status, headers, body = answer
    assert status == 200
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    return ET.fromstring(body)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_sound_for_ever(folder: Path, ask: Ask, method: str) -> None:
    """By its absolute URL, which changes with the recording; both methods Twilio may use."""
    app = serving(folder)
    (play,) = document(ask, app, method)
    assert (play.tag, play.get("loop")) == ("Play", "0")
    assert play.text is not None
    path, query = play.text.removeprefix(ROOT).split("?")
    assert path == "/static/hold%20music.mp3"
    _, headers, body = ask(app, "GET", "/static/hold music.mp3", QUERY_STRING=query)
    assert (body, "immutable" in headers["Cache-Control"]) == (MUSIC, True)


@pytest.mark.parametrize("mount_path", ["", "/static", "/static/", "/a/b"])
def test_below_the_mount_path(folder: Path, ask: Ask, mount_path: str) -> None:
    """Endpoint and sound are below it."""
    app = serving(folder, mount_path=mount_path, endpoint="/please/wait")
    below = mount_path.rstrip("/")
    _, _, body = ask(app, "POST", f"{below}/please/wait")
    assert f"{ROOT}{below}/hold%20music.mp3?v=".encode() in body
    # The phone follows waitUrl: this is what its caller hears.
    heard = Phone(app).dial("/incoming-call").twiml
    assert f">{ROOT}{below}/hold%20music.mp3?v=" in heard


def test_below_a_mount_prefix(folder: Path, ask: Ask) -> None:
    """The base URL says where the application is mounted."""
    app = IvrApp(Support, base_url=f"{ROOT}/phones", store=MemoryStore(), validate=False)
    app.install(FingerprintPlugin(folder, mount_path="/static"))
    app.install(HoldMusicPlugin("hold music.mp3"))
    parent = Bottle()
    parent.mount("/phones/", app)
    _, _, body = ask(parent, "POST", "/phones/static/hold-music")
    assert f"{ROOT}/phones/static/hold%20music.mp3?v=".encode() in body


def test_where_no_host_is_known(folder: Path, ask: Ask) -> None:
    """The URL is root-relative: Twilio takes it to be on the host of the document."""
    app = Bottle()
    app.install(FingerprintPlugin(folder, mount_path="/static"))
    app.install(HoldMusicPlugin("/static/hold music.mp3"))
    parent = Bottle()
    parent.mount("/phones/", app)
    _, _, body = ask(parent, "POST", "/phones/static/hold-music")
    assert b">/phones/static/hold%20music.mp3?v=" in body


def test_loop(folder: Path, ask: Ask) -> None:
    """Or some times, until Twilio asks again."""
    (play,) = document(ask, serving(folder, loop=3))
    assert play.get("loop") == "3"


@pytest.mark.parametrize("mount_path", ["", "/static"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_nobody_else_asks(folder: Path, ask: Ask, mount_path: str, method: str) -> None:
    """What Twilio has not signed is refused before ``twiml=`` is called, also a HEAD."""
    called = []
    app = IvrApp(Support, auth_token="12345", base_url=ROOT, store=MemoryStore())
    app.install(FingerprintPlugin(folder, mount_path=mount_path))
    app.install(HoldMusicPlugin("hold music.mp3", twiml=lambda _, call: called.append(call)))
    assert ask(app, method, f"{mount_path}/hold-music?QueuePosition=9")[0] == 403
    assert called == []


class TestOwnDocument:
    """``twiml=``, the programmer's own document."""

    def test_url_for(self, folder: Path, ask: Ask) -> None:
        """It gets ``url_for`` and returns what a renderer returns."""
        app = serving(folder, twiml=lambda url_for: ["Hold on.", url_for("/static/hold music.mp3")])
        says = document(ask, app)
        assert [say.tag for say in says] == ["Say", "Say"]
        assert says[1].text is not None
        assert says[1].text.startswith("/static/hold%20music.mp3?v=")

    def test_absolute_urls(self, folder: Path, ask: Ask) -> None:
        """Of the application, without being told its base URL."""
        app = serving(
            folder, twiml=lambda url_for: url_for("/static/hold music.mp3", absolute=True)
        )
        (say,) = document(ask, app)
        assert say.text is not None
        assert say.text.startswith(f"{ROOT}/static/")

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_the_call(self, folder: Path, ask: Ask, method: str) -> None:
        """If it wants the call, it knows the place in the queue."""

        def announce(_url_for: Any, call: Call) -> Any:
            minutes = int(call.parameters["AvgQueueTime"]) // 60
            return Say(f"{call.from_}: {call.parameters['QueuePosition']}, {minutes} minutes")

        waiting = {"CallSid": "CA1", "From": "Jo", "QueuePosition": "3", "AvgQueueTime": "180"}
        (say,) = document(ask, serving(folder, twiml=announce), method, **waiting)
        assert say.text == "Jo: 3, 3 minutes"

    def test_any_number_of_arguments(self, folder: Path, ask: Ask) -> None:
        """Whatever takes two gets two; an option of its own is left alone."""
        (say,) = document(ask, serving(folder, twiml=lambda *args: str(len(args))))
        assert say.text == "2"
        (say,) = document(ask, serving(folder, twiml=lambda _, *, times=7: str(times)))
        assert say.text == "7"

    @pytest.mark.parametrize("broken", [lambda _: 1 / 0, lambda _: 5, lambda _: "x" * 70_000])
    def test_what_cannot_be_said(
        self, folder: Path, ask: Ask, broken: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nobody waits in silence for a bug: the sound is played, and the log has the trace."""
        (play,) = document(ask, serving(folder, twiml=broken))
        assert play.tag == "Play"
        assert "the sound is played: POST /static/hold-music" in caplog.text
        assert caplog.records[-1].exc_info

    def test_what_twilio_warns_about(
        self, folder: Path, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It is said as it is, and the log tells."""
        document(ask, serving(folder, twiml=lambda _: Say("Hello.", volume=11)))
        assert "hold music: Twilio" in caplog.text


class TestNothingToPlay:
    """Callers stay in the queue, and the log has the trace."""

    def is_silence(self, ask: Ask, app: Any, caplog: pytest.LogCaptureFixture) -> bool:
        """Return whether a caller waits in silence for a while, and the log says why."""
        (pause,) = document(ask, app)
        assert "no hold music, but a pause: POST /static/hold-music" in caplog.text
        assert caplog.records[-1].exc_info
        return (pause.tag, pause.get("length")) == ("Pause", "10")

    def test_the_sound_is_gone(
        self, folder: Path, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        """As a watched folder notices; and it is heard as soon as it is back."""
        app = IvrApp(Support, base_url=ROOT, store=MemoryStore(), validate=False)
        app.install(FingerprintPlugin(folder, mount_path="/static", watch=True))
        app.install(HoldMusicPlugin("hold music.mp3"))
        (folder / "hold music.mp3").unlink()
        assert self.is_silence(ask, app, caplog)
        (folder / "hold music.mp3").write_bytes(MUSIC)
        (play,) = document(ask, app)
        assert play.tag == "Play"

    def test_the_base_url_is_not_known(
        self, folder: Path, ask: Ask, caplog: pytest.LogCaptureFixture
    ) -> None:
        """A function that raises is not the caller's fault."""
        hosts = {"ivr.example.com": ROOT}
        app = IvrApp(
            Support, base_url=lambda environ: hosts["other"], store=MemoryStore(), validate=False
        )
        app.install(FingerprintPlugin(folder, mount_path="/static"))
        app.install(HoldMusicPlugin("hold music.mp3"))
        assert self.is_silence(ask, app, caplog)


class TestConfiguration:
    """What cannot be meant is refused at the start."""

    def test_no_files(self) -> None:
        """Something must serve the sound, and know its URL."""
        app = IvrApp(Support, base_url=ROOT, store=MemoryStore(), validate=False)
        with pytest.raises(ConfigurationError, match=r"app.install\(FingerprintPlugin\(…\)\)"):
            app.install(HoldMusicPlugin("hold.mp3"))

    def test_no_such_file(self, folder: Path) -> None:
        """The error names what is there."""
        app = Bottle()
        app.install(FingerprintPlugin(folder, mount_path="/static"))
        with pytest.raises(UnknownUrlError, match=r"did you mean '/static/hold music\.mp3'"):
            app.install(HoldMusicPlugin("holdmusic.mp3"))

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"endpoint": "hold"}, "endpoint='hold': write a path"),
            ({"endpoint": "/"}, "endpoint='/': write a path"),
            ({"loop": -1}, "loop=-1: how often"),
            ({"loop": 2.5}, "loop=2.5: how often"),
            ({"twiml": lambda: ""}, r"twiml= takes \(\); write twiml\(url_for\)"),
            ({"twiml": lambda a, b, c: ""}, r"twiml= takes \(a, b, c\)"),
            ({"twiml": lambda url_for, *, call: ""}, r"write twiml\(url_for\), or"),
        ],
    )
    def test_options(self, options: Any, message: str) -> None:
        """Each says what to write."""
        with pytest.raises(ConfigurationError, match=message):
            HoldMusicPlugin("hold.mp3", **options)

    @pytest.mark.parametrize("endpoint", ["/incoming-call", "/healthz", "/ivr/turn", "/mine"])
    def test_an_endpoint_that_is_taken(self, folder: Path, endpoint: str) -> None:
        """It takes no path away from what the application has there."""
        app = IvrApp(Support, base_url=ROOT, store=MemoryStore(), validate=False)
        app.install(FingerprintPlugin(folder))
        app.get("/mine", callback=lambda: "Mine.")
        with pytest.raises(ConfigurationError, match=f"there is a route {endpoint} already"):
            app.install(HoldMusicPlugin("hold music.mp3", endpoint=endpoint))

    def test_twice(self, folder: Path) -> None:
        """Two with one endpoint are a mistake."""
        with pytest.raises(ConfigurationError, match="an application has one HoldMusicPlugin"):
            serving(folder).install(HoldMusicPlugin("hold music.mp3"))

    def test_an_endpoint_that_is_a_file(self, folder: Path) -> None:
        """Whoever asks for the sound would get a document."""
        (folder / "wait.mp3").write_bytes(MUSIC)
        with pytest.raises(ConfigurationError, match=r"/wait\.mp3 is a file in"):
            serving(folder, endpoint="/wait.mp3")
