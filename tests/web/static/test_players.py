"""What real players make of the files: curl, which resumes, and a browser, which seeks."""

from __future__ import annotations

import os
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from bottle import Bottle, request

from statechart_ivr.web import FingerprintPlugin
from tests.web.static.wire import PATIENCE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.service, pytest.mark.slow]

RATE_HZ = 8000
#: Seconds of a sound that a browser does not fetch as a whole.
LONG_S = 1200
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A sound</title>
<link rel="icon" href="data:,">
<audio preload="metadata" src="{}"></audio>
"""
# Comes back when the sound is over, or with what went wrong.
UNTIL_ENDED = """() => new Promise((resolve, reject) => {
    const audio = document.querySelector("audio");
    audio.addEventListener("ended", resolve);
    audio.addEventListener("error", () => reject(audio.error.message));
    if (audio.error) reject(audio.error.message);
    if (audio.ended) resolve();
})"""


class Asked(NamedTuple):
    """A request for a sound, and the answer.

    Attributes:
        method: such as GET.
        part: the header ``Range``.
        status: of the answer.
    """

    method: str
    part: str
    status: int


class Site:
    """An application with two sounds, which takes down what it is asked for.

    Attributes:
        folder: of the sounds.
        asked: requests for sounds, as they came.
        url: of the root.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[Asked] = []
        self.url = ""
        self.app = Bottle()
        self._files = FingerprintPlugin(folder, mount_path="/static")
        self.app.install(self._files)
        self.app.route("/<name>.html", "GET", self._page)

    def url_for(self, name: str) -> str:
        """Return the fingerprinted URL of a sound."""
        return self.url + self._files.url_for(f"/static/{name}")

    def _page(self, name: str) -> str:
        is_plain = request.query_string == "plain"
        url = self._files.url_for(f"/static/{name}.wav", fingerprint=False if is_plain else None)
        return PAGE.format(url)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        def noting(status: str, *rest: Any) -> Any:
            if environ["PATH_INFO"].startswith("/static/"):
                part = environ.get("HTTP_RANGE", "")
                self.asked.append(Asked(environ["REQUEST_METHOD"], part, int(status[:3])))
            return start_response(status, *rest)

        return self.app(environ, noting)


@pytest.fixture
def site(tmp_path: Path, serve_wsgi: Callable[[Any], int]) -> Site:
    """Serve a short sound, and one that is too long for a player to fetch as a whole."""
    folder = tmp_path / "sounds"
    folder.mkdir()
    record(folder / "short.wav", seconds=1)
    record(folder / "long.wav", seconds=LONG_S)
    site = Site(folder)
    site.url = f"http://127.0.0.1:{serve_wsgi(site)}"
    return site


def record(file: Path, *, seconds: int) -> None:
    """Write a sound: a saw-tooth, 16 bits, mono."""
    with wave.open(str(file), "wb") as sound:
        sound.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        sound.writeframes(b"".join(bytes((0, n)) for n in range(0, 64, 2)) * (250 * seconds))


@pytest.fixture
def curl(tmp_path: Path) -> Callable[..., str]:
    """Return a function that calls curl in a folder of its own, and returns what it prints."""
    if shutil.which("curl") is None:
        give_up = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        give_up("curl: not installed; scripts/services.sh says how")

    def run(*arguments: str) -> str:
        # --disable, as the first one: no settings of whoever runs this.
        command = ["curl", "--disable", "--silent", "--show-error", "--fail", "--noproxy", "*"]
        done = subprocess.run(
            [*command, "--write-out", "%{http_code}", *arguments],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_curl_fetches(site: Site, curl: Callable[..., str], tmp_path: Path) -> None:
    """The file, byte for byte."""
    assert curl("--output", "got", site.url_for("long.wav")) == "200"
    assert (tmp_path / "got").read_bytes() == (site.folder / "long.wav").read_bytes()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("0-0", slice(1)), ("100-299", slice(100, 300)), ("-50", slice(-50, None))],
)
def test_curl_fetches_a_part(
    site: Site, curl: Callable[..., str], tmp_path: Path, asked: str, expected: slice
) -> None:
    """Exactly the part that was asked for."""
    assert curl("--range", asked, "--output", "got", site.url_for("short.wav")) == "206"
    assert (tmp_path / "got").read_bytes() == (site.folder / "short.wav").read_bytes()[expected]


def test_curl_resumes(site: Site, curl: Callable[..., str], tmp_path: Path) -> None:
    """A download that broke off goes on where it was."""
    content = (site.folder / "short.wav").read_bytes()
    (tmp_path / "got").write_bytes(content[:1000])
    assert curl("--continue-at", "-", "--output", "got", site.url_for("short.wav")) == "206"
    assert (tmp_path / "got").read_bytes() == content
    assert site.asked == [Asked("GET", "bytes=1000-", 206)]


def test_curl_knows_the_date(site: Site, curl: Callable[..., str], tmp_path: Path) -> None:
    """What it has with the time stamp it came with is not fetched again, unless it is newer."""
    fetch = ("--remote-time", "--time-cond", "got", "--output", "got", site.url_for("short.wav"))
    os.utime(site.folder / "short.wav", (1_714_564_800, 1_714_564_800))
    curl("--remote-time", "--output", "got", site.url_for("short.wav"))
    assert (tmp_path / "got").stat().st_mtime == 1_714_564_800
    assert curl(*fetch) == "304"
    os.utime(site.folder / "short.wav", (1_714_564_801, 1_714_564_801))
    assert curl(*fetch) == "200"


def test_curl_knows_the_tag(site: Site, curl: Callable[..., str], tmp_path: Path) -> None:
    """What it has with the tag it came with is not fetched again, unless it is another."""
    tags = ("--etag-save", "tag", "--etag-compare", "tag", "--output", "got")
    assert curl(*tags, f"{site.url}/static/short.wav") == "200"
    assert curl(*tags, f"{site.url}/static/short.wav") == "304"
    record(tmp_path / "new.wav", seconds=2)
    (tmp_path / "new.wav").replace(site.folder / "short.wav")
    assert curl(*tags, f"{site.url}/static/short.wav") == "200"
    assert (tmp_path / "got").read_bytes() == (site.folder / "short.wav").read_bytes()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of a browser without a past, and see to it that nothing went wrong on it."""
    with browser.new_context() as context:
        context.set_default_timeout(PATIENCE * 1000)
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        yield page
        assert wrong == []


def play(page: Page, url: str) -> None:
    """Open a page and start its sound."""
    page.goto(url)
    page.evaluate("document.querySelector('audio').play()")


def test_a_browser_plays_and_seeks(site: Site, page: Page) -> None:
    """It starts, goes on, jumps to the end of what it has not fetched yet, and comes to it."""
    play(page, f"{site.url}/long.html")
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    assert page.evaluate("document.querySelector('audio').duration") == LONG_S
    page.evaluate(f"document.querySelector('audio').currentTime = {LONG_S - 0.5}")
    page.evaluate(UNTIL_ENDED)
    assert {(one.method, one.status) for one in site.asked} == {("GET", 206)}
    size = (site.folder / "long.wav").stat().st_size
    jumps = [int(one.part.removeprefix("bytes=").partition("-")[0]) for one in site.asked]
    assert (jumps[0], max(jumps) > 0.9 * size) == (0, True), site.asked


def test_a_browser_keeps_a_sound(site: Site, page: Page) -> None:
    """With its fingerprint, a sound that is played again is not asked for again."""
    play(page, f"{site.url}/short.html")
    page.evaluate(UNTIL_ENDED)
    assert {one.status for one in site.asked} == {206}
    site.asked.clear()
    play(page, f"{site.url}/short.html")
    page.evaluate(UNTIL_ENDED)
    assert site.asked == []


def test_a_browser_asks_again(site: Site, page: Page) -> None:
    """Without its fingerprint, a sound is asked for each time, and not sent again."""
    play(page, f"{site.url}/short.html?plain")
    page.evaluate(UNTIL_ENDED)
    assert {one.status for one in site.asked} == {206}
    site.asked.clear()
    play(page, f"{site.url}/short.html?plain")
    page.evaluate(UNTIL_ENDED)
    assert {one.status for one in site.asked} == {304}
