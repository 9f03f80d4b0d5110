"""Stores with one bug each, as somebody might write them; the experiments have to find it."""

from __future__ import annotations

import json
from typing import Any

from tests.durability.workers import MortalStore


class DeletesFirst(MortalStore):
    """Replaces a session by deleting it and making a new one."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        if expected is not None:
            self.delete(call_sid)
        return super().save(call_sid, data, expected=None, ttl=ttl)


class WritesBehind(MortalStore):
    """Answers that it has saved, and saves when there is time for it: with the next operation."""

    pending: tuple[str, bytes, int | None, float] | None = None

    def load(self, call_sid: str) -> Any:
        self._catch_up()
        return super().load(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        self._catch_up()
        self.pending = call_sid, data, expected, ttl
        return (expected or 0) + 1

    def _catch_up(self) -> None:
        if self.pending is not None:
            call_sid, data, expected, ttl = self.pending
            self.pending = None
            super().save(call_sid, data, expected=expected, ttl=ttl)


class _Forgets(MortalStore):
    """Does not keep one field of the record."""

    field: str
    instead: Any

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        kept = json.dumps({**json.loads(data), self.field: self.instead}).encode()
        return super().save(call_sid, kept, expected=expected, ttl=ttl)


class ForgetsAnswers(_Forgets):
    """Does not keep the last answer."""

    field, instead = "answer", None


class ForgetsEntries(_Forgets):
    """Does not keep which entries and takeovers there were."""

    field, instead = "entry_keys", []


class ForgetsHistory(_Forgets):
    """Does not keep what history states remember."""

    field, instead = "hist", {}
