"""What ``self`` has in a background method, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from statechart_ivr.errors import FlowError
from statechart_ivr.flow.context import Context, Outside
from statechart_ivr.record import Job


class BackgroundTools:
    """The part of `CallFlow` for ``@background`` methods."""

    if TYPE_CHECKING:

        @property
        def _life(self) -> Context:
            """What the instance knows during its turn; `CallFlow` has it."""

    @property
    def job(self) -> Job:
        """The background work that this method does: its ``id``, what it is ``on``, its ``data``.

        Work is done at least once, and now and then twice: side effects are to be idempotent by
        ``job.id``, which is the same each time.

        Raises:
            FlowError: this is no background method.
        """
        if self._life.job is None:
            raise FlowError(
                "self.job is there in @background methods only; elsewhere, self.call.sid tells one "
                "call from the other"
            )
        return self._life.job

    @property
    def client(self) -> Any:
        """The `twilio.rest.Client`, for ``@background`` methods.

        Raises:
            FlowError: this is no background method.
            ConfigurationError: the application has no client.
        """
        return self._outside("client").client

    def place_call(self, route: str, *, to: str, from_: str, **options: Any) -> str:
        """Call somebody else, from a ``@background`` method; this call goes on as it was.

        Args:
            route: name or path, where the new call comes in.
            to: a phone number in E.164, ``sip:…`` or ``client:…``.
            from_: a number of the account; for an inbound call, ``self.call.to`` may do.
            **options: ``session={…}`` for what the new call is to know; and those of
                `~statechart_ivr.switchboard.Switchboard.place_call`.

        Returns:
            The SID of the new call.

        Raises:
            FlowError: this is no background method.
            ConfigurationError: there is no client, no such route, or no base URL.
            RestError: Twilio refuses, or does not answer.
        """
        return self._outside("place_call").place_call(route, to=to, from_=from_, **options)

    def redirect(self, route: str, *, call_sid: str | None = None) -> bool:
        """Point this call at a route, or another one, from a ``@background`` method.

        Args:
            route: name or path.
            call_sid: of another call.

        Returns:
            False if the call is over.

        Raises:
            FlowError: this is no background method.
            ConfigurationError: there is no client, no such route, or no base URL.
            RestError: Twilio refuses, or does not answer.
        """
        own = self._life.call.sid
        is_there = self._outside("redirect").redirect(call_sid or own, route)
        self._life.is_redirected |= call_sid in (None, own)
        return is_there

    def send_sms(self, body: str, *, to: str, from_: str, **options: Any) -> str:
        """Send a text message, from a ``@background`` method.

        Args:
            body: what it says.
            to: a phone number in E.164.
            from_: a number of the account that can send messages.
            **options: as ``client.messages.create`` of twilio-python takes them.

        Returns:
            The SID of the message.

        Raises:
            FlowError: this is no background method.
            ConfigurationError: there is no client.
            RestError: Twilio refuses, or does not answer.
        """
        return self._outside("send_sms").send_sms(body, to=to, from_=from_, **options)

    def _outside(self, name: str) -> Outside:
        if self._life.outside is None:
            raise FlowError(
                f"self.{name} has effects on the world, and what callbacks do may be done again; "
                f"use it in a @background method, or from outside: app.switchboard.{name}"
            )
        return self._life.outside
