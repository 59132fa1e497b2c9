"""How long the workflow itself takes, and how often it goes wrong: waiting for people, stock, carriers and cooling-off is no part of it.

Local steps are decided in the moment their last condition comes true, so they cost nothing that could be measured here. What is left is
the work outside: buying the label and telling TikTok, from the intent to the result, less the time the order was held or waited in the
failed queue. Stock, picking, the handover and the carrier's way lie between those, and do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.identifiers import ShopId

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_ORDERS: Final = 5000
"""The newest so many orders that became ready since then are looked at, unless fewer are asked for."""

NOT_ERRORS: Final = ("out_of_stock",)
"""What stops an order without anything being wrong with the program or its outside."""

# Indexes: order_workflow_steps_pkey backwards (its keys ascend with time), effects_order_index, failures_order_index, and the holds'.
_LATENCY = """
WITH done AS MATERIALIZED (
    SELECT DISTINCT order_id FROM (
        SELECT s.order_id, s.to_state, s.created_at FROM order_workflow_steps s ORDER BY s.id DESC LIMIT 10 * $3::int) newest
    WHERE to_state = 'ready_to_ship' AND created_at >= $1 LIMIT $3::int
), busy AS (
    SELECT e.order_id, range_agg(tstzrange(e.created_at, e.settled_at)) AS spans
    FROM done d JOIN effects e ON e.order_id = d.order_id JOIN orders o ON o.id = e.order_id
    WHERE e.kind IN ('buy_label', 'ship_package') AND e.state = 'done' AND ($2::uuid IS NULL OR o.shop_id = $2)
    GROUP BY e.order_id
), stopped AS (
    SELECT order_id, range_agg(span) AS spans FROM (
        SELECT f.order_id, tstzrange(f.created_at, f.resolved_at) AS span FROM done d JOIN failures f ON f.order_id = d.order_id
        UNION ALL
        SELECT h.order_id, tstzrange(h.placed_at, h.released_at) FROM done d JOIN holds h ON h.order_id = d.order_id) each
    GROUP BY order_id
), took AS (
    SELECT coalesce((SELECT sum(extract(epoch FROM upper(span) - lower(span)))
                     FROM unnest(b.spans - coalesce(s.spans, '{}')) AS span), 0)::float8 AS seconds
    FROM busy b LEFT JOIN stopped s ON s.order_id = b.order_id
)
SELECT count(*) AS orders, percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds) AS p95
FROM took
"""

_ERRORS = """
SELECT count(DISTINCT f.order_id) FILTER (WHERE f.code <> ALL($3::text[])) AS failed,
       count(DISTINCT f.order_id) FILTER (WHERE f.code = ANY($3::text[])) AS short,
       (SELECT count(*) FROM orders n WHERE n.order_date >= $1 AND ($2::uuid IS NULL OR n.shop_id = $2)) AS orders
FROM orders o JOIN failures f ON f.order_id = o.id
WHERE o.order_date >= $1 AND ($2::uuid IS NULL OR o.shop_id = $2)
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """Over `orders` orders; the times are None where there are none."""

    orders: int
    median_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True, slots=True)
class Errors:
    """Of the orders placed since then: how many ever failed, and how many of the others only for want of stock."""

    orders: int
    failed: int
    out_of_stock: int

    @property
    def rate(self) -> float:
        """The share that failed; out of stock is no error."""
        return self.failed / self.orders if self.orders else 0.0


async def workflow_latency(
    database: Database, since: datetime, shop_id: ShopId | None = None, *, most: int = MOST_ORDERS
) -> Latency:
    """How long the workflow's own work took for the newest orders, at most so many, that became ready to ship since then."""
    row = await database.pool.fetchrow(_LATENCY, since, shop_id, most)
    return Latency(row["orders"], row["median"], row["p95"])


async def error_rate(database: Database, since: datetime, shop_id: ShopId | None = None) -> Errors:
    """How many of the orders placed since then went wrong."""
    row = await database.pool.fetchrow(_ERRORS, since, shop_id, list(NOT_ERRORS))
    return Errors(row["orders"], row["failed"], row["short"])
