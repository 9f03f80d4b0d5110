"""What is served, clause by clause, over a real socket, wherever the files are mounted."""

from __future__ import annotations

import http.client
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from wsgiref.validate import validator

import pytest
from bottle import Bottle, request
from statemachine import State

from statechart_ivr import CallFlow, renders, routable
from statechart_ivr.signing import sign
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.web import FingerprintPlugin, IvrApp
from tests.web.static.clauses import ANYWHERE, MODIFIED, NAMES, TABLE, TYPES, WHOLE, Row
from tests.web.static.wire import PATIENCE, Answer, exchange, serving_simply

pytestmark = [pytest.mark.server]

TOKEN = "12345"
ROOT = "https://ivr.example.com"
FOR_EVER = "public, max-age=31536000, immutable"
# The fraction of a second is not for HTTP.
MODIFIED_NS = 1_714_564_800_700_000_000


class Greeting(CallFlow):
    """Has an entry below each of the mount paths."""

    hello = State(initial=True, final=True)

    @renders(hello)
    def say_hello(self) -> str:
        """Greet."""
        return "Hello."

    @routable("/come-in", hello)
    def come_in(self) -> None:
        """Do nothing else."""

    @routable("/static/come-in", hello)
    def come_in_below(self) -> None:
        """Do nothing else."""


class Site(NamedTuple):
    """A served folder.

    Attributes:
        port: where.
        base: path of the folder, with a slash at its end.
        fingerprint: of ``intro.mp3``.
        outside: path of a file outside of the folder, quoted.
    """

    port: int
    base: str
    fingerprint: str
    outside: str

    def fill_in(self, text: str) -> str:
        """Put the values into a row's places for them."""
        return text.replace("{v}", self.fingerprint).replace("{outside}", self.outside)

    def get(self, row: Row) -> Answer:
        """Ask for what a row asks for."""
        ask = {name: self.fill_in(text) for name, text in row.ask.items()}
        return exchange(self.port, row.method, self.base + self.fill_in(row.path), ask)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all that may lie in one, and beside it what is nobody's business."""
    inside = tmp_path_factory.mktemp("conformance") / "sounds"
    names = [row.body.decode() for row in (*TYPES, *NAMES) if row.body]
    for name in (*names, ".hidden.mp3", ".git/config", "come-in", "../secret.mp3"):
        file = inside / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    (inside / "empty.wav").touch()
    intro = inside / "intro.mp3"
    intro.write_bytes(WHOLE)
    os.utime(intro, ns=(MODIFIED_NS, MODIFIED_NS))
    os.mkfifo(inside / "pipe.mp3")
    links = {
        "inside.mp3": "intro.mp3", "out.mp3": "../secret.mp3", "far": "..", "dangling.mp3": "gone",
        "linked": "deep/down", "circle.mp3": "circle.mp3",
    }  # fmt: skip
    for name, target in links.items():
        (inside / name).symlink_to(target)
    return inside


def build(
    folder: Path, mount_path: str, prefix: str = "/", *, watch: bool = False
) -> tuple[IvrApp, FingerprintPlugin]:
    """Return an application that validates, with a flow and the files."""
    app = IvrApp(Greeting, auth_token=TOKEN, base_url=ROOT + prefix, store=MemoryStore())
    plugin = FingerprintPlugin(folder, mount_path=mount_path, watch=watch)
    app.install(plugin)
    return app, plugin


def site_of(port: int, plugin: FingerprintPlugin, folder: Path, prefix: str = "/") -> Site:
    """Return the served folder of a plugin."""
    base = f"{plugin.mount_path}/"
    fingerprint = plugin.url_for(f"{base}intro.mp3").partition("?v=")[2]
    return Site(port, prefix + base[1:], fingerprint, quote(str(folder.parent / "secret.mp3")))


class Place(NamedTuple):
    """Where files are mounted.

    Attributes:
        mount_path: of the plugin.
        prefix: the path under which another application mounts the one with the plugin.
        watch: whether changes are noticed, so that nothing is decided when it starts.
    """

    mount_path: str
    prefix: str = "/"
    watch: bool = False


PLACES = {
    "at the root": Place(""),
    "at static": Place("/static"),
    "at static with a slash": Place("/static/"),
    "in a mounted application": Place("/static", prefix="/phones/"),
    "in a watched folder": Place("", watch=True),
}


@pytest.fixture(params=PLACES.values(), ids=list(PLACES))
def site(
    request: pytest.FixtureRequest, folder: Path, serve_wsgi: Callable[[Any], int]
) -> Iterator[Site]:
    """Serve the folder by waitress."""
    mount_path, prefix, watch = request.param
    app, plugin = build(folder, mount_path, prefix, watch=watch)
    called: Bottle = app
    if prefix != "/":
        called = Bottle()
        called.mount(prefix, app)
    yield site_of(serve_wsgi(called), plugin, folder, prefix)
    app.close()


def without_file_wrapper(app: Any) -> Any:
    """Return an application on a server that has no file wrapper."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        del environ["wsgi.file_wrapper"]
        return app(environ, start_response)

    return wrapped


@pytest.fixture(
    params=[lambda app: app, without_file_wrapper, validator],
    ids=["wsgiref", "no file wrapper", "held to the WSGI standard"],
)
def simple_site(request: pytest.FixtureRequest, folder: Path) -> Iterator[Site]:
    """Serve the folder by the standard library's server."""
    app, plugin = build(folder, "/static")
    with serving_simply(request.param(app)) as port:
        yield site_of(port, plugin, folder)
    app.close()


def agrees(row: Row, answer: Answer, site: Site) -> None:
    """Hold an answer to a row, and to what every answer of its status has."""
    assert answer.status == row.status
    if row.method == "HEAD" or row.status in (304, 412, 416):
        assert answer.body == b""
    elif row.status in (200, 206):
        assert answer.body == (WHOLE if row.body is None else row.body)
    expected = {**always_said(row, site), **row.says}
    said = {name: answer.headers[name] for name in expected}
    assert said == {name: text and site.fill_in(text) for name, text in expected.items()}


def always_said(row: Row, site: Site) -> dict[str, str | None]:
    """Return the headers that every answer of a row's status has; None for those it has not."""
    if row.status in (412, 416):
        return {"Cache-Control": "no-store", "Content-Length": "0"}
    if row.status not in (200, 206, 304):
        return {"ETag": None, "Last-Modified": None, "Accept-Ranges": None}
    path, _, query = row.path.partition("?")
    has_fingerprint = "v={v}" in query.split("&")
    always: dict[str, str | None] = {"Cache-Control": FOR_EVER if has_fingerprint else "no-cache"}
    if path in ("intro.mp3", "inside.mp3"):
        always["ETag"] = '"{v}"'
    if row.status == 304:
        return {**always, "Content-Type": None, "Content-Range": None}
    if "ETag" in always:
        always["Last-Modified"] = MODIFIED
    return {**always, "Accept-Ranges": "bytes", "Content-Encoding": None, "Vary": None}


@pytest.mark.parametrize("row", TABLE, ids=[row.clause for row in TABLE])
def test_clause(site: Site, row: Row) -> None:
    """The clause holds, wherever the files are."""
    agrees(row, site.get(row), site)


@pytest.mark.parametrize("row", ANYWHERE, ids=[row.clause for row in ANYWHERE])
def test_other_servers(simple_site: Site, row: Row, capfd: pytest.CaptureFixture[str]) -> None:
    """The clause holds on other servers, and none of them complains."""
    agrees(row, simple_site.get(row), simple_site)
    assert capfd.readouterr().err == ""


def test_one_connection_for_all(site: Site) -> None:
    """Answers end where they say they do: the next one on the same connection is understood."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)
    connection.connect()
    with closing(connection.sock) as first:
        for row in TABLE:
            if row.status == 304:
                continue  # waitress closes after any answer without a length
            ask = {name: site.fill_in(text) for name, text in row.ask.items()}
            connection.request(row.method, site.base + site.fill_in(row.path), headers=ask)
            response = connection.getresponse()
            response.read()
            assert (row.clause, response.status) == (row.clause, row.status)
            assert connection.sock is first, row.clause


def test_tags(site: Site) -> None:
    """Each content has a tag of its own, strong and quoted; the same content has the same."""
    tags = {row.path: site.get(row).headers["ETag"] for row in (*ANYWHERE, *TYPES, *NAMES)}
    assert len(set(tags.values())) == len(tags)
    assert all(tag[0] == tag[-1] == '"' for tag in tags.values())
    assert site.get(Row("a link", 200, path="inside.mp3")).headers["ETag"] == tags["intro.mp3"]


def test_old_clients(site: Site) -> None:
    """HTTP/1.0 without any header gets the file."""
    answer = exchange(site.port, "GET", f"{site.base}intro.mp3", version="1.0")
    assert (answer.status, answer.body) == (200, WHOLE)


def test_proxies(site: Site) -> None:
    """A target with scheme and host, as proxies get it, is the same file."""
    answer = exchange(site.port, "GET", f"http://ivr.example.com{site.base}intro.mp3")
    assert (answer.status, answer.body) == (200, WHOLE)


def test_paths_of_the_flow(site: Site) -> None:
    """A path of the flow below the mount path still is the flow's, and signed."""
    answer = exchange(site.port, "GET", f"{site.base}come-in")
    assert answer.status == 403
    prefix = "/phones" if site.base.startswith("/phones") else ""
    path = site.base.removeprefix(prefix) + "come-in?CallSid=CA1&From=%2B1"
    signature = sign(TOKEN, ROOT + prefix + path, ())
    answer = exchange(site.port, "GET", prefix + path, {"X-Twilio-Signature": signature})
    assert (answer.status, b"Hello." in answer.body) == (200, True)


@pytest.mark.parametrize("prefix", ["/", "/phones/"])
def test_head_for_other_routes(folder: Path, serve_wsgi: Callable[[Any], int], prefix: str) -> None:
    """Files at the root take no HEAD away from what the application has there."""
    app = IvrApp(Greeting, auth_token=TOKEN, base_url=ROOT, store=MemoryStore())
    app.get("/user/<who>", skip=["signature"], callback=lambda who: f"{who}: {request.route.rule}")
    app.install(FingerprintPlugin(folder))
    app.get("/about", skip=["signature"], callback=lambda: "About.")
    app.get("/signed", callback=lambda: "For Twilio.")
    called: Bottle = app
    if prefix != "/":
        called = Bottle()
        called.mount(prefix, app)
    port = serve_wsgi(called)
    for path in ("healthz", "user/jo", "about", "intro.mp3", "signed", "nothing"):
        got, head = (exchange(port, method, prefix + path) for method in ("GET", "HEAD"))
        assert (head.status, head.body) == (got.status, b""), path
        assert head.headers["Content-Length"] == got.headers["Content-Length"], path
    app.close()


def test_a_file_that_changed(tmp_path: Path, serve_wsgi: Callable[[Any], int]) -> None:
    """New content is not kept for ever under the old fingerprint; the new tag is known at once."""
    (tmp_path / "intro.mp3").write_bytes(WHOLE)
    app, plugin = build(tmp_path, "")
    site = site_of(serve_wsgi(app), plugin, tmp_path)
    (tmp_path / "intro.mp3").write_bytes(WHOLE[::-1])
    old = exchange(site.port, "GET", f"/intro.mp3?v={site.fingerprint}")
    assert (old.headers["Cache-Control"], old.body) == ("no-cache", WHOLE[::-1])
    assert old.headers["ETag"] != f'"{site.fingerprint}"'
    resumed = {"Range": "bytes=20-", "If-Range": f'"{site.fingerprint}"'}
    assert exchange(site.port, "GET", "/intro.mp3", resumed).body == WHOLE[::-1]
    again = exchange(site.port, "GET", "/intro.mp3", {"If-None-Match": str(old.headers["ETag"])})
    assert again.status == 304
    app.close()
