"""When two records are one: what counts of them, and of what is played to the caller."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from inspect import isfunction
from typing import Any

from statechart_ivr.checker.graph import START, Exploration, Node
from statechart_ivr.engine import callback_functions, callback_names
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.testing.playback import Playback, Queued
from statechart_ivr.testing.script import Script

# Numbers that tell one document from the next, and nothing else.
_COUNTS = re.compile(r"\b(seq|nonce|wait|again)=\d+")

#: How often the same state may come on the way of one call, each time with another session, before
#: the session counts as growing without an end.
GROWTH = 8
#: Up to which number attempts are told apart in a flow that asks for them, and lets nobody go.
MOST_ATTEMPTS = 12


def identity(
    record: Record,
    playback: Playback,
    said: tuple[bool, ...],
    canonical: Callable[[dict[str, Any]], Any],
    attempts: int,
) -> object:
    """Return what two calls share that will go on in the same way.

    Args:
        record: what is stored.
        playback: what is played.
        said: what the guards say that ask for the time.
        canonical: returns what counts of a session.
        attempts: silent or wrong inputs, as far as they count.
    """
    return (
        record.flow,
        record.entry,
        tuple(record.conf),
        _json(record.hist),
        _json(canonical(dict(record.data))),
        attempts,
        tuple(record.asking),
        record.lang,
        tuple(sorted((job.method, job.on, _json(job.data)) for job in record.jobs)),
        tuple((state, plain(xml)) for state, xml in record.unheard),
        record.ended,
        said,
        _played(playback),
    )


def _played(playback: Playback) -> object:
    if playback.waiting is None:
        return playback.outcome, last_played(playback.script, playback.position)
    held = playback.held and plain(playback.held[0])
    where = (playback.waiting.tag, playback.position, plain(playback.script.text))
    return (*where, held, _queue(playback.queued))


def counted(flow: type[CallFlow], attempts: int) -> int:
    """Return how many attempts a call has had, as far as they make a difference.

    Where ``max_attempts`` is None, their number has no end, and makes no difference, unless a guard
    or a method asks for it.
    """
    if flow.max_attempts is not None:
        return attempts
    return min(attempts, MOST_ATTEMPTS) if _asks_for_attempts(flow) else 0


@lru_cache(maxsize=64)
def _asks_for_attempts(flow: type[CallFlow]) -> bool:
    transitions = list(spec_of(flow).chart.all_transitions())
    own = (base for base in flow.__mro__ if base not in CallFlow.__mro__)
    functions = [one for base in own for one in vars(base).values()]
    functions += [one for transition in transitions for one in callback_functions(transition)]
    codes = [function.__code__ for function in functions if isfunction(function)]
    guards = {name for transition in transitions for name, _ in callback_names(transition)}
    return "attempts" in guards.union(*(code.co_names for code in codes))


def last_played(script: Script, position: int) -> str:
    """Return the verb that a document has come to, by its tag; nothing where it has none."""
    return script.verbs[position - 1].tag if position else ""


def _queue(queued: Queued | None) -> object:
    if queued is None:
        return None
    following = queued.following and plain(queued.following[0])
    return plain(queued.script.text), queued.position, following


def plain(text: str) -> str:
    """Return a document or URL without the numbers by which it is told from the one before."""
    return _COUNTS.sub(r"\1=", text)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def is_growing(found: Exploration, node: Node) -> bool:
    """Return whether a call has come to the same state over and over, with ever more in it."""
    sizes = [len(_json(node.record.data))]
    contents = {_json(node.record.data)}
    edge = node.arrived
    while edge.source != START:
        before = found.nodes[edge.source]
        edge = before.arrived
        content = _json(before.record.data)
        if before.conf == node.conf and content not in contents:
            contents.add(content)
            sizes.append(len(content))
    return len(sizes) > GROWTH and sizes == sorted(sizes, reverse=True)
