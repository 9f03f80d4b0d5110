"""What goes wrong between Twilio and an application: requests come twice, or late; a store is away.

Parts of `~statechart_ivr.testing.Phone`, as is what its caller need not know by heart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from statechart_ivr.errors import PhoneError
from statechart_ivr.flow import spec_of
from statechart_ivr.testing.caller import Caller
from statechart_ivr.testing.line import Line
from statechart_ivr.testing.listening import Gathering, finished
from statechart_ivr.testing.outage import Interruptible
from statechart_ivr.testing.rules import KEYS

if TYPE_CHECKING:
    from typing_extensions import Self


class Mishaps:
    """What goes wrong in a call through nobody's fault."""

    _call: Caller
    _line: Line

    def retry(self) -> Self:
        """Send the last webhook once more, as after a lost answer; the new answer is played."""
        self._call.retry()
        return self._settled()

    def late(self) -> Self:
        """Have the webhook before the last one arrive once more, too late to be heard."""
        self._call.come_late()
        return self._settled()

    def outage(self) -> Self:
        """Have the store be away when the next document is asked for, and be back afterwards.

        Raises:
            PhoneError: the store is the application's own; or no call is under way.
        """
        board = self._line.switchboard
        if board is None or not isinstance(board.store, Interruptible):
            raise PhoneError("outage() needs Phone(flow) with a store of its own")
        self._call.does("the store is away")
        self._call.exchange.meets_outage = True
        return self._settled()

    def example(self, state: str, number: int = 1) -> Self:
        """Press, or say, an example of the handler of a state: ``@on_input(pin, examples=…)``.

        What is secret is named so, and need not be written down in a test.

        Args:
            state: id of the state.
            number: of the example, from 1 on.

        Raises:
            PhoneError: there is no such example; or nobody listens.
        """
        listening = self._call.playback.listening
        example = self._example(state, number)
        if not set(example) <= set(KEYS):
            self._call.say(example, 0.9)
        elif isinstance(listening, Gathering):
            self._call.press(finished(example, listening))
        else:
            self._call.press(example)
        return self._settled()

    def _example(self, state: str, number: int) -> str:
        for flow in self._line.flows:
            handler = spec_of(flow).handlers.get(state)
            if handler is not None and 0 < number <= len(handler.examples):
                return handler.examples[number - 1]
        raise PhoneError(f"there is no example {number} of a handler in {state}")

    def _settled(self) -> Self:
        self._call.settle()
        return self
