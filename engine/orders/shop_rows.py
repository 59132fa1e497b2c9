"""What intake must know of a shop."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine.identifiers import ShopId, UserId


@dataclass(frozen=True, slots=True)
class ShopRow:
    """The owner of a shop's orders."""

    shop_id: ShopId
    user_id: UserId


async def read_shops(connection: Any, shop_ids: Collection[ShopId]) -> dict[ShopId, ShopRow]:
    """The shops among these that are connected."""
    rows = await connection.fetch("SELECT id, user_id FROM shops WHERE id = ANY($1::uuid[])", list(shop_ids))
    return {ShopId(row["id"]): ShopRow(ShopId(row["id"]), UserId(row["user_id"])) for row in rows}
