"""Buyers' requests to cancel as people see them: what is asked, until when to answer, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from engine.errors import NotFound
from engine.identifiers import OrderId, ShopId
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: cancellations_open_index where only open ones are asked for.
_LIST = """
SELECT c.tiktok_cancel_id, c.order_id, o.order_number, c.cancel_type, c.channel_status, c.role, c.reason, c.refund_amount, c.currency,
       c.respond_by, c.decision, c.decided_by, c.decided_at, c.reject_reason
FROM cancellations c JOIN orders o ON o.id = c.order_id
WHERE ($1::uuid IS NULL OR c.order_id = $1) {only_open}
ORDER BY c.respond_by NULLS LAST, c.id LIMIT $2
"""
_ONLY_OPEN = "AND c.channel_status LIKE '%PENDING'"

_REQUEST = """
SELECT r.number, o.shop_id
FROM (SELECT tiktok_cancel_id AS number, order_id, channel_status FROM cancellations
      UNION ALL SELECT tiktok_return_id, order_id, channel_status FROM returns) r
JOIN orders o ON o.id = r.order_id
WHERE r.number = $1 OR r.order_id = $2 AND r.channel_status LIKE '%PENDING'
ORDER BY r.number = $1 DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class CancellationView:
    """One cancellation. `respond_by` is when TikTok approves it by itself."""

    request_id: str
    order_id: OrderId
    order_number: str
    kind: str
    status: str
    asked_by: str
    reason: str
    refund_amount: Decimal | None
    currency: str
    respond_by: datetime | None
    decision: str
    decided_by: str
    decided_at: datetime | None
    reject_reason: str


async def list_cancellations(
    database: Database, order_id: OrderId | None = None, *, only_open: bool = False, limit: int = 200
) -> list[CancellationView]:
    """Cancellations, the most urgent first: of one order, or of all."""
    query = _LIST.format(only_open=_ONLY_OPEN if only_open else "")
    return [
        CancellationView(
            request_id=plain(row["tiktok_cancel_id"]),
            order_id=OrderId(row["order_id"]),
            order_number=plain(row["order_number"]),
            kind=plain(row["cancel_type"]),
            status=plain(row["channel_status"]),
            asked_by=plain(row["role"]),
            reason=plain(row["reason"]),
            refund_amount=row["refund_amount"],
            currency=row["currency"] or "",
            respond_by=row["respond_by"],
            decision=row["decision"],
            decided_by=plain(row["decided_by"]),
            decided_at=row["decided_at"],
            reject_reason=plain(row["reject_reason"]),
        )
        for row in await database.pool.fetch(query, order_id, limit)
    ]


async def request_of(database: Database, text: str, order_id: OrderId | None) -> tuple[str, ShopId]:
    """TikTok's id of the request that an order has open, or that `text` names, and its shop. Raises NotFound."""
    row = await database.pool.fetchrow(_REQUEST, text, order_id)
    if row is None:
        raise NotFound(
            "answer.none", f"Nothing of {text} waits for an answer: give an order, or TikTok's id of a return."
        )
    return row["number"], ShopId(row["shop_id"])
