"""Sessions that only who has a key can read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import TYPE_CHECKING

from statechart_ivr.errors import ConfigurationError, MissingExtraError, WrongKeyError
from statechart_ivr.stores.base import SessionStore, Stored

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

#: One key or several: in one text with commas between them, or one by one.
Keys = str | bytes | Sequence[str | bytes]


class EncryptedStore:
    """Encrypts what another store keeps (Fernet: AES-128-CBC and HMAC-SHA256).

    Call SIDs, revisions and times stay readable; a record becomes a third longer. Who can write
    to the store, and has no key, can still put an older record back, or that of another call.

    To rotate keys: put the new one *behind* the old one everywhere, so that all can read it;
    then in front, so that it is written with; and take the old one away when no session can be
    older than that, after a day or ``session_ttl``.

    >>> from cryptography.fernet import Fernet
    >>> from statechart_ivr.stores.memory import MemoryStore
    >>> plain = MemoryStore()
    >>> store = EncryptedStore(plain, [Fernet.generate_key()])
    >>> store.save("CA1", b"menu", expected=None, ttl=60)
    1
    >>> store.load("CA1")
    Stored(data=b'menu', revision=1)
    >>> b"menu" in plain.load("CA1").data
    False

    Args:
        store: where the sessions are kept; closed with this one.
        keys: one or several, each 32 bytes in URL-safe base64, as ``Fernet.generate_key()``
            makes them: a list, or a text with commas between them. The first encrypts; all of
            them decrypt.

    Attributes:
        store: as given.

    Raises:
        ConfigurationError: there is no key, or one that is none.
        MissingExtraError: cryptography is not installed.
    """

    def __init__(self, store: SessionStore, keys: Keys) -> None:
        self.store = store
        several = _one_by_one(keys)
        self._fernet = _fernet(several)
        self._count = len(several)

    def around(self, store: SessionStore) -> EncryptedStore:
        """Return a store with the same keys that keeps its sessions elsewhere."""
        other = copy(self)
        other.store = store
        return other

    def load(self, call_sid: str) -> Stored | None:
        """Return the session of a call, or None.

        Raises:
            WrongKeyError: it was encrypted with another key, or somebody has changed it.
            StoreUnavailableError: the store gives no answer.
        """
        stored = self.store.load(call_sid)
        if stored is None:
            return None
        data = _decrypted(self._fernet, stored.data)
        if data is None:
            raise WrongKeyError(call_sid, stored.revision, keys=self._count)
        return stored._replace(data=data)

    def save(self, call_sid: str, data: bytes, *, expected: int | None, ttl: float) -> int:
        """Write a session, unless somebody else wrote it first; see `SessionStore.save`."""
        encrypted = self._fernet.encrypt(data)
        return self.store.save(call_sid, encrypted, expected=expected, ttl=ttl)

    def delete(self, call_sid: str) -> None:
        """Forget a session; no error when there is none."""
        self.store.delete(call_sid)

    def purge(self) -> int:
        """Remove the sessions whose time is over, and return how many they were."""
        return self.store.purge()

    def calls(self) -> Iterator[str]:
        """Go through the call SIDs in the store, whatever they are encrypted with."""
        return self.store.calls()

    def close(self) -> None:
        """Close the store."""
        self.store.close()


_HOW = (
    "make one: python -c 'from cryptography.fernet import Fernet; "
    "print(Fernet.generate_key().decode())'"
)


_KEY = re.compile("[A-Za-z0-9_-]{43}=")


def _one_by_one(keys: Keys) -> Sequence[str | bytes]:
    if isinstance(keys, bytes):
        return [key.strip() for key in keys.split(b",")]
    if isinstance(keys, str):
        return [key.strip() for key in keys.split(",")]
    return list(keys)


def _fernet(keys: Sequence[str | bytes]) -> MultiFernet:
    try:
        from cryptography.fernet import Fernet, MultiFernet
    except ImportError as error:
        raise MissingExtraError("EncryptedStore", "encryption") from error
    if not keys:
        raise ConfigurationError(f"EncryptedStore needs a key; {_HOW}")
    several = []
    for number, key in enumerate(keys, 1):
        try:
            # Base64 is read up to its first sign of an end: two keys in one would be the first.
            if not _KEY.fullmatch(key if isinstance(key, str) else key.decode("ascii")):
                raise ValueError
            several.append(Fernet(key))
        except (AttributeError, ValueError):
            # Without the cause: it might repeat the key.
            raise ConfigurationError(
                f"key {number} of EncryptedStore is not 32 bytes in URL-safe base64; {_HOW}"
            ) from None
    return MultiFernet(several)


def _decrypted(fernet: MultiFernet, data: bytes) -> bytes | None:
    from cryptography.fernet import InvalidToken

    try:
        return fernet.decrypt(data)
    except InvalidToken:  # which has nothing more to say
        return None
