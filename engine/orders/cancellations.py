"""Cancellations as TikTok has them: buyers who ask, and what became of it.

While a buyer's request waits for its answer, the order says so (`orders.cancel_requested`), and TikTok's deadline is known: after it
the request is granted. A fact older than what is known, or equal to it, is ignored. Answers are given elsewhere; that an order is
cancelled comes with the order itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.actors import CHANNEL
from engine.database.locks import lock_for_result
from engine.effects import ledger
from engine.identifiers import OrderId, new_id
from engine.orders.intake import Applied
from engine.orders.marking import mark
from engine.orders.newest import newest
from engine.ports.facts import CancellationFact
from engine.privacy.cipher import Vault
from engine.workflow.advance import advance
from engine.workflow.rules.events import RuleEvent

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDERS = "SELECT id, tiktok_order_id FROM orders WHERE tiktok_order_id = ANY($1::text[])"

_KNOWN = """
SELECT tiktok_cancel_id, channel_status, channel_updated_at FROM cancellations WHERE tiktok_cancel_id = ANY($1::text[])
ORDER BY tiktok_cancel_id FOR UPDATE
"""

_WRITE = """
INSERT INTO cancellations AS c (id, order_id, tiktok_cancel_id, cancel_type, channel_status, role, reason, refund_amount, currency,
                                respond_by, lines, channel_updated_at)
SELECT d.id, d.order_id, d.number, d.kind, d.status, d.role, d.reason, d.refund, d.currency, d.respond_by, d.about -> 'lines', d.at
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::numeric[], $9::text[],
            $10::timestamptz[], $11::jsonb[], $12::timestamptz[])
  AS d(id, order_id, number, kind, status, role, reason, refund, currency, respond_by, about, at)
ON CONFLICT (tiktok_cancel_id) DO UPDATE
SET cancel_type = excluded.cancel_type, channel_status = excluded.channel_status, role = excluded.role, reason = excluded.reason,
    refund_amount = excluded.refund_amount, currency = excluded.currency, respond_by = excluded.respond_by, lines = excluded.lines,
    channel_updated_at = excluded.channel_updated_at, updated_at = now()
"""

# Index: cancellations_order_index. An order is asked for while one of its buyer's requests waits.
_ASKED = """
UPDATE orders o SET cancel_requested = NOT o.cancel_requested
FROM unnest($1::uuid[]) AS d(id)
WHERE o.id = d.id
  AND o.cancel_requested <> EXISTS (SELECT 1 FROM cancellations c
                                    WHERE c.order_id = o.id AND c.channel_status LIKE '%PENDING' AND c.role IN ('BUYER', ''))
RETURNING o.id
"""

# Index: cancellations_open_index.
_OPEN = """
SELECT c.tiktok_cancel_id, o.id AS order_id, o.order_number, o.order_status, s.name AS shop, c.reason, c.refund_amount, c.currency,
       c.respond_by, c.channel_status, c.decision, c.decided_by, c.lines, c.created_at
FROM cancellations c JOIN orders o ON o.id = c.order_id JOIN shops s ON s.id = o.shop_id
WHERE c.channel_status LIKE '%PENDING'
ORDER BY c.respond_by NULLS LAST, c.id LIMIT $1
"""

_OF_ORDER = """
SELECT c.tiktok_cancel_id, o.id AS order_id, o.order_number, o.order_status, s.name AS shop, c.reason, c.refund_amount, c.currency,
       c.respond_by, c.channel_status, c.decision, c.decided_by, c.lines, c.created_at
FROM cancellations c JOIN orders o ON o.id = c.order_id JOIN shops s ON s.id = o.shop_id
WHERE c.order_id = $1 ORDER BY c.created_at, c.id
"""


@dataclass(frozen=True, slots=True)
class CancellationsResult:
    """What became of each fact, by TikTok's cancellation id; those of orders nobody knows are `unknown`."""

    applied: dict[str, Applied]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CancellationRow:
    """One cancellation as people see it. `respond_by` is when TikTok grants a request that nobody answered."""

    cancel_id: str
    order_id: OrderId
    order_number: str
    order_status: str
    shop: str
    status: str
    reason: str
    refund_amount: Decimal | None
    currency: str
    respond_by: datetime | None
    decision: str
    decided_by: str
    units: int
    created_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it waits for the seller's answer."""
        return self.status.endswith(_WAITS)


_WAITS = "PENDING"


async def apply_cancellations(connection: Any, vault: Vault, facts: Sequence[CancellationFact]) -> CancellationsResult:
    """Write what TikTok says of cancellations, and whether their orders' buyers wait for an answer."""
    facts = newest(facts, lambda fact: fact.tiktok_cancel_id, lambda fact: fact.update_time)
    rows = await connection.fetch(_ORDERS, [fact.tiktok_order_id for fact in facts])
    orders = {row["tiktok_order_id"]: OrderId(row["id"]) for row in rows}
    unknown = tuple(fact.tiktok_cancel_id for fact in facts if fact.tiktok_order_id not in orders)
    if not orders:
        return CancellationsResult({}, unknown)
    still_open = await lock_for_result(connection, sorted(orders.values()))
    held = {row["tiktok_cancel_id"]: row for row in await connection.fetch(_KNOWN, [f.tiktok_cancel_id for f in facts])}
    applied = {
        fact.tiktok_cancel_id: _compared(fact, held.get(fact.tiktok_cancel_id))
        for fact in facts
        if fact.tiktok_order_id in orders
    }
    news = [fact for fact in facts if applied.get(fact.tiktok_cancel_id) in {Applied.CREATED, Applied.UPDATED}]
    if news:
        await _write(connection, news, orders)
        await mark(connection, vault, "order.cancellation_updated", CHANNEL, _told(news, orders))
        touched = sorted({orders[fact.tiktok_order_id] for fact in news})
        if over := sorted({orders[fact.tiktok_order_id] for fact in news if not fact.channel_status.endswith(_WAITS)}):
            await ledger.due_again(connection, over)
        turned = {OrderId(row["id"]) for row in await connection.fetch(_ASKED, touched)}
        if going := sorted(turned.intersection(still_open)):
            await advance(connection, vault, going, happened=dict.fromkeys(going, (RuleEvent.UPDATED,)))
    return CancellationsResult(applied, unknown)


async def open_requests(database: Database, *, limit: int) -> list[CancellationRow]:
    """The buyers' requests that wait for an answer, the nearest deadline first."""
    return [_row(record) for record in await database.pool.fetch(_OPEN, limit)]


async def cancellations_of(connection: Any, order_id: OrderId) -> tuple[CancellationRow, ...]:
    """Every cancellation of one order, oldest first."""
    return tuple([_row(record) for record in await connection.fetch(_OF_ORDER, order_id)])


def _told(news: Sequence[CancellationFact], orders: Mapping[str, OrderId]) -> dict[OrderId, dict[str, Any]]:
    return {
        orders[fact.tiktok_order_id]: {"cancellation": fact.tiktok_cancel_id, "status": fact.channel_status}
        for fact in news
    }


def _compared(fact: CancellationFact, held: Any) -> Applied:
    if held is None:
        return Applied.CREATED
    known: datetime | None = held["channel_updated_at"]
    if known is not None and fact.update_time < known:
        return Applied.STALE
    if fact.channel_status == held["channel_status"]:
        return Applied.UNCHANGED if fact.update_time == known else Applied.UPDATED
    # Within a second, which is all TikTok tells, a request that was answered does not wait again.
    if fact.update_time == known and fact.channel_status.endswith(_WAITS):
        return Applied.STALE
    return Applied.UPDATED


async def _write(connection: Any, news: Sequence[CancellationFact], orders: Mapping[str, OrderId]) -> None:
    await connection.execute(
        _WRITE,
        [new_id() for _ in news],
        [orders[fact.tiktok_order_id] for fact in news],
        [fact.tiktok_cancel_id for fact in news],
        [fact.cancel_type for fact in news],
        [fact.channel_status for fact in news],
        [fact.role for fact in news],
        [fact.reason for fact in news],
        [fact.refund_amount for fact in news],
        [fact.currency or None for fact in news],
        [fact.respond_by for fact in news],
        # An array of arrays would be one of two dimensions.
        [{"lines": [{"line": line.tiktok_line_id, "sku": line.seller_sku} for line in fact.lines]} for fact in news],
        [fact.update_time for fact in news],
    )


def _row(record: Any) -> CancellationRow:
    return CancellationRow(
        cancel_id=record["tiktok_cancel_id"],
        order_id=OrderId(record["order_id"]),
        order_number=record["order_number"],
        order_status=record["order_status"],
        shop=record["shop"],
        status=record["channel_status"],
        reason=record["reason"],
        refund_amount=record["refund_amount"],
        currency=record["currency"] or "",
        respond_by=record["respond_by"],
        decision=record["decision"],
        decided_by=record["decided_by"] or "",
        units=len(record["lines"]),
        created_at=record["created_at"],
    )
