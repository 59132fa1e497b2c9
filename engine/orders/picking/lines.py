"""The reservations of a walk, locked with their orders; lines that are picked now, and lines that are open again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.identifiers import ItemId, LocationId, OrderId, ProductId
from engine.orders.marking import mark
from engine.orders.picking.stopping import STOPPED
from engine.orders.picking.views import WaveId
from engine.privacy.cipher import Vault
from engine.workflow.advance import advance

# Indexes: pick_lines_wave_index or pick_lines_order_index, stock_reservations_active_key.
_ROWS = f"""
SELECT r.id, r.order_id, r.order_item_id, r.product_id, r.location_id, r.quantity, r.picked, r.picked_by, r.picked_at,
       CASE WHEN r.held_at > now() - interval '15 minutes' THEN r.held_by END AS held_by,
       k.wave_id, k.state AS line_state, k.bin AS line_bin, p.sku, p.name, p.bin, p.barcodes, o.order_number, w.ship_by, w.priority,
       {STOPPED} AS stopped,
       coalesce(e.workflow_config ->> 'pick', s.policies ->> 'pick', 'confirm') = 'scan' AS scan_only,
       coalesce(e.workflow_config ->> 'backorder', s.policies ->> 'backorder', 'fail') AS backorder
FROM pick_lines k
JOIN stock_reservations r ON r.order_item_id = k.order_item_id AND r.location_id = k.location_id AND r.state = 'active'
JOIN products p ON p.id = r.product_id
JOIN orders o ON o.id = k.order_id
JOIN shops s ON s.id = o.shop_id
LEFT JOIN work w ON w.order_id = k.order_id
LEFT JOIN LATERAL (SELECT workflow_config FROM order_workflows WHERE order_id = o.id
                   AND workflow_status IN ('running', 'failed', 'paused') LIMIT 1) e ON true
WHERE k.state IN ('open', 'picked') AND (k.state = 'open' OR r.picked > 0) AND {{scope}}
ORDER BY w.ship_by, w.priority DESC, r.order_id, r.id
"""  # noqa: S608

_OF_WAVE = _ROWS.format(scope="k.wave_id = $1")
_OF_ORDER = _ROWS.format(scope="k.order_id = $1")

_TAKE = """
UPDATE stock_reservations r
SET picked = r.picked + d.units, picked_by = $3, picked_at = now(), held_by = NULL, held_at = NULL
FROM unnest($1::uuid[], $2::int[]) AS d(id, units) WHERE r.id = d.id
"""

_COMPLETE = """
UPDATE pick_lines k SET state = 'picked', closed_at = now()
WHERE k.order_id = ANY($1::uuid[]) AND k.state = 'open'
  AND EXISTS (SELECT FROM stock_reservations r WHERE r.order_item_id = k.order_item_id AND r.state = 'active')
  AND NOT EXISTS (SELECT FROM stock_reservations r
                  WHERE r.order_item_id = k.order_item_id AND r.state = 'active' AND r.picked < r.quantity)
RETURNING k.order_item_id, k.order_id
"""

_REOPEN = """
UPDATE pick_lines k SET state = 'open', closed_at = NULL
WHERE k.order_item_id = ANY($1::uuid[]) AND k.state = 'picked'
  AND EXISTS (SELECT FROM stock_reservations r
              WHERE r.order_item_id = k.order_item_id AND r.state = 'active' AND r.picked < r.quantity)
RETURNING k.order_item_id
"""

_ITEMS = """
UPDATE order_items SET fulfillment_status = $2::fulfillment_status_enum, updated_at = now()
WHERE id = ANY($1::uuid[]) AND fulfillment_status IN ('reserved', 'picked', 'packed')
"""

_LEFT = """
SELECT order_id FROM pick_lines WHERE order_id = ANY($1::uuid[]) AND state = 'open'
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody walks for: a wave, or one order by itself."""

    wave_id: WaveId | None = None
    order_id: OrderId | None = None

    def __post_init__(self) -> None:
        assert (self.wave_id is None) != (self.order_id is None), "a walk is of one wave or of one order"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one order wants of one product, and how much of it is in hand."""

    reservation_id: UUID
    order_id: OrderId
    order_number: str
    item_id: ItemId
    product_id: ProductId
    location_id: LocationId
    sku: str
    name: str
    bin: str
    barcodes: tuple[str, ...]
    quantity: int
    picked: int
    picked_by: str
    picked_at: datetime | None
    held_by: str
    ship_by: datetime | None
    stopped: str
    scan_only: bool
    waits_when_short: bool

    @property
    def left(self) -> int:
        """Units that may still be picked for it now."""
        return 0 if self.stopped else max(self.quantity - self.picked, 0)


class Moved(Exception):  # never leaves this package
    """What was read moved before it was locked: the transaction is to be repeated from the start."""


async def read_wanted(connection: Any, scope: Scope) -> list[Wanted]:
    """What the orders of a walk want, nearest ship-by first; unlocked."""
    query, key = (_OF_WAVE, scope.wave_id) if scope.wave_id is not None else (_OF_ORDER, scope.order_id)
    return [_wanted(row) for row in await connection.fetch(query, key)]


async def lock_wanted(connection: Any, scope: Scope, seen: Collection[Wanted]) -> list[Wanted]:
    """The same rows once their orders are held. Raises Moved when an order has been closed meanwhile."""
    orders = {each.order_id for each in seen}
    if await lock_work(connection, sorted(orders)) != orders:
        raise Moved
    present = {each.reservation_id: each for each in await read_wanted(connection, scope)}
    if any(each.reservation_id not in present for each in seen):
        raise Moved
    return [present[each.reservation_id] for each in seen]


async def take(connection: Any, units: Sequence[tuple[Wanted, int]], actor: Actor) -> None:
    """Count these units as off the shelf, or with a minus as back on it."""
    await connection.execute(
        _TAKE, [each.reservation_id for each, _ in units], [count for _, count in units], actor.name
    )


async def settle_lines(connection: Any, order_ids: Collection[OrderId]) -> set[OrderId]:
    """Lines of which all is in hand are picked, and so are their items. Answers the orders of which no line is open any more."""
    rows = await connection.fetch(_COMPLETE, list(order_ids))
    if rows:
        await connection.execute(_ITEMS, [row["order_item_id"] for row in rows], "picked")
    done = {OrderId(row["order_id"]) for row in rows}
    still = {row["order_id"] for row in await connection.fetch(_LEFT, list(done))} if done else set()
    return done - still


async def reopen_lines(connection: Any, item_ids: Collection[ItemId]) -> None:
    """Lines of which something is not in hand any more are open again, and their items only reserved."""
    rows = await connection.fetch(_REOPEN, list(item_ids))
    await connection.execute(_ITEMS, [row["order_item_id"] for row in rows], "reserved")


async def write_down(
    connection: Any, vault: Vault, action: str, actor: Actor, told: dict[OrderId, dict[str, Any]]
) -> None:
    """Put what was done into the record of each order, and let the orders go on as far as they can."""
    await mark(connection, vault, action, actor, told)
    await advance(connection, vault, sorted(told))


def _wanted(row: Any) -> Wanted:
    return Wanted(
        reservation_id=row["id"],
        order_id=OrderId(row["order_id"]),
        order_number=row["order_number"],
        item_id=ItemId(row["order_item_id"]),
        product_id=ProductId(row["product_id"]),
        location_id=LocationId(row["location_id"]),
        sku=row["sku"],
        name=row["name"],
        bin=row["bin"] or row["line_bin"],
        barcodes=tuple(row["barcodes"]),
        quantity=row["quantity"],
        picked=row["picked"],
        picked_by=row["picked_by"] or "",
        picked_at=row["picked_at"],
        held_by=row["held_by"] or "",
        ship_by=row["ship_by"],
        stopped=row["stopped"],
        scan_only=row["scan_only"],
        waits_when_short=row["backorder"] == "wait",
    )
