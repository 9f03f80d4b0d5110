"""What is told of an outage when it is over, and what of it is not as promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from statechart_ivr.testing.transport import PATIENCE
from tests.durability.figures import Figures
from tests.durability.outages.callers import LiveCall
from tests.durability.outages.watch import Watch

#: Seconds within which the health of a server has to follow that of the store.
FOLLOWS_WITHIN = 12.0


@dataclass(frozen=True)
class Report:
    """What an outage came to.

    Attributes:
        outage: which one.
        began: when, on the monotonic clock.
        ended: when.
        calls: all of them, over.
        watches: of the servers.
    """

    outage: str
    began: float
    ended: float
    calls: Sequence[LiveCall]
    watches: Sequence[Watch]

    def figures(self, failures: Sequence[str]) -> Figures:
        """Count, and add to the failures what is not as promised."""
        turns = [turn for call in self.calls for turn in call.turns]
        down = max(watch.seconds_to(503, self.began) for watch in self.watches)
        up = max(watch.seconds_to(200, self.ended) for watch in self.watches)
        longest = max((turn.longest for turn in turns), default=0.0)
        counts = {
            "seconds of outage": round(self.ended - self.began),
            "calls": len(self.calls),
            "calls that met it": sum(any(t.patience for t in call.turns) for call in self.calls),
            "turns": len(turns),
            "turns begun meanwhile": sum(self.began <= t.began < self.ended for t in turns),
            "documents that asked for patience": sum(len(turn.patience) for turn in turns),
            "PINs entered again": sum(call.asked_again for call in self.calls),
            "ms, longest request": round(longest * 1000),
            "ms until both servers were unhealthy": _ms(down),
            "ms until both were healthy again": _ms(up),
            "changes of health": sum(len(watch.changes) - 1 for watch in self.watches),
        }
        found = [*failures, *self._unmet(), *self._health(down, up)]
        if longest >= PATIENCE:
            found.append(f"a request took {longest:.1f} s")
        named = {f"{self.outage}: {what}": count for what, count in counts.items()}
        return Figures("outages", named, [f"{self.outage}: {failure}" for failure in found])

    def _unmet(self) -> list[str]:
        unmet = [call for call in self.calls if not any(turn.patience for turn in call.turns)]
        return ["a call was not asked for patience" for _ in unmet]

    def _health(self, down: float, up: float) -> list[str]:
        found = []
        for watch in self.watches:
            statuses = [change.status for change in watch.changes]
            if statuses != [200, 503, 200]:
                found.append(f"/healthz went {statuses}")
        if max(down, up) > FOLLOWS_WITHIN:
            found.append(f"/healthz followed after {down:.1f} s and {up:.1f} s")
        return found


def _ms(seconds: float) -> int:
    return round(seconds * 1000) if seconds < float("inf") else -1
