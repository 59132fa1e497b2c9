"""What intake must know of a shop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine.identifiers import LocationId, ShopId, UserId
from engine.orders.deadlines import Calendar
from engine.workflow.facts import ShopPolicies

_SHOPS = """
SELECT s.id, s.user_id, s.location_id, s.policies, l.address ->> 'country' AS country, l.calendar, l.timezone
FROM shops s JOIN locations l ON l.id = s.location_id WHERE s.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True)
class ShopRow:
    """Whose a shop's orders are, where they ship from, and how they are worked."""

    shop_id: ShopId
    user_id: UserId
    location_id: LocationId
    policies: ShopPolicies
    country: str
    """Of the location; empty while that has no address."""
    calendar: Calendar | None
    """When the location hands parcels over."""


async def read_shops(connection: Any, shop_ids: Collection[ShopId]) -> dict[ShopId, ShopRow]:
    """The shops among these that are connected."""
    rows = await connection.fetch(_SHOPS, list(shop_ids))
    return {
        ShopId(row["id"]): ShopRow(
            ShopId(row["id"]),
            UserId(row["user_id"]),
            LocationId(row["location_id"]),
            ShopPolicies.read(row["policies"]),
            row["country"] or "",
            Calendar.read(row["calendar"], row["timezone"]),
        )
        for row in rows
    }
