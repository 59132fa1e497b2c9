"""Criteria of which statistics cannot tell whether few orders or many fulfil them: up to a bound their orders are found first.

Without this a list of the dozen orders above an amount is looked for along a million order dates.
"""

from __future__ import annotations

from uuid import UUID

from engine.database.connection import Connection
from engine.orders.filters import OrderFilter
from engine.orders.predicate import Predicate, bounds, spellings

CANDIDATES = 2000
"""With more orders than this a criterion counts as broad, and the planner may look for it along any sort."""


async def add_candidates(connection: Connection, order_filter: OrderFilter, wanted: Predicate) -> None:
    """Add the ids of the orders that fulfil the narrow criteria; one round trip where there may be any."""
    asked = Predicate()
    # Each from its own index, which the sort by the index's expression makes sure of.
    probes = [
        f"SELECT o.id FROM orders o WHERE {' AND '.join(conditions)} ORDER BY {expression}"  # noqa: S608
        for expression, conditions in bounds(order_filter, asked).items()
    ]
    if order_filter.skus:
        skus = asked.bind(spellings(order_filter.skus), "text[]")
        probes.append(f"SELECT i.order_id FROM order_items i WHERE i.product_sku = ANY({skus})")  # noqa: S608
    if not probes:
        return
    statement = " UNION ALL ".join(
        f"SELECT array_agg(id) AS ids FROM ({probe} LIMIT {CANDIDATES + 1}) found (id)"  # noqa: S608
        for probe in probes
    )
    found = [set(record["ids"] or ()) for record in await connection.fetch(statement, *asked.arguments)]
    narrow = [ids for ids in found if len(ids) <= CANDIDATES]
    if narrow:
        ids: list[UUID] = sorted(set.intersection(*narrow))
        wanted.add(f"o.id = ANY({wanted.bind(ids, 'uuid[]')})")
