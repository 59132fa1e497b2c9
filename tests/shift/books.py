"""The end of a shift: everybody's books against each other, and against what was to be done."""

from __future__ import annotations

import asyncio
import time

from tests.scenarios.checker import Agreement, compare, stock_differences
from tests.shift.house import ORDERS, House

_MISTAKES = ("loop_broke", "handler_broke", "tick_failed")

PATIENCE_SECONDS = 40.0
"""So long, at most, what was done last is on its way: TikTok is told, and its answer is heard."""

_UNFINISHED = """
SELECT (SELECT count(*) FROM orders WHERE order_status NOT IN ('shipped', 'cancelled')) AS "orders are neither shipped nor cancelled",
       (SELECT count(*) FROM orders WHERE cardinality(tags) > 0) AS "orders have a tag that was taken back",
       (SELECT count(*) FROM failures WHERE resolved_at IS NULL) AS "failures are open",
       (SELECT count(*) FROM effects WHERE state IN ('intent', 'sent', 'ambiguous') AND kind <> 'notice') AS "messages are not sent",
       (SELECT count(*) FROM waves WHERE state <> 'done') AS "waves are not done"
"""

_LABELS = """
SELECT o.tiktok_order_id AS order_id, count(p.id) AS parcels, count(p.id) FILTER (WHERE p.labelled_at IS NOT NULL) AS labels
FROM orders o JOIN LATERAL (
    SELECT DISTINCT p.id, p.labelled_at FROM packages p JOIN package_items i ON i.package_id = p.id
    WHERE i.order_id = o.id AND p.state NOT IN ('voided', 'combined')) p ON true
WHERE o.order_status = 'shipped' GROUP BY 1
"""


async def agreed(house: House) -> Agreement:
    """Compare until everything agrees, or patience ends; what is wrong then is among the differences."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := await _compared(house)).differences and time.monotonic() < deadline:
        await asyncio.sleep(1.0)
    found.differences += _mistakes(house)
    return found


def _mistakes(house: House) -> list[str]:
    log = house.daemon_log.read_text()
    found = [f"{log.count(name)} times {name} in the daemon's log." for name in _MISTAKES if name in log]
    if house.errors_log.exists() and "Traceback" in (mistakes := house.errors_log.read_text()):
        found.append(f"Mistakes are written down: {mistakes[-600:]}")
    return found


async def _compared(house: House) -> Agreement:
    database, world = house.database, house.world
    listing = await world.ask("orders")
    found = await compare(database, listing, await world.ask("state"))
    found.differences += await stock_differences(database, await world.ask("stock"))
    if found.orders != ORDERS:
        found.differences.append(f"{found.orders} orders are here, not {ORDERS}.")
    row = await database.pool.fetchrow(_UNFINISHED)
    found.differences += [f"{count} {what}." for what, count in row.items() if count]
    bought = {row["id"]: len(row["labels"]) for row in listing["orders"]}
    for row in await database.pool.fetch(_LABELS):
        counts = {row["parcels"], row["labels"], bought.pop(row["order_id"])}
        if counts != {1}:
            found.differences.append(
                f"Order {row['order_id']} has {row['labels']} labels on {row['parcels']} parcels, not one."
            )
    return found
