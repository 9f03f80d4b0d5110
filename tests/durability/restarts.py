"""Restarts: the server of the store is killed after every webhook, and started again.

Whatever the process has answered, the store has kept; and the process, whose connections are all
broken by then, answers the next webhook as if nothing had happened. All calls go on side by side,
so that a kill comes after one webhook of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing

from examples.catalogue import EXAMPLES
from statechart_ivr.stores import open_store
from tests.durability.backends import Backend, started
from tests.durability.calls import RecordedCall, Turn, recorded_calls
from tests.durability.figures import Figures
from tests.durability.records import stored
from tests.durability.workers import MortalStore, Worker

#: How many calls apart the ones are that the small size takes.
STRIDE = 3


def run(store: str, *, full: bool) -> Figures:
    """Go through calls of all examples."""
    with started(store) as backend:
        return go_through(recorded_calls()[:: 1 if full else STRIDE], backend)


def go_through(calls: Sequence[RecordedCall], backend: Backend) -> Figures:
    """Make calls from the first webhook to the last, with a restart of the store after each.

    Args:
        calls: what was recorded.
        backend: an empty store, which can be killed.
    """
    failures: list[str] = []
    longest = max(len(call.webhooks) for call in calls)
    with ExitStack() as stack:
        store = stack.enter_context(closing(open_store(backend.url)))
        workers = {
            str(example): stack.enter_context(Worker(example, backend.url, MortalStore))
            for example in EXAMPLES
        }
        for number in range(longest):
            turns = [Turn(call, number) for call in calls if number < len(call.webhooks)]
            failures += [
                f"{turn}: answered with something else"
                for turn in turns
                if workers[str(turn.call.example)].answer(turn.now.request) != turn.now.answer
            ]
            backend.take_away("killed", ())
            backend.bring_back()
            failures += [
                f"{turn}: something else is in the store after the restart"
                for turn in turns
                if stored(store, turn.call.sid) != turn.now.after
            ]
    counts = {
        "calls": len(calls),
        "restarts": longest,
        "webhooks": sum(len(call.webhooks) for call in calls),
    }
    return Figures("restarts", counts, failures)
