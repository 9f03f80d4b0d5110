"""The signature check, as a Bottle plugin of its own."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable
from typing import Any

from bottle import Bottle, HTTPResponse, Route, request

from statechart_ivr import signing
from statechart_ivr.call import without_secrets
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.web.body import Payload, header, query_string, read_payload
from statechart_ivr.web.mounting import BaseUrl, checked_base_url, path_below, root_url

log = logging.getLogger(__name__)


class SignaturePlugin:
    """Lets only requests through that Twilio signed.

    It works on any Bottle application. Whatever else is wrong with a request, a bad signature
    is answered first, with an empty 403; only a body over 100 kB is refused before, with 413,
    for it is not read to its end. The log names the URL that was checked, which is where to
    look: most often ``base_url`` is not what stands in Twilio's console.

    The body is checked in the form it arrived in and can be read again by the route, with
    Bottle's ``request.forms`` too.

    >>> from bottle import Bottle
    >>> app = Bottle()
    >>> plugin = app.install(SignaturePlugin("12345", "https://ivr.example.com"))
    >>> @app.post("/voice")
    ... def voice():
    ...     return "<Response/>"
    >>> @app.get("/about", skip=["signature"])
    ... def about():
    ...     return "Anyone may read this."

    Args:
        auth_tokens: the account's auth token, or several while one replaces another; shared
            keys count too.
        base_url: public URL of the application's root, mount prefix included, as Twilio knows
            it. A function of the WSGI environ serves several domains; it must choose among
            URLs it knows, because the ``Host`` header is the sender's to write. When it
            raises, the request is refused.

    Raises:
        ConfigurationError: there is no token, or the URL cannot be one.
    """

    name = "signature"
    api = 2

    def __init__(self, auth_tokens: str | Iterable[str], base_url: BaseUrl) -> None:
        self.auth_tokens = as_tokens(auth_tokens)
        if not self.auth_tokens:
            raise ConfigurationError("a signature cannot be checked without an auth token")
        self.base_url = checked_base_url(base_url)

    def apply(self, callback: Callable[..., Any], route: Route) -> Callable[..., Any]:
        """Wrap a route; Bottle calls this."""

        @functools.wraps(callback)
        def checked(*args: Any, **kwargs: Any) -> Any:
            if not self._is_signed(route.app, read_payload(request.environ)):
                return HTTPResponse(status=403)
            return callback(*args, **kwargs)

        return checked

    def _is_signed(self, app: Bottle, payload: Payload) -> bool:
        try:
            url = signed_url(app, request.environ, self.base_url)
        except Exception:
            log.exception("base_url found no URL for a request; it was refused")
            return False
        signature = header(request.environ, signing.SIGNATURE_HEADER)
        if signing.is_signed(
            self.auth_tokens,
            url,
            signature,
            pairs=payload.form,
            body=payload.raw,
            settings=header(request.environ, signing.SETTINGS_HEADER),
        ):
            return True
        fault = "wrong" if signature else "missing"
        log.warning("%s signature for %s %s", fault, request.method, without_secrets(url))
        return False


def as_tokens(auth_tokens: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the tokens as a tuple, without the empty ones."""
    several = [auth_tokens] if isinstance(auth_tokens, str) else auth_tokens or ()
    return tuple(token for token in several if token)


def signed_url(app: Bottle, environ: dict[str, Any], base_url: BaseUrl) -> str:
    """Return the URL of a request as Twilio knows it.

    Nothing is quoted again: routes hold no character that would need it, and a path that does
    is not one we gave Twilio.
    """
    query = query_string(environ)
    path = path_below(app, environ)
    return root_url(base_url, environ) + path + (f"?{query}" if query else "")
