"""What was heard and done in a call, with the second of the call at which it was."""

from __future__ import annotations

from copy import copy
from datetime import datetime

from statechart_ivr.clock import SimulatedClock

#: What stands for a secret, however long it is.
MASK = "••••••"


class Transcript:
    """Takes a call down.

    Args:
        clock: tells when.
    """

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock = clock
        self._began = clock.now()
        self._lines: list[str] = []
        self._heard: list[str] = []
        self._last_done = 0

    @property
    def seconds(self) -> float:
        """Seconds since the call began."""
        return (self.now - self._began).total_seconds()

    @property
    def now(self) -> datetime:
        """The present moment."""
        return self._clock.now()

    @property
    def heard(self) -> str:
        """What was heard since the caller last did something."""
        return " ".join(self._heard)

    def advance_to(self, second: float) -> None:
        """Let time pass until a second of the call; none passes when it is over already."""
        self._clock.advance(max(0.0, second - self.seconds))

    def hears(self, text: str) -> None:
        """Take down what the caller hears."""
        self._heard.append(text)
        self.happens(f"hears: {text}")

    def does(self, text: str) -> None:
        """Take down what the caller does, and begin to listen afresh."""
        self._heard.clear()
        self._last_done = len(self._lines)
        self.happens(text)

    def does_also(self, text: str) -> None:
        """Add to the line of what the caller did last, whatever has happened since."""
        self._lines[self._last_done] += text

    def happens(self, text: str) -> None:
        """Take down what Twilio does."""
        minutes, seconds = divmod(int(self.seconds), 60)
        self._lines.append(f"{minutes}:{seconds:02d} {text}")

    def copied(self) -> Transcript:
        """Return a transcript that goes on from here, with the same clock."""
        twin = copy(self)
        twin._lines, twin._heard = [*self._lines], [*self._heard]
        return twin

    def __str__(self) -> str:
        return "\n".join(self._lines)
