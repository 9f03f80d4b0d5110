"""`RestClient`: the few things an application asks of Twilio, with time-outs and repetitions."""

from __future__ import annotations

import difflib
import inspect
import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from statechart_ivr.errors import ConfigurationError, RestError
from statechart_ivr.rest.numbers import PhoneNumber, Webhooks

log = logging.getLogger(__name__)

T = TypeVar("T")

# Of a call that is not known, and of one that is not in progress.
_GONE = (20404, 21220)
_MACHINE_DETECTION = ("Enable", "DetectMessageEnd")


class RestClient:
    """Asks things of Twilio: redirect a call, place one, send a text message.

    It lives as long as the application, and may be used from any thread. twilio's client is
    loaded when it is first needed, which takes a tenth of a second.

    What fails for the moment is tried again: a request that Twilio had no time for (429), or that
    could not even be sent, always; one that Twilio may have carried out without our hearing of it
    only where doing it twice does no harm, never where it would ring a person twice. All that is
    wrong in the end is a `RestError`.

    >>> client = RestClient(account_sid="AC0123456789abcdef0123456789abcdef", auth_token="12345")
    >>> client
    <RestClient of AC0123456789abcdef0123456789abcdef>
    >>> client.place_call(to="+14158675309", from_="+18005551212", url="https://ivr.example.com/in",
    ...                   status_callback="https://ivr.example.com/ivr/status", tiemout=20)
    Traceback (most recent call last):
      ...
    TypeError: place_call() has no option tiemout=; did you mean timeout=?

    Args:
        client: a `twilio.rest.Client` of your own, for an API key, a region or a proxy. One
            without a time-out gets ``timeout``, and twilio's own HTTP client is made safe for
            threads.
        account_sid: the account, ``AC…``, if there is no ``client``.
        auth_token: its auth token.
        timeout: seconds to wait for a connection, and again for an answer.
        pauses: seconds to wait before a request is made for the second, third, … time; as many as
            there are.
        sleep: waits for so many seconds.

    Raises:
        ConfigurationError: neither a client nor both credentials; something that is no client, or
            one for ``asyncio``.
    """

    def __init__(
        self,
        client: Any = None,
        *,
        account_sid: str = "",
        auth_token: str = "",
        timeout: float = 10.0,
        pauses: Sequence[float] = (0.5, 1.0, 2.0),
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        if client is None:
            _check_credentials(account_sid, auth_token)
        elif isinstance(client, type) or not hasattr(client, "http_client"):
            # Without its value: it may be a token.
            raise ConfigurationError(
                f"something of type {type(client).__name__} is no client; pass "
                "RestClient(account_sid=…, auth_token=…), or a twilio.rest.Client"
            )
        elif client.http_client.is_async:
            raise ConfigurationError("a client for asyncio: pass one that waits for its answers")
        self._given, self._made = client, None
        self._account_sid, self._auth_token = account_sid, auth_token
        self._timeout, self._pauses, self._sleep = timeout, tuple(pauses), sleep

    @classmethod
    def of(cls, client: Any) -> Any:
        """Return what asks things of Twilio: a client of ours, or one around twilio's own.

        Args:
            client: a `RestClient`, anything with its methods, or a `twilio.rest.Client`.

        Raises:
            ConfigurationError: it is none of these.
        """
        is_ours = hasattr(client, "redirect") and not isinstance(client, type)
        return client if is_ours else cls(client)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.account_sid}>"

    @property
    def account_sid(self) -> str:
        """The account that is asked unless a method is told another."""
        return self._given.account_sid if self._given is not None else self._account_sid

    @property
    def client(self) -> Any:
        """The `twilio.rest.Client`, for everything else; what it raises is twilio's own."""
        if self._made is None:
            # Two threads may both make one, which does no harm. A lock would: a process that is
            # forked off meanwhile would wait for it for ever.
            self._made = self._make()
        return self._made

    def redirect(self, call_sid: str, url: str, *, account_sid: str = "") -> bool:
        """Have a live call ask another URL for TwiML, now, whatever it is playing.

        Doing it twice does no harm, so it is repeated until Twilio says what became of it, or there
        are no more pauses; a minute and a half at worst, if nothing is set otherwise.

        Args:
            call_sid: the call.
            url: absolute; requested with POST.
            account_sid: the call's account, where that is a subaccount.

        Returns:
            False if there is nobody to redirect any more: the call has ended, or is not known.

        Raises:
            RestError: Twilio refuses, or does not answer.
        """
        call = self._account(account_sid).calls(call_sid)
        asked = f"redirecting {call_sid}"
        try:
            self._ask(asked, lambda: call.update(url=url, method="POST"), repeatable=True)
        except RestError as error:
            if error.code not in _GONE:
                raise
            log.info("nobody to redirect: %s", error, extra={"call_sid": call_sid})
            return False
        return True

    def place_call(
        self,
        *,
        to: str,
        from_: str,
        url: str,
        status_callback: str,
        fallback_url: str = "",
        machine_detection: str | None = None,
        record: bool | None = None,
        status_callback_event: Iterable[str] = (),
        account_sid: str = "",
        **options: Any,
    ) -> str:
        """Call somebody.

        It is repeated only where Twilio cannot have placed the call. Where the answer was lost, it
        raises a `RestError` whose ``maybe_done`` is true, and the phone may be ringing.

        Args:
            to: a phone number in E.164, ``sip:…`` or ``client:…``.
            from_: a number of the account, or a verified caller ID.
            url: asked for TwiML once somebody answers; absolute, as are the other URLs.
            status_callback: told how the call ended, also when nobody answered.
            fallback_url: asked for TwiML when ``url`` fails.
            machine_detection: "Enable" to be told who answered, as AnsweredBy; "DetectMessageEnd"
                to be connected after a mailbox's greeting.
            record: whether Twilio records the call.
            status_callback_event: what else ``status_callback`` is told: "initiated", "ringing",
                "answered".
            account_sid: a subaccount that places the call.
            **options: as ``client.calls.create`` of twilio-python takes them.

        Returns:
            The SID of the call.

        Raises:
            TypeError: there is no such option.
            ValueError: there is no such machine detection.
            RestError: Twilio refuses, or does not answer.
        """
        if machine_detection not in (None, *_MACHINE_DETECTION):
            expected = " or ".join(map(repr, _MACHINE_DETECTION))
            raise ValueError(f"machine_detection={machine_detection!r}: write {expected}")
        create = self._account(account_sid).calls.create
        _check_options("place_call", create, options)
        settings = {
            "to": to,
            "from_": from_,
            "url": url,
            "status_callback": status_callback,
            # Busy, failed and unanswered calls are told of as "completed", too.
            "status_callback_event": list(dict.fromkeys([*status_callback_event, "completed"])),
            "fallback_url": fallback_url or None,
            "machine_detection": machine_detection,
            "record": record,
        }
        return self._create(f"calling {to}", create, {**settings, **options})

    def send_sms(
        self, body: str, *, to: str, from_: str, account_sid: str = "", **options: Any
    ) -> str:
        """Send a text message.

        As `place_call`, it is not repeated where Twilio may have sent the message.

        Args:
            body: what it says.
            to: a phone number in E.164.
            from_: a number of the account that can send messages, or a sender ID.
            account_sid: a subaccount that sends it.
            **options: as ``client.messages.create`` of twilio-python takes them.

        Returns:
            The SID of the message.

        Raises:
            TypeError: there is no such option.
            RestError: Twilio refuses, or does not answer.
        """
        create = self._account(account_sid).messages.create
        _check_options("send_sms", create, options)
        settings = {"body": body, "to": to, "from_": from_, **options}
        return self._create(f"sending a message to {to}", create, settings)

    def phone_number(self, number: str) -> PhoneNumber | None:
        """Return a phone number of the account; None if it has no such number.

        Args:
            number: in E.164, such as ``+14158675309``.

        Raises:
            RestError: Twilio refuses, or does not answer.
        """
        found = self._numbers(f"looking for {number}", phone_number=number)
        # Twilio takes what it is asked for as a pattern: parts of a number match.
        return next((one for one in found if one.number == number), None)

    def phone_numbers(self) -> tuple[str, ...]:
        """Return the phone numbers of the account, in E.164; a thousand at most.

        Raises:
            RestError: Twilio refuses, or does not answer.
        """
        return tuple(one.number for one in self._numbers("listing phone numbers"))

    def set_webhooks(self, number: PhoneNumber, webhooks: Webhooks) -> None:
        """Tell Twilio which URLs to call for a phone number. Doing it twice does no harm.

        Raises:
            RestError: Twilio refuses, or does not answer.
        """
        place = self._account().incoming_phone_numbers(number.sid)
        parameters = webhooks.parameters()
        asked = f"setting the URLs of {number.number}"
        self._ask(asked, lambda: place.update(**parameters), repeatable=True)

    def _make(self) -> Any:
        from statechart_ivr.rest.connections import make_safe, new_client

        if self._given is None:
            return new_client(self._account_sid, self._auth_token, timeout=self._timeout)
        make_safe(self._given, timeout=self._timeout)
        return self._given

    def _account(self, account_sid: str = "") -> Any:
        return self.client.api.v2010.accounts(account_sid or self.account_sid)

    def _numbers(self, asked: str, **wanted: str) -> list[PhoneNumber]:
        numbers = self._account().incoming_phone_numbers
        found = self._ask(asked, lambda: numbers.list(limit=1000, **wanted), repeatable=True)
        return [PhoneNumber.read(one) for one in found]

    def _create(self, asked: str, create: Callable[..., Any], settings: Mapping[str, Any]) -> str:
        made = self._ask(asked, lambda: create(**settings), repeatable=False)
        if not made.sid:
            raise RestError(f"{asked} failed: the answer has no SID", maybe_done=True)
        return str(made.sid)

    def _ask(self, asked: str, request: Callable[[], T], *, repeatable: bool) -> T:
        """Make a request, as often as it takes and is allowed.

        Args:
            asked: what it is about, for people.
            request: makes it.
            repeatable: whether Twilio may be asked twice for it.

        Raises:
            RestError: it failed for good.
        """
        from statechart_ivr.rest.faults import FAILURES, Outcome, understand

        passing = (Outcome.NOT_YET, Outcome.UNKNOWN) if repeatable else (Outcome.NOT_YET,)
        pauses = iter(self._pauses)
        while True:
            try:
                return request()
            except FAILURES as error:
                fault = understand(error)
                pause = next(pauses, None) if fault.outcome in passing else None
                if pause is None:
                    raise fault.as_error(asked) from error
            log.warning("%s: %s; again in %g s", asked, fault.words, pause)
            self._sleep(pause)


def _check_credentials(account_sid: str, auth_token: str) -> None:
    settings = {"account_sid": account_sid, "auth_token": auth_token}
    missing = [f"{name}=" for name, value in settings.items() if not value]
    if missing:
        raise ConfigurationError(
            f"Twilio cannot be asked without {' and '.join(missing)}; "
            "pass both, from Twilio's console, or a client of your own"
        )


def _check_options(name: str, create: Callable[..., Any], options: Iterable[str]) -> None:
    known = inspect.signature(create).parameters
    for option in options:
        if option not in known:
            near = difflib.get_close_matches(option, known, n=1)
            hint = f"did you mean {near[0]}=?" if near else f"known are {', '.join(known)}"
            raise TypeError(f"{name}() has no option {option}=; {hint}")
