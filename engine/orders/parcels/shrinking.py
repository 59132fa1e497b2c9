"""Units that TikTok cancels, or ships elsewhere, after their stock was reserved: what was made ready for them shrinks with them.

The reservation, the pick list and the packages keep what is left. A label already bought stays good for what is left in its parcel;
where nothing is left, it goes back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from engine.actors import CHANNEL
from engine.effects import ledger
from engine.identifiers import OrderId
from engine.orders.picking.lines import settle_lines
from engine.workflow.writing_stock import Movements, move_levels, record

# TikTok shows some units of an order as arranged that this program has told it nothing of.
_ELSEWHERE = """
UPDATE order_item_units u SET elsewhere = true
FROM orders o
WHERE u.order_id = ANY($1::uuid[]) AND o.id = u.order_id AND o.channel_status = 'PARTIALLY_SHIPPING' AND NOT u.elsewhere
  AND u.channel_status IN ('AWAITING_COLLECTION', 'IN_TRANSIT', 'DELIVERED', 'COMPLETED')
  AND NOT EXISTS (SELECT FROM effects e WHERE e.order_id = o.id AND e.kind = 'ship_package' AND e.state IN ('sent', 'ambiguous', 'done'))
RETURNING u.order_item_id, u.order_id
"""

_SHIPPED_ELSEWHERE = """
UPDATE order_items i SET shipped_quantity = i.shipped_quantity + d.units, updated_at = now()
FROM (SELECT id, count(*)::int AS units FROM unnest($1::uuid[]) AS m(id) GROUP BY id) d WHERE i.id = d.id
"""

# In every package that has not left, no more than the units that are to go in it; a line in one package only has them all.
_OVERFULL = """
WITH going AS (
    SELECT c.package_id, c.order_item_id, c.order_id, c.quantity, p.state,
           least(c.quantity, (SELECT count(*) FROM order_item_units u
                              WHERE u.order_id = c.order_id AND u.order_item_id = c.order_item_id
                                AND u.channel_status <> 'CANCELLED' AND NOT u.elsewhere
                                AND (u.package_id IS NULL OR u.package_id = c.package_id)))::int AS remain
    FROM package_items c JOIN packages p ON p.id = c.package_id
    WHERE c.order_id = ANY($1::uuid[]) AND p.state IN ('planned', 'labelled', 'told', 'voiding', 'combined') AND p.left_at IS NULL
      AND p.handed_over_at IS NULL AND p.first_scan_at IS NULL
)
SELECT g.package_id, g.order_item_id, g.remain, g.state,
       NOT EXISTS (SELECT FROM going x WHERE x.package_id = g.package_id AND x.remain > 0)
         AND NOT EXISTS (SELECT FROM package_items y WHERE y.package_id = g.package_id AND y.order_id <> ALL($1::uuid[])) AS emptied
FROM going g WHERE g.remain < g.quantity ORDER BY g.package_id, g.order_item_id
"""

_LOCK = "SELECT id FROM packages WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE"

_SHRINK = """
UPDATE package_items c SET quantity = d.remain FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS d(package_id, item, remain)
WHERE c.package_id = d.package_id AND c.order_item_id = d.item AND d.remain > 0
"""
_TAKE_OUT = """
DELETE FROM package_items c USING unnest($1::uuid[], $2::uuid[], $3::int[]) AS d(package_id, item, remain)
WHERE c.package_id = d.package_id AND c.order_item_id = d.item AND d.remain = 0
"""
# What is in it is not what was packed any more.
_WEIGH = """
UPDATE packages p SET version = p.version + 1, updated_at = now(), packed_at = NULL, packed_by = NULL, station = '', weight_grams = (
    SELECT nullif(sum(coalesce(m.weight_grams, 0) * c.quantity), 0)
    FROM package_items c JOIN order_items i ON i.id = c.order_item_id LEFT JOIN products m ON m.id = i.product_id
    WHERE c.package_id = p.id)
WHERE p.id = ANY($1::uuid[])
"""
_UNPACK = """
UPDATE order_items SET fulfillment_status = 'picked', updated_at = now()
WHERE fulfillment_status = 'packed' AND id IN (SELECT order_item_id FROM package_items WHERE package_id = ANY($1::uuid[]))
"""

_END = """
UPDATE packages SET state = CASE WHEN state IN ('planned', 'combined') THEN 'voided' ELSE 'voiding' END, after_void = '',
       track_due_at = NULL, version = version + 1, updated_at = now()
WHERE id = ANY($1::uuid[])
"""
_VOID_LABELS = """
INSERT INTO effects (id, key, kind, dependency, order_id, shop_id, package_id, head, provider_reference)
SELECT gen_random_uuid(), 'void:' || p.id || ':' || p.generation, 'void_label', 'carrier',
       (SELECT c.order_id FROM package_items c WHERE c.package_id = p.id ORDER BY c.order_id LIMIT 1), p.shop_id, p.id, false,
       p.shipment_reference
FROM packages p WHERE p.id = ANY($1::uuid[]) AND p.state = 'voiding'
ON CONFLICT (key) DO NOTHING
"""
_STOP_TELLING = """
UPDATE effects SET state = 'voided', head = false, settled_at = now()
WHERE order_id = ANY($2::uuid[]) AND package_id = ANY($1::uuid[]) AND kind IN ('ship_package', 'update_tracking') AND state = 'intent'
  AND lease_until IS NULL
"""

_PICKS = """
UPDATE pick_lines p
SET quantity = greatest(i.going, 1), state = CASE WHEN i.going <= 0 AND p.state = 'open' THEN 'cancelled' ELSE p.state END,
    closed_at = CASE WHEN i.going <= 0 AND p.state = 'open' THEN now() ELSE p.closed_at END
FROM (SELECT id, quantity - cancelled_quantity - shipped_quantity AS going FROM order_items WHERE order_id = ANY($1::uuid[])) i
WHERE p.order_item_id = i.id AND p.order_id = ANY($1::uuid[]) AND p.quantity > i.going
"""

# Nothing of the line is left to ship: what was shipped of it is, and the rest is cancelled.
_LINES = """
UPDATE order_items i SET fulfillment_status =
         CASE WHEN i.shipped_quantity > 0 THEN 'shipped' ELSE 'cancelled' END::fulfillment_status_enum, updated_at = now()
WHERE i.order_id = ANY($1::uuid[]) AND i.quantity - i.cancelled_quantity - i.shipped_quantity <= 0
  AND i.fulfillment_status NOT IN ('shipped', 'delivered', 'cancelled')
"""

# What an active reservation holds beyond the units still to ship; a kit's units count for several of each component.
_RELEASE = """
WITH excess AS (
    SELECT r.id, r.quantity - greatest(i.quantity - i.cancelled_quantity - i.shipped_quantity, 0) * r.per_unit AS units,
           i.quantity - i.cancelled_quantity - i.shipped_quantity <= 0 AS whole
    FROM stock_reservations r JOIN order_items i ON i.id = r.order_item_id
    WHERE r.order_id = ANY($1::uuid[]) AND r.state = 'active'
)
UPDATE stock_reservations r
SET quantity = CASE WHEN e.whole THEN r.quantity ELSE r.quantity - e.units END,
    state = CASE WHEN e.whole THEN 'released' ELSE r.state END, closed_at = CASE WHEN e.whole THEN now() ELSE r.closed_at END
FROM excess e WHERE e.id = r.id AND e.units > 0
RETURNING r.id, r.order_id, r.product_id, r.location_id, e.units, CASE WHEN e.whole THEN 0 ELSE r.quantity END AS remain
"""


async def note_elsewhere(connection: Any, order_ids: Sequence[OrderId]) -> set[OrderId]:
    """Mark the units that were shipped outside this program. Answers the orders that have new ones."""
    rows = await connection.fetch(_ELSEWHERE, order_ids)
    if rows:
        await connection.execute(_SHIPPED_ELSEWHERE, [row["order_item_id"] for row in rows])
    return {OrderId(row["order_id"]) for row in rows}


async def shrink(connection: Any, order_ids: Collection[OrderId]) -> None:
    """Let these orders keep what their units still need. The caller holds their work and has written the units and their lines."""
    orders = sorted(order_ids)
    rows = await connection.fetch(_OVERFULL, orders)
    if rows:
        await _shrink_packages(connection, orders, rows)
    movements: Movements = [
        (
            row["product_id"],
            row["location_id"],
            "release",
            0,
            -row["units"],
            CHANNEL.name,
            row["order_id"],
            f"release:{row['id']}:{row['remain']}",
        )
        for row in await connection.fetch(_RELEASE, orders)
    ]
    await connection.execute(_PICKS, orders)
    await connection.execute(_LINES, orders)
    await settle_lines(connection, orders)
    await record(connection, movements)
    await move_levels(connection, movements)


async def _shrink_packages(connection: Any, orders: Sequence[OrderId], rows: Sequence[Any]) -> None:
    ended = sorted({row["package_id"] for row in rows if row["emptied"]})
    kept = [row for row in rows if not row["emptied"]]
    await connection.fetch(_LOCK, sorted({row["package_id"] for row in rows}))
    if kept:
        columns = ([row[name] for row in kept] for name in ("package_id", "order_item_id", "remain"))
        arguments = tuple(columns)
        await connection.execute(_SHRINK, *arguments)
        await connection.execute(_TAKE_OUT, *arguments)
        changed = sorted({row["package_id"] for row in kept})
        await connection.execute(_WEIGH, changed)
        await connection.execute(_UNPACK, changed)
    if ended:
        await ledger.void_labels(connection, ended)
        await connection.execute(_STOP_TELLING, ended, orders)
        await connection.execute(_END, ended)
        await connection.execute(_VOID_LABELS, ended)
        await ledger.next_heads(connection, orders)
