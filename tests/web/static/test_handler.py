"""The programmer's own handler, for everything below the mount path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bottle import Bottle, HTTPResponse, request

from statechart_ivr.signing import SIGNATURE_HEADER, sign
from statechart_ivr.web import FingerprintPlugin, HoldMusicPlugin, IvrApp
from tests.web.static.conftest import ROOT, SOUNDS, application

Ask = Callable[..., Any]


def describe(path: str) -> str:
    """Tell what a handler gets to see."""
    return f"{request.method} {path} | {request.path} | {request.script_name}"


def with_handler(sounds: Path, handler: Callable[[str], Any], mount_path: str = "/static") -> Any:
    """Return an application whose files a handler answers."""
    app = application()
    app.install(FingerprintPlugin(sounds, mount_path=mount_path, handler=handler))
    return app


@pytest.mark.parametrize(
    ("mount_path", "target", "path"),
    [
        ("/static", "/static/intro.mp3", "/intro.mp3"),
        ("/static/", "/static/a/b.mp3", "/a/b.mp3"),
        ("/static", "/static", "/"),
        ("/static", "/static/", "/"),
        ("", "/a/b.mp3", "/a/b.mp3"),
        ("", "/", "/"),
    ],
)
def test_it_sees_the_url_without_the_mount_path(
    sounds: Path, ask: Ask, mount_path: str, target: str, path: str
) -> None:
    """As its argument and in Bottle's request; what is cut off is the script's name."""
    app = with_handler(sounds, describe, mount_path)
    script = f"{mount_path.rstrip('/')}/"
    assert ask(app, "GET", target)[2].decode() == f"GET {path} | {path} | {script}"


def test_every_method(sounds: Path, ask: Ask) -> None:
    """Whatever is asked for below the mount path; nobody signs it."""
    app = IvrApp(
        *application().switchboard.flows, auth_token="12345", base_url=ROOT, store="memory:"
    )
    app.install(FingerprintPlugin(sounds, mount_path="/static", handler=describe))
    for method in ("GET", "POST", "DELETE"):
        assert ask(app, method, "/static/x")[2].startswith(f"{method} /x ".encode())
    assert ask(app, "POST", "/elsewhere")[0] == 404


def test_below_a_mount_prefix(sounds: Path, ask: Ask) -> None:
    """The prefix of a mounted application is cut off as well."""
    parent = Bottle()
    parent.mount("/phones/", with_handler(sounds, describe))
    assert ask(parent, "GET", "/phones/static/a")[2] == b"GET /a | /a | /phones/static/"


def test_the_request_is_itself_again(sounds: Path, ask: Ask) -> None:
    """Also where the handler raises, for whatever comes after it."""
    seen = []

    def refuse(_: str) -> Any:
        raise HTTPResponse("no", 403)

    app = with_handler(sounds, refuse)
    app.add_hook("after_request", lambda: seen.append((request.path, request.script_name)))
    assert ask(app, "GET", "/static/a.mp3")[0] == 403
    assert seen == [("/static/a.mp3", "/")]


def test_the_built_in_one(sounds: Path, ask: Ask) -> None:
    """``serve`` gives what the plugin would have answered: file, part of a file, or 404."""
    app = application()

    def built_in(path: str) -> Any:
        return plugin.serve(path)

    plugin = app.install(FingerprintPlugin(sounds, mount_path="/static", handler=built_in))
    status, headers, body = ask(
        app, "GET", plugin.url_for("/static/intro.mp3"), HTTP_RANGE="bytes=0-2"
    )
    assert (status, body) == (206, SOUNDS["intro.mp3"][:3])
    assert "immutable" in headers["Cache-Control"]
    assert ask(app, "GET", "/static/nothing.mp3")[0] == 404


def test_the_built_in_one_answers_its_own_methods_only(sounds: Path, ask: Ask) -> None:
    """As without a handler: a file is not sent to a DELETE, nor is a document to nobody knows who.

    A route for GET and POST is signed, and what comes with another method is nobody's.
    """
    rendered: list[str] = []

    def document(_url_for: Any) -> str:
        rendered.append(request.method)
        return "Hold on."

    app = application(validate=True, auth_token="12345")

    def built_in(path: str) -> Any:
        return plugin.serve(path)

    plugin = app.install(FingerprintPlugin(sounds, mount_path="/static", handler=built_in))
    app.install(HoldMusicPlugin("intro.mp3", twiml=document))
    for method in ("POST", "PUT", "DELETE"):
        status, headers, body = ask(app, method, "/static/intro.mp3")
        assert (status, headers["Allow"], body) == (405, "GET,HEAD", b"")
    for method in ("PUT", "DELETE"):
        status, headers, _ = ask(app, method, "/static/hold-music")
        assert (status, headers["Allow"]) == (405, "GET,HEAD,POST")
    assert ask(app, "HEAD", "/static/hold-music")[0] == 403
    assert rendered == []


def test_the_built_in_one_for_another_file(sounds: Path, ask: Ask) -> None:
    """A handler may give out another file than the one asked for; a slash more or less."""
    app = application()
    plugin = FingerprintPlugin(
        sounds, mount_path="/static", handler=lambda path: plugin.serve(aliases[path])
    )
    aliases = {"/a": "/intro.mp3", "/b": "intro.mp3"}
    app.install(plugin)
    assert ask(app, "GET", "/static/a")[2] == ask(app, "GET", "/static/b")[2] == SOUNDS["intro.mp3"]


def test_files_elsewhere(ask: Ask) -> None:
    """A handler may fetch what a function gives the URLs of; by itself the plugin has nothing."""
    plugin = FingerprintPlugin(
        fingerprint_url=lambda path: f"{path}?v=1",
        mount_path="/static",
        handler=lambda path: f"fetched {path}" if path.endswith(".mp3") else plugin.serve(path),
    )
    app = application()
    app.install(plugin)
    assert ask(app, "GET", "/static/a.mp3")[2] == b"fetched /a.mp3"
    assert ask(app, "GET", "/static/a.txt")[0] == 404


def test_hold_music_goes_through_it(sounds: Path, ask: Ask) -> None:
    """Signed, as it would be without; and `serve` has the built-in document."""
    asked = []

    def note(path: str) -> Any:
        asked.append(path)
        return plugin.serve(path)

    app = IvrApp(
        *application().switchboard.flows, auth_token="12345", base_url=ROOT, store="memory:"
    )
    plugin = app.install(FingerprintPlugin(sounds, mount_path="/static", handler=note))
    app.install(HoldMusicPlugin("intro.mp3"))
    assert ask(app, "GET", "/static/hold-music")[0] == 403
    assert asked == []
    signature = sign("12345", f"{ROOT}/static/hold-music")
    name = f"HTTP_{SIGNATURE_HEADER.upper().replace('-', '_')}"
    status, _, body = ask(app, "GET", "/static/hold-music", **{name: signature})
    assert (status, asked) == (200, ["/hold-music"])
    assert plugin.url_for("/static/intro.mp3", absolute=True).encode() in body
