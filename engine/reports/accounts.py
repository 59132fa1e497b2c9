"""Accounting: is every order where its history says, and does every number add up? Read-only, for the demo, tests and operators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.reports.tallies import wrong_tallies

if TYPE_CHECKING:
    from engine.database.connection import Database

# Where an order ended up: completed, cancelled, the code of its open failure, or still open.
_OUTCOMES = """
SELECT CASE WHEN w.workflow_status = 'completed' THEN 'completed'
            WHEN w.workflow_status = 'cancelled' THEN 'cancelled'
            WHEN f.code IS NOT NULL THEN f.code
            ELSE 'open' END AS outcome, count(*) AS orders
FROM orders o
LEFT JOIN LATERAL (SELECT workflow_status FROM order_workflows w WHERE w.order_id = o.id ORDER BY w.id DESC LIMIT 1) w ON true
LEFT JOIN LATERAL (SELECT code FROM failures f WHERE f.order_id = o.id AND f.resolved_at IS NULL ORDER BY f.id DESC LIMIT 1) f ON true
GROUP BY 1 ORDER BY 1
"""

# A history is complete when it begins with nothing, each line follows the one before, and the last is what the order is now.
_BROKEN_HISTORIES = """
WITH lines AS (
    SELECT order_id, previous_status, new_status, lag(new_status) OVER w AS before, row_number() OVER w AS place,
           row_number() OVER (PARTITION BY order_id ORDER BY id DESC) AS from_end
    FROM order_status_history WINDOW w AS (PARTITION BY order_id ORDER BY id)
), steps AS (
    SELECT order_id, from_state, to_state, lag(to_state) OVER w AS before,
           row_number() OVER (PARTITION BY order_id ORDER BY id DESC) AS from_end
    FROM order_workflow_steps WINDOW w AS (PARTITION BY order_id ORDER BY id)
)
SELECT count(*) FROM orders o
WHERE NOT EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND l.from_end = 1 AND l.new_status = o.order_status)
   OR NOT EXISTS (SELECT 1 FROM steps s WHERE s.order_id = o.id AND s.from_end = 1 AND s.to_state = o.workflow_status)
   OR EXISTS (SELECT 1 FROM lines l WHERE l.order_id = o.id AND l.previous_status IS DISTINCT FROM l.before)
   OR EXISTS (SELECT 1 FROM steps s WHERE s.order_id = o.id AND s.from_state IS DISTINCT FROM s.before)
   OR o.audit_sequence <> (SELECT count(*) FROM audit_log a WHERE a.subject = o.id)
                        + (SELECT coalesce(max(through_sequence), 0) FROM audit_cuts c WHERE c.subject = o.id)
   OR o.audit_head <> (SELECT a.hash FROM audit_log a WHERE a.subject = o.id ORDER BY a.sequence DESC LIMIT 1)
"""

_UNBALANCED_STOCK = """
SELECT count(*) FROM stock_levels l
LEFT JOIN LATERAL (SELECT coalesce(sum(delta_on_hand), 0) AS on_hand, coalesce(sum(delta_reserved), 0) AS reserved,
                          coalesce(sum(delta_held), 0) AS held
                   FROM stock_movements m WHERE m.product_id = l.product_id AND m.location_id = l.location_id) m ON true
LEFT JOIN LATERAL (SELECT coalesce(sum(quantity), 0) AS reserved FROM stock_reservations r
                   WHERE r.product_id = l.product_id AND r.location_id = l.location_id AND r.state = 'active') r ON true
WHERE l.on_hand <> m.on_hand OR l.reserved <> m.reserved OR l.held <> m.held OR l.reserved <> r.reserved OR l.on_hand < 0 OR l.reserved < 0
"""

# What a progress line needs, without looking at every order's last failure.
_PROGRESS = "SELECT workflow_status, count(*) AS orders FROM order_workflows GROUP BY workflow_status"

# Every generation of a package was bought once; all but the last were voided.
_LABELS = "SELECT coalesce(sum(generation - 1 + (labelled_at IS NOT NULL)::int), 0) FROM packages"

# A label goes with the person it was for.
_UNRECORDED_LABELS = """
SELECT count(*) FROM effects e
WHERE e.kind = 'buy_label' AND e.state = 'done' AND NOT EXISTS (
    SELECT FROM documents d
    WHERE d.package_id = e.package_id AND d.kind = 'label' AND d.generation = split_part(e.key, ':', 3)::int)
  AND NOT EXISTS (SELECT FROM orders o WHERE o.id = e.order_id AND o.forgotten_at IS NOT NULL)
"""

# While an order is packed, its parcels hold exactly what is still to ship of each line, however often they are split or combined.
_MISFILLED_PARCELS = """
WITH live AS (
    SELECT c.order_id, c.order_item_id, c.quantity, p.left_at FROM package_items c JOIN packages p ON p.id = c.package_id
    WHERE p.state NOT IN ('voided', 'combined') AND NOT (p.state = 'voiding' AND p.after_void = '')
)
SELECT count(*) FROM order_items i JOIN orders o ON o.id = i.order_id
WHERE o.workflow_status IN ('inventory_reserved', 'ready_to_ship') AND o.order_status = 'processing'
  AND EXISTS (SELECT FROM live l WHERE l.order_id = o.id)
  AND i.quantity - i.cancelled_quantity - i.shipped_quantity
      <> (SELECT coalesce(sum(l.quantity), 0) FROM live l WHERE l.order_item_id = i.id AND l.left_at IS NULL)
"""

_OPEN_WITHOUT_WORK = """
SELECT count(*) FROM order_workflows w
WHERE w.workflow_status IN ('running', 'failed') AND NOT EXISTS (SELECT 1 FROM work k WHERE k.order_id = w.order_id)
"""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The sums. Everything but `outcomes`, `orders` and `labels` must be zero."""

    orders: int
    outcomes: Mapping[str, int]
    labels: int
    broken_histories: int
    unbalanced_stock: int
    open_without_work: int
    unrecorded_labels: int = 0
    misfilled_parcels: int = 0
    wrong_tallies: int = 0

    @property
    def wrong(self) -> Mapping[str, int]:
        """What is lost, doubled or negative, by name."""
        sums = {
            "broken_histories": self.broken_histories,
            "unbalanced_stock": self.unbalanced_stock,
            "open_without_work": self.open_without_work,
            "unrecorded_labels": self.unrecorded_labels,
            "misfilled_parcels": self.misfilled_parcels,
            "wrong_tallies": self.wrong_tallies,
        }
        return {name: number for name, number in sums.items() if number}

    @property
    def balanced(self) -> bool:
        """Whether nothing is lost, doubled or negative."""
        return not self.wrong


async def at_work(database: Database) -> tuple[int, int]:
    """How many orders there are, and how many of them are still at work."""
    found = {row["workflow_status"]: row["orders"] for row in await database.pool.fetch(_PROGRESS)}
    return sum(found.values()), found.get("running", 0)


async def outcomes(database: Database) -> dict[str, int]:
    """How many orders ended up where."""
    return {row["outcome"]: row["orders"] for row in await database.pool.fetch(_OUTCOMES)}


async def account(database: Database) -> Accounts:
    """Add everything up, on one snapshot."""
    async with (
        database.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = {row["outcome"]: row["orders"] for row in await connection.fetch(_OUTCOMES)}
        return Accounts(
            orders=sum(found.values()),
            outcomes=found,
            labels=await connection.fetchval(_LABELS),
            broken_histories=await connection.fetchval(_BROKEN_HISTORIES),
            unbalanced_stock=await connection.fetchval(_UNBALANCED_STOCK),
            open_without_work=await connection.fetchval(_OPEN_WITHOUT_WORK),
            unrecorded_labels=await connection.fetchval(_UNRECORDED_LABELS),
            misfilled_parcels=await connection.fetchval(_MISFILLED_PARCELS),
            wrong_tallies=await wrong_tallies(connection),
        )
