"""Orders whose workflow a person stopped: worked no more, but what TikTok says of the sale still holds."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.actors import CHANNEL
from engine.audit import chain
from engine.database.rows import insert_rows
from engine.identifiers import OrderId, UserId, new_id
from engine.privacy.cipher import Vault
from engine.words import ChannelStatus, OrderStatus

# Locks the orders; they have no work row.
_STOPPED = """
SELECT o.id, o.user_id, o.order_status, o.channel_status, o.audit_sequence, o.audit_head, now() AS now
FROM orders o
WHERE o.id = ANY($1::uuid[]) AND o.order_status IN ('pending', 'confirmed', 'processing', 'shipped')
  AND (SELECT w.workflow_status FROM order_workflows w WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) = 'cancelled'
ORDER BY o.id
FOR NO KEY UPDATE OF o
"""

_FOLLOW = """
UPDATE orders o
SET order_status = d.status::order_status_enum, version = o.version + 1, updated_at = now(), audit_sequence = d.sequence,
    audit_head = d.head,
    shipped_date = CASE WHEN d.status IN ('shipped', 'delivered') THEN coalesce(o.shipped_date, now()) ELSE o.shipped_date END,
    delivered_date = CASE WHEN d.status = 'delivered' THEN now() ELSE o.delivered_date END
FROM unnest($1::uuid[], $2::text[], $3::int[], $4::bytea[]) AS d(id, status, sequence, head)
WHERE o.id = d.id
"""

_MEANS = {
    ChannelStatus.CANCELLED: OrderStatus.CANCELLED,
    ChannelStatus.IN_TRANSIT: OrderStatus.SHIPPED,
    ChannelStatus.DELIVERED: OrderStatus.DELIVERED,
    ChannelStatus.COMPLETED: OrderStatus.DELIVERED,
}


async def follow_stopped(connection: Any, vault: Vault, order_ids: Collection[OrderId]) -> None:
    """Give those of these orders that were stopped the status that TikTok's word means."""
    found = [
        (row, OrderStatus(row["order_status"]), means)
        for row in await connection.fetch(_STOPPED, list(order_ids))
        if (means := _MEANS.get(ChannelStatus(row["channel_status"]))) is not None
    ]
    changed = [(row, before, after) for row, before, after in found if before is not after]
    if not changed:
        return
    entries = [
        chain.link(
            vault,
            UserId(row["user_id"]),
            row["id"],
            row["audit_sequence"] + 1,
            row["audit_head"],
            "order.followed",
            CHANNEL,
            {"status": before},
            {"status": after},
            row["now"],
        )
        for row, before, after in changed
    ]
    await connection.execute(
        _FOLLOW,
        [row["id"] for row, _, _ in changed],
        [after for _, _, after in changed],
        [entry.sequence for entry in entries],
        [entry.hash for entry in entries],
    )
    await insert_rows(
        connection,
        "order_status_history",
        ("id", "order_id", "previous_status", "new_status", "status_reason", "change_source"),
        [(new_id(), row["id"], before, after, "said by TikTok Shop", CHANNEL.source) for row, before, after in changed],
    )
    await chain.write(connection, entries)
