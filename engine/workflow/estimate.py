"""When an order will be done: what the shop's recent orders took from the same state, the middle one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from engine.identifiers import ShopId
from engine.words import WorkflowState

SAMPLE: Final = 200
"""So many of the shop's orders that were completed last."""

_FEWEST: Final = 5
"""Fewer tell nothing."""

# Purpose: the median of what is left, over a bounded number of orders. Indexes: orders_completed_index for the shop's latest,
# order_workflow_steps_order_index once for each. An order that came to the state twice counts from the last time.
_REMAINING = f"""
WITH latest AS MATERIALIZED (
    SELECT id, delivered_date FROM orders
    WHERE shop_id = $1 AND workflow_status = 'completed' AND delivered_date IS NOT NULL
    ORDER BY delivered_date DESC LIMIT {SAMPLE}
), took AS (
    SELECT extract(epoch FROM l.delivered_date - s.entered_at) AS seconds
    FROM latest l CROSS JOIN LATERAL (
        SELECT max(created_at) AS entered_at FROM order_workflow_steps WHERE order_id = l.id AND to_state = $2::workflow_status_enum) s
    WHERE s.entered_at IS NOT NULL AND l.delivered_date >= s.entered_at
)
SELECT count(*) AS orders, now() + make_interval(secs => percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)) AS at FROM took
"""  # noqa: S608


async def estimated_completion(connection: Any, shop_id: ShopId, state: WorkflowState) -> datetime | None:
    """When an order of the shop that is in this state now will be completed; None where too few have gone that way lately."""
    row = await connection.fetchrow(_REMAINING, shop_id, state.value)
    return row["at"] if row["orders"] >= _FEWEST else None
