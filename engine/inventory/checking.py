"""The nightly check: movements add up to every level, and active reservations to what is reserved. It reports and repairs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "stock_check"

_DIFFERENCES = """
SELECT p.sku, c.code AS location, l.on_hand, l.reserved, l.held, m.on_hand AS moved_on_hand, m.reserved AS moved_reserved,
       m.held AS moved_held, r.reserved AS active
FROM stock_levels l
JOIN products p ON p.id = l.product_id JOIN locations c ON c.id = l.location_id
LEFT JOIN (SELECT product_id, location_id, sum(delta_on_hand) AS on_hand, sum(delta_reserved) AS reserved, sum(delta_held) AS held
           FROM stock_movements GROUP BY product_id, location_id) s ON s.product_id = l.product_id AND s.location_id = l.location_id
LEFT JOIN (SELECT product_id, location_id, sum(quantity) AS reserved FROM stock_reservations
           WHERE state = 'active' GROUP BY product_id, location_id) a ON a.product_id = l.product_id AND a.location_id = l.location_id
CROSS JOIN LATERAL (SELECT coalesce(s.on_hand, 0) AS on_hand, coalesce(s.reserved, 0) AS reserved, coalesce(s.held, 0) AS held) m
CROSS JOIN LATERAL (SELECT coalesce(a.reserved, 0) AS reserved) r
WHERE (l.on_hand, l.reserved, l.held, l.reserved) IS DISTINCT FROM (m.on_hand, m.reserved, m.held, r.reserved)
ORDER BY p.sku, c.code
"""


@dataclass(frozen=True, slots=True)
class StockDifference:
    """A level that its own history does not explain: what it says, what the movements say, what active reservations say."""

    sku: str
    location: str
    on_hand: int
    reserved: int
    held: int
    moved_on_hand: int
    moved_reserved: int
    moved_held: int
    active: int


async def check_stock(database: Database) -> list[StockDifference]:
    """Every level that does not add up, by SKU; one statement, so all of one moment."""
    return [
        StockDifference(plain(row["sku"]), row["location"], *(int(value) for value in tuple(row)[2:]))
        for row in await database.pool.fetch(_DIFFERENCES)
    ]
