"""Machines that are used again: building one takes longer the more states a flow has.

Serving builds a machine for each turn, which is the plain way. The checker makes one call after
the other, in one thread, and tens of thousands of them: it has machines used again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from statechart_ivr import engine
from statechart_ivr.flow.callflow import CallFlow, renew
from statechart_ivr.flow.context import Context


class _Built(NamedTuple):
    machine: CallFlow
    parts: dict[str, Any]


class Pool:
    """Machines by their class: those that wait for a turn, and those that are out for one."""

    def __init__(self) -> None:
        self._waiting: dict[type[CallFlow], list[_Built]] = defaultdict(list)
        self._out: list[_Built] = []

    def check_out(self, flow: type[CallFlow], context: Context) -> CallFlow:
        """Return a machine as ``flow(context)`` does; it is in no state."""
        if waiting := self._waiting[flow]:
            one = waiting.pop()
            renew(one.machine, one.parts, context)
        else:
            machine = flow(context)
            one = _Built(machine, engine.parts_of(machine))
        self._out.append(one)
        return one.machine

    def take_back(self) -> None:
        """Have all machines wait for their next turn: nobody uses them any more.

        Those with listeners are dropped: what these remember is theirs.
        """
        for one in self._out:
            if not engine.has_listeners(one.machine):
                self._waiting[type(one.machine)].append(one)
        self._out.clear()

    def drop(self) -> None:
        """Forget the machines that are out: something has gone wrong with one of them."""
        self._out.clear()


_pool: ContextVar[Pool | None] = ContextVar("_pool", default=None)


@contextmanager
def pooled() -> Iterator[Pool]:
    """Have machines taken from a pool in this context; somebody has to take them back."""
    pool = Pool()
    token = _pool.set(pool)
    try:
        yield pool
    finally:
        _pool.reset(token)


def machine_for(flow: type[CallFlow], context: Context) -> CallFlow:
    """Return a machine of nobody else's, to be placed: a new one, or one from the pool."""
    pool = _pool.get()
    return flow(context) if pool is None else pool.check_out(flow, context)
