"""The application over HTTP: a thin adapter from Bottle to the switchboard."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Mapping
from typing import Any

from bottle import Bottle, HTTPError, HTTPResponse, request

from statechart_ivr.call import Answer, Pairs, Request
from statechart_ivr.clock import Clock
from statechart_ivr.errors import ConfigurationError, MissingSettingError
from statechart_ivr.flow import CallFlow
from statechart_ivr.rest import RestClient
from statechart_ivr.runners.base import Runner
from statechart_ivr.stores import open_store, shown_url
from statechart_ivr.stores.base import SessionStore
from statechart_ivr.stores.encrypted import Keys
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.turn import apology
from statechart_ivr.turn.compose import hang_up
from statechart_ivr.urls import Fingerprinter
from statechart_ivr.web.body import (
    Payload,
    described,
    header,
    parse_pairs,
    query_string,
    read_payload,
)
from statechart_ivr.web.hold_music import HoldMusicPlugin
from statechart_ivr.web.mounting import BaseUrl, checked_base_url, path_below, root_of
from statechart_ivr.web.signature import SignaturePlugin, as_tokens

HEALTH_PATH = "/healthz"
TOKEN_HEADER = "I-Twilio-Idempotency-Token"  # noqa: S105 - the name of a header

_EVENT_IDS = "<_:re:[A-Za-z0-9._~/-]+>"
_TWIML_HEADERS = {"Content-Type": "text/xml; charset=utf-8", "Cache-Control": "no-store"}
_PLAIN_HEADERS = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
# A flow's own apology may be what is broken.
_APOLOGY = Answer(200, hang_up([apology(CallFlow, None)]))

log = logging.getLogger(__name__)


class IvrApp(Bottle):  # type: ignore[misc]  # Bottle brings no types
    """A WSGI application that Twilio can call.

    It lives as long as the process and may be called from many threads; several processes may
    share a store. `close` lets background work come to its end, and gives the store back.

    >>> from statemachine import State
    >>> from statechart_ivr import CallFlow, renders, routable
    >>> class Greeting(CallFlow):
    ...     hello = State(initial=True, final=True)
    ...     @routable("/incoming-call")
    ...     @renders(hello)
    ...     def say_hello(self):
    ...         return "Hello, and goodbye."
    >>> app = IvrApp(
    ...     Greeting,
    ...     auth_token="12345",
    ...     base_url="https://ivr.example.com",
    ...     store="memory:",
    ... )
    >>> app.switchboard.entries
    ('/incoming-call',)
    >>> app.close()

    Every routable path and everything below ``prefix`` takes signed GET and POST requests;
    ``/healthz`` answers anybody with 200, or 503 when the store is away. Other routes may be
    added as to any Bottle application; they are signed too, unless they say
    ``skip=["signature"]``.

    Mount it with ``parent.mount("/phones/", app)`` once it is complete: Bottle shows its parent
    no route or plugin that comes later, so adding one then is an error.

    Args:
        *flows: the `CallFlow` classes to serve.
        auth_token: Twilio's auth token of the account; several while one replaces another.
        base_url: public URL of the application's root, mount prefix included, such as
            ``https://ivr.example.com/phones``. Or a function of the WSGI environ, for several
            domains: it must choose among URLs it knows, because the ``Host`` header is the
            sender's to write. Where there is no request, as in background work, absolute URLs
            cannot be made then: no calls are placed, and none is redirected.
        store: where sessions are kept: a URL for `statechart_ivr.stores.open_store`, or a
            store, which `close` closes too.
        runner: does background work; a `~statechart_ivr.runners.ThreadRunner`, 8 threads of this
            process, if left out. `close` closes it too.
        client: asks things of Twilio: a `~statechart_ivr.rest.RestClient`, or a
            `twilio.rest.Client` of your own. With one, live calls are pointed at what they have not
            heard, callers who are held hear music, and flows can place calls and send messages.
            Without, live calls come for what is new some seconds later, and the rest is an error.
        store_keys: what to encrypt sessions with, as for
            `~statechart_ivr.stores.EncryptedStore`; they stay readable if left out.
        services: what flows find in ``self.services``.
        validate: whether requests must be signed. Without, anybody can play Twilio.
        clock: tells flows and store the time; the system's if left out.
        session_ttl: seconds a session is kept after its last request.
        prefix: where the application's own URLs are.

    Attributes:
        switchboard: the application without HTTP.
        auth_tokens: the tokens, as a tuple.
        base_url: as given, without a slash at its end; None when the host is not known.
        validate: as given.
        store_name: the URL of the store without its password, or the name of its class; and
            whether the sessions are encrypted.

    Raises:
        MissingSettingError: the token or the base URL is missing while requests are to be
            validated.
        ConfigurationError: two routes have one path.
    """

    def __init__(
        self,
        *flows: type[CallFlow],
        auth_token: str | Iterable[str] | None = None,
        base_url: BaseUrl | None = None,
        store: str | SessionStore = "sqlite:///calls.db",
        store_keys: Keys = (),
        runner: Runner | None = None,
        client: Any = None,
        services: Mapping[str, Any] | None = None,
        validate: bool = True,
        clock: Clock | None = None,
        session_ttl: float = 86400.0,
        prefix: str = "/ivr",
    ) -> None:
        super().__init__()
        self.auth_tokens = as_tokens(auth_token)
        self.base_url = checked_base_url(base_url) if base_url else None
        self.validate = validate
        if validate:
            self._install_signature()
        else:
            log.warning("requests are not validated: anybody who finds the URL can play Twilio")
        self.store_name = _name(store) + (", encrypted" if store_keys else "")
        self.switchboard = Switchboard(
            *flows,
            store=open_store(store, clock=clock, keys=store_keys),
            runner=runner,
            client=client,
            clock=clock,
            base_url=self.base_url if isinstance(self.base_url, str) else "",
            services=services,
            session_ttl=session_ttl,
            prefix=prefix,
            digest_key=_digest_key(self.auth_tokens),
        )
        self._add_routes()

    @classmethod
    def from_env(cls, *flows: type[CallFlow], **overrides: Any) -> IvrApp:
        """Build an application from environment variables.

        ==================  ==============================================================
        TWILIO_AUTH_TOKEN   ``auth_token``; a comma separates several
        TWILIO_ACCOUNT_SID  with it and the token, a `~statechart_ivr.rest.RestClient` as ``client``
        IVR_BASE_URL        ``base_url``
        IVR_STORE           ``store``
        IVR_STORE_KEYS      ``store_keys``; a comma separates several, the first one encrypts
        ==================  ==============================================================

        Args:
            *flows: the `CallFlow` classes to serve.
            **overrides: arguments of `IvrApp`; they win over the environment.

        Raises:
            ConfigurationError: as for `IvrApp`.
        """
        settings: dict[str, Any] = {}
        if tokens := os.environ.get("TWILIO_AUTH_TOKEN"):
            settings["auth_token"] = tuple(token.strip() for token in tokens.split(","))
            if account_sid := os.environ.get("TWILIO_ACCOUNT_SID"):
                token = settings["auth_token"][0]
                settings["client"] = RestClient(account_sid=account_sid, auth_token=token)
        if base_url := os.environ.get("IVR_BASE_URL"):
            settings["base_url"] = base_url
        if store := os.environ.get("IVR_STORE"):
            settings["store"] = store
        if keys := os.environ.get("IVR_STORE_KEYS"):
            settings["store_keys"] = keys
        return cls(*flows, **{**settings, **overrides})

    def install(self, plugin: Any) -> Any:
        """Add a Bottle plugin; see `bottle.Bottle.install`.

        After a `FingerprintPlugin` flows can ask for its files with ``self.url_for``.

        Raises:
            ConfigurationError: the application is mounted already.
        """
        self._refuse_when_mounted("install plugins")
        installed = super().install(plugin)
        if isinstance(plugin, Fingerprinter):
            self.switchboard.use_fingerprinter(plugin)
        if isinstance(plugin, HoldMusicPlugin):
            self.switchboard.use_hold_music(plugin.sound_url)
        return installed

    def add_route(self, route: Any) -> None:
        """Add a route; see `bottle.Bottle.add_route`.

        If it has a name, and no wildcards, flows can ask for its URL with ``self.url_for``.

        Raises:
            ConfigurationError: the application is mounted already.
        """
        self._refuse_when_mounted("add routes")
        super().add_route(route)
        if route.name and not set("<:") & set(route.rule):
            self.switchboard.name_path(route.name, route.rule)

    def default_error_handler(self, res: HTTPError) -> Any:
        """Answer errors that no handler of the application's is for; Bottle calls this."""
        has_no_route = "bottle.route" not in request.environ
        if has_no_route and res.status_code in (404, 405):
            self._log_refusal(res.status_code)
            # Bottle's page repeats the URL, and with GET a secret may be in it.
            res.set_header("Content-Type", _PLAIN_HEADERS["Content-Type"])
            return f"{res.status_line}\n"
        return super().default_error_handler(res)

    def close(self) -> None:
        """Close plugins, runner and store. The application takes no requests afterwards.

        Background work that is under way gets up to 10 seconds to finish.
        """
        super().close()
        self.switchboard.close()

    def _refuse_when_mounted(self, what: str) -> None:
        if "_mount.app" in self.config:
            raise ConfigurationError(
                f"the application is mounted, and Bottle would not see it: {what} before mount()"
            )

    def _install_signature(self) -> None:
        missing = []
        if not self.auth_tokens:
            missing.append("auth_token (TWILIO_AUTH_TOKEN), from Twilio's console")
        if self.base_url is None:
            missing.append("base_url (IVR_BASE_URL), the public URL of the application's root")
        if self.base_url is None or missing:
            raise MissingSettingError(missing, "pass validate=False")
        # The first plugin wraps all others.
        super().install(SignaturePlugin(self.auth_tokens, self.base_url))

    def _add_routes(self) -> None:
        board = self.switchboard
        events = f"{board.prefix}/event/"
        for path in board.paths:
            rule = path + _EVENT_IDS if path == events else path
            self.route(rule, ["GET", "POST"], self._webhook)
            # Bottle gives a HEAD to the GET route, where it would run a turn.
            self.route(rule, "HEAD", self._refuse_head, skip=["signature"])
        self.route(HEALTH_PATH, "GET", self._health, skip=["signature"])

    def _webhook(self, **_: str) -> HTTPResponse:
        payload = read_payload(request.environ)
        try:
            answer = self.switchboard.answer(self._translate(payload))
        except Exception:
            log.exception("a webhook failed: %s", described(request.environ))
            answer = _APOLOGY
        headers = _TWIML_HEADERS if answer.body else _PLAIN_HEADERS
        return HTTPResponse(answer.body, answer.status, headers=headers)

    def _translate(self, payload: Payload) -> Request:
        environ = request.environ
        return Request(
            path=path_below(self, environ),
            query=parse_pairs(query_string(environ)),
            form=_form(payload),
            token=header(environ, TOKEN_HEADER),
            base_url=root_of(self, environ),
        )

    def _refuse_head(self, **_: str) -> HTTPResponse:
        self._log_refusal(405)
        return HTTPResponse(status=405, headers={**_PLAIN_HEADERS, "Allow": "GET, POST"})

    def _log_refusal(self, status: int) -> None:
        entries = ", ".join(self.switchboard.entries)
        log.warning("%d for %s; calls come in at %s", status, described(request.environ), entries)

    def _health(self) -> HTTPResponse:
        healthy = self.switchboard.is_healthy()
        return HTTPResponse(
            "ok\n" if healthy else "the session store does not answer\n",
            200 if healthy else 503,
            headers=_PLAIN_HEADERS,
        )


def _form(payload: Payload) -> Pairs:
    try:
        return payload.pairs
    except ValueError as error:
        log.warning("a body that cannot be read: %s", error)
        return ()


def _name(store: str | SessionStore) -> str:
    return shown_url(store) if isinstance(store, str) else type(store).__name__


def _digest_key(auth_tokens: tuple[str, ...]) -> bytes:
    """Return the key of the digests in records: one for all processes, and not the token."""
    if not auth_tokens:
        return b""
    return hashlib.sha256(b"statechart_ivr record digests\0" + auth_tokens[0].encode()).digest()
