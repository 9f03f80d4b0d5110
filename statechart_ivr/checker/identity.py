"""When two records are one: what counts of them, and of what is played to the caller."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from statechart_ivr.checker.graph import START, Exploration, Node
from statechart_ivr.record import Record
from statechart_ivr.testing.playback import Playback, Queued

# Numbers that tell one document from the next, and nothing else.
_COUNTS = re.compile(r"\b(seq|nonce|wait|again)=\d+")

#: How often the same state may come on the way of one call, each time with another session, before
#: the session counts as growing without an end.
GROWTH = 8


def identity(
    record: Record,
    playback: Playback,
    said: tuple[bool, ...],
    canonical: Callable[[dict[str, Any]], Any],
) -> object:
    """Return what two calls share that will go on in the same way.

    Args:
        record: what is stored.
        playback: what is played.
        said: what the guards say that ask for the time.
        canonical: returns what counts of a session.
    """
    return (
        record.flow,
        record.entry,
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
        _played(playback),
    )


def _played(playback: Playback) -> object:
    if playback.waiting is None:
        return playback.outcome
    held = playback.held and plain(playback.held[0])
    where = (playback.waiting.tag, playback.position, plain(playback.script.text))
    return (*where, held, _queue(playback.queued))


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
