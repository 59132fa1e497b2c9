"""Seals: the heads of all chains that grew, sealed together, so that a chain rewritten from end to end shows all the same.

An entry carries the time at which its transaction began, and may be committed much later. So a seal reaches only to a horizon:
a moment before which every transaction then running has ended. Which ones run is told by their virtual transaction ids, which any
login may see; no setting and no grant is needed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.audit.chain import GENESIS, digest, instant
from engine.database.rows import insert_rows

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "audit_seal"
"""Who seals: one daemon at a time. Should two do it all the same, the seal's number lets only one of them."""

_CLOCK = "SELECT clock_timestamp()"
# Only what can write: autovacuum workers have no login.
_RUNNING = """
SELECT coalesce(array_agg(l.virtualtransaction), '{}') FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
  AND a.datname = current_database() AND a.usesysid IS NOT NULL
"""
_LAST = "SELECT number, horizon, hash FROM audit_seals ORDER BY number DESC LIMIT 1"
_FIRST_ENTRY = "SELECT min(created_at) FROM audit_log"
_COUNT = "SELECT count(*) FROM (SELECT FROM audit_log WHERE created_at >= $1 AND created_at < $2 LIMIT $3) few"

# Index: audit_log_created_index.
_HEADS = """
SELECT DISTINCT ON (subject) subject, sequence, hash FROM audit_log
WHERE created_at >= $1 AND created_at < $2 ORDER BY subject, sequence DESC
"""
_SEAL = """
INSERT INTO audit_seals (number, horizon, subjects, previous_hash, hash) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (number) DO NOTHING RETURNING sealed_at
"""

_MOST_ENTRIES = 50_000
_MOST_SEALS = 20
_SHORTEST_SPAN = timedelta(seconds=1)
_MOST_MARKS = 60
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class SealedHead:
    """Where one chain stood when it was sealed."""

    subject: UUID
    sequence: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal: everything begun before `horizon` is covered by it or by the ones before."""

    number: int
    horizon: datetime
    subjects: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class _Mark:
    at: datetime
    running: frozenset[str]


def seal_hash(number: int, horizon: datetime, heads: Sequence[SealedHead], previous_hash: bytes) -> bytes:
    """The digest of a seal: the one before it, and every head, sorted by subject."""
    parts = [previous_hash, str(number).encode(), instant(horizon)]
    for head in sorted(heads, key=lambda each: each.subject.bytes):
        parts += (head.subject.bytes, str(head.sequence).encode(), head.hash)
    return digest(parts)


class Sealer:
    """Seals what is certain to be complete. Remembers the moments whose transactions it still waits for."""

    def __init__(
        self,
        database: Database,
        *,
        margin_seconds: float = 5.0,
        patience_seconds: float = 2.0,
        most_entries: int = _MOST_ENTRIES,
    ) -> None:
        self._database = database
        # A transaction's time is a moment older than its virtual id, so the horizon keeps away from the mark.
        self._margin = timedelta(seconds=margin_seconds)
        self._patience_seconds = patience_seconds
        self._most_entries = most_entries
        self._marks: deque[_Mark] = deque(maxlen=_MOST_MARKS)

    async def seal(self) -> list[Seal]:
        """Seal up to the horizon, a bounded number of entries a seal; the rest is left to the next call."""
        horizon = await self._horizon()
        seals: list[Seal] = []
        while horizon is not None and len(seals) < _MOST_SEALS:
            done = await self._database.run(lambda connection: _seal_next(connection, horizon, self._most_entries))
            if done is None:
                break
            seals.append(done)
        return seals

    async def _horizon(self) -> datetime | None:
        """The newest moment that no running transaction is older than; None while there is none yet."""
        pool = self._database.pool
        at = await pool.fetchval(_CLOCK)
        self._marks.append(_Mark(at, frozenset(await pool.fetchval(_RUNNING))))
        newest = self._marks[-1]
        waited = 0.0
        while True:
            running = frozenset(await pool.fetchval(_RUNNING))
            proven = [mark for mark in self._marks if not mark.running & running]
            if newest in proven or waited >= self._patience_seconds:
                break
            await asyncio.sleep(_LOOK_SECONDS)
            waited += _LOOK_SECONDS
        if not proven:
            return None
        best = proven[-1]
        while self._marks[0] is not best:
            self._marks.popleft()
        return best.at - self._margin


async def _seal_next(connection: Any, horizon: datetime, most_entries: int) -> Seal | None:
    """The next seal, at most to the horizon; None when nothing is left or another daemon was quicker."""
    last = await connection.fetchrow(_LAST)
    since = last["horizon"] if last else await connection.fetchval(_FIRST_ENTRY)
    if since is None:
        return None
    number, previous_hash = (last["number"] + 1, last["hash"]) if last else (1, GENESIS)
    while since < horizon:
        until = await _bounded(connection, since, horizon, most_entries)
        heads = [SealedHead(*row) for row in await connection.fetch(_HEADS, since, until)]
        if heads:
            return await _write(connection, number, until, heads, previous_hash)
        since = until
    return None


async def _write(
    connection: Any, number: int, horizon: datetime, heads: Sequence[SealedHead], previous_hash: bytes
) -> Seal | None:
    sealed = seal_hash(number, horizon, heads, previous_hash)
    if await connection.fetchval(_SEAL, number, horizon, len(heads), previous_hash, sealed) is None:
        return None
    rows = [(number, head.subject, head.sequence, head.hash) for head in heads]
    await insert_rows(connection, "audit_seal_heads", ("seal", "subject", "sequence", "hash"), rows)
    return Seal(number, horizon, len(heads), sealed)


async def _bounded(connection: Any, since: datetime, horizon: datetime, most_entries: int) -> datetime:
    """The end of a span that holds at most so many entries, or that cannot sensibly be halved any further."""
    until = horizon
    while until - since > _SHORTEST_SPAN:
        if await connection.fetchval(_COUNT, since, until, most_entries + 1) <= most_entries:
            break
        until = since + (until - since) / 2
    return until
