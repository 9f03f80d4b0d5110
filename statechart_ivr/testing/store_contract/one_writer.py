"""What a store does for one writer: revisions, time to live, purge, bytes, call SIDs."""

# ruff: noqa: S101 - assertions are what tests are made of

from __future__ import annotations

from statechart_ivr.stores.base import Stored
from statechart_ivr.testing.store_contract.hooks import SID, StoreHooks

ODD_SIDS = (
    SID,
    "",
    "ca",
    "CA",
    " CA",
    "CA ",
    "C A",
    "CA'; --",
    'CA"',
    "CA`",
    "C/A/../..",
    "C\\A",
    "C\nA",
    "C%A",
    "C_A",
    "C*A",
    "C:A",
    "C{A}",
    "Köln",
    "Ko\N{COMBINING DIAERESIS}ln",
    "☎🎄",
    "NULL",
    "0",
    "00",
    "C" * 500,
)

# Data that has been mangled before, by one store or another.
ODD_DATA = (
    b"",
    bytes(range(256)),
    b"\0",
    b"\0\0menu\0",
    b"123",
    b"-0.5e7",
    b"null",
    b'{"conf": ["menu"]}',
    b"'; DELETE FROM session; --",
    b"*3\r\n$3\r\nSET\r\n",
    b"line\r\nline\n\n",
    b" menu \t",
    b"\\x6d656e75",
    b"%s %(menu)s {menu}",
    b"\xff\xfe\xfd",
    "K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln".encode("utf-16"),
    "K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln".encode("latin-1"),
    b"\x1f\x8b\x08\0 like gzip",
    b"\x80\x04N. like a pickle",
)

#: A record stays below 100 kB unless a flow keeps much in its session; a store takes 1 MiB.
LARGE = bytes(range(256)) * 4096


class OneWriter(StoreHooks):
    """What a store does for one writer."""

    def test_absent(self) -> None:
        """A call nobody saved has no session."""
        assert self.store.load(SID) is None
        assert list(self.store.calls()) == []

    def test_first_save(self) -> None:
        """The first save makes revision 1, and is read as it was written."""
        assert self.save(b"menu") == 1
        assert self.store.load(SID) == Stored(b"menu", 1)

    def test_further_saves(self) -> None:
        """Each further save adds one to the revision."""
        for revision in range(1, 6):
            data = b"turn %d" % revision
            assert self.save(data, expected=revision - 1 or None) == revision
            assert self.store.load(SID) == Stored(data, revision)

    def test_stale_revision(self) -> None:
        """A save based on an older or a future revision is refused and writes nothing."""
        self.save()
        self.save(b"newer", expected=1)
        for wrong in (1, 3, 0, -1):
            self.assert_stale(wrong)

    def test_none_expected_but_there(self) -> None:
        """A save that expects no session is refused where there is one."""
        self.save()
        self.assert_stale(None)

    def test_expected_but_absent(self) -> None:
        """A save that expects a session is refused where there is none."""
        self.assert_stale(1)
        assert list(self.store.calls()) == []

    def test_time_to_live(self) -> None:
        """A session is there until its time is over, and no longer."""
        self.save(ttl=60)
        self.advance(59)
        assert self.store.load(SID) == Stored(b"x", 1)
        self.advance(1)
        assert self.store.load(SID) is None

    def test_renewed_time_to_live(self) -> None:
        """Each save counts the time anew, from the moment of that save."""
        self.save(ttl=60)
        self.advance(59)
        self.save(expected=1, ttl=60)
        self.advance(59)
        assert self.store.load(SID) == Stored(b"x", 2)
        self.save(expected=2, ttl=10)
        self.advance(10)
        assert self.store.load(SID) is None

    def test_own_time_to_live(self) -> None:
        """Each session has a time of its own."""
        self.store.save("short", b"x", expected=None, ttl=10)
        self.store.save("long", b"x", expected=None, ttl=20)
        self.advance(10)
        assert self.store.load("short") is None
        assert self.store.load("long") == Stored(b"x", 1)

    def test_expired_is_absent(self) -> None:
        """A session whose time is over is neither listed nor in the way, purged or not."""
        self.save(ttl=60)
        self.save(expected=1, ttl=60)
        self.advance(60)
        assert list(self.store.calls()) == []
        self.assert_stale(2)
        self.store.delete(SID)
        assert self.store.load(SID) is None

    def test_save_over_expired(self) -> None:
        """Where a session's time is over, the next one starts at revision 1."""
        self.save(b"old", ttl=60)
        self.save(b"old", expected=1, ttl=60)
        self.advance(60)
        assert self.save(b"new", ttl=60) == 1
        assert self.store.load(SID) == Stored(b"new", 1)
        assert list(self.store.calls()) == [SID]

    def test_purge(self) -> None:
        """A purge removes what is over, all of it, nothing else, and counts it."""
        self.save_many("short", ttl=10)
        self.store.save("long", b"x", expected=None, ttl=20)
        assert self.store.purge() == 0
        self.advance(10)
        assert self.store.purge() == self.many
        assert self.store.purge() == 0
        assert list(self.store.calls()) == ["long"]

    def test_delete(self) -> None:
        """A deleted session is gone, whatever its revision, and the next one starts at 1."""
        self.save()
        self.save(expected=1)
        self.store.delete(SID)
        assert self.store.load(SID) is None
        self.assert_stale(2)
        assert self.save() == 1

    def test_delete_absent(self) -> None:
        """Deleting what is not there is no error, and touches no other session."""
        self.save()
        self.store.delete("CA-nobody")
        assert self.store.load(SID) == Stored(b"x", 1)

    def test_bytes(self) -> None:
        """Bytes come back as they were, whatever they look like, on every handle."""
        revision = None
        for data in ODD_DATA:
            revision = self.save(data, expected=revision)
            for handle in (self.store, self.second):
                stored = handle.load(SID)
                assert stored == Stored(data, revision)
                assert type(stored.data) is bytes

    def test_large_records(self) -> None:
        """A megabyte is kept to the last byte, beside others, and makes way for a small one."""
        for number in range(3):
            data = LARGE + b"%d" % number
            assert self.store.save(f"large {number}", data, expected=None, ttl=60) == 1
        for number in range(3):
            assert self.second.load(f"large {number}") == Stored(LARGE + b"%d" % number, 1)
        assert self.store.save("large 1", b"small", expected=1, ttl=60) == 2
        assert self.store.load("large 1") == Stored(b"small", 2)
        assert self.store.load("large 2") == Stored(LARGE + b"2", 1)

    def test_odd_call_sids(self) -> None:
        """Call SIDs that look alike, or mean something elsewhere, are kept apart."""
        for call_sid in ODD_SIDS:
            assert self.store.save(call_sid, call_sid.encode(), expected=None, ttl=60) == 1
        assert sorted(self.store.calls()) == sorted(ODD_SIDS)
        for call_sid in ODD_SIDS:
            assert self.store.load(call_sid) == Stored(call_sid.encode(), 1)
            self.store.delete(call_sid)
            assert self.store.load(call_sid) is None

    def test_close_twice(self) -> None:
        """Closing a closed store does nothing."""
        self.save()
        self.store.close()
        self.store.close()
