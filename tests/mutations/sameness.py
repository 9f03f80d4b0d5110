"""Whether anybody can tell two flows apart: callers by what they hear, others by what is done."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping

from statechart_ivr.checker.graph import START, Edge, Exploration, Node
from statechart_ivr.checker.identity import plain
from statechart_ivr.checker.notation import Step
from statechart_ivr.flow import CallFlow, spec_of

#: At the end of a document a call ends, with it or without it.
_LAST_HANGUP = re.compile(r"<Hangup ?/></Response>")


def is_same(one: Exploration, other: Exploration) -> bool:
    """Return whether all calls are heard alike, and do the same.

    Both are walked at once, from where calls come in. Whatever can happen in one of them has to
    be possible in the other, too, and to be followed by the same. Where either has not come to an
    end, nothing is known, and they are not called the same.
    """
    if not (one.is_exhausted and other.is_exhausted):
        return False
    if [_limits(flow) for flow in one.flows] != [_limits(flow) for flow in other.flows]:
        return False
    pairs = deque([(START, START)])
    seen = {(START, START)}
    while pairs:
        first, second = pairs.popleft()
        edges, others = _edges(one, first), _edges(other, second)
        if edges.keys() != others.keys():
            return False
        for key, edge in edges.items():
            pair = edge.target, others[key].target
            if pair[0] is None or pair[1] is None:
                return False
            if pair not in seen:
                if _perceived(one.nodes[pair[0]]) != _perceived(other.nodes[pair[1]]):
                    return False
                seen.add((pair[0], pair[1]))
                pairs.append((pair[0], pair[1]))
    return True


def _limits(flow: type[CallFlow]) -> object:
    """Return what explorations do not show: how long calls may be, and work may take."""
    return flow.max_turns, {one.method: one.timeout for one in spec_of(flow).work}


def _edges(found: Exploration, index: int) -> Mapping[tuple[object, Step], Edge]:
    """Return what can happen, each with the moment at which a call comes in."""
    edges = found.out.get(index, ())
    if index != START:
        return {("", edge.move.step): edge for edge in edges}
    return {
        (found.nodes[edge.target].moment if edge.target is not None else "", edge.move.step): edge
        for edge in edges
    }


def _perceived(node: Node) -> object:
    """Return what is heard, who waits for what, and what is done in the background."""
    document = plain(node.script.text, node.record.seq)
    if node.is_over:
        document = _LAST_HANGUP.sub("</Response>", document)
    jobs = sorted((job.method, job.on) for job in node.record.jobs)
    return node.heard, node.waiting_for, document, jobs
