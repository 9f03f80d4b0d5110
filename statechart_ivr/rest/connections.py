"""HTTP underneath twilio's client: for many threads, and never without a time-out."""

from __future__ import annotations

import copy
import logging
import os
import threading
from typing import Any

from requests import Response
from twilio.http import HttpClient
from twilio.http.http_client import TwilioHttpClient

log = logging.getLogger(__name__)


class PerThreadHttpClient(HttpClient):  # type: ignore[misc]  # twilio brings no types
    """Gives each thread an HTTP client of its own, made after a pattern.

    twilio's own client hands its answer back by way of an attribute, so two threads can get each
    other's; and the ``requests.Session`` in it is not said to be safe for threads either
    (https://github.com/twilio/twilio-python/issues/580). A process that was forked off does not
    go on with its parent's connections.

    Args:
        pattern: what each thread gets a copy of.
        timeout: seconds, for connecting and for each wait for an answer, if the pattern has none.
    """

    def __init__(self, pattern: TwilioHttpClient, *, timeout: float) -> None:
        super().__init__(pattern.logger, is_async=False, timeout=pattern.timeout or timeout)
        self._pattern = pattern
        self._local = threading.local()

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Any:
        """Make a request; see `twilio.http.HttpClient`."""
        seconds = timeout or self.timeout
        return self._own().request(
            method, uri, params, data, headers, auth, seconds, allow_redirects
        )

    def _own(self) -> Any:
        if getattr(self._local, "process", None) != os.getpid():
            self._local.client = _copy(self._pattern)
            self._local.process = os.getpid()
        return self._local.client


def _copy(pattern: TwilioHttpClient) -> TwilioHttpClient:
    made = copy.copy(pattern)
    made.session = copy.deepcopy(pattern.session)  # its settings; connections are not copied
    return made


class QuietHttpClient(TwilioHttpClient):  # type: ignore[misc]  # twilio brings no types
    """twilio's HTTP client, without its dozen lines in the log for each request."""

    def log_request(self, kwargs: dict[str, Any]) -> None:
        """Log method and URL, without the query: phone numbers stand there."""
        log.debug("%s %s", kwargs["method"], kwargs["url"])

    def log_response(self, status_code: int, response: Response) -> None:  # noqa: ARG002 - its name
        """Log the status."""
        log.debug("answered %d", status_code)


def new_client(account_sid: str, auth_token: str, *, timeout: float) -> Any:
    """Return a `twilio.rest.Client` that may be used from many threads."""
    from twilio.rest import Client

    http = PerThreadHttpClient(QuietHttpClient(timeout=timeout), timeout=timeout)
    return Client(account_sid, auth_token, http_client=http)


def make_safe(client: Any, *, timeout: float) -> None:
    """Give a client of somebody else's a time-out if it has none, and make it safe for threads.

    An HTTP client other than twilio's own stays; of that, threads are its author's business.
    """
    http = client.http_client
    if type(http) is TwilioHttpClient:
        client.http_client = PerThreadHttpClient(http, timeout=timeout)
    elif getattr(http, "timeout", None) is None:
        http.timeout = timeout
