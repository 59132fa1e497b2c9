"""What is behind one product's stock: every level, who holds it, who waits for it, where it is listed, what is amiss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.errors import NotFound
from engine.identifiers import OrderId
from engine.inventory import movements, product_master
from engine.inventory.alarms import Alarm, alarms_of
from engine.inventory.movements import Movement
from engine.inventory.product_card import ProductView
from engine.inventory.waited import LACKING
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_LINES = 20
"""Of reservations, waiting orders and movements so many are read; the numbers beside them count on, to a thousand at least."""

_SKU = "SELECT user_id, sku FROM products WHERE id = $1"

_LEVELS = """
SELECT l.code, s.on_hand, s.reserved, s.held FROM stock_levels s JOIN locations l ON l.id = s.location_id
WHERE s.product_id = $1 ORDER BY l.code
"""

# Index: stock_reservations_product_index.
_RESERVED = """
SELECT r.order_id, o.order_number, l.code, r.quantity, r.created_at, o.expected_ship_date
FROM (SELECT order_id, location_id, quantity, created_at FROM stock_reservations
      WHERE product_id = $1 AND state = 'active' ORDER BY created_at LIMIT $2) r
CROSS JOIN LATERAL (SELECT order_number, expected_ship_date FROM orders WHERE id = r.order_id) o
JOIN locations l ON l.id = r.location_id ORDER BY r.created_at
"""

_RESERVED_ORDERS = """
SELECT count(*) FROM (SELECT FROM stock_reservations WHERE product_id = $1 AND state = 'active' LIMIT 1000) r
"""

_WAITING = f"""
SELECT n.order_id, o.order_number, coalesce(l.code, '') AS code, n.units AS quantity, o.order_date AS created_at,
       o.expected_ship_date, count(*) OVER () AS all_of_them
FROM ({LACKING}) n JOIN orders o ON o.id = n.order_id LEFT JOIN locations l ON l.id = n.location_id
WHERE n.product_id = $1 ORDER BY o.expected_ship_date NULLS LAST, o.order_date LIMIT $2
"""  # noqa: S608

# Index: listings_sku_index.
_LISTED = """
SELECT h.name AS shop, h.push_stock, h.stock_buffer, i.seller_sku, i.title, i.status,
       coalesce(l.code, t.warehouse_id, '') AS place, t.pushed, t.pushed_at, t.channel_quantity, t.read_at,
       t.check_at IS NULL AND t.pushed_at IS NOT NULL AND t.mismatches = 0 AS agrees,
       CASE WHEN i.refusal <> '' THEN i.refusal ELSE coalesce(t.error, '') END AS error
FROM products p JOIN shops h ON h.user_id = p.user_id
JOIN listings i ON i.shop_id = h.id AND i.status <> 'GONE'
 AND i.seller_sku = ANY(ARRAY(SELECT a.sku FROM product_aliases a WHERE a.user_id = p.user_id AND a.product_sku = p.sku) || p.sku)
LEFT JOIN listing_stock t ON t.listing_id = i.id
LEFT JOIN warehouses w ON w.shop_id = h.id AND w.warehouse_id = t.warehouse_id LEFT JOIN locations l ON l.id = w.location_id
WHERE p.id = $1 ORDER BY h.name, i.seller_sku, place LIMIT 50
"""

_IN_KITS = """
SELECT k.sku FROM products p JOIN products k ON k.user_id = p.user_id
 AND k.components @> jsonb_build_array(jsonb_build_object('sku', p.sku))
WHERE p.id = $1 ORDER BY k.sku LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class LevelView:
    """What lies at one location."""

    location: str
    on_hand: int
    reserved: int
    held: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.held


@dataclass(frozen=True, slots=True)
class Claimed:
    """One order that has, or waits for, units of a product."""

    order_id: OrderId
    order_number: str
    location: str
    units: int
    since: datetime
    ship_by: datetime | None


@dataclass(frozen=True, slots=True)
class ListedView:
    """Where a shop lists it, and what one of its warehouses was told and showed."""

    shop: str
    pushes: bool
    buffer: int
    seller_sku: str
    title: str
    status: str
    place: str
    pushed: int | None
    pushed_at: datetime | None
    shows: int | None
    read_at: datetime | None
    agrees: bool
    error: str


@dataclass(frozen=True, slots=True)
class StockCard:
    """One product's stock in full."""

    product_id: UUID
    product: ProductView
    levels: tuple[LevelView, ...]
    reserved: tuple[Claimed, ...]
    reserved_orders: int
    waiting: tuple[Claimed, ...]
    waiting_orders: int
    listed: tuple[ListedView, ...]
    alarms: tuple[Alarm, ...]
    in_kits: tuple[str, ...]
    movements: tuple[Movement, ...]


async def stock_card(database: Database, product_id: UUID) -> StockCard:
    """Everything about one product's stock. Raises NotFound."""
    pool = database.pool
    named = await pool.fetchrow(_SKU, product_id)
    if named is None:
        raise NotFound("product.unknown", "The product is not there any more.")
    product = await product_master.show_product(database, named["sku"], owner=named["user_id"])
    reserved = await pool.fetch(_RESERVED, product_id, MOST_LINES)
    waiting = await pool.fetch(_WAITING, product_id, MOST_LINES)
    return StockCard(
        product_id=product_id,
        product=product,
        levels=tuple(
            LevelView(plain(row["code"]), row["on_hand"], row["reserved"], row["held"])
            for row in await pool.fetch(_LEVELS, product_id)
        ),
        reserved=_claims(reserved),
        reserved_orders=await pool.fetchval(_RESERVED_ORDERS, product_id),
        waiting=_claims(waiting),
        waiting_orders=waiting[0]["all_of_them"] if waiting else 0,
        listed=tuple(_listed(row) for row in await pool.fetch(_LISTED, product_id)),
        alarms=tuple(await alarms_of(database, product_id)),
        in_kits=tuple(plain(row["sku"]) for row in await pool.fetch(_IN_KITS, product_id)),
        movements=(await movements.page(database, product_id, limit=MOST_LINES)).rows,
    )


def _claims(rows: Sequence[Any]) -> tuple[Claimed, ...]:
    return tuple(
        Claimed(
            OrderId(row["order_id"]),
            plain(row["order_number"]),
            plain(row["code"]),
            row["quantity"],
            row["created_at"],
            row["expected_ship_date"],
        )
        for row in rows
    )


def _listed(row: Any) -> ListedView:
    return ListedView(
        shop=plain(row["shop"]),
        pushes=row["push_stock"],
        buffer=row["stock_buffer"],
        seller_sku=plain(row["seller_sku"]),
        title=plain(row["title"]),
        status=row["status"],
        place=plain(row["place"]),
        pushed=row["pushed"],
        pushed_at=row["pushed_at"],
        shows=row["channel_quantity"],
        read_at=row["read_at"],
        agrees=bool(row["agrees"]),
        error=plain(row["error"]),
    )
