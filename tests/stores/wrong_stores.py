"""Stores with one fault each, for the contract to find; and one to take away that has none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from threading import Barrier, Event, Lock, get_ident

from statechart_ivr.clock import Clock
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore, SqliteStore, Stored
from statechart_ivr.testing.store_contract.races import THREADS

PAGE = 1000


class LastOneWins(MemoryStore):
    """Never looks at what a save is based on."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save over whatever is there."""
        stored = self.load(call_sid)
        return super().save(call_sid, data, expected=stored and stored.revision, ttl=ttl)


class WritesFirst(MemoryStore):
    """Refuses a stale save when it has already been written."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save, then look."""
        stored = self.load(call_sid)
        revision = super().save(call_sid, data, expected=stored and stored.revision, ttl=ttl)
        if expected != (stored and stored.revision):
            raise StaleSessionError(call_sid, expected)
        return revision


class Unlocked(MemoryStore):
    """Lets other threads in between looking and writing."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        super().__init__(clock=clock)
        self._maker = get_ident()
        self._writing = Lock()
        self._meeting = Barrier(THREADS, timeout=30)
        self._met: set[int] = set()

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Look; the first time, wait until all threads have looked; then save."""
        stored = self.load(call_sid)
        if expected != (stored and stored.revision):
            raise StaleSessionError(call_sid, expected)
        if get_ident() not in {self._maker, *self._met}:
            self._met.add(get_ident())
            self._meeting.wait()
        with self._writing:
            stored = self.load(call_sid)
            return super().save(call_sid, data, expected=stored and stored.revision, ttl=ttl)


class RefusesForNothing(MemoryStore):
    """Says that somebody was faster when nobody was."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Refuse all but first saves."""
        if expected is not None:
            raise StaleSessionError(call_sid, expected)
        return super().save(call_sid, data, expected=expected, ttl=ttl)


class Buffers(SqliteStore):
    """Keeps to itself what it has once read."""

    def __init__(self, path: str, *, clock: Clock | None = None) -> None:
        super().__init__(path, clock=clock)
        self._read_once: dict[str, Stored] = {}

    def load(self, call_sid: str) -> Stored | None:
        """Load once."""
        if call_sid not in self._read_once and (stored := super().load(call_sid)):
            self._read_once[call_sid] = stored
        return self._read_once.get(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save where nobody else looks."""
        if call_sid not in self._read_once:
            return super().save(call_sid, data, expected=expected, ttl=ttl)
        if self._read_once[call_sid].revision != expected:
            raise StaleSessionError(call_sid, expected)
        self._read_once[call_sid] = Stored(data, expected + 1)
        return expected + 1


class Immortal(MemoryStore):
    """Never forgets."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save for ever."""
        return super().save(call_sid, data, expected=expected, ttl=1e9)


class IgnoresCase(MemoryStore):
    """Compares call SIDs as many databases do."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save under capital letters."""
        return super().save(call_sid.upper(), data, expected=expected, ttl=ttl)

    def load(self, call_sid: str) -> Stored | None:
        """Load from capital letters."""
        return super().load(call_sid.upper())


class KeepsText(MemoryStore):
    """Cuts bytes off where C would."""

    def load(self, call_sid: str) -> Stored | None:
        """Load up to the first zero."""
        stored = super().load(call_sid)
        return stored and Stored(stored.data.split(b"\0")[0], stored.revision)


class Strips(MemoryStore):
    """Takes spaces at the end for padding."""

    def load(self, call_sid: str) -> Stored | None:
        """Load without them."""
        stored = super().load(call_sid)
        return stored and Stored(stored.data.rstrip(b" \t"), stored.revision)


class ReturnsArrays(MemoryStore):
    """Returns what is equal to bytes and is none."""

    def load(self, call_sid: str) -> Stored | None:
        """Load a bytearray."""
        stored = super().load(call_sid)
        return stored and Stored(bytearray(stored.data), stored.revision)


class CutsOff(MemoryStore):
    """Has a column of 65,535 bytes, and says nothing when that is not enough."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save what there is room for."""
        return super().save(call_sid, data[:65535], expected=expected, ttl=ttl)


class ListsLive(MemoryStore):
    """Lists what is there from under the hands of whoever saves."""

    def calls(self) -> Iterator[str]:
        """Go through the very dictionary."""
        return iter(self._sessions)


class ListsOnePage(MemoryStore):
    """Lists what one answer holds."""

    def calls(self) -> Iterator[str]:
        """Go through the first page."""
        return islice(super().calls(), PAGE)


class ListsByOffset(MemoryStore):
    """Counts how many it has listed, though some of them have gone since."""

    def calls(self) -> Iterator[str]:
        """Go through page by page."""
        place = 0
        while page := list(islice(super().calls(), place, place + PAGE)):
            yield from page
            place += PAGE


class ListsTwice(MemoryStore):
    """Lists the last one of a page again as the first of the next."""

    def calls(self) -> Iterator[str]:
        """Go through overlapping pages."""
        for place, call_sid in enumerate(super().calls()):
            yield call_sid
            if place % PAGE == PAGE - 1:
                yield call_sid


class HasOneCursor(MemoryStore):
    """Goes on where somebody else has stopped."""

    def calls(self) -> Iterator[str]:
        """Go through with a place that all share."""
        self._cursor = super().calls()
        while call_sid := next(self._cursor, None):
            yield call_sid


class PurgesAll(MemoryStore):
    """Purges what is alive, too."""

    def purge(self) -> int:
        """Remove all."""
        count = len(self._sessions)
        self._sessions.clear()
        return count


class PurgesOnePage(MemoryStore):
    """Purges what one statement can."""

    def purge(self) -> int:
        """Remove a page."""
        over = [sid for sid, session in self._sessions.items() if session.expires <= self._now()]
        for call_sid in over[:PAGE]:
            self.delete(call_sid)
        return len(over[:PAGE])


class Server:
    """The far end of a `Remote`."""

    def __init__(self, clock: Clock) -> None:
        self.store = MemoryStore(clock=clock)
        self.there = Event()
        self.there.set()


class Remote:
    """A store that can be away, and keeps the contract."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def load(self, call_sid: str) -> Stored | None:
        """Load from the server."""
        return self.reached().load(call_sid)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save on the server."""
        return self.reached().save(call_sid, data, expected=expected, ttl=ttl)

    def delete(self, call_sid: str) -> None:
        """Delete on the server."""
        self.reached().delete(call_sid)

    def purge(self) -> int:
        """Purge the server."""
        return self.reached().purge()

    def calls(self) -> Iterator[str]:
        """Ask the server for each."""
        for call_sid in self.reached().calls():
            yield call_sid
            self.reached()

    def close(self) -> None:
        """Leave the server as it is."""

    def reached(self) -> MemoryStore:
        """Return the server's store, if it can be reached."""
        if not self.server.there.is_set():
            self.fail()
        return self.server.store

    def fail(self) -> None:
        """Do as one does when there is no server."""
        raise StoreUnavailableError("no answer")


class Forgets(Remote):
    """Is back without its data."""

    def fail(self) -> None:
        """Lose all."""
        for call_sid in self.server.store.calls():
            self.server.store.delete(call_sid)
        super().fail()


class WritesHalf(Remote):
    """Is interrupted while it writes."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save a part, then look for the rest."""
        part = data[: len(data) // 2]
        if not self.server.there.is_set():
            self.server.store.save(call_sid, part, expected=expected, ttl=ttl)
        return super().save(call_sid, data, expected=expected, ttl=ttl)


class FindsNothing(Remote):
    """Takes a store that is away for an empty one."""

    def load(self, call_sid: str) -> Stored | None:
        """Find nothing."""
        return super().load(call_sid) if self.server.there.is_set() else None


class Promises(Remote):
    """Says that it has saved when it has not."""

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Save some time or other."""
        if self.server.there.is_set():
            return super().save(call_sid, data, expected=expected, ttl=ttl)
        return (expected or 0) + 1


class PromisesUnderLoad(Promises):
    """Knows when it looks that it cannot save, but not when it saves."""

    def load(self, call_sid: str) -> Stored | None:
        """Load from what was kept near by."""
        return self.server.store.load(call_sid)


class StopsListing(Remote):
    """Takes the end of the connection for the end of the list."""

    def calls(self) -> Iterator[str]:
        """Go through what comes."""
        for call_sid in self.reached().calls():
            yield call_sid
            if not self.server.there.is_set():
                return


class ListsWithItsOwnError(Remote):
    """Translates errors only until the first answer."""

    def calls(self) -> Iterator[str]:
        """Go through what comes."""
        for call_sid in self.reached().calls():
            yield call_sid
            if not self.server.there.is_set():
                raise ConnectionResetError


class StaysBroken(Remote):
    """Keeps a connection that has failed."""

    is_broken = False

    def reached(self) -> MemoryStore:
        """Reach nothing any more once there was nothing to reach."""
        if self.is_broken:
            self.fail()
        return super().reached()

    def fail(self) -> None:
        """Remember it."""
        self.is_broken = True
        super().fail()


class RaisesItsOwn(Remote):
    """Lets the client library's errors through."""

    def fail(self) -> None:
        """Say it in other words."""
        raise ConnectionRefusedError


class Hangs(Remote):
    """Has no time-out."""

    def fail(self) -> None:
        """Wait for as long as it takes."""
        self.server.there.wait()


class ConnectsAtOnce(Remote):
    """Cannot be made when there is nothing to connect to."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.reached()


class ClosesLoudly(Remote):
    """Says goodbye to whoever has gone."""

    def close(self) -> None:
        """Say it."""
        self.reached()
