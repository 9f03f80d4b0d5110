"""What it means when a request to Twilio fails: whether it was carried out, whether to repeat it.

This module reads the exceptions of twilio, requests and urllib3, and nobody above it does.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.base.version import Version
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, ProxyError

from statechart_ivr.errors import RestError

#: What `understand` can make sense of; anything else is a mistake in a program.
FAILURES = (TwilioException, requests.RequestException, json.JSONDecodeError)

_TOO_MANY_REQUESTS = 429
_HINTS = {
    401: "compare account_sid and auth_token (TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN) with those "
    "in Twilio's console",
    404: "it is not in this account; a subaccount's things are asked for with its own account SID",
    429: "the account makes too many requests at a time",
}


class Outcome(Enum):
    """What became of a request that failed."""

    #: It was not carried out, and may well be the next time.
    NOT_YET = "not yet"
    #: Nobody knows whether it was carried out.
    UNKNOWN = "unknown"
    #: It was not carried out, and will not be.
    REFUSED = "refused"


@dataclass(frozen=True)
class Fault:
    """A failed request.

    Attributes:
        outcome: what became of it.
        words: what is wrong, for people.
        status: of the answer; None if there was none.
        code: Twilio's number of the error; None if it has none.
    """

    outcome: Outcome
    words: str
    status: int | None = None
    code: int | None = None

    def as_error(self, asked: str) -> RestError:
        """Return what is raised for it.

        Args:
            asked: what was to be done, such as "redirecting CA…".
        """
        return RestError(
            f"{asked} failed: {self.words}",
            status=self.status,
            code=self.code,
            maybe_done=self.outcome is Outcome.UNKNOWN,
        )


def understand(error: Exception) -> Fault:
    """Return what one of `FAILURES` means."""
    if isinstance(error, TwilioException):
        return _refusal(error)
    if isinstance(error, json.JSONDecodeError):
        return Fault(Outcome.UNKNOWN, "the answer is not what Twilio answers; is there a proxy?")
    if isinstance(error, ValueError):  # such as an InvalidURL, of requests
        return Fault(Outcome.REFUSED, f"there is no such place: {error}")
    cause = _cause(error)
    # The third is raised for what goes wrong before there is a connection to the proxy.
    if isinstance(cause, NewConnectionError | ConnectTimeoutError | ProxyError):
        return Fault(Outcome.NOT_YET, f"Twilio cannot be reached: {cause}")
    return Fault(Outcome.UNKNOWN, f"Twilio did not answer: {cause}")


def _refusal(error: TwilioException) -> Fault:
    if isinstance(error, TwilioServiceException):
        words = ": ".join(filter(None, [error.title, error.detail]))
        return _answered(error.status, error.code, words)
    if isinstance(error, TwilioRestException):
        # Where the answer has no code, twilio-python takes the status for one.
        code = error.code if error.code != error.status else None
        return _answered(error.status, code, error.msg)
    message, *responses = error.args
    if not responses:
        return Fault(Outcome.UNKNOWN, f"the answer is not what Twilio answers: {message}")
    # That of a list which cannot be read brings the answer as it came.
    return _refusal(Version.exception("GET", "", responses[0], message))


def _answered(status: int, code: int | None, words: str) -> Fault:
    number = f"error {code}" if code else f"HTTP status {status}"
    hint = f"; {_HINTS[status]}" if status in _HINTS else ""
    return Fault(_outcome(status), f"{words} ({number}){hint}", status, code)


def _outcome(status: int) -> Outcome:
    if status == _TOO_MANY_REQUESTS:  # "safe to retry": https://www.twilio.com/docs/errors/20429
        return Outcome.NOT_YET
    is_trouble_of_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    return Outcome.UNKNOWN if is_trouble_of_theirs else Outcome.REFUSED


def _cause(error: Exception) -> object:
    """Return what urllib3 has to say of it, which is what requests passes on."""
    cause = error.args[0] if error.args else error
    return cause.reason if isinstance(cause, MaxRetryError) else cause
