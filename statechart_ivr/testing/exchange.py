"""The webhooks of one call: who says what about it, signed, counted, and sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from typing import NamedTuple
from uuid import uuid4

from statechart_ivr.errors import TwimlRefusedError
from statechart_ivr.testing.outage import away_once
from statechart_ivr.testing.parameters import Parameters
from statechart_ivr.testing.script import Reply, Script, check, read
from statechart_ivr.testing.transcript import Transcript
from statechart_ivr.testing.transport import Transport, Webhook, reraised


class Sent(NamedTuple):
    """A webhook that has been sent.

    Attributes:
        webhook: as it was sent.
        is_played: whether its answer was a document that is heard.
        in_queue: whether it was a document for a caller in a queue.
    """

    webhook: Webhook
    is_played: bool
    in_queue: bool = False


class Exchange:
    """Sends the webhooks of one call.

    Args:
        transport: where to.
        standard: what every request says; ``CallStatus`` is kept up to date here.
        transcript: takes down what is sent.
        entries: where calls come in, as far as it is known.
        strict: whether what Twilio would warn about is an error.
        raise_errors: whether errors of flow code are raised here.

    Attributes:
        last: the webhook sent last, or None.
        before: the one sent before that, or None.
        text: the document that came last, or nothing.
        meets_outage: whether the store is away when the next document is asked for.
    """

    def __init__(
        self,
        transport: Transport,
        standard: Parameters,
        transcript: Transcript,
        *,
        entries: Sequence[str] = (),
        strict: bool,
        raise_errors: bool,
    ) -> None:
        self._transport = transport
        self._standard = dict(standard)
        self._transcript = transcript
        self._entries = entries
        self._strict = strict
        self._raise_errors = raise_errors
        self.last: Sent | None = None
        self.before: Sent | None = None
        self.text = ""
        self.meets_outage = False

    def copied(self, transcript: Transcript) -> Exchange:
        """Return an exchange that goes on from here, and takes it down elsewhere."""
        twin = copy(self)
        twin._standard, twin._transcript = {**self._standard}, transcript
        return twin

    def document(
        self, method: str, url: str, parameters: Mapping[str, str], *, in_queue: bool
    ) -> Script:
        """Ask for a document.

        Raises:
            TwimlRefusedError: Twilio would not play the answer, or warn about it.
        """
        webhook = self._webhook(method, url, parameters)
        self._standard["CallStatus"] = "in-progress"
        return self.fetch(Sent(webhook, is_played=True, in_queue=in_queue))

    def callback(self, url: str, parameters: Mapping[str, str]) -> None:
        """Tell something, and expect nothing but a success.

        Raises:
            TwimlRefusedError: the application did not take it.
        """
        self.notify(Sent(self._webhook("POST", url, parameters), is_played=False))

    def over(self, url: str | None, parameters: Mapping[str, str]) -> None:
        """Tell the status callback that the call is over; with None, nobody is told."""
        self._standard["CallStatus"] = parameters["CallStatus"]
        if url is not None:
            self.callback(url, parameters)

    def notify(self, sent: Sent) -> None:
        """Send a callback, for the first time or once more."""
        reply = self._send(sent)
        if not 200 <= reply.status < 300:
            message = f"the callback {sent.webhook.shown} was answered with {reply.status}"
            raise TwimlRefusedError(15003, f"{message}; answer 204")

    def fetch(self, sent: Sent) -> Script:
        """Ask for a document, for the first time or once more, with the same token."""
        reply, webhook = self._send(sent), sent.webhook
        if reply.status == 404 and self._entries:
            entries = ", ".join(self._entries)
            message = f"{webhook.shown} answered 404; calls come in at {entries}"
            raise TwimlRefusedError(11200, message)
        script = read(reply, webhook.place, in_queue=sent.in_queue)
        self.text = script.text
        if self._strict:
            check(script)
        for number, message in script.complaints:
            self._transcript.happens(f"warning {number}: {message}")
        return script

    def repeat(self, sent: Sent) -> None:
        """Send a webhook once more whose answer comes too late for anybody."""
        self._carry(sent)

    def _webhook(self, method: str, url: str, parameters: Mapping[str, str]) -> Webhook:
        pairs = tuple({**self._standard, **parameters}.items())
        return Webhook(method, url, pairs, str(uuid4()))

    def _send(self, sent: Sent) -> Reply:
        if sent is not self.last:
            self.before, self.last = self.last, sent
        return self._carry(sent)

    def _carry(self, sent: Sent) -> Reply:
        place = sent.webhook.shown.removeprefix(self._transport.base_url)
        self._transcript.happens(f"{sent.webhook.method} {place}")
        with reraised(wanted=self._raise_errors):
            if not (self.meets_outage and sent.is_played):
                return self._transport.send(sent.webhook)
            self.meets_outage = False
            with away_once():
                return self._transport.send(sent.webhook)
