"""The undo journal: what an order was before a bulk change, the version the change left it in, and until when it may be put back.

A row that any later change has outrun is of no use, so each is guarded by the order's version. Rows are read and marked under the lock
of their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from engine.database.rows import insert_rows
from engine.identifiers import BatchId, OrderId, UserId, new_id
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault
from engine.words import OrderStatus, WorkflowState

if TYPE_CHECKING:
    from engine.database.connection import Database

UNDO_HOURS = 24
"""How long a change may be put back; later the day's work has been planned on it."""

SWEPT_AFTER_DAYS = 7
"""Expired rows are kept so long, to say that they have expired rather than that they never were."""

_AFTER = f"""
SELECT id, user_id, version, now() + interval '{UNDO_HOURS} hours' AS expires_at FROM orders WHERE id = ANY($1::uuid[])
"""  # noqa: S608

# Index: journal_batch_index. The last word of an order's audit names who outran the change.
_READ = """
SELECT o.id AS order_id, o.order_number, o.user_id, o.order_status, o.workflow_status, o.version, o.audit_sequence, o.audit_head,
       now() AS now, j.id, j.before, j.version_after, j.undone_at IS NOT NULL AS undone, j.expires_at <= now() AS expired,
       a.actor AS last_actor, a.action AS last_action
FROM unnest($2::uuid[]) WITH ORDINALITY AS d(id, place)
JOIN orders o ON o.id = d.id
LEFT JOIN journal j ON j.batch_id = $1 AND j.order_id = o.id
LEFT JOIN audit_log a ON a.subject = o.id AND a.sequence = o.audit_sequence
ORDER BY d.place
"""

_UNDONE = "UPDATE journal SET undone_at = now() WHERE id = ANY($1::uuid[])"

# Index: journal_expiry_index.
_SWEEP = f"""
DELETE FROM journal WHERE id IN (
    SELECT id FROM journal WHERE expires_at < now() - interval '{SWEPT_AFTER_DAYS} days' ORDER BY expires_at LIMIT $1
    FOR UPDATE SKIP LOCKED)
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Entry:
    """One order of an undo, locked: how it is now and what it was `before`."""

    journal_id: Any
    order_id: OrderId
    order_number: str
    user_id: UserId
    status: OrderStatus
    state: WorkflowState
    version: int
    audit_sequence: int
    audit_head: bytes
    now: Any
    before: Mapping[str, Any]

    def outcome(self, code: str = "", sentence: str = "", after: OrderStatus | None = None) -> ChangeOutcome:
        """What becomes of the order; its status stays unless `after` says otherwise."""
        return ChangeOutcome(self.order_id, self.order_number, self.status, after or self.status, code, sentence)


async def write(connection: Any, vault: Vault, batch_id: BatchId, before: Mapping[OrderId, Mapping[str, Any]]) -> None:
    """Note what these orders were before the change that this transaction has made."""
    if not before:
        return
    rows = []
    for row in await connection.fetch(_AFTER, list(before)):
        journal_id = new_id()
        sealed = _seal(vault, UserId(row["user_id"]), journal_id, before[row["id"]])
        rows.append((journal_id, batch_id, row["id"], sealed, row["version"], row["expires_at"]))
    columns = ("id", "batch_id", "order_id", "before", "version_after", "expires_at")
    await insert_rows(connection, "journal", columns, rows)


async def read(
    connection: Any, vault: Vault, batch_id: BatchId, order_ids: Sequence[OrderId]
) -> tuple[list[Entry], list[ChangeOutcome]]:
    """The journal of these orders, locked by the caller: what may be put back, and for the others why not."""
    entries, refusals = [], []
    for row in await connection.fetch(_READ, batch_id, list(order_ids)):
        before = _open(vault, row)
        entry = Entry(
            row["id"],
            OrderId(row["order_id"]),
            row["order_number"],
            UserId(row["user_id"]),
            OrderStatus(row["order_status"]),
            WorkflowState(row["workflow_status"]),
            row["version"],
            row["audit_sequence"],
            row["audit_head"],
            row["now"],
            before or {},
        )
        refusal = _refusal(row, entry, opened=before is not None)
        if refusal is None:
            entries.append(entry)
        else:
            refusals.append(refusal)
    return entries, refusals


async def mark_undone(connection: Any, entries: Sequence[Entry]) -> None:
    """These are put back, and will not be put back again."""
    if entries:
        await connection.execute(_UNDONE, [entry.journal_id for entry in entries])


async def sweep(database: Database, limit: int = 5000) -> int:
    """Delete up to `limit` rows that expired long ago. Answers how many."""
    return int((await database.pool.execute(_SWEEP, limit)).split()[-1])


def _refusal(row: Any, entry: Entry, *, opened: bool) -> ChangeOutcome | None:
    number = entry.order_number
    if row["id"] is None:
        return entry.outcome("undo.nothing", f"Order {number}: nothing of that batch is noted for it.")
    if row["undone"]:
        return entry.outcome("undo.unchanged", f"Order {number} is put back already.")
    if row["expired"]:
        return entry.outcome(
            "undo.expired", f"Order {number} was changed more than {UNDO_HOURS} hours ago: change it by hand."
        )
    if row["version"] != row["version_after"]:
        return entry.outcome(
            "undo.changed_since",
            f"Order {number} was changed since by {row['last_actor']} ({row['last_action']}): change it by hand.",
        )
    if not opened:
        return entry.outcome(
            "undo.sealed", f"Order {number}: what it was before cannot be read without the master key."
        )
    return None


def _seal(vault: Vault, owner: UserId, journal_id: Any, before: Mapping[str, Any]) -> bytes:
    plain = orjson.dumps(before)
    return vault.seal(owner, "journal.before", journal_id, plain) if vault.can_seal(owner) else vault.mark_open(plain)


def _open(vault: Vault, row: Any) -> Mapping[str, Any] | None:
    plain = vault.open("journal.before", row["id"], row["before"]) if row["id"] is not None else None
    return None if plain is None else orjson.loads(plain)
