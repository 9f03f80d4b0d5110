"""A caller who is held: what tells a wait that has an end from a circle of documents."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from statechart_ivr.errors import PhoneError

#: Real seconds before the first look whether background work is done, and at most before another.
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
#: Seconds after which Twilio ends a call.
LONGEST_CALL = 4 * 3600.0


def is_poll(url: str) -> bool:
    """Return whether a URL is that of a wait document, with which a caller is held."""
    place = urlsplit(url)
    return place.path.endswith("/wait") and "wait" in parse_qs(place.query)


class Holding:
    """Holds a caller for as long as work goes on.

    Args:
        takes_real_time: whether it does so by itself, while the phone's clock stands.
        by_hand: whether it does so only when the test says what it comes to.
        sleep: waits for so many seconds.

    Attributes:
        by_hand: as given.
    """

    def __init__(
        self,
        *,
        takes_real_time: bool,
        by_hand: bool = False,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._takes_real_time = takes_real_time
        self.by_hand = by_hand
        self._sleep = sleep
        self.begin_afresh()

    def begin_afresh(self) -> None:
        """Take note that somebody did something: whoever is held now is held from now on."""
        self._last = -math.inf
        self._pause = FIRST_PAUSE

    def goes_on(self, now: float) -> bool:
        """Give the work some time, at the end of a document.

        Args:
            now: second of the call.

        Returns:
            Whether time has passed for the caller, too. Otherwise no deadline ends this.

        Raises:
            PhoneError: Twilio would have ended the call.
        """
        if now > LONGEST_CALL:
            raise PhoneError(
                "held for four hours, after which Twilio ends a call; is there a worker?"
            )
        if self._takes_real_time:
            self._sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        has_passed, self._last = now > self._last, now
        return has_passed
