"""Orders whose items travel in one package: whoever moves one of them holds them all."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from engine.identifiers import OrderId

# Index: packages_combined_index, which is as good as empty where nothing is combined.
_SHARING = """
SELECT DISTINCT other.order_id
FROM package_items mine JOIN packages one ON one.id = mine.package_id AND one.combined_into IS NOT NULL
JOIN package_items other ON other.package_id = one.combined_into
WHERE mine.order_id = ANY($1::uuid[]) AND other.order_id <> ALL($1::uuid[])
"""


async def sharing(connection: Any, order_ids: Collection[OrderId]) -> list[OrderId]:
    """The other orders that share a package with one of these, sorted."""
    rows = await connection.fetch(_SHARING, list(order_ids))
    return sorted(OrderId(row["order_id"]) for row in rows)
