"""What intake must know of a shop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine.identifiers import LocationId, ShopId, UserId
from engine.workflow.facts import ShopPolicies


@dataclass(frozen=True, slots=True)
class ShopRow:
    """Whose a shop's orders are, where they ship from, and how they are worked."""

    shop_id: ShopId
    user_id: UserId
    location_id: LocationId
    policies: ShopPolicies


async def read_shops(connection: Any, shop_ids: Collection[ShopId]) -> dict[ShopId, ShopRow]:
    """The shops among these that are connected."""
    rows = await connection.fetch(
        "SELECT id, user_id, location_id, policies FROM shops WHERE id = ANY($1::uuid[])", list(shop_ids)
    )
    return {
        ShopId(row["id"]): ShopRow(
            ShopId(row["id"]),
            UserId(row["user_id"]),
            LocationId(row["location_id"]),
            ShopPolicies.read(row["policies"]),
        )
        for row in rows
    }
