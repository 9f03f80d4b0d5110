"""A process that forks while it serves: the child must not wait for threads it does not have."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from statechart_ivr import engine
from statechart_ivr.errors import StoreUnavailableError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.stores import breaker as breakers
from statechart_ivr.stores.breaker import CircuitBreaker


@contextmanager
def busy(work: Callable[[Callable[[], None]], object]) -> Iterator[None]:
    """Have a thread do something, and be in the middle of it."""
    begun, go_on = Event(), Event()

    def wait() -> None:
        begun.set()
        assert go_on.wait(timeout=60)

    thread = Thread(target=work, args=(wait,))
    thread.start()
    assert begun.wait(timeout=30)
    try:
        yield
    finally:
        go_on.set()
        thread.join()


def done_in_child(work: Callable[[], object]) -> bool:
    """Fork, and return whether the child could do something."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, of forks with threads
        pid = os.fork()
    if pid == 0:  # pragma: no cover - another process
        try:
            done = Event()

            def work_and_tell() -> None:
                work()
                done.set()

            Thread(target=work_and_tell, daemon=True).start()
            os._exit(int(not done.wait(20)))
        finally:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_machines_are_built_in_the_child():
    """Though a thread of the parent was building one."""
    with busy(engine.build):
        assert done_in_child(lambda: engine.build(lambda: None))


class Away(MemoryStore):
    """A store that waits before it says that it is away."""

    wait: Callable[[], None] = staticmethod(lambda: None)

    def load(self, call_sid):
        self.wait()
        raise StoreUnavailableError("away")


def test_the_child_finds_out_for_itself_whether_a_store_is_back():
    """Though a thread of the parent was just trying."""
    store = Away()
    breaker = CircuitBreaker(store)

    def load() -> None:
        with pytest.raises(StoreUnavailableError, match=r"^away$"):
            breaker.load("CA1")

    def load_and_wait(wait: Callable[[], None]) -> None:
        store.wait = wait
        load()

    load()
    with busy(load_and_wait):
        store.wait = lambda: None
        assert done_in_child(load)
        breakers._unlock_all()  # as in a child
        load()


def test_a_child_s_lock_is_a_new_one():
    """What the parent's threads hold is theirs."""
    with busy(engine.build):
        held = engine.Building.lock
        engine.Building.unlock()
        assert engine.Building.lock is not held
