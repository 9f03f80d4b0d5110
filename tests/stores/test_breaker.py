"""While a store is away, one thread at a time waits for it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from cryptography.fernet import Fernet

from statechart_ivr.clock import Clock
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError, WrongKeyError
from statechart_ivr.stores import EncryptedStore, MemoryStore, SessionStore, Stored
from statechart_ivr.stores.breaker import CircuitBreaker
from statechart_ivr.testing.store_contract import StoreContract


class TestCircuitBreaker(StoreContract):
    """Around a store that works, it is that store."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a fresh store."""
        return CircuitBreaker(MemoryStore(clock=clock))


class Waiting(MemoryStore):
    """A store that is away for writing, or for reading, and takes its time to say so."""

    def __init__(self) -> None:
        super().__init__()
        self.fails = ""
        self.is_slow = False
        self.asked = Event()
        self.go_on = Event()
        self.tries = 0

    def load(self, call_sid: str) -> Stored | None:
        self._answer("reading")
        return super().load(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        self._answer("writing")
        return super().save(call_sid, data, expected=expected, ttl=ttl)

    def _answer(self, what: str) -> None:
        self.tries += 1
        if self.is_slow:
            self.asked.set()
            assert self.go_on.wait(timeout=30)
        if self.fails == what:
            raise StoreUnavailableError("no answer in 5 s")


def save(store: SessionStore, expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", b"x", expected=expected, ttl=60)


@pytest.fixture
def store() -> Waiting:
    """Return the store behind the breaker."""
    return Waiting()


def test_one_waits_and_the_others_are_told_at_once(store: Waiting) -> None:
    """The failure they are told is the last one that was seen."""
    breaker = CircuitBreaker(store)
    store.fails = "reading"
    with pytest.raises(StoreUnavailableError, match=r"^no answer in 5 s$"):
        breaker.load("CA1")
    store.is_slow = True
    with ThreadPoolExecutor(1) as threads:
        trial = threads.submit(breaker.load, "CA1")
        assert store.asked.wait(timeout=30)
        for _ in range(3):
            with pytest.raises(StoreUnavailableError, match=r"5 s; another request is just trying"):
                breaker.load("CA1")
        assert store.tries == 2
        store.fails = ""
        store.go_on.set()
        assert trial.result() is None
    assert breaker.load("CA1") is None
    assert store.tries == 3


def test_a_store_that_works_is_asked_by_all_at_once(store: Waiting) -> None:
    """Nobody waits for another one's answer."""
    breaker = CircuitBreaker(store)
    store.is_slow = True
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(breaker.load, "CA1")
        assert store.asked.wait(timeout=30)
        store.is_slow = False
        assert breaker.load("CA1") is None
        store.go_on.set()
        assert first.result() is None


def test_each_failure_is_followed_by_another_trial(store: Waiting) -> None:
    """One after the other, for as long as it takes."""
    breaker = CircuitBreaker(store)
    store.fails = "writing"
    for tries in range(1, 4):
        with pytest.raises(StoreUnavailableError, match="no answer"):
            save(breaker)
        assert store.tries == tries
    store.fails = ""
    assert save(breaker) == 1


def test_writing_may_fail_while_reading_works(store: Waiting) -> None:
    """What reads well says nothing of a disk that is full."""
    breaker = CircuitBreaker(store)
    store.fails = "writing"
    with pytest.raises(StoreUnavailableError):
        save(breaker)
    assert breaker.load("CA1") is None
    store.is_slow = True
    with ThreadPoolExecutor(1) as threads:
        trial = threads.submit(save, breaker)
        assert store.asked.wait(timeout=30)
        with pytest.raises(StoreUnavailableError, match="another request"):
            save(breaker)
        store.go_on.set()
        assert isinstance(trial.exception(), StoreUnavailableError)


def test_a_lost_race_is_an_answer(store: Waiting) -> None:
    """A store that refuses a save is there."""
    breaker = CircuitBreaker(store)
    assert save(breaker) == 1
    store.fails = "writing"
    with pytest.raises(StoreUnavailableError):
        save(breaker, expected=1)
    store.fails = ""
    with pytest.raises(StaleSessionError):
        save(breaker)
    assert breaker._writing._failure is None


def test_a_wrong_key_is_an_answer(store: Waiting) -> None:
    """A session that nobody can open is that call's trouble; the others are let through."""
    save(EncryptedStore(store, Fernet.generate_key()))
    breaker = CircuitBreaker(EncryptedStore(store, Fernet.generate_key()))
    store.fails = "reading"
    with pytest.raises(StoreUnavailableError, match="no answer"):
        breaker.load("CA1")
    store.fails = ""
    with pytest.raises(WrongKeyError):
        breaker.load("CA1")
    assert breaker._reading._failure is None
    store.is_slow = True
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(breaker.load, "CA1")
        assert store.asked.wait(timeout=30)
        store.is_slow = False
        assert breaker.load("CA2") is None
        store.go_on.set()
        assert isinstance(first.exception(), WrongKeyError)
