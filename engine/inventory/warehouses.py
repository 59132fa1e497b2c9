"""A shop's warehouses on its channel, and which of our locations each one is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.database.connection import Connection
from engine.errors import NotFound, Refused
from engine.identifiers import ShopId, UserId
from engine.inventory.booking import find_location
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

_UPSERT = """
INSERT INTO warehouses (shop_id, warehouse_id, name, is_default)
SELECT $1, d.id, d.name, d.is_default FROM unnest($2::text[], $3::text[], $4::bool[]) AS d(id, name, is_default)
ON CONFLICT (shop_id, warehouse_id) DO UPDATE SET name = excluded.name, is_default = excluded.is_default
"""

# Where nobody has said otherwise, the shop's own location is its only warehouse, or its default one.
_GUESS = """
UPDATE warehouses w SET location_id = s.location_id
FROM shops s
WHERE w.shop_id = $1 AND s.id = $1
  AND NOT EXISTS (SELECT FROM warehouses m WHERE m.shop_id = $1 AND m.location_id IS NOT NULL)
  AND (w.is_default OR (SELECT count(*) FROM warehouses one WHERE one.shop_id = $1) = 1)
  AND w.warehouse_id = (SELECT min(d.warehouse_id) FROM warehouses d
                        WHERE d.shop_id = $1 AND (d.is_default OR NOT EXISTS (
                            SELECT FROM warehouses e WHERE e.shop_id = $1 AND e.is_default)))
"""

_LIST = """
SELECT s.name AS shop, s.tiktok_shop_id, w.warehouse_id, w.name, w.is_default, coalesce(l.code, '') AS location
FROM warehouses w JOIN shops s ON s.id = w.shop_id LEFT JOIN locations l ON l.id = w.location_id
ORDER BY s.name, w.warehouse_id
"""

_FIND = """
SELECT w.shop_id, w.warehouse_id, s.user_id, s.name, l.code FROM warehouses w JOIN shops s ON s.id = w.shop_id
LEFT JOIN locations l ON l.id = w.location_id
WHERE w.warehouse_id = $1 AND ($2 = '' OR s.tiktok_shop_id = $2 OR lower(s.name) = lower($2)) FOR UPDATE OF w
"""

_TAKEN = "SELECT name, warehouse_id FROM warehouses WHERE shop_id = $1 AND location_id = $2 AND warehouse_id <> $3"


@dataclass(frozen=True, slots=True)
class WarehouseFact:
    """A warehouse as the channel shows it."""

    warehouse_id: str
    name: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class WarehouseView:
    """A warehouse, for people; `location` is empty while it is none of ours, and its stock is left alone."""

    shop: str
    tiktok_shop_id: str
    warehouse_id: str
    name: str
    is_default: bool
    location: str


async def store_warehouses(connection: Connection, shop_id: ShopId, facts: Sequence[WarehouseFact]) -> None:
    """Keep a shop's warehouses, and guess which is ours while nobody has said."""
    await connection.execute(
        _UPSERT,
        shop_id,
        [fact.warehouse_id for fact in facts],
        [plain(fact.name)[:100] for fact in facts],
        [fact.is_default for fact in facts],
    )
    await connection.execute(_GUESS, shop_id)


async def list_warehouses(database: Database) -> list[WarehouseView]:
    """Every shop's warehouses."""
    return [
        WarehouseView(
            plain(row["shop"]),
            row["tiktok_shop_id"],
            row["warehouse_id"],
            plain(row["name"]),
            row["is_default"],
            row["location"],
        )
        for row in await database.pool.fetch(_LIST)
    ]


async def map_warehouse(
    database: Database, warehouse_id: str, location_code: str | None, *, shop: str = "", actor: Actor
) -> WarehouseView:
    """Say which location a warehouse is, or with None that it is none of ours. Raises NotFound, Refused."""

    async def write(connection: Any) -> None:
        rows = await connection.fetch(_FIND, warehouse_id, shop)
        if not rows:
            raise NotFound("warehouse.unknown", f"No shop has a warehouse {plain(warehouse_id)}: see location list.")
        if len(rows) > 1:
            raise Refused("warehouse.which_shop", "Several shops have that warehouse: name the shop as well.")
        row = rows[0]
        location_id = await find_location(connection, location_code) if location_code is not None else None
        if location_id is not None:
            taken = await connection.fetchrow(_TAKEN, row["shop_id"], location_id, warehouse_id)
            if taken is not None:
                raise Refused(
                    "warehouse.taken",
                    f"{location_code} is {plain(taken['name'] or taken['warehouse_id'])} at this shop already: "
                    "its stock would be offered twice.",
                )
        await connection.execute(
            "UPDATE warehouses SET location_id = $3 WHERE shop_id = $1 AND warehouse_id = $2",
            row["shop_id"],
            warehouse_id,
            location_id,
        )
        # The shop's row keeps its chain's head.
        await connection.execute("SELECT 1 FROM shops WHERE id = $1 FOR UPDATE", row["shop_id"])
        owner = UserId(row["user_id"])
        await database.vault.ensure(connection, owner)
        before, after = (
            {"warehouse": warehouse_id, "location": row["code"]},
            {"warehouse": warehouse_id, "location": location_code},
        )
        await chain.append(
            connection, database.vault, owner, row["shop_id"], "shop.warehouse_mapped", actor, before, after
        )

    await database.run(write)
    return next(
        view
        for view in await list_warehouses(database)
        if view.warehouse_id == warehouse_id and shop.casefold() in {"", view.tiktok_shop_id, view.shop.casefold()}
    )
