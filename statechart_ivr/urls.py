"""URLs: of routes, of static files, and of the requests that carry a call on."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from statechart_ivr.errors import UnknownUrlError

# What RFC 3986, section 3.3, lets stand in a path; to quote it makes another URL (section 2.2).
_PATH = "/:@!$&'()*+,;=%"

Query = Mapping[str, "str | int | Iterable[str | int]"]


@runtime_checkable
class Fingerprinter(Protocol):
    """Gives static files URLs that change with their content.

    Attributes:
        mount_path: below which the files are, without a slash at its end; nothing for the
            application's root.
    """

    mount_path: str

    def url_for(
        self,
        path: str,
        *,
        base_url: str | None = None,
        absolute: bool = False,
        query: Query | None = None,
        fingerprint: bool | None = None,
        host: str | None = None,
        scheme: str | None = None,
    ) -> str:
        """Return the URL of a file, as `Links.url_for` does.

        Args:
            path: below the application's root.
            base_url: public URL of the root, or only its path; what the fingerprinter knows
                itself if left out.
            absolute: with scheme and host.
            query: names and values.
            fingerprint: whether the URL changes with the file's content.
            host: another host; makes the URL absolute.
            scheme: another scheme; makes the URL absolute.

        Raises:
            UnknownUrlError: there is no such file.
        """
        ...

    def claim(self, path: str, built_in: Callable[[], Any]) -> Callable[[], Any]:
        """Take a path below the mount path for something that is not a file.

        Args:
            path: below the mount path, with a slash in front.
            built_in: answers requests to it.

        Returns:
            What to give these requests to: ``built_in``, or what the application has in front of
            everything below the mount path.

        Raises:
            ConfigurationError: it is a file's.
        """
        ...


def quote_path(path: str) -> str:
    """Percent-encode what cannot stand in a URL's path; what is encoded already stays so.

    >>> quote_path("/s:a=/my%20song 2.mp3")
    '/s:a=/my%20song%202.mp3'
    """
    return quote(path, safe=_PATH)


def encode_query(query: Query | None) -> str:
    """Return a query, percent-encoded.

    >>> encode_query({"say": "1 2", "tag": ["a", "ü"]})
    'say=1%202&tag=a&tag=%C3%BC'
    """
    # UTF-8 has no half characters, which text from JSON may hold.
    return urlencode(list(_pairs(query or {})), quote_via=quote, safe="", errors="replace")


def _pairs(query: Query) -> Iterator[tuple[str, str | int]]:
    for name, value in query.items():
        if value is None or isinstance(value, bytes | Mapping):
            raise TypeError(
                f"query={{{name!r}: {value!r}}}: write text, a number, or a list of these"
            )
        for one in [value] if isinstance(value, str | int | float) else value:
            yield name, one


def join_url(
    base_url: str,
    path: str,
    *,
    query: str = "",
    absolute: bool,
    host: str | None = None,
    scheme: str | None = None,
) -> str:
    """Put a URL together.

    Args:
        base_url: public URL of the application's root, or only its path; a slash at its end, a
            query and a fragment do not count.
        path: below the root, with a slash in front; what is percent-encoded already stays so.
        query: encoded, without its question mark.
        absolute: with scheme and host.
        host: another host than the base's; makes the URL absolute.
        scheme: another scheme than the base's; makes the URL absolute.

    Raises:
        UnknownUrlError: an absolute URL is wanted, and the host is not known, or is no host.
    """
    base = urlsplit(base_url)
    full_path = base.path.rstrip("/") + quote_path(path)
    if not (absolute or host or scheme):
        return urlunsplit(("", "", full_path, query, ""))
    if host and "/" in host:
        raise UnknownUrlError(f"host={host!r}: write its name alone, such as 'cdn.example.com'")
    netloc = host or base.netloc
    if not netloc:
        raise UnknownUrlError(
            f"an absolute URL for {path} needs the host: set base_url= where the application is "
            "made (IVR_BASE_URL), as text; url_for() takes host= instead"
        )
    return urlunsplit((scheme or base.scheme or "https", netloc, full_path, query, ""))


@dataclass(frozen=True)
class Links:
    """All URLs that a flow can ask for while it speaks.

    Attributes:
        base_url: public URL of the application's root, or only its path.
        prefix: of the application's own URLs.
        entry: path of the route that the call came in by.
        call_sid: the call.
        seq: the number of the document being made.
        routes: path by name, of this application's flows.
        paths: path by name, of whatever else the application serves.
        fingerprinter: where static files are served.
    """

    base_url: str = ""
    prefix: str = "/ivr"
    entry: str = "/"
    call_sid: str = ""
    seq: int = 0
    routes: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    fingerprinter: Fingerprinter | None = None

    def turn(self, *, absolute: bool = False, **query: Any) -> str:
        """Return the action URL of the document being made."""
        return self._own("/turn", absolute, at=self.entry, seq=self.seq, **query)

    def wait(self, number: int, *, absolute: bool = False, **query: Any) -> str:
        """Return the URL of a wait document, counted from 1."""
        own = {"at": self.entry, "seq": self.seq, "wait": number, **query}
        return self._own("/wait", absolute, **own)

    def event(self, event: str) -> str:
        """Return the absolute URL that delivers an event to this call."""
        return self._own(f"/event/{event}", True, call=self.call_sid)

    def _own(self, path: str, absolute: bool, **query: Any) -> str:
        encoded = encode_query(query)
        return join_url(self.base_url, self.prefix + path, query=encoded, absolute=absolute)

    def url_for(
        self,
        path_or_route: str,
        *,
        absolute: bool = False,
        query: Query | None = None,
        fingerprint: bool | None = None,
        host: str | None = None,
        scheme: str | None = None,
    ) -> str:
        """Return the URL of a static file, or of a route.

        The URL of a flow's route carries a nonce, so that following it from a later document is
        not taken for the same request come twice.

        Args:
            path_or_route: a path below the application's root, or the name of a route.
            absolute: with scheme and host.
            query: names and values; a list repeats its name.
            fingerprint: whether the URL changes with the file's content; what the plugin
                thinks best if left out. Routes have none.
            host: another host; makes the URL absolute.
            scheme: another scheme; makes the URL absolute.

        Raises:
            UnknownUrlError: there is no such route, or no such file.
        """
        place: dict[str, Any] = {"absolute": absolute, "host": host, "scheme": scheme}
        if not path_or_route.startswith("/"):
            path, nonce = self._named(path_or_route)
            encoded = encode_query({**(query or {}), **nonce})
            return join_url(self.base_url, path, query=encoded, **place)
        if self.fingerprinter is not None:
            return self.fingerprinter.url_for(
                path_or_route,
                base_url=self.base_url,
                query=query,
                fingerprint=fingerprint,
                **place,
            )
        if fingerprint:
            raise UnknownUrlError(
                f"no fingerprint for {path_or_route}: no plugin serves static files; "
                "install a FingerprintPlugin, or leave fingerprint= out"
            )
        return join_url(self.base_url, path_or_route, query=encode_query(query), **place)

    def _named(self, name: str) -> tuple[str, Query]:
        """Return the path of a route, and what its query has to say."""
        if name in self.routes:
            return self.routes[name], {"nonce": self.seq}
        if name in self.paths:
            return self.paths[name], {}
        near = difflib.get_close_matches(name, [*self.routes, *self.paths], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "a path starts with a slash"
        raise UnknownUrlError(f"no route is named {name!r}; {hint}")
