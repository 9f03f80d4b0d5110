"""`HoldMusicPlugin`: what callers hear while they wait."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from bottle import Bottle, HTTPResponse, Route, request
from twilio.twiml.voice_response import Pause, Play

from statechart_ivr.call import Call
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.twiml import Twiml, plain, to_elements
from statechart_ivr.urls import Fingerprinter
from statechart_ivr.web.body import described, parse_pairs, query_string, read_payload
from statechart_ivr.web.mounting import checked_path, root_of

#: What flows call it: ``self.url_for("hold-music")``.
ROUTE = "hold-music"

_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "no-store"}

# Seconds of silence where there is nothing to play; then Twilio asks again.
_PAUSE_S = 10

log = logging.getLogger(__name__)


class HoldMusicPlugin:
    """Plays a sound to callers who wait, by an endpoint for ``waitUrl``.

    Install it after the plugin that serves the sound. Flows ask for its URL by name:
    ``Enqueue("support", wait_url=self.url_for("hold-music"))``. Twilio requests it with POST or
    GET, signed like every other webhook, and again whenever its document is over.

    >>> from pathlib import Path
    >>> from tempfile import mkdtemp
    >>> from bottle import Bottle
    >>> from statechart_ivr.web import FingerprintPlugin
    >>> folder = Path(mkdtemp())
    >>> _ = (folder / "hold.mp3").write_bytes(b"not really music")
    >>> app = Bottle()
    >>> _ = app.install(FingerprintPlugin(folder, mount_path="/static"))
    >>> _ = app.install(HoldMusicPlugin("hold.mp3"))
    >>> app.get_url("hold-music")
    '/static/hold-music'

    Args:
        file: below the mount path of the files; with a slash in front, below the application's
            root, as for ``url_for``.
        endpoint: path of the document, below the mount path, too.
        twiml: makes another document. It takes the files' ``url_for`` and, if it has a second
            parameter, the `Call`, whose ``parameters`` hold ``QueuePosition`` and ``AvgQueueTime``
            (seconds) where Twilio sends them; it returns what a renderer returns. Where it raises,
            the sound is heard; where that is gone, too, silence, until Twilio asks again.
        loop: how often the sound is played before Twilio asks again; 0 for ever.

    Raises:
        ConfigurationError: no plugin serves files; there is no such file; an endpoint that is no
            path, or is another route's or a file's; a function that takes something else; a
            negative loop; an application that has hold music already.
    """

    name = "hold-music"
    api = 2

    def __init__(
        self,
        file: str,
        *,
        endpoint: str = "/hold-music",
        twiml: Callable[..., Any] | None = None,
        loop: int = 0,
    ) -> None:
        if not isinstance(loop, int) or loop < 0:
            raise ConfigurationError(f"loop={loop!r}: how often it is played; 0 for ever")
        self.file = file
        self.endpoint = checked_path("endpoint", endpoint)
        if not self.endpoint:
            raise ConfigurationError(f"endpoint={endpoint!r}: write a path such as '/hold-music'")
        self.twiml = twiml
        self.loop = loop
        self._wants_call = twiml is not None and _takes_two(twiml)
        self._files: Fingerprinter
        self._url: Callable[..., str]

    def setup(self, app: Bottle) -> None:
        """Look for the file and add the route; Bottle calls this."""
        files = next((one for one in app.plugins if isinstance(one, Fingerprinter)), None)
        if files is None:
            raise ConfigurationError(
                "nothing serves the hold music: app.install(FingerprintPlugin(…)) before it"
            )
        below_root = self.file.startswith("/")
        path = self.file if below_root else f"{files.mount_path}/{self.file}"
        self._files = files
        self._url = partial(files.url_for, path)
        self._url()
        rule = files.mount_path + self.endpoint
        if any(route.name == ROUTE for route in app.routes):
            raise ConfigurationError(
                "an application has one HoldMusicPlugin; its twiml= may play what it likes"
            )
        # Bottle gives a path to the route that comes last, without a word.
        if any(route.rule == rule for route in app.routes):
            raise ConfigurationError(f"endpoint={self.endpoint!r}: there is a route {rule} already")
        answer = files.claim(self.endpoint, partial(self._answer, app))
        app.route(rule, ["GET", "POST"], answer, name=ROUTE)

    def sound_url(self, root: str) -> str:
        """Return the URL of the sound.

        Args:
            root: public URL of the application's root; without a host, the sound's has none.
        """
        return self._url(base_url=root, absolute="://" in root)

    def apply(self, callback: Callable[..., Any], _route: Route) -> Callable[..., Any]:
        """Leave a route as it is; Bottle calls this."""
        return callback

    def _answer(self, app: Bottle) -> HTTPResponse:
        try:
            twiml = self._twiml(root_of(app, request.environ))
        except Exception:
            # A caller who waits must not be thrown out because the sound is gone.
            log.exception("no hold music, but a pause: %s", described(request.environ))
            twiml = plain(ROUTE, to_elements(Pause(length=_PAUSE_S)))
        for remark in twiml.remarks:
            log.warning("hold music: Twilio %d: %s", remark.number, remark.message)
        return HTTPResponse(twiml.body, headers=_HEADERS)

    def _twiml(self, root: str) -> Twiml:
        if self.twiml is not None:
            try:
                return plain(ROUTE, to_elements(self._own_content(self.twiml, root)))
            except Exception:
                log.exception("twiml= raised; the sound is played: %s", described(request.environ))
        # Without a host, Twilio takes the URL to be on the one it got this document from.
        return plain(ROUTE, to_elements(Play(self.sound_url(root), loop=self.loop)))

    def _own_content(self, twiml: Callable[..., Any], root: str) -> Any:
        url_for = partial(self._files.url_for, base_url=root)
        if not self._wants_call:
            return twiml(url_for)
        environ = request.environ
        pairs = (*parse_pairs(query_string(environ)), *read_payload(environ).form)
        return twiml(url_for, Call.from_parameters(dict(pairs)))


def _takes_two(twiml: Callable[..., Any]) -> bool:
    """Return whether a function takes the call, too.

    Raises:
        ConfigurationError: it takes neither one argument nor two.
    """
    signature = inspect.signature(twiml)
    for count in (2, 1):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return count == 2
    raise ConfigurationError(
        f"twiml= takes {signature}; write twiml(url_for), or twiml(url_for, call)"
    )
