"""How each shop stands: worked or only observed, late orders, when TikTok was last heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from engine.identifiers import ShopId
from engine.orders.piles import SHIP_BY, UNSHIPPED
from engine.workflow.facts import ImportMode, ShopPolicies

if TYPE_CHECKING:
    from engine.database.connection import Database

LATE_CAP: Final = 2000
"""So many late orders of all shops are looked at, the longest late first."""

_SHOPS = """
SELECT s.id, s.name, s.state, s.state_reason, s.policies, p.heard_at, p.error
FROM shops s LEFT JOIN LATERAL (
    SELECT max(polled_at) FILTER (WHERE error IS NULL) AS heard_at, max(error) AS error FROM polls WHERE shop_id = s.id) p ON true
ORDER BY s.name, s.id
"""

# Index: orders_due_index.
_LATE = f"""
SELECT shop_id, count(*) AS orders FROM (
    SELECT o.shop_id FROM orders o WHERE {UNSHIPPED} AND {SHIP_BY} < $1 ORDER BY {SHIP_BY} LIMIT {LATE_CAP}) late
GROUP BY shop_id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class ShopGlance:
    """One shop at a glance. `late` is at least so many when not `late_exact`."""

    shop_id: ShopId
    name: str
    state: str
    state_reason: str
    worked: bool
    """False while its orders are only observed."""
    late: int
    late_exact: bool
    heard_at: datetime | None
    trouble: str


async def shop_glances(database: Database, now: datetime) -> list[ShopGlance]:
    """Every shop, by name."""
    late = {record["shop_id"]: record["orders"] for record in await database.pool.fetch(_LATE, now)}
    exact = sum(late.values()) < LATE_CAP
    return [
        ShopGlance(
            shop_id=ShopId(record["id"]),
            name=record["name"],
            state=record["state"],
            state_reason=record["state_reason"],
            worked=ShopPolicies.read(record["policies"]).import_mode is ImportMode.WORK,
            late=late.get(record["id"], 0),
            late_exact=exact,
            heard_at=record["heard_at"],
            trouble=record["error"] or "",
        )
        for record in await database.pool.fetch(_SHOPS)
    ]
