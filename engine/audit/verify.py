"""Verifying the audit: every chain and every seal is read in batches, and whatever was tampered with is told.

A batch is read from one snapshot, so that orders may go on being worked meanwhile, and no snapshot is kept long.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.audit.chain import GENESIS, Entry
from engine.audit.findings import FROM_THE_START, Cut, Finding, FindingKind, Witness, check_chain
from engine.audit.seals import SealedHead, seal_hash
from engine.errors import Misconfigured
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database

_BATCH = 500
_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)

# The next subjects that have entries, one look into the index for each.
_NEXT = """
WITH RECURSIVE found AS (
    (SELECT subject FROM audit_log WHERE subject > $1 ORDER BY subject LIMIT 1)
    UNION ALL
    SELECT (SELECT a.subject FROM audit_log a WHERE a.subject > found.subject ORDER BY a.subject LIMIT 1)
    FROM found WHERE found.subject IS NOT NULL
) SELECT subject FROM found WHERE subject IS NOT NULL LIMIT $2
"""
# Sealed ones too: of a chain that is gone only its seals still tell.
_SINCE = """
SELECT subject FROM audit_log WHERE created_at >= $1
UNION SELECT h.subject FROM audit_seals s JOIN audit_seal_heads h ON h.seal = s.number WHERE s.sealed_at >= $1
"""

_RANGE = "{0} >= $1 AND {0} <= $2"
_LISTED = "{0} = ANY($1::uuid[])"
_ENTRIES = """
SELECT subject, sequence, action, actor, source, before, after, previous_hash, hash, created_at,
       before_digest, after_digest
FROM audit_log WHERE {where} ORDER BY subject, sequence
"""
_ORDERS = "SELECT id, order_number, audit_sequence, audit_head FROM orders WHERE {where}"
_SEALED = "SELECT subject, seal, sequence, hash FROM audit_seal_heads WHERE {where} ORDER BY seal"
_CUTS = """
SELECT DISTINCT ON (subject) subject, through_sequence, through_hash FROM audit_cuts WHERE {where}
ORDER BY subject, through_sequence DESC
"""
_SEALS = """
SELECT number, horizon, subjects, previous_hash, hash FROM audit_seals WHERE number > $1 ORDER BY number LIMIT 100
"""
_LAST_SEAL_BEFORE = "SELECT coalesce(max(number), 0) FROM audit_seals WHERE sealed_at < $1"
_BEFORE = "SELECT number, horizon, hash FROM audit_seals WHERE number = $1"
_HEADS = "SELECT subject, sequence, hash FROM audit_seal_heads WHERE seal = $1"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A seal as somebody noted it down outside the database: what even its owner cannot rewrite."""

    number: int
    hash: bytes


@dataclass(slots=True)
class Verified:
    """What was looked at, and how it ended."""

    subjects: int = 0
    entries: int = 0
    seals: int = 0
    cuts: int = 0
    findings: int = 0
    sealed_until: datetime | None = None
    last_seal: Anchor | None = None

    @property
    def clean(self) -> bool:
        return not self.findings


Report = Callable[[Finding, str], None]
"""Called with each finding and the number of the order it is about, empty where it is about something else."""


async def verify(
    database: Database,
    report: Report,
    *,
    subject: UUID | None = None,
    since: datetime | None = None,
    anchor: Anchor | None = None,
) -> Verified:
    """Verify everything, or one subject's chain, or what has changed since; seals are left out for one subject."""
    walk = _Walk(database, report)
    if subject is not None:
        await walk.chains(_LISTED, [subject])
        return walk.verified
    if since is not None:
        found = sorted(row["subject"] for row in await database.pool.fetch(_SINCE, since))
        for start in range(0, len(found), _BATCH):
            await walk.chains(_LISTED, found[start : start + _BATCH])
    else:
        await walk.all_chains()
    await walk.seals(since, anchor)
    return walk.verified


class _Walk:
    def __init__(self, database: Database, report: Report) -> None:
        self._database = database
        self._report = report
        self.verified = Verified()

    async def all_chains(self) -> None:
        """From the least possible subject to the greatest, so that no order without entries is passed over."""
        begin = _FIRST
        while True:
            found = await self._database.pool.fetch(_NEXT, begin, _BATCH)
            end = found[-1]["subject"] if len(found) == _BATCH else _LAST
            await self.chains(_RANGE, begin, end)
            if end == _LAST:
                return
            begin = UUID(int=end.int + 1)

    async def chains(self, where: str, *bounds: Any) -> None:
        """Verify the chains of these subjects, on one snapshot."""
        async with (
            self._database.pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            entries = await connection.fetch(_ENTRIES.format(where=where.format("subject")), *bounds)
            orders = await connection.fetch(_ORDERS.format(where=where.format("id")), *bounds)
            sealed = await connection.fetch(_SEALED.format(where=where.format("subject")), *bounds)
            cuts = await connection.fetch(_CUTS.format(where=where.format("subject")), *bounds)
        chains = {
            subject: [Entry(*row) for row in rows]
            for subject, rows in itertools.groupby(entries, key=lambda row: row["subject"])
        }
        witnesses: dict[UUID, list[Witness]] = {}
        for row in sealed:
            known = Witness(f"seal {row['seal']}", row["sequence"], row["hash"])
            witnesses.setdefault(row["subject"], []).append(known)
        for row in orders:
            head = Witness("its order", row["audit_sequence"], row["audit_head"], is_head=True)
            witnesses.setdefault(row["id"], []).append(head)
        begins = {row["subject"]: Cut(row["through_sequence"], row["through_hash"]) for row in cuts}
        numbers = {row["id"]: row["order_number"] for row in orders}
        for subject in sorted(chains.keys() | witnesses.keys()):
            found = check_chain(
                subject,
                chains.get(subject, []),
                witnesses.get(subject, []),
                begins.get(subject, FROM_THE_START),
                self._opens,
            )
            self._tell(found, numbers.get(subject, ""))
        self.verified.subjects += len(chains)
        self.verified.entries += len(entries)
        self.verified.cuts += len(cuts)

    async def seals(self, since: datetime | None, anchor: Anchor | None) -> None:
        """Verify the chain of seals, each against its heads."""
        pool = self._database.pool
        number = await pool.fetchval(_LAST_SEAL_BEFORE, since) if since else 0
        before = await pool.fetchrow(_BEFORE, number)
        previous, horizon = (before["hash"], before["horizon"]) if before else (GENESIS, None)
        while rows := await pool.fetch(_SEALS, number):
            for row in rows:
                heads = [SealedHead(*head) for head in await pool.fetch(_HEADS, row["number"])]
                self._tell(_check_seal(row, number, previous, horizon, heads, anchor))
                number, previous, horizon = row["number"], row["hash"], row["horizon"]
                self.verified.seals += 1
        if self.verified.seals or before:
            self.verified.sealed_until, self.verified.last_seal = horizon, Anchor(number, previous)
        if anchor is not None and anchor.number > number:
            self._tell(
                [_of_seal(f"Seals {number + 1} to {anchor.number} are missing: seal {anchor.number} was noted down.")]
            )

    def _opens(self, entry: Entry) -> bool | None:
        return opens(self._database.vault, entry)

    def _tell(self, findings: Sequence[Finding] | Iterator[Finding], number: str = "") -> None:
        for finding in findings:
            self.verified.findings += 1
            self._report(finding, number)


def opens(vault: Vault, entry: Entry) -> bool | None:
    """Whether the entry's sealed values open as its own; None where no key can tell."""
    told = False
    for place, value in (("audit_log.before", entry.before), ("audit_log.after", entry.after)):
        if value is None or not vault.has_keys or value[:1] == b"\x00":
            continue
        try:
            told |= vault.open(place, entry.subject, value) is not None
        except Misconfigured:
            return False
    return True if told else None


def _check_seal(
    row: Any,
    last: int,
    previous: bytes,
    horizon: datetime | None,
    heads: Sequence[SealedHead],
    anchor: Anchor | None,
) -> Iterator[Finding]:
    number = row["number"]
    if number != last + 1:
        yield _of_seal(f"{_seals(last + 1, number - 1)} missing.")
    elif row["previous_hash"] != previous:
        yield _of_seal(f"Seal {number} does not follow seal {last}: one of the two was rewritten.")
    if row["subjects"] != len(heads):
        yield _of_seal(f"Seal {number} covers {row['subjects']} heads, and {len(heads)} are there.")
    elif row["hash"] != seal_hash(number, row["horizon"], heads, row["previous_hash"]):
        yield _of_seal(f"Seal {number} was edited: its hash does not cover its heads.")
    if horizon is not None and row["horizon"] <= horizon:
        yield _of_seal(f"Seal {number} reaches no further than the one before.")
    if anchor is not None and anchor.number == number and anchor.hash != row["hash"]:
        yield _of_seal(f"Seal {number} is not the one that was noted down: the seals were rewritten.")


def _seals(first: int, last: int) -> str:
    return f"Seal {first} is" if first == last else f"Seals {first} to {last} are"


def _of_seal(sentence: str) -> Finding:
    return Finding(FindingKind.SEAL, None, None, None, sentence)
