"""What there is to see of a call, by whoever makes it in a test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from statechart_ivr.errors import PhoneError
from statechart_ivr.testing.caller import Caller
from statechart_ivr.testing.line import Inside, Line


class PhoneView:
    """What a `~statechart_ivr.testing.Phone` shows; it can be read at any time."""

    _call: Caller
    _call_sid: str
    _line: Line

    @property
    def heard(self) -> str:
        """What was heard since the last action; a Play as ``<Play https://…>``."""
        return self._call.transcript.heard

    @property
    def transcript(self) -> str:
        """The whole call: who did what, each with minute and second of the call.

        What is entered where the action URL says ``s=1`` stands there as ``••••••``.
        """
        return str(self._call.transcript)

    @property
    def twiml(self) -> str:
        """The document that came last."""
        return self._call.exchange.text

    @property
    def ended(self) -> bool:
        """Whether the call is over."""
        return bool(self._call.playback.outcome)

    @property
    def waiting_for(self) -> str | None:
        """The verb that waits: ``gather``, ``record``, ``dial``, ``enqueue``, …; or None."""
        waiting = self._call.playback.waiting
        return None if waiting is None else waiting.tag.lower()

    @property
    def now(self) -> datetime:
        """The moment on the phone's clock."""
        return self._call.transcript.now

    @property
    def call_sid(self) -> str:
        """Twilio's id of the call."""
        return self._call_sid

    @property
    def state(self) -> str:
        """Id of the innermost active state.

        Raises:
            PhoneError: there are several, or the session is out of sight.
        """
        innermost = self._inside.innermost
        if len(innermost) != 1:
            raise PhoneError(f"several states are active: {', '.join(innermost)}; use states")
        return innermost[0]

    @property
    def states(self) -> list[str]:
        """Ids of all active states, outer before inner, in the order of the chart."""
        return self._inside.states

    @property
    def session(self) -> dict[str, Any]:
        """A copy of the call's session data."""
        return self._inside.session

    @property
    def _inside(self) -> Inside:
        if self._call.exchange.last is None:
            raise PhoneError("nobody dialled; dial() first")
        return self._line.inside(self._call_sid)
