"""Files, hold music, handlers and several applications, over a real socket, wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest
from bottle import Bottle, request

from statechart_ivr.signing import SIGNATURE_HEADER, sign
from statechart_ivr.web import FingerprintPlugin, HoldMusicPlugin, IvrApp
from tests.web.static.conftest import ROOT, SOUNDS, application
from tests.web.static.wire import Answer, exchange

pytestmark = [pytest.mark.server]

TOKEN = "12345"
FOR_EVER = "public, max-age=31536000, immutable"

Serve = Callable[[Any], int]

#: Mount path of the files, and prefix under which another application mounts theirs.
PLACES = pytest.mark.parametrize(
    ("mount_path", "prefix"),
    [("", ""), ("/static", ""), ("/static/", ""), ("/static", "/phones"), ("", "/phones")],
)


def signing(prefix: str = "") -> IvrApp:
    """Return an application that validates, and knows where it is mounted."""
    return application(base_url=ROOT + prefix, auth_token=TOKEN, validate=True)


def mounted(app: Bottle, prefix: str) -> Bottle:
    """Return what to serve: the application, or another one that mounts it."""
    if not prefix:
        return app
    parent = Bottle()
    parent.mount(f"{prefix}/", app)
    return parent


def ask_signed(port: int, method: str, target: str) -> Answer:
    """Send a request as Twilio does."""
    signature = sign(TOKEN, ROOT + target, ())
    return exchange(port, method, target, {SIGNATURE_HEADER: signature, "Content-Length": "0"})


def played(answer: Answer) -> str:
    """Return the URL that a document plays for ever."""
    assert answer.status == 200
    (play,) = ET.fromstring(answer.body)
    assert (play.tag, play.get("loop")) == ("Play", "0")
    return str(play.text)


@PLACES
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_hold_music(
    sounds: Path, serve_wsgi: Serve, mount_path: str, prefix: str, method: str
) -> None:
    """Twilio, and nobody else, is told a URL under which the sound is there and may be kept."""
    app = signing(prefix)
    app.install(FingerprintPlugin(sounds, mount_path=mount_path))
    app.install(HoldMusicPlugin("my song.mp3"))
    port = serve_wsgi(mounted(app, prefix))
    target = f"{prefix}{mount_path.rstrip('/')}/hold-music"
    assert exchange(port, method, target, {"Content-Length": "0"}).status == 403
    url = urlsplit(played(ask_signed(port, method, target)))
    assert f"{url.scheme}://{url.netloc}" == ROOT
    sound = exchange(port, "GET", f"{url.path}?{url.query}")
    assert (sound.body, sound.headers["Cache-Control"]) == (SOUNDS["my song.mp3"], FOR_EVER)


@PLACES
def test_handler(sounds: Path, serve_wsgi: Serve, mount_path: str, prefix: str) -> None:
    """It gets files and hold music without the mount path, and may ask for what is built in."""
    asked = []

    def note(path: str) -> Any:
        asked.append((path, request.path))
        return plugin.serve(path)

    app = signing(prefix)
    plugin = app.install(FingerprintPlugin(sounds, mount_path=mount_path, handler=note))
    app.install(HoldMusicPlugin("intro.mp3"))
    port = serve_wsgi(mounted(app, prefix))
    below = prefix + mount_path.rstrip("/")
    assert exchange(port, "GET", f"{below}/my%20song.mp3").body == SOUNDS["my song.mp3"]
    assert "/intro.mp3?v=" in played(ask_signed(port, "POST", f"{below}/hold-music"))
    assert exchange(port, "GET", f"{below}/other.mp3").status == 404
    assert asked == [(path, path) for path in ("/my song.mp3", "/hold-music", "/other.mp3")]


@PLACES
def test_files_elsewhere(serve_wsgi: Serve, mount_path: str, prefix: str) -> None:
    """Requests fall through to what else there is; hold music plays what the function says."""
    app = signing(prefix)
    app.install(
        FingerprintPlugin(
            fingerprint_url=lambda path: f"https://cdn.example.com{path}?h=1",
            mount_path=mount_path,
        )
    )
    app.install(HoldMusicPlugin("hold.mp3"))
    below = mount_path.rstrip("/")
    app.get(f"{below}/<name>.mp3", skip=["signature"], callback=lambda name: f"mine: {name}")
    port = serve_wsgi(mounted(app, prefix))
    assert exchange(port, "GET", f"{prefix}{below}/a.mp3").body == b"mine: a"
    url = played(ask_signed(port, "POST", f"{prefix}{below}/hold-music"))
    assert url == f"https://cdn.example.com{below}/hold.mp3?h=1"


@PLACES
def test_several_applications(
    tmp_path: Path, serve_wsgi: Serve, mount_path: str, prefix: str
) -> None:
    """Each has its own of files that are named alike, and none is kept under another's URL."""
    names, parent, plugins = ("one", "two", "three"), Bottle(), {}
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "intro.mp3").write_bytes(name.encode())
        root = f"{prefix}/{name}"
        app = signing(root)
        plugins[root] = app.install(FingerprintPlugin(tmp_path / name, mount_path=mount_path))
        app.install(HoldMusicPlugin("intro.mp3"))
        parent.mount(f"{root}/", app)
    port = serve_wsgi(parent)
    below = mount_path.rstrip("/")
    urls = {root: plugin.url_for(f"{below}/intro.mp3") for root, plugin in plugins.items()}
    for (root, url), name in zip(urls.items(), names, strict=True):
        answer = exchange(port, "GET", url)
        assert (answer.body, answer.headers["Cache-Control"]) == (name.encode(), FOR_EVER)
        assert played(ask_signed(port, "GET", f"{root}{below}/hold-music")) == ROOT + url
        for other in urls.values():
            foreign = exchange(port, "GET", f"{url.partition('?')[0]}?{urlsplit(other).query}")
            assert foreign.body == name.encode()
            assert (foreign.headers["Cache-Control"] == FOR_EVER) == (other == url)
