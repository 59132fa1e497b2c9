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
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Misconfigured
from engine.identifiers import UserId

MASK = "•••"
"""What a person sees where a value cannot be opened or was masked by the channel."""

_VERSION = 1
_OPEN_VERSION = 0
_HEADER = struct.Struct(">BI")
_NONCE_BYTES = 12
_BODY = _HEADER.size + _NONCE_BYTES
_TAG_BYTES = 16
_MAY_LIE_OPEN = ("audit_log.", "journal.")
"""Elsewhere a value that claims not to be sealed is a forged one."""
_WORD = struct.Struct(">q")
_SPACES = re.compile(r"\s+")
_PUNCTUATION = re.compile(r"[\s()+\-.]")


def new_master_key() -> str:
    """A fresh 256-bit master key as the hexadecimal text that the secret chain keeps."""
    return os.urandom(32).hex()


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
            self._bytes, place = os.urandom(_NONCE_BYTES * self._MANY), 0
        self._place = end = place + _NONCE_BYTES
        return self._bytes[place:end]

    def _forget(self) -> None:
        self._bytes, self._place = b"", 0


_nonces = _Nonces()


class Vault:
    """Data keys in memory. Without a master key it seals nothing, opens nothing, and everything else goes on."""

    def __init__(self, master_key: str | None) -> None:
        self._ciphers: dict[int, AESGCM] = {}
        self._current: dict[UserId, int] = {}
        self._stored: set[UserId] = set()
        self._master: AESGCM | None = None
        self._index_key = b""
        if master_key is not None:
            try:
                raw = bytes.fromhex(master_key)
            except ValueError:
                raw = b""
            if len(raw) != 32:
                raise Misconfigured(
                    "keys.master_malformed",
                    "The master key is not 64 hexadecimal digits: give the key that was kept when the database was made.",
                )
            self._master = AESGCM(raw)
            self._index_key = hmac.digest(raw, b"orders-tui blind index", "sha256")

    @property
    def has_keys(self) -> bool:
        return self._master is not None

    async def load(self, connection: Any) -> None:
        """Read every data key. Raises Misconfigured when the master key is not the one they were sealed with."""
        if self._master is None:
            return
        for row in await connection.fetch(
            "SELECT id, user_id, wrapped FROM data_keys WHERE retired_at IS NULL ORDER BY id"
        ):
            self._adopt(row["id"], UserId(row["user_id"]), row["wrapped"])
            self._stored.add(UserId(row["user_id"]))

    async def ensure(self, connection: Any, owner: UserId) -> None:
        """Make the creator's data key if there is none yet."""
        if self._master is None or owner in self._stored:
            return
        await connection.execute("SELECT id FROM users WHERE id = $1 FOR UPDATE", owner)
        # A key made by a transaction that is rolled back was never stored: it is trusted once another transaction reads it.
        row = await connection.fetchrow(
            """
            SELECT id, wrapped, xmin::text <> pg_current_xact_id()::xid::text AS stored FROM data_keys
            WHERE user_id = $1 AND retired_at IS NULL ORDER BY id DESC LIMIT 1
            """,
            owner,
        )
        if row is None:
            nonce = os.urandom(_NONCE_BYTES)
            wrapped = nonce + self._master.encrypt(nonce, os.urandom(32), owner.bytes)
            row = await connection.fetchrow(
                "INSERT INTO data_keys (user_id, wrapped) VALUES ($1, $2) RETURNING id, wrapped, false AS stored",
                owner,
                wrapped,
            )
        self._adopt(row["id"], owner, row["wrapped"])
        if row["stored"]:
            self._stored.add(owner)

    def seal(self, owner: UserId, place: str, row: UUID, plain: bytes) -> bytes:
        """Seal one value of `row` in `place` ("orders.customer_name"). The owner's key must have been ensured."""
        number = self._current.get(owner)
        if number is None:
            raise Misconfigured(
                "keys.missing",
                "Personal data cannot be stored without the master key: set ORDERS_TUI_MASTER_KEY or its credential file.",
            )
        nonce = _nonces.next()
        bound = place.encode() + row.bytes
        return _HEADER.pack(_VERSION, number) + nonce + self._ciphers[number].encrypt(nonce, plain, bound)

    def open(self, place: str, row: UUID, sealed: bytes | None) -> bytes | None:
        """The plain value; None when nothing is stored or its key is not here. Raises Misconfigured for a forged value."""
        if not sealed:
            return None
        if sealed[0] == _OPEN_VERSION and place.startswith(_MAY_LIE_OPEN):
            return sealed[1:]
        if self._master is None:
            return None
        if sealed[0] == _OPEN_VERSION or len(sealed) < _BODY + _TAG_BYTES:
            raise _forged(place)
        version, number = _HEADER.unpack_from(sealed)
        cipher = self._ciphers.get(number)
        if version != _VERSION or cipher is None:
            return None
        try:
            return cipher.decrypt(sealed[_HEADER.size : _BODY], sealed[_BODY:], place.encode() + row.bytes)
        except InvalidTag:
            raise _forged(place) from None

    def can_seal(self, owner: UserId) -> bool:
        """Whether this creator's key is here."""
        return owner in self._current

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
        return int(_WORD.unpack_from(hmac.digest(self._index_key, normalise_word(text).encode(), hashlib.sha256))[0])

    def _adopt(self, number: int, owner: UserId, wrapped: bytes) -> None:
        assert self._master is not None
        try:
            key = self._master.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], owner.bytes)
        except InvalidTag:
            raise Misconfigured(
                "keys.master_wrong",
                "The master key is not the one this database was made with: give back the old one (ORDERS_TUI_MASTER_KEY).",
            ) from None
        self._ciphers[number] = AESGCM(key)
        self._current[owner] = number


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
