"""The master key, and what lies wrapped by it: data keys and the key of the blind index.

A program may know two masters: the one in force, and the one that is to follow it. Each wrapped key names its master by a fingerprint
that tells nothing of it; what was wrapped before fingerprints were kept is tried with every master known.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from engine.errors import Misconfigured

NONCE_BYTES = 12
KEY_BYTES = 32
_FINGERPRINT_BYTES = 8


def new_master_key() -> str:
    """A fresh 256-bit master key as the hexadecimal text that the secret chain keeps."""
    return os.urandom(KEY_BYTES).hex()


@dataclass(frozen=True, slots=True)
class Master:
    """One master key, able to wrap and unwrap."""

    fingerprint: bytes
    first_index_key: bytes = field(repr=False)
    """The key of the blind index as it was before it had one of its own: databases made then go on with it."""
    _cipher: AESGCM = field(repr=False)

    def wrap(self, key: bytes, bound: bytes) -> bytes:
        """The key sealed by this master, opening for `bound` only."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, bound)

    def unwrap(self, wrapped: bytes, bound: bytes) -> bytes | None:
        """The key; None when another master wrapped it, or for something else."""
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
        except InvalidTag:
            return None


def read_master(text: str) -> Master:
    """The master key that a person keeps as text. Raises Misconfigured for anything else."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != KEY_BYTES:
        raise Misconfigured(
            "keys.master_malformed",
            "The master key is not 64 hexadecimal digits: give the key that was kept when the database was made.",
        )
    fingerprint = hmac.digest(raw, b"orders-tui master key", "sha256")[:_FINGERPRINT_BYTES]
    return Master(fingerprint, hmac.digest(raw, b"orders-tui blind index", "sha256"), AESGCM(raw))


def unwrap(masters: Sequence[Master], wrapped: bytes, fingerprint: bytes | None, bound: bytes) -> bytes | None:
    """The key that one of these masters wrapped; None when none did."""
    for master in masters:
        if fingerprint in (None, master.fingerprint):
            key = master.unwrap(wrapped, bound)
            if key is not None:
                return key
    return None
