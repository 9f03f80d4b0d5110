"""Sessions that only who has a key can read."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from statemachine import State

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.call import Request
from statechart_ivr.clock import Clock
from statechart_ivr.errors import ConfigurationError, StoreUnavailableError, WrongKeyError
from statechart_ivr.stores import (
    EncryptedStore,
    MemoryStore,
    SessionStore,
    SqliteStore,
    Stored,
    open_store,
)
from statechart_ivr.switchboard import Switchboard
from statechart_ivr.testing.store_contract import ODD_DATA, StoreContract
from statechart_ivr.web import IvrApp

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = b"the caller's number is 493817"


class TestEncryptedMemory(StoreContract):
    """Around a `MemoryStore` it keeps the contract."""

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store with two keys."""
        return EncryptedStore(MemoryStore(clock=clock), [NEW, OLD])


class TestEncryptedFile(StoreContract):
    """Around a `SqliteStore` it does so for several processes, and while that is away."""

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "disk"
        self.folder.mkdir()
        self.url = f"sqlite:///{self.folder}/calls.db"

    def make_store(self, clock: Clock) -> SessionStore:
        """Return a store on a file of its own."""
        return open_store(self.url, clock=clock, keys=NEW)

    def make_second(self, store: SessionStore) -> SessionStore:
        """Return one on the same file whose keys are about to be rotated."""
        return open_store(self.url, clock=self.clock, keys=[NEW, OLD])

    def make_opener(self, store: SessionStore) -> Callable[[], SessionStore]:
        """Return what opens the same file elsewhere."""
        return partial(open_store, f"{self.url}?timeout=30", keys=NEW)

    def take_away(self) -> None:
        """Move the folder, as if its disk had been unmounted."""
        self.folder.rename(self.folder.with_name("not mounted"))

    def bring_back(self) -> None:
        """Move it back."""
        self.folder.with_name("not mounted").rename(self.folder)


@pytest.fixture
def plain() -> MemoryStore:
    """Return the store behind."""
    return MemoryStore()


def save(store: SessionStore, data: bytes = SECRET, expected: int | None = None) -> int:
    """Save the session of CA1."""
    return store.save("CA1", data, expected=expected, ttl=60)


def test_nothing_is_readable_behind_it(plain: MemoryStore) -> None:
    """Nothing but the call SID; and equal sessions do not look equal."""
    store = EncryptedStore(plain, NEW)
    for number, data in enumerate([SECRET, SECRET, b"1" * 1000]):
        store.save(f"CA{number}", data, expected=None, ttl=60)
    found = [plain.load(call_sid) for call_sid in plain.calls()]
    kept = [stored.data for stored in found if stored]
    assert kept[0] != kept[1]
    assert not any(part in data for data in kept for part in (SECRET, b"493817", b"1111"))
    assert list(store.calls()) == ["CA0", "CA1", "CA2"]


@pytest.mark.parametrize(
    "keys",
    [
        NEW,
        NEW.encode(),
        [NEW],
        (NEW.encode(), OLD),
        f"{NEW},{OLD}",
        f" {NEW} , {OLD}\n",
        f"{NEW}, {OLD}".encode(),
    ],
)
def test_ways_to_write_keys(plain: MemoryStore, keys: str | bytes | list[str]) -> None:
    """One or several, as text or bytes, in a list or with commas; the first one encrypts."""
    save(EncryptedStore(plain, keys))
    assert EncryptedStore(plain, NEW).load("CA1") == Stored(SECRET, 1)


def test_rotation(plain: MemoryStore) -> None:
    """While a step is under way some processes have taken it, some not: no session is lost."""
    steps = [[OLD], [OLD, NEW], [NEW, OLD]]
    revision = save(EncryptedStore(plain, OLD), b"0")
    for before, after in pairwise(steps):
        for keys in (after, before, after):
            store = EncryptedStore(plain, keys)
            stored = store.load("CA1")
            assert stored == Stored(b"%d" % (revision - 1), revision)
            revision = save(store, b"%d" % revision, revision)
    # What was saved since the new key is in front needs the old one no more.
    assert revision == 7
    assert EncryptedStore(plain, NEW).load("CA1") == Stored(b"6", 7)


def test_a_key_that_is_taken_away_too_early(plain: MemoryStore) -> None:
    """What was written with it waits for it, and says how to do it."""
    save(EncryptedStore(plain, OLD))
    with pytest.raises(WrongKeyError, match=r"^the key does not open the session of CA1; keep a"):
        EncryptedStore(plain, NEW).load("CA1")
    assert EncryptedStore(plain, [NEW, OLD]).load("CA1") == Stored(SECRET, 1)


def test_wrong_key(plain: MemoryStore) -> None:
    """It names the call, and neither content nor keys; the session stays as it is."""
    save(EncryptedStore(plain, OLD))
    save(EncryptedStore(plain, OLD), expected=1)
    before = plain.load("CA1")
    with pytest.raises(WrongKeyError) as caught:
        EncryptedStore(plain, [NEW, OTHER]).load("CA1")
    error = caught.value
    assert (error.call_sid, error.revision) == ("CA1", 2)
    assert str(error).startswith("none of the 2 keys opens the session of CA1; ")
    assert isinstance(error, StoreUnavailableError)
    assert (error.__cause__, error.__context__) == (None, None)
    for secret in (OLD, NEW, OTHER, SECRET.decode()):
        assert secret not in str(error)
    assert plain.load("CA1") == before


def test_tampered(plain: MemoryStore) -> None:
    """Whatever bit is turned, or how much is cut off: nothing is read that was not written."""
    store = EncryptedStore(plain, NEW)
    save(store, b"menu")
    stored = plain.load("CA1")
    assert stored is not None
    whole = stored.data
    damaged = [whole[:place] for place in range(len(whole))]
    damaged += [
        whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :]
        for place in range(0, len(whole) - 4, 7)  # base64 may have spare bits at its end
        for bit in range(8)
    ]
    for revision, data in enumerate([*damaged, *ODD_DATA], 1):
        save(plain, data, revision)
        with pytest.raises(WrongKeyError):
            store.load("CA1")


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ([], "EncryptedStore needs a key; make one: python -c"),
        ("", "key 1 of EncryptedStore is not 32 bytes in URL-safe base64; make one"),
        (",", "key 1 of EncryptedStore"),
        (f"{NEW},", "key 2 of EncryptedStore"),
        ([NEW, "hunter2"], "key 2 of EncryptedStore"),
        ([NEW, b"hunter2" * 6], "key 2 of EncryptedStore"),
        (NEW[:-4], "key 1 of EncryptedStore"),
        (f"{NEW};{OLD}", "key 1 of EncryptedStore"),
        (f"{OLD},{NEW} {OLD}", "key 2 of EncryptedStore"),
        ([f"{NEW},{OLD}"], "key 1 of EncryptedStore"),
        (f"{NEW}\n{OLD}".encode(), "key 1 of EncryptedStore"),
        ("Köln", "key 1 of EncryptedStore"),
        ([None], "key 1 of EncryptedStore"),
        ([7], "key 1 of EncryptedStore"),
    ],
)
def test_bad_keys(plain: MemoryStore, keys: str, complaint: str) -> None:
    """The complaint says which one is none and how to make one, and repeats nothing of it."""
    with pytest.raises(ConfigurationError) as caught:
        EncryptedStore(plain, keys)
    assert str(caught.value).startswith(complaint)
    assert caught.value.__cause__ is None
    for secret in (NEW, NEW[:-4], "hunter2", "Köln"):
        assert secret not in str(caught.value)


def test_the_way_to_make_a_key_works(
    plain: MemoryStore, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the complaint says to type prints a key."""
    with pytest.raises(ConfigurationError) as caught:
        EncryptedStore(plain, [])
    program = str(caught.value).partition("python -c '")[2].removesuffix("'")
    exec(program)  # noqa: S102 - it is the package's own
    save(EncryptedStore(plain, capsys.readouterr().out))


def test_the_same_keys_elsewhere(plain: MemoryStore, tmp_path: Path) -> None:
    """`around` keeps the keys, and leaves the store it was asked of alone."""
    store = EncryptedStore(plain, NEW)
    other = store.around(SqliteStore(tmp_path / "calls.db"))
    save(other)
    assert (store.load("CA1"), other.load("CA1")) == (None, Stored(SECRET, 1))
    other.close()


class Line(CallFlow):
    """A menu that counts the keys."""

    menu = State(initial=True)
    end = State(final=True)
    menu.to(menu, event=key("1"), on="count")
    menu.to(end, event=key("9"))

    @routable("/call", menu)
    def begin(self):
        self.session["pressed"] = 0

    def count(self):
        self.session["pressed"] += 1

    @renders(menu)
    def ask(self):
        return gather(f"Pressed {self.session['pressed']} times.")

    @renders(end)
    def say_goodbye(self):
        return "Goodbye."


def ask(board: Switchboard, call_sid: str, path: str = "/call", **parameters: str) -> str:
    """Return what a switchboard answers."""
    form = {"CallSid": call_sid, **parameters}
    path, _, query = path.partition("?")
    pairs = tuple(tuple(pair.split("=", 1)) for pair in query.split("&") if pair)
    return board.answer(Request(path=path, query=pairs, form=tuple(form.items()))).body.decode()


def test_a_call_under_another_key(plain: MemoryStore, caplog: pytest.LogCaptureFixture) -> None:
    """Its caller is asked for patience, nothing is overwritten, and other calls go on."""
    right = Switchboard(Line, store=EncryptedStore(plain, OLD))
    wrong = Switchboard(Line, store=EncryptedStore(plain, NEW))
    ask(right, "CA1")
    before = plain.load("CA1")
    turn = "/ivr/turn?at=/call&seq=1"
    with caplog.at_level(logging.WARNING):
        assert CallFlow.one_moment in ask(wrong, "CA1", turn, Digits="1")
    assert "the key does not open the session of CA1" in caplog.text
    assert not any(secret in caplog.text for secret in (OLD, NEW, "pressed"))
    assert list(plain.calls()) == ["CA1"]
    assert plain.load("CA1") == before
    assert "Pressed 0 times." in ask(wrong, "CA2")
    assert wrong.is_healthy()
    # As soon as a process has the key, the call goes on with what was pressed.
    both = Switchboard(Line, store=EncryptedStore(plain, [NEW, OLD]))
    assert "Pressed 1 times." in ask(both, "CA1", turn, Digits="1")


def test_what_was_put_aside_under_another_key(plain: MemoryStore) -> None:
    """It is in nobody's way: a call whose record is damaged again starts at its entry."""
    EncryptedStore(plain, OLD).save("CA1.damaged", b"?", expected=None, ttl=3600)
    store = EncryptedStore(plain, NEW)
    store.save("CA1", b"??", expected=None, ttl=3600)
    assert "Pressed 0 times." in ask(Switchboard(Line, store=store), "CA1")
    assert store.load("CA1.damaged") == Stored(b"??", 2)


def test_an_application_with_keys(tmp_path: Path) -> None:
    """`IvrApp` encrypts with them, and says that it does."""
    url = f"sqlite:///{tmp_path}/calls.db"
    app = IvrApp(Line, validate=False, store=url, store_keys=NEW)
    ask(app.switchboard, "CA1")
    app.close()
    assert app.store_name == f"{url}, encrypted"
    store = SqliteStore(tmp_path / "calls.db")
    stored = store.load("CA1")
    store.close()
    assert stored is not None
    assert b"pressed" in Fernet(NEW).decrypt(stored.data)


def test_keys_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """IVR_STORE_KEYS names them, unless they are passed; an empty one names none."""
    monkeypatch.setenv("IVR_STORE", "memory:")
    monkeypatch.setenv("IVR_STORE_KEYS", f"{NEW}, {OLD}")
    app = IvrApp.from_env(Line, validate=False)
    assert isinstance(app.switchboard.store, EncryptedStore)
    ask(app.switchboard, "CA1")
    assert app.switchboard.store.around(app.switchboard.store.store).load("CA1") is not None
    assert app.store_name == "memory:, encrypted"
    assert IvrApp.from_env(Line, validate=False, store_keys=()).store_name == "memory:"
    own = IvrApp.from_env(Line, validate=False, store=MemoryStore())
    assert own.store_name == "MemoryStore, encrypted"
    monkeypatch.setenv("IVR_STORE_KEYS", "")
    assert IvrApp.from_env(Line, validate=False).store_name == "memory:"


def test_a_wrong_key_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application does not start without encryption because a key is none."""
    monkeypatch.setenv("IVR_STORE", "memory:")
    monkeypatch.setenv("IVR_STORE_KEYS", f"{NEW},hunter2")
    with pytest.raises(ConfigurationError, match=r"^key 2 of EncryptedStore") as caught:
        IvrApp.from_env(Line, validate=False)
    assert NEW not in str(caught.value)
