"""How a webhook reaches the application: in process, as WSGI, or over a socket."""

from __future__ import annotations

import http.client
import io
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlencode, urlsplit
from wsgiref.validate import validator

from twilio.request_validator import RequestValidator

from statechart_ivr.call import Answer, Pairs, Request, may_bring_a_secret, without_secrets
from statechart_ivr.errors import OutOfSightError, TwimlRefusedError
from statechart_ivr.testing.script import Reply
from statechart_ivr.turn import flow_errors

WsgiApp = Callable[..., Any]

FORM_TYPE = "application/x-www-form-urlencoded; charset=UTF-8"
USER_AGENT = "TwilioProxy/1.1"

#: Seconds Twilio waits for an answer.
PATIENCE = 15.0


@dataclass(frozen=True)
class Webhook:
    """One request of Twilio's.

    Attributes:
        method: ``POST`` or ``GET``.
        place: what a document or the programmer gave as the URL; absolute.
        parameters: what Twilio says, which may hold a secret; with GET, in the query.
        token: the header ``I-Twilio-Idempotency-Token``; a retry has the same.
    """

    method: str
    place: str = field(repr=False)
    parameters: Pairs = field(repr=False)
    token: str

    @property
    def url(self) -> str:
        """The URL that is requested and signed."""
        bare = self.place.partition("#")[0]
        if self.method == "POST":
            return bare
        joint = "&" if "?" in bare else "?"
        return f"{bare}{joint}{urlencode(self.parameters)}"

    @property
    def form(self) -> Pairs:
        """Names and values of the body; none with GET."""
        return self.parameters if self.method == "POST" else ()

    @property
    def shown(self) -> str:
        """The place as it may stand in a transcript or a message."""
        return without_secrets(self.place)

    @property
    def body(self) -> bytes:
        """The form, as it is sent."""
        return urlencode(self.form).encode("ascii")

    def headers(self, auth_token: str | None) -> dict[str, str]:
        """Return what Twilio sends along; the signature is made by Twilio's own code.

        Args:
            auth_token: what to sign with; without one there is no signature.
        """
        headers = {"User-Agent": USER_AGENT, "Accept": "*/*"}
        headers["I-Twilio-Idempotency-Token"] = self.token
        if self.method == "POST":
            headers["Content-Type"] = FORM_TYPE
        if auth_token is not None:
            signer = RequestValidator(auth_token)
            headers["X-Twilio-Signature"] = signer.compute_signature(self.url, dict(self.form))
        return headers


class Transport(Protocol):
    """Brings a webhook to the application."""

    @property
    def base_url(self) -> str:
        """Public URL of the application's root, without a slash at its end."""
        ...

    def send(self, webhook: Webhook) -> Reply:
        """Deliver a webhook and return the answer; redirects are not followed."""
        ...


@dataclass(frozen=True)
class SwitchboardTransport:
    """Asks a switchboard, without HTTP and without signatures.

    Attributes:
        answer: the switchboard's method.
        base_url: public URL of the application's root.
    """

    answer: Callable[[Request], Answer]
    base_url: str

    def send(self, webhook: Webhook) -> Reply:
        """Deliver a webhook."""
        path, query = below(self.base_url, webhook.url)
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        answer = self.answer(
            Request(
                path=unquote(path),
                query=pairs,
                form=webhook.form,
                token=webhook.token,
                base_url=self.base_url,
            )
        )
        return Reply(answer.status, "text/xml; charset=utf-8", answer.body)


@dataclass(frozen=True)
class WsgiTransport:
    """Calls a WSGI application in this process, under the eyes of `wsgiref.validate`.

    Attributes:
        app: the application.
        base_url: its public URL; the path in it becomes ``SCRIPT_NAME``.
        auth_token: what to sign with; None sends no signature.
    """

    app: WsgiApp
    base_url: str
    auth_token: str | None = None

    def send(self, webhook: Webhook) -> Reply:
        """Deliver a webhook."""
        started: list[Any] = []

        def start_response(status: str, headers: Any, _exc_info: Any = None) -> Callable[..., Any]:
            # An application that fails late may start its response a second time.
            started[:] = [status, headers]
            return lambda _data: None

        body = validator(self.app)(self._environ(webhook), start_response)
        try:
            content = b"".join(body)
        finally:
            body.close()  # type: ignore[attr-defined]  # the validator's iterator has it
        status, headers = started
        return reply_from(int(status.split()[0]), headers, content)

    def _environ(self, webhook: Webhook) -> dict[str, Any]:
        path, query = below(self.base_url, webhook.url)
        root = urlsplit(self.base_url)
        headers = webhook.headers(self.auth_token)
        environ: dict[str, Any] = {
            f"HTTP_{name.upper().replace('-', '_')}": value
            for name, value in headers.items()
            if name != "Content-Type"
        }
        if "Content-Type" in headers:
            environ["CONTENT_TYPE"] = headers["Content-Type"]
        return environ | {
            "REQUEST_METHOD": webhook.method,
            "SCRIPT_NAME": root.path,
            # PEP 3333: bytes of the decoded path, spelled in Latin-1.
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(webhook.body)),
            "SERVER_NAME": root.hostname or "",
            "SERVER_PORT": str(root.port or (443 if root.scheme == "https" else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": root.netloc,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": root.scheme,
            "wsgi.input": io.BytesIO(webhook.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


@dataclass(frozen=True)
class UrlTransport:
    """Talks to a server over a socket.

    Attributes:
        address: URL under which the server is reached: ``http://127.0.0.1:8080``.
        base_url: the public URL of the same place, which is what is signed.
        auth_token: what to sign with; None sends no signature.
    """

    address: str
    base_url: str
    auth_token: str | None = None

    def send(self, webhook: Webhook) -> Reply:
        """Deliver a webhook.

        Raises:
            TwimlRefusedError: nobody answers, or not in time.
        """
        path, query = below(self.base_url, webhook.url)
        place = urlsplit(self.address)
        target = place.path.rstrip("/") + path + ("?" + query if query else "")
        headers = webhook.headers(self.auth_token) | {"Host": urlsplit(self.base_url).netloc}
        connection = _CONNECTIONS[place.scheme](place.netloc, timeout=PATIENCE)
        try:
            connection.request(webhook.method, target, webhook.body, headers)
            response = connection.getresponse()
            return reply_from(response.status, response.getheaders(), response.read())
        except ConnectionRefusedError as error:
            message = f"nobody listens at {self.address}; start the server first"
            raise TwimlRefusedError(11202, message) from error
        except (OSError, http.client.HTTPException) as error:
            # Python's complaint about a URL repeats it.
            is_quiet = may_bring_a_secret(webhook.place)
            reason = type(error).__name__ if is_quiet else repr(error)
            message = f"{webhook.shown} gave no answer in {PATIENCE:g} s: {reason}"
            raise TwimlRefusedError(11205, message) from (None if is_quiet else error)
        finally:
            connection.close()


_CONNECTIONS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


def reply_from(status: int, headers: list[tuple[str, str]], body: bytes) -> Reply:
    """Keep of a response what the phone looks at."""
    named = {name.lower(): value for name, value in headers}
    return Reply(status, named.get("content-type", ""), body, named.get("location", ""))


def below(base_url: str, url: str) -> tuple[str, str]:
    """Split a URL of the application into path below its root, and query.

    Raises:
        OutOfSightError: the URL leads elsewhere.
    """
    root, place = urlsplit(base_url), urlsplit(url)
    is_here = (root.scheme, root.netloc) == (place.scheme, place.netloc)
    if not is_here or not (place.path + "/").startswith(root.path.rstrip("/") + "/"):
        raise OutOfSightError(
            f"{without_secrets(url)} is not below {base_url}, and the phone asks nobody else; "
            "pass the application's public URL as base_url="
        )
    return place.path[len(root.path.rstrip("/")) :] or "/", place.query


@contextmanager
def reraised(*, wanted: bool = True) -> Iterator[None]:
    """Raise the first error of flow code that was answered with an apology in this context.

    Args:
        wanted: False lets the apology be heard instead.
    """
    errors: list[BaseException] = []
    token = flow_errors.set(errors)
    try:
        yield
    finally:
        flow_errors.reset(token)
    if errors and wanted:
        raise errors[0]
