"""URLs: of routes, of static files, and of the requests that carry a call on."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statechart_ivr.errors import UnknownUrlError
from statechart_ivr.urls import Links, encode_query, join_url

LINKS = Links(
    base_url="https://ivr.example.com/mounted",
    entry="/incoming-call",
    call_sid="CA1",
    seq=3,
    routes={"incoming_call": "/incoming-call", "say_bye": "/bye"},
)
HOSTLESS = replace(LINKS, base_url="/mounted")


@dataclass
class Files:
    """A fingerprinter that notes what it was asked, and serves nothing."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    mount_path = ""

    def url_for(self, path: str, **options: Any) -> str:
        """Answer with a URL of its own."""
        self.asked.append((path, options))
        return f"{path}?fingerprint"


class TestEncodeQuery:
    """Names and values to a query."""

    @pytest.mark.parametrize("value", [None, b"xy", {"b": 1}])
    def test_what_has_no_place_in_a_query(self, value: Any) -> None:
        """The error names the value, and says what to write."""
        with pytest.raises(TypeError, match=r"query=\{'a': .*write text, a number, or a list"):
            encode_query({"a": value})

    @pytest.mark.parametrize(
        ("query", "encoded"),
        [
            ({"say": "1 2"}, "say=1%202"),
            ({"a": "+&=#/?"}, "a=%2B%26%3D%23%2F%3F"),
            ({"city": "Köln"}, "city=K%C3%B6ln"),
            ({"n": 5}, "n=5"),
            ({"n": 1.5}, "n=1.5"),
            ({"a": ["x", "y", 1], "b": "z"}, "a=x&a=y&a=1&b=z"),
            ({"a": (one for one in "xy")}, "a=x&a=y"),
            ({"a": []}, ""),
            ({"a": ""}, "a="),
            ({"half": "\ud83d"}, "half=%3F"),
            ({}, ""),
            (None, ""),
        ],
    )
    def test_encoding(self, query: Any, encoded: str) -> None:
        """Spaces as ``%20``, a list repeats its name, all in UTF-8."""
        assert encode_query(query) == encoded

    @given(st.dictionaries(st.text(min_size=1), st.lists(st.text(), min_size=1), max_size=4))
    def test_round_trip(self, query: dict[str, list[str]]) -> None:
        """What is encoded is read again as it was."""
        pairs = [(name, value) for name, values in query.items() for value in values]
        assert parse_qsl(encode_query(query), keep_blank_values=True) == pairs


class TestJoinUrl:
    """A base, a path and a query to a URL."""

    @pytest.mark.parametrize(
        ("base_url", "path"),
        [
            ("", "/bye"),
            ("/", "/bye"),
            ("https://ivr.example.com", "/bye"),
            ("https://ivr.example.com/", "/bye"),
            ("https://ivr.example.com/?x=1#top", "/bye"),
            ("https://ivr.example.com/mounted", "/mounted/bye"),
            ("https://ivr.example.com/mounted/", "/mounted/bye"),
            ("https://ivr.example.com/mounted/?x=1", "/mounted/bye"),
            ("/mounted", "/mounted/bye"),
        ],
    )
    def test_root_relative(self, base_url: str, path: str) -> None:
        """The mount path stays in front; slash, query and fragment at the base's end go."""
        assert join_url(base_url, "/bye", absolute=False) == path

    @pytest.mark.parametrize(
        ("options", "url"),
        [
            ({"absolute": True}, "https://ivr.example.com:8443/m/bye?q=1"),
            ({"absolute": False, "scheme": "wss"}, "wss://ivr.example.com:8443/m/bye?q=1"),
            ({"absolute": False, "host": "other"}, "https://other/m/bye?q=1"),
            ({"absolute": True, "host": "other:1", "scheme": "http"}, "http://other:1/m/bye?q=1"),
        ],
    )
    def test_absolute(self, options: dict[str, Any], url: str) -> None:
        """Another host or scheme makes the URL absolute by itself."""
        base_url = "https://ivr.example.com:8443/m"
        assert join_url(base_url, "/bye", query="q=1", **options) == url

    def test_host_alone_is_https(self) -> None:
        """Twilio wants it, where nothing is said."""
        assert join_url("/m", "/bye", absolute=True, host="other") == "https://other/m/bye"

    @pytest.mark.parametrize("options", [{"absolute": True}, {"absolute": False, "scheme": "wss"}])
    def test_unknown_host_is_an_error(self, options: dict[str, Any]) -> None:
        """The message says what to set."""
        with pytest.raises(UnknownUrlError, match=r"/bye needs the host: set base_url="):
            join_url("/mounted", "/bye", **options)

    @pytest.mark.parametrize(
        ("path", "encoded"),
        [
            ("/a b.mp3", "/a%20b.mp3"),
            ("/Köln.mp3", "/K%C3%B6ln.mp3"),
            ("/what?.mp3", "/what%3F.mp3"),
            ("/a%20b.mp3", "/a%20b.mp3"),
            ("/~a/b-c_d.e", "/~a/b-c_d.e"),
        ],
    )
    def test_path_is_encoded(self, path: str, encoded: str) -> None:
        """Except for what is percent-encoded already."""
        assert join_url("", path, absolute=False) == encoded


class TestOwnUrls:
    """What carries a call on."""

    def test_turn(self) -> None:
        """Root-relative, with the call's entry and the document's number."""
        assert LINKS.turn() == "/mounted/ivr/turn?at=%2Fincoming-call&seq=3"

    def test_turn_with_more(self) -> None:
        """A secret may be in the answer."""
        assert LINKS.turn(s=1) == "/mounted/ivr/turn?at=%2Fincoming-call&seq=3&s=1"

    def test_absolute_turn(self) -> None:
        """For those who are not Twilio fetching TwiML."""
        url = LINKS.turn(absolute=True)
        assert url.startswith("https://ivr.example.com/mounted/ivr/turn?")

    def test_prefix(self) -> None:
        """The application chooses where its own URLs are."""
        assert replace(LINKS, prefix="/phone").turn().startswith("/mounted/phone/turn?")

    def test_event(self) -> None:
        """Absolute, as whoever requests it knows no other URL; names the call."""
        url = "https://ivr.example.com/mounted/ivr/event/order.found?call=CA1"
        assert LINKS.event("order.found") == url

    def test_event_needs_a_host(self) -> None:
        """Without one nobody could request it."""
        with pytest.raises(UnknownUrlError, match="base_url="):
            HOSTLESS.event("order.found")


class TestUrlFor:
    """URLs that flows ask for."""

    def test_route_by_name(self) -> None:
        """With a nonce, so that following it is not the same request come twice."""
        assert LINKS.url_for("say_bye") == "/mounted/bye?nonce=3"

    def test_route_with_query(self) -> None:
        """The nonce comes last."""
        assert LINKS.url_for("say_bye", query={"a": "1 2"}) == "/mounted/bye?a=1%202&nonce=3"

    def test_nonce_changes_with_the_document(self) -> None:
        """From a later document it is another request."""
        later = replace(LINKS, seq=4)
        assert later.url_for("say_bye") != LINKS.url_for("say_bye")

    def test_absolute_route(self) -> None:
        """With scheme and host."""
        url = LINKS.url_for("say_bye", absolute=True)
        assert url == "https://ivr.example.com/mounted/bye?nonce=3"
        url = LINKS.url_for("say_bye", host="other", scheme="http")
        assert url == "http://other/mounted/bye?nonce=3"

    def test_unknown_route_with_a_near_one(self) -> None:
        """The error names the route that was probably meant."""
        with pytest.raises(UnknownUrlError, match=r"named 'say_by'; did you mean 'say_bye'"):
            LINKS.url_for("say_by")

    @pytest.mark.parametrize("name", ["sounds/hello.mp3", "", "https://example.com/x"])
    def test_unknown_route_with_none_near(self, name: str) -> None:
        """A path without its slash is taken for a name; the error says so."""
        with pytest.raises(LookupError, match="a path starts with a slash"):
            LINKS.url_for(name)

    def test_file_without_fingerprinter(self) -> None:
        """A plain URL, without a nonce: it is to be cached."""
        url = LINKS.url_for("/sounds/a b.mp3", query={"v": [1, 2]})
        assert url == "/mounted/sounds/a%20b.mp3?v=1&v=2"

    def test_fingerprint_without_fingerprinter(self) -> None:
        """Whoever asks for one is told that nothing makes it."""
        with pytest.raises(UnknownUrlError, match="no plugin serves static files"):
            LINKS.url_for("/sounds/a.mp3", fingerprint=True)
        assert LINKS.url_for("/sounds/a.mp3", fingerprint=False) == "/mounted/sounds/a.mp3"

    def test_file_with_fingerprinter(self) -> None:
        """It is passed all there is to know, and its answer is the URL."""
        files = Files()
        options: dict[str, Any] = {
            "absolute": True,
            "query": {"a": "b"},
            "fingerprint": False,
            "host": "other",
            "scheme": "http",
        }
        url = replace(LINKS, fingerprinter=files).url_for("/a.mp3", **options)
        assert url == "/a.mp3?fingerprint"
        assert files.asked == [("/a.mp3", {**options, "base_url": LINKS.base_url})]

    def test_a_host_is_no_url(self) -> None:
        """The scheme has an argument of its own."""
        with pytest.raises(UnknownUrlError, match=r"host='https://a.b': write its name alone"):
            LINKS.url_for("/a.mp3", host="https://a.b")

    def test_other_named_paths(self) -> None:
        """What else the application serves has a name, too; its URL never changes."""
        links = replace(LINKS, paths={"hold-music": "/static/hold-music", "say_bye": "/other"})
        assert links.url_for("hold-music") == "/mounted/static/hold-music"
        assert links.url_for("hold-music", query={"a": 1}) == "/mounted/static/hold-music?a=1"
        assert links.url_for("say_bye") == "/mounted/bye?nonce=3"
        with pytest.raises(UnknownUrlError, match="did you mean 'hold-music'"):
            links.url_for("hold_music")

    def test_routes_have_no_fingerprint(self) -> None:
        """A fingerprinter is asked for files only."""
        links = replace(LINKS, fingerprinter=Files())
        assert links.url_for("say_bye", fingerprint=True) == "/mounted/bye?nonce=3"

    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_paths_stay_below_the_root(self, rest: str) -> None:
        """No text in a path leads to another host, or breaks out of the path."""
        parts = urlsplit(HOSTLESS.url_for(f"/sounds/{rest}"))
        assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("", "", "", "")
        assert parts.path.startswith("/mounted/sounds/")


class TestWait:
    """URLs of wait documents."""

    def test_names_the_document_and_counts(self) -> None:
        """Root-relative, and what else is to be said in the query."""
        assert LINKS.wait(4) == "/mounted/ivr/wait?at=%2Fincoming-call&seq=3&wait=4"
        assert LINKS.wait(1, q=1, s=1).endswith("&wait=1&q=1&s=1")

    def test_absolute(self) -> None:
        """For Twilio's REST API."""
        assert LINKS.wait(1, absolute=True).startswith("https://ivr.example.com/mounted/ivr/wait?")
        with pytest.raises(UnknownUrlError, match="needs the host"):
            HOSTLESS.wait(1, absolute=True)

    def test_has_the_applications_own_prefix(self) -> None:
        """As all of its URLs."""
        links = replace(LINKS, prefix="/phone")
        assert urlsplit(links.wait(1)).path == "/mounted/phone/wait"
