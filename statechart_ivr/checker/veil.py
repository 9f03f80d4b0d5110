"""What may be a secret is kept out of what is passed around: what callers enter where they may."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from statechart_ivr.flow import CallFlow, spec_of

HIDDEN = "••••"
#: What is shorter says nothing, and is half of any text.
_SHORTEST = 2


class Veil:
    """Hides secrets in text.

    Args:
        flows: whose secret handlers have examples.
        more: what else callers entered that may be one.
    """

    def __init__(self, flows: Sequence[type[CallFlow]], more: Iterable[str] = ()) -> None:
        handlers = [one for flow in flows for one in spec_of(flow).handlers.values() if one.secret]
        found = {example for one in handlers for example in one.examples} | set(more)
        words = {word for one in found for word in (one, one.rstrip("#"))}
        longest = sorted((one for one in words if len(one) >= _SHORTEST), key=len, reverse=True)
        one_of = "|".join(map(re.escape, longest))
        self._pattern = re.compile(rf"(?<![^\W_])(?:{one_of})(?![^\W_])") if longest else None

    def __call__(self, text: str) -> str:
        """Return text without them."""
        return self._pattern.sub(_hidden, text) if self._pattern else text


def _hidden(match: re.Match[str]) -> str:
    """Return what stands for a secret: in the name of a test, what may stand there."""
    is_in_name = match.string[: match.start()].endswith("_")
    return "secret" if is_in_name else HIDDEN


def is_secret(flow: type[CallFlow], conf: Iterable[str]) -> bool:
    """Return whether what callers enter may be a secret, in some active states."""
    handlers = spec_of(flow).handlers
    return any(one in handlers and handlers[one].secret for one in conf)
