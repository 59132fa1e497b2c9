"""The vault: seals personal values under per-creator data keys, opens them, and makes words of a blind index.

A sealed value is one version byte, the data key's number (4 bytes), a 12-byte nonce, then AES-256-GCM ciphertext and tag. The
associated data names column and row, so a value copied to another row or column does not open. A data key lies in `data_keys`
sealed by the master key; deleting its row forgets everything sealed under it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import struct
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag

from engine.errors import Misconfigured
from engine.identifiers import UserId
from engine.privacy.key_ring import KeyRing
from engine.privacy.wrapping import NONCE_BYTES, new_master_key, read_master

__all__ = ["MASK", "Vault", "key_head", "key_number", "new_master_key", "normalise_word", "search_words"]

MASK = "•••"
"""What a person sees where a value cannot be opened or was masked by the channel."""

_VERSION = 1
_OPEN_VERSION = 0
_HEADER = struct.Struct(">BI")
_BODY = _HEADER.size + NONCE_BYTES
_TAG_BYTES = 16
_MAY_LIE_OPEN = ("audit_log.", "journal.")
"""Elsewhere a value that claims not to be sealed is a forged one."""
_WORD = struct.Struct(">q")
_SPACES = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"[\s()+\-.]")


class _Nonces:
    """Random nonces, asked of the system many at a time and given out once each."""

    _MANY = 512

    def __init__(self) -> None:
        self._bytes = b""
        self._place = 0
        # A copy of this process must not give out the same ones again.
        os.register_at_fork(after_in_child=self._forget)

    def next(self) -> bytes:
        place = self._place
        if place >= len(self._bytes):
            self._bytes, place = os.urandom(NONCE_BYTES * self._MANY), 0
        self._place = end = place + NONCE_BYTES
        return self._bytes[place:end]

    def _forget(self) -> None:
        self._bytes, self._place = b"", 0


_nonces = _Nonces()


class Vault:
    """Seals and opens with the keys of a ring. Without a master key it seals nothing, opens nothing, and everything else goes on."""

    def __init__(self, master_key: str | None, next_master_key: str | None = None) -> None:
        """`next_master_key` is the one that is to follow, known beside the one in force while programs change over."""
        self.ring = KeyRing([read_master(key) for key in (master_key, next_master_key) if key is not None])

    @property
    def has_keys(self) -> bool:
        return bool(self.ring.masters)

    async def load(self, connection: Any, *, opening: bool = False) -> None:
        """Read every key. When `opening`, raises Misconfigured when the master key is not the one they were sealed with."""
        await self.ring.read(connection, opening=opening)

    async def ensure(self, connection: Any, owner: UserId) -> None:
        """Make the creator's data key if there is none yet."""
        await self.ring.ensure(connection, owner)

    def seal(self, owner: UserId, place: str, row: UUID, plain: bytes) -> bytes:
        """Seal one value of `row` in `place` ("orders.customer_name"). The owner's key must have been ensured."""
        current = self.ring.current(owner)
        if current is None:
            raise Misconfigured(
                "keys.missing",
                "Personal data cannot be stored without the master key: set ORDERS_TUI_MASTER_KEY or its credential file.",
            )
        number, cipher = current
        nonce = _nonces.next()
        return _HEADER.pack(_VERSION, number) + nonce + cipher.encrypt(nonce, plain, place.encode() + row.bytes)

    def open(self, place: str, row: UUID, sealed: bytes | None) -> bytes | None:
        """The plain value; None when nothing is stored or its key is not here. Raises Misconfigured for a forged value."""
        if not sealed:
            return None
        if sealed[0] == _OPEN_VERSION and place.startswith(_MAY_LIE_OPEN):
            return sealed[1:]
        if not self.ring.masters:
            return None
        if sealed[0] == _OPEN_VERSION or len(sealed) < _BODY + _TAG_BYTES:
            raise _forged(place)
        version, number = _HEADER.unpack_from(sealed)
        cipher = self.ring.cipher(number) if version == _VERSION else None
        if cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[_HEADER.size : _BODY], sealed[_BODY:], place.encode() + row.bytes)
        except InvalidTag:
            raise _forged(place) from None

    def seal_anew(self, place: str, row: UUID, sealed: bytes) -> bytes | None:
        """The value under its owner's key of now; None when it does not open, or its owner has no key any more."""
        number = key_number(sealed)
        owner = None if number is None else self.ring.owner(number)
        if owner is None or not self.can_seal(owner):
            return None
        try:
            plain = self.open(place, row, sealed)
        except Misconfigured:
            return None
        return None if plain is None else self.seal(owner, place, row, plain)

    def can_seal(self, owner: UserId) -> bool:
        """Whether this creator's key is here."""
        return self.ring.has_current(owner)

    @staticmethod
    def mark_open(plain: bytes) -> bytes:
        """Store a value that is not personal where sealed ones lie, for a program that has no keys."""
        return bytes([_OPEN_VERSION]) + plain

    def seal_text(self, owner: UserId, place: str, row: UUID, text: str) -> bytes | None:
        """Seal a text; empty text is stored as nothing."""
        return self.seal(owner, place, row, text.encode()) if text else None

    def open_text(self, place: str, row: UUID, sealed: bytes | None) -> str:
        """The text for a person: empty when nothing is stored, the mask when it cannot be opened."""
        if not sealed:
            return ""
        plain = self.open(place, row, sealed)
        return MASK if plain is None else plain.decode()

    def word(self, text: str) -> int:
        """The blind index of one normalised word: the same word gives the same number, and the number tells nothing."""
        return int(
            _WORD.unpack_from(hmac.digest(self.ring.index_key, normalise_word(text).encode(), hashlib.sha256))[0]
        )


def key_number(sealed: bytes) -> int | None:
    """The number of the data key a stored value is sealed with; None for one that is not sealed."""
    if len(sealed) < _BODY + _TAG_BYTES or sealed[0] != _VERSION:
        return None
    return int(_HEADER.unpack_from(sealed)[1])


def key_head(number: int) -> bytes:
    """How every value sealed with this data key begins."""
    return _HEADER.pack(_VERSION, number)


def _forged(place: str) -> Misconfigured:
    sentence = f"A sealed value of {place} does not belong to its row: restore it from a backup."
    return Misconfigured("keys.tampered", sentence)


def normalise_word(text: str) -> str:
    """Lower-case, trimmed, inner spaces single; a text of digits and phone punctuation is reduced to its digits."""
    folded = _SPACES.sub(" ", text.casefold().strip())
    digits = _PUNCTUATION.sub("", folded)
    return digits if digits.isdigit() else folded


def search_words(name: str, email: str, phone: str) -> Iterable[str]:
    """The words a person may be found by: each word of the name, the whole name, the e-mail, the phone; masked ones never."""
    words: set[str] = set()
    if name and "*" not in name:
        whole = normalise_word(name)
        words.add(whole)
        words.update(word for word in whole.split(" ") if len(word) > 1)
    for text in (email, phone):
        if text and "*" not in text:
            words.add(normalise_word(text))
    return words
