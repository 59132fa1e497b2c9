"""Links of the audit chain: each entry's hash covers the one before it, its place, its words and its sealed values.

The chain runs per subject (an order, a product, a shop), because the subject's row is locked by whoever changes it. Hashes cover the
digests of the stored bytes, so that anyone can verify a chain without the keys to read it, and so that a value can be sealed anew or
erased later: the digest of what was first stored stays in its place.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

import orjson

from engine.actors import Actor
from engine.database.rows import insert_rows
from engine.identifiers import UserId
from engine.privacy.cipher import Vault

_COLUMNS = (
    "subject",
    "sequence",
    "action",
    "actor",
    "source",
    "before",
    "after",
    "previous_hash",
    "hash",
    "created_at",
)

_in_columns = attrgetter(*_COLUMNS)

_BY_DIGESTS = b"by digests"
"""Begins what such hashes cover, so that a digest never passes for a value."""

_LENGTH = struct.Struct(">I").pack

GENESIS = b""
"""What the first entry of a subject follows."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One link, ready to be written."""

    subject: UUID
    sequence: int
    action: str
    actor: str
    source: str
    before: bytes | None
    after: bytes | None
    previous_hash: bytes
    hash: bytes
    created_at: datetime
    before_digest: bytes | None = None
    """Of what was first stored in `before`; None as long as that is there."""
    after_digest: bytes | None = None


def link(
    vault: Vault,
    owner: UserId,
    subject: UUID,
    sequence: int,
    previous_hash: bytes,
    action: str,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    at: datetime,
) -> Entry:
    """The entry number `sequence` (from 1) of the subject's chain."""
    sealed_before = _seal(vault, owner, "audit_log.before", subject, before)
    sealed_after = _seal(vault, owner, "audit_log.after", subject, after)
    digest = entry_hash(
        subject,
        sequence,
        action,
        actor.name,
        str(actor.source),
        value_digest(sealed_before),
        value_digest(sealed_after),
        previous_hash,
        at,
    )
    return Entry(
        subject,
        sequence,
        action,
        actor.name,
        str(actor.source),
        sealed_before,
        sealed_after,
        previous_hash,
        digest,
        at,
    )


def entry_hash(
    subject: UUID,
    sequence: int,
    action: str,
    actor: str,
    source: str,
    before: bytes | None,
    after: bytes | None,
    previous_hash: bytes,
    at: datetime,
) -> bytes:
    """The digest of everything the entry says, its values by their own digests, and of what it follows."""
    said = _said(subject, sequence, action, actor, source, previous_hash, at)
    return digest((_BY_DIGESTS, *said, before or b"", after or b""))


def _said(
    subject: UUID, sequence: int, action: str, actor: str, source: str, previous_hash: bytes, at: datetime
) -> tuple[bytes, ...]:
    return (
        previous_hash,
        subject.bytes,
        str(sequence).encode(),
        action.encode(),
        actor.encode(),
        source.encode(),
        instant(at),
    )


def value_digest(stored: bytes | None) -> bytes | None:
    """What a hash covers of a stored value."""
    return None if stored is None else hashlib.sha256(stored).digest()


def covers(entry: Entry) -> bool:
    """Whether the entry's hash covers what it says."""
    said = _said(
        entry.subject,
        entry.sequence,
        entry.action,
        entry.actor,
        entry.source,
        entry.previous_hash,
        entry.created_at,
    )
    before = entry.before_digest or value_digest(entry.before) or b""
    after = entry.after_digest or value_digest(entry.after) or b""
    return entry.hash == digest((_BY_DIGESTS, *said, before, after)) or is_whole_only(entry)


def is_whole_only(entry: Entry) -> bool:
    """Whether the entry is of before hashes covered digests: its values are covered byte by byte, and stay as they are."""
    if entry.before_digest is not None or entry.after_digest is not None:
        return False
    *said, at = _said(
        entry.subject,
        entry.sequence,
        entry.action,
        entry.actor,
        entry.source,
        entry.previous_hash,
        entry.created_at,
    )
    return entry.hash == digest((*said, entry.before or b"", entry.after or b"", at))


def digest(parts: Iterable[bytes]) -> bytes:
    """SHA-256 over the parts, each preceded by its length so that no two lists of parts read alike."""
    # One call with everything costs half of twenty with little each.
    return hashlib.sha256(b"".join([piece for part in parts for piece in (_LENGTH(len(part)), part)])).digest()


def instant(at: datetime) -> bytes:
    """A time as digests cover it, to the microsecond the database keeps."""
    return str(int(at.timestamp() * 1_000_000)).encode()


async def write(connection: Any, entries: Sequence[Entry]) -> None:
    """Insert the entries. A second writer of one place breaks the primary key rather than the chain."""
    await insert_rows(connection, "audit_log", _COLUMNS, [_in_columns(entry) for entry in entries])


async def append(
    connection: Any,
    vault: Vault,
    owner: UserId,
    subject: UUID,
    action: str,
    actor: Actor,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Add one entry to a subject whose row is locked by the caller but keeps no head of its own."""
    last = await connection.fetchrow(
        "SELECT sequence, hash FROM audit_log WHERE subject = $1 ORDER BY sequence DESC LIMIT 1", subject
    )
    at = await connection.fetchval("SELECT now()")
    sequence, previous = (last["sequence"] + 1, last["hash"]) if last else (1, GENESIS)
    await write(connection, [link(vault, owner, subject, sequence, previous, action, actor, before, after, at)])


def _seal(vault: Vault, owner: UserId, place: str, subject: UUID, value: dict[str, Any] | None) -> bytes | None:
    if value is None:
        return None
    plain = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return vault.seal(owner, place, subject, plain) if vault.can_seal(owner) else vault.mark_open(plain)
