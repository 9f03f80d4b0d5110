"""What differs for callers between two versions of a flow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from typing import Any

from statechart_ivr.checker.clauses import callers_who
from statechart_ivr.checker.graph import Kind, Move
from statechart_ivr.checker.notation import Step, written
from statechart_ivr.checker.side import View


class Change(str, Enum):
    """What kind of difference it is."""

    HEARD = "heard"
    """Callers hear something else."""
    GOES_ON = "goes on"
    """They hear the same, and the call goes on in another way, or ends."""
    KEY_NEW = "new key"
    """A key or word leads somewhere now."""
    KEY_GONE = "key gone"
    """It does not any more."""
    WAY_NEW = "new way"
    """Calls come in, or work ends, in a way that was not known."""
    WAY_GONE = "way gone"
    """It is not known any more."""
    BREAKS = "breaks off"
    """The call breaks off with an error now."""
    MENDED_CALL = "no longer breaks off"
    """It did, and does not any more."""
    FINDING_NEW = "new finding"
    """The checker finds something that it did not find before."""
    FINDING_GONE = "finding mended"
    """It does not find it any more."""
    LONGER = "longer"
    """It takes longer to come somewhere."""


@dataclass(frozen=True)
class Difference:
    """One thing that is different for callers.

    Attributes:
        change: of what kind.
        message: what is different, in a sentence.
        steps: the shortest call that shows it; nothing where no call does.
        old: what was there before; of speech, the sentences that are heard no more.
        new: what is there now.
    """

    change: Change
    message: str
    steps: tuple[Step, ...] = ()
    old: str = ""
    new: str = ""

    @property
    def call(self) -> str:
        """The shortest call that shows it, in the notation; or nothing."""
        return written(self.steps)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, for tools."""
        told = {"change": self.change.value, "message": self.message}
        return {**told, "call": self.call, "old": self.old, "new": self.new}

    def __str__(self) -> str:
        return f"{self.message} ({self.call})" if self.steps else self.message


@dataclass(frozen=True)
class Fork:
    """A move after which two versions of a call are no longer alike.

    Attributes:
        move: what happens.
        steps: the call, with the move at its end.
        old: what came of it before.
        new: what comes of it now.
        is_elsewhere: whether the caller is somewhere else now.
    """

    move: Move
    steps: tuple[Step, ...]
    old: View
    new: View
    is_elsewhere: bool

    @property
    def change(self) -> Change:
        """What kind of difference it is."""
        if self.move.kind in {Kind.KEYS, Kind.WORDS} and self.old.is_claimed != self.new.is_claimed:
            return Change.KEY_NEW if self.new.is_claimed else Change.KEY_GONE
        return Change.GOES_ON if self.old.heard == self.new.heard else Change.HEARD

    @property
    def key(self) -> object:
        """What it shares with all that tell of the same change.

        What is said differently in one place is one change, whoever hears it there; what leads
        elsewhere is one for each key that does, wherever it is pressed.
        """
        if self.change is Change.KEY_NEW:
            return self.change, self.move.step, self.new.heard, self.new.waiting
        if self.change is Change.KEY_GONE:
            return self.change, self.move.step, self.old.heard, self.old.waiting
        ends = self.old.waiting, self.new.waiting
        step = self.move.step if self.is_elsewhere and self._is_named() else None
        return step, *changed(self.old.heard, self.new.heard), ends

    def _is_named(self) -> bool:
        """Return whether it makes a difference what the move was: not how callers were wrong."""
        is_wrong = self.move.is_input and not self.new.is_claimed
        return not is_wrong and self.move.kind not in {Kind.ENTRY, Kind.TAKEOVER}

    def told(self) -> Difference:
        """Return it as a difference."""
        old, new = self.old.heard, self.new.heard
        if not self.is_elsewhere:
            old, new = changed(old, new)
        parts = [_speech(old, new), _waiting(self.old.waiting, self.new.waiting)]
        message = f"{callers_who(self.steps)} {', and '.join(part for part in parts if part)}"
        if self.change is Change.KEY_NEW:
            message = f"{self.move.step} is new: {message}"
        if self.change is Change.KEY_GONE:
            message = f"{self.move.step} leads nowhere any more: {message}"
        return Difference(self.change, message, self.steps, old, new)


def changed(old: str, new: str) -> tuple[str, str]:
    """Return the sentences that are heard no more, and those that are new, in their order."""
    before, after = _sentences(old), _sentences(new)
    gone: list[str] = []
    come: list[str] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, a, b, c, d in matcher.get_opcodes():
        if what != "equal":
            gone += before[a:b]
            come += after[c:d]
    return " ".join(gone), " ".join(come)


def _sentences(text: str) -> Sequence[str]:
    return re.split(r"(?<=[.!?]) ", text) if text else []


def _speech(old: str, new: str) -> str:
    if old == new:
        return ""
    if not old:
        return f"now also hear “{new}”"
    return f"now hear “{new}” instead of “{old}”" if new else f"no longer hear “{old}”"


def _waiting(old: str, new: str) -> str:
    return "" if old == new else f"now come to {_verb(new)} instead of {_verb(old)}"


def outcome_of(view: View) -> str:
    """Return in words what came of a call: what is heard, or else what waits."""
    return f"hear “{view.heard}”" if view.heard else f"come to {_verb(view.waiting)}"


def _verb(waiting: str) -> str:
    if not waiting:
        return "the end of the call"
    return waiting if waiting.startswith("<") else f"<{waiting.capitalize()}>"
