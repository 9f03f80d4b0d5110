"""The examples on a store with a bug; for ``statechart-ivr serve``."""

from __future__ import annotations

import os

from benchmarks.load.served import all_lines
from statechart_ivr.stores import open_store
from tests.durability.seeded import ForgetsAnswers


class Forgetful(ForgetsAnswers):
    """Does not keep the last answer; what ``/healthz`` saves is empty, and no record."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save all but the answer."""
        if not data:
            return self._store.save(call_sid, data, expected=expected, ttl=ttl)
        return super().save(call_sid, data, expected=expected, ttl=ttl)


app = all_lines(Forgetful(open_store(os.environ["IVR_STORE"])))
