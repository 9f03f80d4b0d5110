"""When two records are one: what counts of them, and of what is played to the caller."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import CodeType
from typing import Any

from statechart_ivr.checker.constants import parts_of
from statechart_ivr.checker.graph import START, Exploration, Node
from statechart_ivr.engine import callback_functions, callback_names
from statechart_ivr.flow import CallFlow, spec_of
from statechart_ivr.record import Record
from statechart_ivr.testing.playback import Playback, Queued
from statechart_ivr.testing.script import Script

# Numbers that tell one document from the next.
_COUNTS = re.compile(r"\b(seq|nonce|wait|again)=(\d+)")

#: How often the same state may come on the way of one call, each time with more in the session,
#: before that counts as growing without an end.
GROWTH = 8
#: Up to which number attempts are told apart at least in a flow that asks for them, and lets
#: nobody go.
MOST_ATTEMPTS = 12
#: The same where what is in the session only changes: a counter, which may have an end.
COUNTING = 25


def identity(
    record: Record,
    playback: Playback,
    said: object,
    canonical: Callable[[dict[str, Any]], Any],
) -> object:
    """Return what two calls share that will go on in the same way.

    Left out are ids, numbers of documents, the times of jobs, and by what a request is known that
    comes twice; and the call's status, which each request brings anew. So is how many turns there
    were: the ``max_turns`` of a flow are not an end that anybody counts on. At which URLs the call
    was taken over does not count either: each takeover has a new one.

    Args:
        record: what is stored.
        playback: what is played.
        said: what the guards say that ask for the time, now and next.
        canonical: returns what counts of a session.
    """
    return (
        record.flow,
        record.entry,
        _json({**record.call, "status": ""}),
        tuple(record.conf),
        _json(record.hist),
        _json(canonical(dict(record.data))),
        record.attempts,
        tuple(record.asking),
        record.lang,
        tuple(sorted((job.method, job.on, _json(job.data)) for job in record.jobs)),
        tuple((state, plain(xml)) for state, xml in record.unheard),
        record.ended,
        said,
        _played(playback, record.seq),
    )


def _played(playback: Playback, seq: int) -> object:
    if playback.waiting is None:
        return playback.outcome, last_played(playback.script, playback.position)
    held = playback.held and plain(playback.held[0], seq)
    where = (playback.waiting.tag, playback.position, plain(playback.script.text, seq))
    return (*where, held, _queue(playback.queued, seq))


def counted(flow: type[CallFlow], attempts: int) -> int:
    """Return how many attempts a call has had, as far as they make a difference.

    Where ``max_attempts`` is None, their number has no end, and makes no difference, unless a guard
    or a method asks for it.
    """
    if flow.max_attempts is not None:
        return attempts
    return min(attempts, _most_attempts(flow))


@lru_cache(maxsize=64)
def _most_attempts(flow: type[CallFlow]) -> int:
    """Return up to which number attempts make a difference; 0 where nobody asks for them.

    They may be compared with any number that stands where they are asked for.
    """
    transitions = list(spec_of(flow).chart.all_transitions())
    guards = {name for transition in transitions for name, _ in callback_names(transition)}
    asking = [parts for parts in map(list, _own_functions(flow)) if "attempts" in _names(parts)]
    if not asking and "attempts" not in guards:
        return 0
    conditions = " ".join(str(one) for transition in transitions for one in transition.cond)
    numbers: list[object] = [int(one) for one in re.findall(r"\d+", conditions)]
    for parts in asking:
        numbers += [*parts, *(getattr(flow, name, None) for name in _names(parts))]
    known = (one for one in numbers if isinstance(one, int) and one <= flow.max_turns)
    return max([MOST_ATTEMPTS, *(one + 1 for one in known)])


def _own_functions(flow: type[CallFlow]) -> Iterator[Iterator[object]]:
    """Go through what an author has written, each function in its parts."""
    own = (base for base in flow.__mro__ if base not in CallFlow.__mro__)
    yield from (parts_of(one) for base in own for one in vars(base).values())
    for transition in spec_of(flow).chart.all_transitions():
        yield from map(parts_of, callback_functions(transition))


def _names(parts: Iterable[object]) -> set[str]:
    """Return the attributes and globals that some code refers to."""
    return {name for one in parts if isinstance(one, CodeType) for name in one.co_names}


def last_played(script: Script, position: int) -> str:
    """Return the verb that a document has come to, by its tag; nothing where it has none."""
    return script.verbs[position - 1].tag if position else ""


def _queue(queued: Queued | None, seq: int) -> object:
    if queued is None:
        return None
    following = queued.following and plain(queued.following[0], seq)
    return plain(queued.script.text, seq), queued.position, following


def plain(text: str, seq: int = 0) -> str:
    """Return a document or URL without the numbers by which it is told from the one before.

    Args:
        text: of the document.
        seq: number of the one that the application waits for: what answers another one is late.
    """

    def shown(found: re.Match[str]) -> str:
        is_late = found[1] == "seq" and int(found[2]) != seq
        return f"{found[1]}={'late' if is_late else ''}"

    return _COUNTS.sub(shown, text)


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def is_growing(found: Exploration, node: Node, canonical: Callable[[dict[str, Any]], Any]) -> bool:
    """Return whether a call has come to the same state over and over, with ever more in it.

    Args:
        found: what leads to the node.
        node: where the call is.
        canonical: returns what counts of a session.
    """
    sizes: list[int] = []
    contents: set[str] = set()
    for one in _way_to(found, node):
        content = _json(canonical(dict(one.record.data))) if one.conf == node.conf else ""
        if content and content not in contents:
            contents.add(content)
            sizes.append(len(content))
    if sizes != sorted(sizes, reverse=True):
        return False
    return len(sizes) > (GROWTH if len({*sizes}) == len(sizes) else COUNTING)


def _way_to(found: Exploration, node: Node) -> Iterator[Node]:
    """Go back from a node to where the call came in."""
    yield node
    while node.arrived.source != START:
        node = found.nodes[node.arrived.source]
        yield node
