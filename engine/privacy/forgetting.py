"""Forgetting the person of an order: everything personal is cleared in one transaction, numbers and who did what stay.

Only closed orders are forgotten, and none with an open return, a hold, a failure or a message under way: `why_kept` says which. Such an
order takes in nothing personal any more, whatever TikTok tells of it later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.database.locks import lock_for_result
from engine.identifiers import OrderId, UserId
from engine.orders.opening import open_bytes
from engine.privacy.cipher import Vault, search_words
from engine.privacy.personal_rows import PERSONAL_ROWS

if TYPE_CHECKING:
    from engine.database.connection import Database

KEPT_FOR = """
CASE WHEN o.forgotten_at IS NOT NULL THEN 'it is forgotten already'
     WHEN o.order_status NOT IN ('delivered', 'cancelled', 'returned') OR EXISTS (SELECT FROM work k WHERE k.order_id = o.id)
       THEN 'it is open'
     WHEN EXISTS (SELECT FROM holds h WHERE h.order_id = o.id AND h.released_at IS NULL) THEN 'it is on hold'
     WHEN EXISTS (SELECT FROM returns r WHERE r.order_id = o.id AND r.channel_status !~ '(COMPLETE|CANCEL|CANCELLED|REJECT)$')
       THEN 'a return of it is open'
     WHEN EXISTS (SELECT FROM cancellations c WHERE c.order_id = o.id AND c.channel_status LIKE '%PENDING')
       THEN 'the buyer asks to cancel it'
     WHEN EXISTS (SELECT FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL) THEN 'it has failed'
     WHEN EXISTS (SELECT FROM effects e WHERE e.order_id = o.id AND e.state IN ('intent', 'sent', 'ambiguous'))
       THEN 'a message about it is under way'
     ELSE '' END
"""
"""Why an order `o` is not forgotten; empty when it may be."""

_JUDGED = f"""
SELECT o.id, o.order_number, o.user_id, o.customer_name, o.customer_email, o.customer_phone, o.audit_sequence, o.audit_head, now() AS now,
       {KEPT_FOR} AS kept_for
FROM orders o WHERE o.id = ANY($1::uuid[]) ORDER BY o.id
"""  # noqa: S608
_FORGET = """
UPDATE orders o
SET customer_name = NULL, customer_email = NULL, customer_phone = NULL, shipping_address = NULL, notes = NULL, buyer_message = NULL,
    seller_note = NULL, channel_digest = '', forgotten_at = now(), version = o.version + 1, updated_at = now(),
    audit_sequence = d.sequence, audit_head = d.head
FROM unnest($1::uuid[], $2::int[], $3::bytea[]) AS d(id, sequence, head) WHERE o.id = d.id
"""
_WORDS = """
DELETE FROM order_search_words s USING unnest($1::bigint[], $2::uuid[]) AS d(word, order_id)
WHERE s.word = d.word AND s.order_id = d.order_id
"""
ALL_WORDS = "DELETE FROM order_search_words WHERE order_id = ANY($1::uuid[])"
"""Also words of what the person was called before; reads the whole table."""

KEPT_ENTRIES = ("order.created", "order.updated", "order.forgotten")
# What the program itself noted of where an order went is not personal, and is what its books are proved by.
_PERSONAL_ENTRIES = """
subject = ANY($1::uuid[]) AND (before IS NOT NULL OR after IS NOT NULL) AND action <> ALL($2::text[])
AND NOT (source = 'system' AND action LIKE 'workflow.%' AND action NOT IN ('workflow.fail', 'workflow.postpone'))
"""
_ENTRIES = f"SELECT * FROM audit_log WHERE {_PERSONAL_ENTRIES} ORDER BY subject, sequence"  # noqa: S608
_COUNT_ENTRIES = f"SELECT count(*) FROM audit_log WHERE {_PERSONAL_ENTRIES}"  # noqa: S608
_ERASE = "SELECT orders.erase_audit($1::uuid[], $2::text[])"
_CUT = "SELECT orders.cut_audit($1::uuid[], $2::int[], $3, $4)"


async def forget_orders(
    database: Database, order_ids: Collection[OrderId], *, actor: Actor, why: str, all_words: bool = False
) -> tuple[Counter[str], dict[str, str]]:
    """Forget the persons of these orders, in one transaction; answers what was cleared by table, and why which order numbers are kept."""

    async def write(connection: Any) -> tuple[Counter[str], dict[str, str]]:
        await lock_for_result(connection, order_ids)
        rows = await connection.fetch(_JUDGED, list(order_ids))
        kept = {row["order_number"]: row["kept_for"] for row in rows if row["kept_for"]}
        chosen = [row for row in rows if not row["kept_for"]]
        return await _forget(connection, database.vault, chosen, actor, why, all_words=all_words), kept

    return await database.run(write)


async def count_rows(connection: Any, order_ids: Sequence[OrderId]) -> Counter[str]:
    """How many rows of each table forgetting these orders would clear."""
    counts: Counter[str] = Counter(orders=len(order_ids))
    for rows in PERSONAL_ROWS:
        counts[rows.table] += await connection.fetchval(rows.count, list(order_ids))
    counts["audit_log"] += await connection.fetchval(_COUNT_ENTRIES, list(order_ids), KEPT_ENTRIES)
    return +counts


async def _forget(
    connection: Any, vault: Vault, rows: Sequence[Any], actor: Actor, why: str, *, all_words: bool
) -> Counter[str]:
    counts: Counter[str] = Counter()
    ids = [row["id"] for row in rows]
    if not ids:
        return counts
    for place in PERSONAL_ROWS:
        counts[place.table] += _changed(await connection.execute(place.clear, ids))
    counts["order_search_words"] += await _forget_words(connection, vault, rows, all_words=all_words)
    counts["audit_log"] += await _erase_entries(connection, ids, actor, why)
    entries = [
        chain.link(
            vault,
            UserId(row["user_id"]),
            row["id"],
            row["audit_sequence"] + 1,
            row["audit_head"],
            "order.forgotten",
            actor,
            None,
            {"why": why},
            row["now"],
        )
        for row in rows
    ]
    await connection.execute(_FORGET, ids, [entry.sequence for entry in entries], [entry.hash for entry in entries])
    await chain.write(connection, entries)
    counts["orders"] += len(ids)
    return +counts


async def _forget_words(connection: Any, vault: Vault, rows: Sequence[Any], *, all_words: bool) -> int:
    if all_words:
        return _changed(await connection.execute(ALL_WORDS, [row["id"] for row in rows]))
    if not vault.has_keys:
        return 0
    words = {(vault.word(word), row["id"]) for row in rows for word in search_words(*_person(vault, row))}
    given = ([word for word, _ in words], [order_id for _, order_id in words])
    return _changed(await connection.execute(_WORDS, *given))


def _person(vault: Vault, row: Mapping[str, Any]) -> tuple[str, str, str]:
    name, email, phone = (
        (open_bytes(vault, f"orders.{column}", row["id"], row[column]) or b"").decode(errors="replace")
        for column in ("customer_name", "customer_email", "customer_phone")
    )
    return name, email, phone


async def _erase_entries(connection: Any, ids: Sequence[Any], actor: Actor, why: str) -> int:
    """Erase what entries say, their digests stay; chains from before there were digests are cut off instead."""
    cuts: dict[Any, int] = {}
    for row in await connection.fetch(_ENTRIES, ids, KEPT_ENTRIES):
        if chain.is_whole_only(chain.Entry(**row)):
            cuts[row["subject"]] = row["sequence"]
    gone = 0
    if cuts:
        gone = await connection.fetchval(_CUT, list(cuts), list(cuts.values()), actor.name, why)
    return int(gone + await connection.fetchval(_ERASE, ids, KEPT_ENTRIES))


def _changed(status: str) -> int:
    return int(status.rpartition(" ")[2])
