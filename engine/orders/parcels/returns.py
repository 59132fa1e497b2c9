"""What buyers send back and what they are refunded: told by TikTok, received by a person.

A fact older than what is known, or equal to it, is ignored. Once everything that was shipped has come back by returns that are
complete, the order is `returned`; what was refunded shows in its payment status.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.actors import CHANNEL
from engine.database.locks import lock_for_result
from engine.identifiers import OrderId, new_id
from engine.orders.intake import Applied
from engine.orders.marking import mark
from engine.orders.newest import newest
from engine.ports.facts import ReturnFact
from engine.privacy.cipher import Vault
from engine.words import OrderStatus, PaymentStatus

if TYPE_CHECKING:
    from engine.database.connection import Database

_COMPLETE = "REQUEST_COMPLETE"
_SENDS_BACK = "RETURN_AND_REFUND"

_ORDERS = "SELECT id, tiktok_order_id FROM orders WHERE tiktok_order_id = ANY($1::text[])"

_KNOWN = """
SELECT tiktok_return_id, channel_status, channel_updated_at FROM returns WHERE tiktok_return_id = ANY($1::text[])
ORDER BY tiktok_return_id FOR UPDATE
"""

_WRITE = """
INSERT INTO returns AS r (id, order_id, tiktok_return_id, return_type, channel_status, reason, refund_amount, currency, respond_by, lines,
                          channel_updated_at)
SELECT d.id, d.order_id, d.number, d.kind, d.status, d.reason, d.refund, d.currency, d.respond_by, d.about -> 'lines', d.at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[], $8::text[], $9::timestamptz[],
            $10::jsonb[], $11::timestamptz[])
  AS d(id, order_id, number, kind, status, reason, refund, currency, respond_by, about, at)
ON CONFLICT (tiktok_return_id) DO UPDATE
SET return_type = excluded.return_type, channel_status = excluded.channel_status, reason = excluded.reason,
    refund_amount = excluded.refund_amount, currency = excluded.currency, respond_by = excluded.respond_by, lines = excluded.lines,
    channel_updated_at = excluded.channel_updated_at, updated_at = now()
"""

# What the complete returns of an order add up to; a unit that two returns name is one unit.
_SUMS = """
SELECT o.id, o.order_status, o.payment_status, o.total_amount, coalesce(sum(r.refund_amount), 0) AS refunded,
       (SELECT coalesce(sum(i.shipped_quantity), 0) FROM order_items i WHERE i.order_id = o.id) AS shipped,
       (SELECT count(DISTINCT u.tiktok_line_id)
        FROM returns x CROSS JOIN LATERAL jsonb_to_recordset(x.lines) AS l(line text)
        JOIN order_item_units u ON u.order_id = o.id AND u.tiktok_line_id = l.line
        WHERE x.order_id = o.id AND x.channel_status LIKE '%' || $2 AND x.return_type = $3) AS back
FROM orders o LEFT JOIN returns r ON r.order_id = o.id AND r.channel_status LIKE '%' || $2
WHERE o.id = ANY($1::uuid[]) GROUP BY o.id ORDER BY o.id
"""

_PAYMENT = """
UPDATE orders o SET payment_status = d.payment::payment_status_enum
FROM unnest($1::uuid[], $2::text[]) AS d(id, payment) WHERE o.id = d.id
"""

_RETURNED = "UPDATE orders SET order_status = 'returned' WHERE id = ANY($1::uuid[])"
_CLOSE = """
UPDATE order_workflows SET workflow_status = 'completed', completed_at = now(), updated_at = now()
WHERE order_id = ANY($1::uuid[]) AND workflow_status IN ('running', 'failed', 'paused')
"""
_CLOSE_WORK = "DELETE FROM work WHERE order_id = ANY($1::uuid[])"
_HISTORY = """
INSERT INTO order_status_history (id, order_id, previous_status, new_status, status_reason, change_source)
SELECT d.id, d.order_id, d.before::order_status_enum, 'returned', 'everything was sent back', 'tiktok_shop'
FROM unnest($1::uuid[], $2::uuid[], $3::text[]) AS d(id, order_id, before)
"""

_MAY_COME_BACK = frozenset({OrderStatus.SHIPPED, OrderStatus.DELIVERED})


@dataclass(frozen=True, slots=True)
class ReturnsResult:
    """What became of each fact, by TikTok's return id; those of orders nobody knows are `unknown`."""

    applied: dict[str, Applied]
    unknown: tuple[str, ...]


async def apply_returns(database: Database, facts: Sequence[ReturnFact]) -> ReturnsResult:
    """Write what TikTok says of returns, and what it means for their orders, in one transaction."""
    if not facts:
        return ReturnsResult({}, ())
    return await database.run(lambda connection: write_returns(connection, database.vault, facts))


async def write_returns(connection: Any, vault: Vault, facts: Sequence[ReturnFact]) -> ReturnsResult:
    """The same, inside the caller's transaction."""
    facts = newest(facts, lambda fact: fact.tiktok_return_id, lambda fact: fact.update_time)
    rows = await connection.fetch(_ORDERS, [fact.tiktok_order_id for fact in facts])
    orders = {row["tiktok_order_id"]: OrderId(row["id"]) for row in rows}
    await lock_for_result(connection, sorted(orders.values()))
    known = {
        row["tiktok_return_id"]: row for row in await connection.fetch(_KNOWN, [f.tiktok_return_id for f in facts])
    }
    applied: dict[str, Applied] = {}
    news: list[ReturnFact] = []
    for fact in facts:
        if fact.tiktok_order_id not in orders:
            continue
        held = known.get(fact.tiktok_return_id)
        applied[fact.tiktok_return_id] = what = _compared(fact, held)
        if what in {Applied.CREATED, Applied.UPDATED}:
            news.append(fact)
    if news:
        await _write(connection, news, orders)
        touched = sorted({orders[fact.tiktok_order_id] for fact in news})
        told = {
            orders[fact.tiktok_order_id]: {"return": fact.tiktok_return_id, "status": fact.channel_status}
            for fact in news
        }
        await mark(connection, vault, "order.return_updated", CHANNEL, told)
        await _conclude(connection, touched)
    unknown = tuple(fact.tiktok_return_id for fact in facts if fact.tiktok_order_id not in orders)
    return ReturnsResult(applied, unknown)


def _compared(fact: ReturnFact, held: Any) -> Applied:
    if held is None:
        return Applied.CREATED
    if held["channel_updated_at"] is not None and fact.update_time < held["channel_updated_at"]:
        return Applied.STALE
    same = fact.update_time == held["channel_updated_at"] and fact.channel_status == held["channel_status"]
    return Applied.UNCHANGED if same else Applied.UPDATED


async def _write(connection: Any, news: Sequence[ReturnFact], orders: dict[str, OrderId]) -> None:
    await connection.execute(
        _WRITE,
        [new_id() for _ in news],
        [orders[fact.tiktok_order_id] for fact in news],
        [fact.tiktok_return_id for fact in news],
        [fact.return_type for fact in news],
        [fact.channel_status for fact in news],
        [fact.reason for fact in news],
        [fact.refund_amount for fact in news],
        [fact.currency or None for fact in news],
        [fact.respond_by for fact in news],
        # An array of arrays would be one of two dimensions.
        [{"lines": [{"line": line.tiktok_line_id, "sku": line.seller_sku} for line in fact.lines]} for fact in news],
        [fact.update_time for fact in news],
    )


async def _conclude(connection: Any, order_ids: Sequence[OrderId]) -> None:
    rows = await connection.fetch(_SUMS, order_ids, _COMPLETE, _SENDS_BACK)
    paid = [(row["id"], status) for row in rows if (status := _payment(row)) != row["payment_status"]]
    if paid:
        await connection.execute(_PAYMENT, [key for key, _ in paid], [status for _, status in paid])
    back = [
        row
        for row in rows
        if row["shipped"] and row["back"] >= row["shipped"] and OrderStatus(row["order_status"]) in _MAY_COME_BACK
    ]
    if back:
        ids = [row["id"] for row in back]
        await connection.execute(_RETURNED, ids)
        await connection.execute(_HISTORY, [new_id() for _ in ids], ids, [row["order_status"] for row in back])
        await connection.execute(_CLOSE, ids)
        await connection.execute(_CLOSE_WORK, ids)


def _payment(row: Any) -> str:
    refunded: Decimal = row["refunded"]
    if refunded <= 0:
        return str(row["payment_status"])
    return PaymentStatus.REFUNDED if refunded >= row["total_amount"] else PaymentStatus.PARTIALLY_REFUNDED
