"""The URLs of files: what changes with their content, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from bottle import Bottle

from statechart_ivr.errors import ConfigurationError, UnknownUrlError
from statechart_ivr.testing import Phone
from statechart_ivr.web import FingerprintPlugin
from tests.web.static.conftest import ROOT, SOUNDS, application

MOUNT_PATHS = ["", "/static", "/static/"]


def installed(path: Path, *, mount_path: str = "/static", **options: Any) -> FingerprintPlugin:
    """Return a plugin that is installed on an application of its own."""
    plugin = FingerprintPlugin(path, mount_path=mount_path, **options)
    application().install(plugin)
    return plugin


@pytest.fixture
def static(sounds: Path) -> FingerprintPlugin:
    """Return a plugin that serves the sounds below ``/static``."""
    return installed(sounds)


def elsewhere(fingerprint_url: Callable[[str], Any]) -> FingerprintPlugin:
    """Return a plugin for files that are elsewhere."""
    plugin = FingerprintPlugin(fingerprint_url=fingerprint_url)
    application().install(plugin)
    return plugin


class TestFiles:
    """Files of a folder."""

    @pytest.mark.parametrize("mount_path", MOUNT_PATHS)
    @pytest.mark.parametrize("name", SOUNDS)
    def test_each_has_a_url_that_leads_to_it(
        self, sounds: Path, mount_path: str, name: str, ask: Callable[..., Any]
    ) -> None:
        """Whatever letters are in its name; and the URL has the right fingerprint."""
        app = application()
        plugin = app.install(FingerprintPlugin(sounds, mount_path=mount_path))
        url = urlsplit(plugin.url_for(f"{mount_path.rstrip('/')}/{name}"))
        target = f"{unquote(url.path).encode().decode('latin-1')}"
        status, headers, body = ask(app, "GET", "/", PATH_INFO=target, QUERY_STRING=url.query)
        assert (status, body) == (200, SOUNDS[name])
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"

    @pytest.mark.parametrize(
        ("path", "quoted"),
        [
            ("/static/my song.mp3", "/static/my%20song.mp3"),
            ("/static/100%.mp3", "/static/100%25.mp3"),
            ("/static/grüße/münchen.wav", "/static/gr%C3%BC%C3%9Fe/m%C3%BCnchen.wav"),
            ("/static/a+b?c#d.wav", "/static/a%2Bb%3Fc%23d.wav"),
            ("/static/my%20song.mp3", "/static/my%20song.mp3"),
        ],
    )
    def test_names_are_quoted_once(self, static: FingerprintPlugin, path: str, quoted: str) -> None:
        """As they are on the disk, or quoted already: the URL is the same."""
        assert re.fullmatch(re.escape(quoted) + r"\?v=[0-9a-f]{24}", static.url_for(path))

    def test_letters_as_macos_composes_them(self, sounds: Path, ask: Callable[..., Any]) -> None:
        """A file is found by its name, however its letters are put together on the disk."""
        composed = "gr\u00fcn.mp3"
        apart = "gru\u0308n.mp3"
        (sounds / apart).write_bytes(b"Green.")
        app = application()
        plugin = app.install(FingerprintPlugin(sounds, mount_path="/static"))
        assert plugin.url_for(f"/static/{composed}") == plugin.url_for(f"/static/{apart}")

    def test_no_name_has_a_line_break(self, sounds: Path) -> None:
        """Nothing could be reached by it, so it has no URL."""
        (sounds / "a\nb.mp3").write_bytes(b"")
        with pytest.raises(UnknownUrlError):
            installed(sounds).url_for("/static/a\nb.mp3")

    def test_the_fingerprint_is_of_the_content(self, sounds: Path) -> None:
        """Equal files have equal ones, and one byte makes another."""
        for name, content in (("a.wav", b"1"), ("b.wav", b"1"), ("c.wav", b"2")):
            (sounds / name).write_bytes(content)
        plugin = installed(sounds)
        a, b, c = (plugin.url_for(f"/static/{name}.wav").partition("?")[2] for name in "abc")
        assert a == b != c

    def test_absolute(self, static: FingerprintPlugin) -> None:
        """The application's root comes in front; host and scheme can be others."""
        relative = static.url_for("/static/intro.mp3")
        assert static.url_for("/static/intro.mp3", absolute=True) == ROOT + relative
        host = static.url_for("/static/intro.mp3", host="cdn.example.com")
        assert host == f"https://cdn.example.com{relative}"
        plain = static.url_for("/static/intro.mp3", scheme="http")
        assert plain == f"http://ivr.example.com{relative}"

    def test_below_a_mount_prefix(self, sounds: Path) -> None:
        """The prefix is part of the base URL, and of every file's."""
        app = application(base_url="https://example.com/phones")
        plugin = app.install(FingerprintPlugin(sounds, mount_path="/static"))
        url = plugin.url_for("/static/intro.mp3", absolute=True, fingerprint=False)
        assert url == "https://example.com/phones/static/intro.mp3"
        assert plugin.url_for("/static/intro.mp3").startswith("/phones/static/intro.mp3?v=")

    @pytest.mark.parametrize(
        ("query", "pairs"),
        [
            ({"say": "1 2"}, [("say", "1 2")]),
            ({"tag": ["a", "ü", 3]}, [("tag", "a"), ("tag", "ü"), ("tag", "3")]),
            ({"v": "2"}, [("v", "2")]),
        ],
    )
    def test_query_and_fingerprint(
        self, static: FingerprintPlugin, query: Any, pairs: list[tuple[str, str]]
    ) -> None:
        """Neither is lost, even if the query has the fingerprint's name."""
        fingerprint = parse_qsl(urlsplit(static.url_for("/static/intro.mp3")).query)
        encoded = urlsplit(static.url_for("/static/intro.mp3", query=query)).query
        assert parse_qsl(encoded) == pairs + fingerprint
        assert " " not in encoded
        assert "+" not in encoded

    def test_without_fingerprint(self, static: FingerprintPlugin) -> None:
        """On request the URL never changes; the file must be there all the same."""
        assert static.url_for("/static/intro.mp3", fingerprint=False) == "/static/intro.mp3"
        with pytest.raises(UnknownUrlError):
            static.url_for("/static/outro.mp3", fingerprint=False)

    def test_other_paths(self, static: FingerprintPlugin) -> None:
        """What is not below the mount path is no file; it is taken as it is on request only."""
        assert static.url_for("/about us", fingerprint=False) == "/about%20us"
        with pytest.raises(UnknownUrlError, match=r"begin with /static/; fingerprint=False"):
            static.url_for("/about")

    @pytest.mark.parametrize("watch", [False, True])
    def test_a_file_that_is_not_there(self, sounds: Path, watch: bool) -> None:
        """The error names the folder, and the URL most like it."""
        static = installed(sounds, watch=watch)
        with pytest.raises(UnknownUrlError) as caught:
            static.url_for("/static/intor.mp3")
        assert str(caught.value) == (
            f"no file for '/static/intor.mp3' in {sounds}; did you mean '/static/intro.mp3'?"
        )

    @pytest.mark.parametrize(
        ("wrong", "near"),
        [
            ("/static/INTRO.MP3", "/static/intro.mp3"),
            ("/static/My_Song.mp3", "/static/my song.mp3"),
            ("/static/intro.mp3?v=1", "/static/intro.mp3"),
            ("/intro.mp3", "/static/intro.mp3"),
            ("intro.mp3", "/static/intro.mp3"),
        ],
    )
    def test_the_nearest_name(self, static: FingerprintPlugin, wrong: str, near: str) -> None:
        """Capitals, a query and the mount path, which all have, do not make another one nearer."""
        with pytest.raises(UnknownUrlError, match=re.escape(f"did you mean '{near}'?")):
            static.url_for(wrong)

    @pytest.mark.parametrize("mount_path", MOUNT_PATHS)
    def test_a_route_is_no_file(self, sounds: Path, mount_path: str) -> None:
        """Who gives a route's path is told to give its name, wherever the files are."""
        app = application()
        plugin = app.install(FingerprintPlugin(sounds, mount_path=mount_path))
        with pytest.raises(UnknownUrlError, match="a route; ask for that by its name"):
            plugin.url_for("/incoming-call")

    def test_nothing_like_it(self, sounds: Path, tmp_path: Path) -> None:
        """Where no name is near, some are listed."""
        with pytest.raises(UnknownUrlError, match=r"it holds \['/static/100%.mp3', .*\]"):
            installed(sounds).url_for("/static/xyzzy")
        empty = tmp_path / "empty"
        empty.mkdir()
        with pytest.raises(UnknownUrlError, match=f"{empty}; it holds no files"):
            installed(empty).url_for("/static/xyzzy")

    @pytest.mark.parametrize("path", ["/static/", "/static/grüße", "/static/../sounds/intro.mp3"])
    def test_folders_and_detours(self, static: FingerprintPlugin, path: str) -> None:
        """Only files have URLs, and each has one."""
        with pytest.raises(UnknownUrlError):
            static.url_for(path)


class TestElsewhere:
    """Files that the application does not serve."""

    def test_root_relative(self) -> None:
        """What the function returns stands in for the path; queries are joined."""
        plugin = elsewhere(lambda path: path.replace(".", "-5f3a."))
        assert plugin.url_for("/intro.mp3") == "/intro-5f3a.mp3"
        url = plugin.url_for("/my intro.mp3", absolute=True, query={"a": "b"})
        assert url == f"{ROOT}/my%20intro-5f3a.mp3?a=b"

    def test_absolute(self) -> None:
        """A URL on another host stays there, unless told otherwise."""
        plugin = elsewhere(lambda path: f"https://cdn.example.com{path}?v=1")
        assert plugin.url_for("/a b.mp3") == "https://cdn.example.com/a%20b.mp3?v=1"
        url = plugin.url_for("/a.mp3", query={"x": 1}, host="other.example.com", scheme="http")
        assert url == "http://other.example.com/a.mp3?v=1&x=1"
        assert elsewhere(lambda path: f"//cdn{path}").url_for("/a.mp3") == "https://cdn/a.mp3"

    @pytest.mark.parametrize("root", ["", "https://cdn.example.com"])
    def test_a_path_that_is_signed(self, root: str) -> None:
        """What may stand in a path is left as the function has it: quoted, it is another URL."""
        url = f"{root}/sig:a=/rs:fit:300,2;v=1@x/a+b(1)~%20.mp3"
        assert elsewhere(lambda _: url).url_for("/a.mp3") == url

    def test_without_fingerprint(self) -> None:
        """The function is not asked, and the path is taken as it is."""
        assert elsewhere(lambda _: "/other").url_for("/a.mp3", fingerprint=False) == "/a.mp3"

    @pytest.mark.parametrize("wrong", [None, "", 5])
    def test_no_url(self, wrong: Any) -> None:
        """A function that returns no URL is told so."""
        with pytest.raises(ConfigurationError, match=r"fingerprint_url\('/a.mp3'\) returned"):
            elsewhere(lambda _: wrong).url_for("/a.mp3")

    def test_nothing_is_served(self, ask: Callable[..., Any]) -> None:
        """Such requests go to whatever else the application has."""
        app = application()
        app.install(FingerprintPlugin(fingerprint_url=lambda path: path, mount_path="/static"))
        assert ask(app, "GET", "/static/a.mp3")[0] == 404
        app.get("/static/<name>", callback=lambda name: f"mine: {name}", skip=["signature"])
        assert ask(app, "GET", "/static/a.mp3")[2] == b"mine: a.mp3"


class TestInFlows:
    """``self.url_for``, in a call."""

    def heard(self, app: Any) -> str:
        """Return what a call to an application hears."""
        return Phone(app).dial("/incoming-call").heard

    def test_a_flow_finds_files(self, sounds: Path) -> None:
        """With the plugin that is installed on its application."""
        app = application()
        plugin = app.install(FingerprintPlugin(sounds, mount_path="/static"))
        assert self.heard(app) == plugin.url_for("/static/intro.mp3", absolute=True)

    def test_base_urls_by_request(self, sounds: Path) -> None:
        """Where the application has several domains, the request's is taken."""
        app = application(base_url=lambda environ: f"https://{environ['HTTP_HOST']}")
        plugin = app.install(FingerprintPlugin(sounds, mount_path="/static"))
        assert re.match(r"https?://[^/]+/static/intro.mp3\?v=", self.heard(app))
        with pytest.raises(UnknownUrlError, match="needs the host"):
            plugin.url_for("/static/intro.mp3", absolute=True)

    def test_applications_do_not_mix(self, tmp_path: Path, ask: Callable[..., Any]) -> None:
        """Two in one process, with files of one name: each has its own."""
        served = {}
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "intro.mp3").write_bytes(name.encode())
            app = application()
            app.install(FingerprintPlugin(folder, mount_path="/static"))
            served[name] = app
        assert self.heard(served["one"]) != self.heard(served["two"])
        for name, app in served.items():
            path, query = self.heard(app).removeprefix(ROOT).split("?")
            _, headers, body = ask(app, "GET", f"{path}?{query}")
            assert (body, "immutable" in headers["Cache-Control"]) == (name.encode(), True)


class TestConfiguration:
    """What cannot be meant is refused at once."""

    def test_folder_or_function(self) -> None:
        """Exactly one of the two."""
        with pytest.raises(ConfigurationError, match="either a folder or fingerprint_url="):
            FingerprintPlugin()
        with pytest.raises(ConfigurationError, match="either a folder or fingerprint_url="):
            FingerprintPlugin("sounds", fingerprint_url=str)

    def test_a_folder_without_a_name(self) -> None:
        """A setting that is empty by mistake does not publish the working directory."""
        with pytest.raises(ConfigurationError, match=r"name the folder, or write '\.'"):
            FingerprintPlugin("")

    def test_watch_without_folder(self) -> None:
        """There is nothing to watch."""
        with pytest.raises(ConfigurationError, match="watch=True watches a folder"):
            FingerprintPlugin(fingerprint_url=str, watch=True)

    @pytest.mark.parametrize("wrong", ["static", "/my sounds", "/a//b", "/<name>", "/a?b"])
    def test_mount_path(self, wrong: str) -> None:
        """It is a path that needs no quoting."""
        with pytest.raises(ConfigurationError, match=r"mount_path=.*: write a path such as"):
            FingerprintPlugin("sounds", mount_path=wrong)

    def test_no_such_folder(self, tmp_path: Path) -> None:
        """The error says where the folder was looked for."""
        with pytest.raises(ConfigurationError, match=f"no folder {tmp_path / 'nowhere'}"):
            installed(tmp_path / "nowhere")

    def test_url_before_installing(self, sounds: Path) -> None:
        """What no application serves has no URL, not even a plain one."""
        with pytest.raises(ConfigurationError, match=r"not read yet: app\.install\(…\)"):
            FingerprintPlugin(sounds).url_for("/intro.mp3")

    def test_one_for_each(self, sounds: Path) -> None:
        """Neither two on one application, nor one on two."""
        app = application()
        plugin = app.install(FingerprintPlugin(sounds, mount_path="/a"))
        with pytest.raises(ConfigurationError, match="make another"):
            app.install(FingerprintPlugin(sounds, mount_path="/b"))
        with pytest.raises(ConfigurationError, match="make another"):
            application().install(plugin)

    def test_any_bottle_application(self, sounds: Path) -> None:
        """It needs no `IvrApp`; who asks for an absolute URL says the host."""
        plugin = Bottle().install(FingerprintPlugin(sounds))
        assert plugin.url_for("/intro.mp3", host="a.b").startswith("https://a.b/intro.mp3?v=")
        with pytest.raises(UnknownUrlError, match="needs the host"):
            plugin.url_for("/intro.mp3", absolute=True)
