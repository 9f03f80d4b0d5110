"""`FingerprintPlugin`: static files whose URLs change with their content."""

from __future__ import annotations

import difflib
import logging
import os
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from reprlib import repr as short
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from bottle import Bottle, HTTPResponse, Route, request

from statechart_ivr.errors import ConfigurationError, UnknownFileError
from statechart_ivr.urls import Fingerprinter, Query, encode_query, join_url, quote_path
from statechart_ivr.web.body import described
from statechart_ivr.web.mounting import checked_path, path_below
from statechart_ivr.web.static.answer import FINGERPRINT, respond
from statechart_ivr.web.static.folder import Folder

log = logging.getLogger(__name__)


class FingerprintPlugin:
    """Serves the files of a folder, at URLs that change with what they hold.

    Twilio fetches a sound, converts it and keeps it for as long as the answer allows. Under a URL
    with the right fingerprint that is for ever; a new recording has a new URL, and is heard at
    once. Under any other URL whoever keeps the file must ask each time whether it is still so.

    It works on any Bottle application; on an `IvrApp`, flows find the URLs with
    ``self.url_for("/static/intro.mp3")``. Files are for anybody, without a signature: Twilio does
    not promise to sign what it fetches for ``<Play>``.

    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from bottle import Bottle
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "intro.mp3").write_bytes(b"not really music")
    >>> plugin = Bottle().install(FingerprintPlugin(folder, mount_path="/static"))
    >>> plugin.url_for("/static/intro.mp3")
    '/static/intro.mp3?v=1327052ac400f1bd1827352e'

    Put a new file in an old one's place as ``mv`` does, not by writing into it: a caller may be
    listening to it. What is written to while it is sent breaks off.

    With ``mount_path=""`` every path that no route has is a file's, so that dynamic routes which
    are added later are never reached: add them first.

    Args:
        path: the folder; read through when the plugin is installed. Names with a part that begins
            with a dot are left out, so are links that lead out of the folder and linked folders.
        fingerprint_url: for files that are elsewhere, in place of a folder: takes a root-relative
            URL and returns the one with a fingerprint, root-relative or absolute. Nothing is
            served then, unless by ``handler``.
        mount_path: below which the files are.
        handler: answers all requests below the mount path in place of the plugin. It takes the
            path below the mount path, as does ``bottle.request.path`` while it runs, and returns
            what a Bottle route returns; `serve` gives it what the plugin would have answered.
        watch: whether files that are new, changed or gone are noticed without a restart.

    Raises:
        ConfigurationError: neither or both of folder and function; no such folder; a mount path
            that is none; an application that has such a plugin already.
    """

    name = "fingerprint"
    api = 2

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        fingerprint_url: Callable[[str], str] | None = None,
        mount_path: str = "",
        handler: Callable[[str], Any] | None = None,
        watch: bool = False,
    ) -> None:
        if (path is None) == (fingerprint_url is None):
            raise ConfigurationError(
                "FingerprintPlugin takes either a folder or fingerprint_url=; write "
                "FingerprintPlugin('sounds') to serve files, "
                "FingerprintPlugin(fingerprint_url=…) for files that are elsewhere"
            )
        if path is not None and not os.fspath(path):
            raise ConfigurationError(
                "FingerprintPlugin('') would serve the working directory, and all that is in it, "
                "to anybody; name the folder, or write '.'"
            )
        if watch and path is None:
            raise ConfigurationError("watch=True watches a folder; fingerprint_url= has none")
        self.path = path
        self.fingerprint_url = fingerprint_url
        self.mount_path = checked_path("mount_path", mount_path)
        self.handler = handler
        self.watch = watch
        self._app: Bottle | None = None
        self._folder: Folder | None = None
        self._claimed: dict[str, Callable[[], Any]] = {}

    def setup(self, app: Bottle) -> None:
        """Read the folder through and add the routes; Bottle calls this."""
        if self._app is not None or any(isinstance(one, Fingerprinter) for one in app.plugins):
            raise ConfigurationError(
                "an application has one FingerprintPlugin, and each has its own; make another"
            )
        if self.path is not None:
            self._folder = Folder(self.path, watch=self.watch)
        self._app = app
        rule = f"{self.mount_path}/<path:re:.*>"
        if self.handler is not None:
            rules = [rule, self.mount_path] if self.mount_path else [rule]
            app.route(rules, "ANY", self._answer, skip=["signature"])
        elif self._folder is not None:
            app.route(rule, "GET", self._answer, skip=["signature"])
            # Bottle would find the one for GET; this is for 405 to name both.
            app.route(rule, "HEAD", self._answer_head, skip=["signature"])

    def apply(self, callback: Callable[..., Any], _route: Route) -> Callable[..., Any]:
        """Leave a route as it is; Bottle calls this."""
        return callback

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
        """Return the URL of a file.

        Args:
            path: below the application's root, mount path included; as it is on the disk, or
                percent-encoded.
            base_url: public URL of the application's root, or only its path; that of the
                `IvrApp` if left out.
            absolute: with scheme and host.
            query: names and values; a list repeats its name.
            fingerprint: False for a URL that never changes, and is asked for again each time it
                is needed. Below the mount path the file must be there all the same; elsewhere
                the path is taken as it is.
            host: another host; makes the URL absolute.
            scheme: another scheme; makes the URL absolute.

        Raises:
            UnknownUrlError: there is no such file; or an absolute URL is wanted, and the host is
                not known.
            ConfigurationError: the plugin is not installed.
        """
        if self.path is not None and self._folder is None:
            raise ConfigurationError(
                f"the folder {self.path} is not read yet: app.install(…) the plugin first"
            )
        root = self._root if base_url is None else base_url
        place: dict[str, Any] = {"absolute": absolute, "host": host, "scheme": scheme}
        encoded = encode_query(query)
        if self.fingerprint_url is not None and fingerprint is not False:
            return self._elsewhere(path, encoded, root=root, **place)
        if self._folder is None or (fingerprint is False and not self._is_below(path)):
            return join_url(root, path, query=encoded, **place)
        name, hashed = self._known(self._folder, path)
        if fingerprint is not False:
            encoded = _joined(encoded, f"{FINGERPRINT}={hashed}")
        # Quoted here: a name may hold a percent sign of its own.
        return join_url(root, f"{self.mount_path}/{quote(name)}", query=encoded, **place)

    def claim(self, path: str, built_in: Callable[[], Any]) -> Callable[[], Any]:
        """Take a path below the mount path for something that is not a file.

        Returns:
            ``built_in``, or what asks ``handler``, which may ask for ``built_in`` by `serve`.

        Raises:
            ConfigurationError: it is a file's.
        """
        if self._folder is not None and self._folder.fingerprint_of(path[1:]) is not None:
            raise ConfigurationError(
                f"{path} is a file in {self._folder.path}, which would never be heard; "
                "choose another path"
            )
        self._claimed[path] = built_in
        return built_in if self.handler is None else self._answer

    def serve(self, path: str) -> Any:
        """Return what the plugin answers by itself to the present request, for ``handler``.

        Args:
            path: below the mount path, with a slash in front, as ``handler`` gets it.

        Returns:
            What a Bottle route returns: the file, the hold music, 404; or 405, for other methods
            than these have.
        """
        allowed = ("GET", "HEAD", "POST") if path in self._claimed else ("GET", "HEAD")
        if request.method not in allowed:
            return HTTPResponse(status=405, headers={"Allow": ",".join(allowed)})
        if path in self._claimed:
            return self._claimed[path]()
        name = path.removeprefix("/")
        opened = self._folder.open(name) if self._folder else None
        if opened is None:
            log.info("no file %r for %s", name, described(request.environ))
            headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-cache"}
            return HTTPResponse("there is no such file\n", 404, headers=headers)
        return respond(opened, request.environ)

    def _answer(self, **_: str) -> Any:
        path = self._path_below(request.environ)
        if self.handler is None:
            return self.serve(path)
        with _shifted(request.environ, path):
            return self.handler(path)

    def _answer_head(self, **_: str) -> Any:
        """Answer a HEAD by the GET route of its path, which may be another one than the files'.

        Bottle looks for HEAD first, and would give this route whatever is below the mount path:
        without a signature, and in place of what the application has there.
        """
        environ = request.environ
        route, arguments = environ["bottle.app"].match({**environ, "REQUEST_METHOD": "GET"})
        environ |= {"route.handle": route, "bottle.route": route, "route.url_args": arguments}
        return route.call(**arguments)

    def _path_below(self, environ: dict[str, Any]) -> str:
        path = path_below(self._app, environ).removeprefix(self.mount_path)
        return path or "/"

    @property
    def _root(self) -> str:
        base_url = getattr(self._app, "base_url", None)
        return base_url if isinstance(base_url, str) else ""

    def _is_below(self, path: str) -> bool:
        return path.startswith(f"{self.mount_path}/")

    def _known(self, folder: Folder, path: str) -> tuple[str, str]:
        """Return a file's name in the folder, and its fingerprint."""
        if self._is_below(path):
            bare = path.removeprefix(self.mount_path)[1:]
            for name in _spellings(bare):
                if (hashed := folder.fingerprint_of(name)) is not None:
                    return name, hashed
        raise UnknownFileError(path, folder.path, self._hint(folder, path))

    def _hint(self, folder: Folder, path: str) -> str:
        if any(route.rule == path for route in getattr(self._app, "routes", ())):
            return "it is the path of a route; ask for that by its name"
        urls = {name.casefold(): f"{self.mount_path}/{name}" for name in folder.names}
        bare = path.removeprefix(self.mount_path).removeprefix("/").casefold()
        if near := difflib.get_close_matches(bare, urls, n=1):
            return f"did you mean {urls[near[0]]!r}?"
        if not self._is_below(path):
            return f"its URLs begin with {self.mount_path}/; fingerprint=False takes other paths"
        return f"it holds {short([*urls.values()])}" if urls else "it holds no files"

    def _elsewhere(
        self, path: str, query: str, *, root: str, absolute: bool, **place: str | None
    ) -> str:
        """Return the URL that the programmer's own function has for a file."""
        url: Any = self.fingerprint_url(path) if self.fingerprint_url else path
        if not isinstance(url, str) or not url:
            raise ConfigurationError(f"fingerprint_url({path!r}) returned {url!r}; return a URL")
        parts = urlsplit(url)
        query = _joined(parts.query, query)
        if not parts.netloc:
            return join_url(root, parts.path, query=query, absolute=absolute, **place)
        scheme = place["scheme"] or parts.scheme or "https"
        netloc = place["host"] or parts.netloc
        return urlunsplit((scheme, netloc, quote_path(parts.path), query, ""))


def _spellings(name: str) -> Iterable[str]:
    """Return a name as it may be on the disk: as it is, unquoted, as macOS composes letters."""
    forms = [name, unquote(name)]
    composed = [unicodedata.normalize(form, one) for one in forms for form in ("NFC", "NFD")]
    return dict.fromkeys([*forms, *composed])


def _joined(*queries: str) -> str:
    """Join encoded queries, the empty ones left out."""
    return "&".join(filter(None, queries))


@contextmanager
def _shifted(environ: dict[str, Any], path: str) -> Iterator[None]:
    """Let whatever runs meanwhile see only the path below the mount path."""
    before = {name: environ.get(name, "") for name in ("SCRIPT_NAME", "PATH_INFO")}
    above = before["PATH_INFO"].removesuffix(path)
    environ |= {"SCRIPT_NAME": before["SCRIPT_NAME"] + above, "PATH_INFO": path}
    try:
        yield
    finally:
        environ |= before
