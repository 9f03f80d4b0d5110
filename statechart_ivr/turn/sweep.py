"""Finding work that nobody does any more: whoever took it was stopped."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Thread

from statechart_ivr.errors import DamagedRecordError, IvrError, StaleSessionError
from statechart_ivr.record import Record
from statechart_ivr.stores.health import PROBE
from statechart_ivr.turn.deliver import fail, submit
from statechart_ivr.turn.environment import Environment
from statechart_ivr.turn.jobs import TIMED_OUT, abandoned, overdue, taken
from statechart_ivr.turn.records import DAMAGED, save

logger = logging.getLogger("statechart_ivr.turn")

#: Between two sweeps by one process. With a lease it makes less than the time that work has, or
#: what was left by a process that was killed would be found when it is too late to do it.
EVERY = timedelta(seconds=20)
#: Seconds of rest for each session that was looked at, some twenty times as long as that takes: a
#: store may hold hundreds of thousands.
REST = 0.005


class Sweeper:
    """Looks through a store every 20 seconds, in a thread of its own.

    A call that is held looks after its work itself; this is for the work of calls that are over,
    and of callers who hear music.

    Args:
        environment: returns the application's.
    """

    def __init__(self, environment: Callable[[], Environment]) -> None:
        self._environment = environment
        # At the start of a process: another one may have been stopped just now.
        self._next = environment().clock.now()
        self._thread: Thread | None = None

    def now_and_then(self) -> None:
        """Begin a sweep if it is time, and do not wait for it."""
        now = self._environment().clock.now()
        if now < self._next or (self._thread and self._thread.is_alive()):
            return
        # Two requests at once may both begin one, which does no harm; a lock would, if the process
        # were forked while it is held.
        self._next = now + EVERY
        self._thread = Thread(target=self._sweep, name="ivr-sweep", daemon=True)
        self._thread.start()

    def _sweep(self) -> None:
        environment = self._environment()
        rest = timedelta(seconds=REST * sweep(environment))
        self._next = max(self._next, environment.clock.now() + rest)

    def wait(self, seconds: float = 5.0) -> None:
        """Wait for the sweep that is under way, if there is one; it may be broken off anywhere."""
        if self._thread is not None:
            self._thread.join(seconds)


def sweep(environment: Environment) -> int:
    """Submit all work again whose lease has run out, and end what has had all its time.

    Returns:
        How many sessions were looked at.
    """
    count = 0
    try:
        for call_sid in environment.store.calls():
            count += 1
            if not call_sid.startswith(PROBE) and not call_sid.endswith(DAMAGED):
                _look_after(environment, call_sid)
    except Exception as error:  # noqa: BLE001 - nobody is there to catch it
        logger.warning("work that was left is not looked for: %s", error)
    return count


def _look_after(environment: Environment, call_sid: str) -> None:
    try:
        stored = environment.store.load(call_sid)
        record = Record.from_bytes(stored.data) if stored else None
        if stored is None or record is None or record.flow not in environment.flows:
            return  # another version, or another application, looks after what it knows
        now = environment.clock.now().timestamp()
        if jobs := abandoned(record, now):
            save(environment, taken(record, jobs, now), revision=stored.revision)
            submit(environment, record, jobs)
        for job in overdue(record, now):
            fail(environment, call_sid, job, TIMED_OUT)
    except (StaleSessionError, DamagedRecordError):
        pass  # somebody is at it; the call's next request puts what is damaged aside
    except IvrError as error:
        logger.warning("its work is not looked for: %s", error, extra={"call_sid": call_sid})
