"""Shops without access to TikTok's API: their orders come from files and their tracking numbers go out in files.

When such a shop is connected later under the same TikTok id, it is the same shop: its orders stay, and TikTok's word completes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, DEFAULT_LOCATION, ShopId, UserId, new_id
from engine.inventory.booking import find_location
from engine.workflow.facts import ImportMode, ShopPolicies

if TYPE_CHECKING:
    from engine.database.connection import Database

OFFLINE = "offline"

_FIND = """
SELECT id, user_id, tiktok_shop_id, name, region, timezone, state FROM shops
WHERE id::text = $1 OR tiktok_shop_id = $1 OR lower(name) = lower($1) ORDER BY id LIMIT 2
"""

_ADD = """
INSERT INTO shops (id, user_id, location_id, tiktok_shop_id, name, region, timezone, policies, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'offline')
ON CONFLICT (platform, tiktok_shop_id) DO NOTHING RETURNING id
"""


@dataclass(frozen=True, slots=True)
class FileShop:
    """What reading and writing a shop's files takes."""

    shop_id: ShopId
    user_id: UserId
    tiktok_shop_id: str
    name: str
    region: str
    timezone: str
    state: str

    @property
    def offline(self) -> bool:
        """Whether TikTok's API is out of reach for it."""
        return self.state == OFFLINE


async def find_file_shop(database: Database, named: str) -> FileShop:
    """The shop of this name, TikTok id or id. Raises NotFound for none, Refused for several of one name."""
    rows = await database.pool.fetch(_FIND, named)
    if not rows:
        raise NotFound(
            "shop.unknown", f"There is no shop {named!r}: connect it, or add it with `orders-tui shop add-offline`."
        )
    if len(rows) > 1:
        raise Refused("shop.ambiguous", f"Several shops are called {named!r}: give the id of the one that is meant.")
    return _shop(rows[0])


async def add_offline_shop(
    database: Database,
    *,
    name: str,
    region: str,
    timezone: str,
    tiktok_shop_id: str = "",
    location: str = "",
    work: bool = False,
    actor: Actor,
    owner: UserId = DEFAULT_CREATOR,
) -> FileShop:
    """Add a shop that is only known from files; its orders are shown, and worked once it is switched to work.

    Raises Refused when a shop of that name or TikTok id is there already, NotFound for an unknown location.
    """
    mode = ImportMode.WORK if work else ImportMode.OBSERVE

    async def write(connection: Any) -> FileShop:
        await database.vault.ensure(connection, owner)
        place = await find_location(connection, location) if location else DEFAULT_LOCATION
        if await connection.fetchval("SELECT EXISTS (SELECT FROM shops WHERE lower(name) = lower($1))", name):
            raise Refused("shop.exists", f"There is a shop {name!r} already: choose another name.")
        shop_id = ShopId(new_id())
        policies = ShopPolicies(import_mode=mode).document()
        code = tiktok_shop_id or f"{OFFLINE}:{shop_id}"
        if await connection.fetchval(_ADD, shop_id, owner, place, code, name, region, timezone, policies) is None:
            raise Refused("shop.exists", f"There is a shop with TikTok's id {tiktok_shop_id} already.")
        after = {"name": name, "offline": True, "policies": policies}
        await chain.append(connection, database.vault, owner, shop_id, "shop.added", actor, None, after)
        return FileShop(shop_id, owner, code, name, region, timezone, OFFLINE)

    return await database.run(write)


def _shop(row: Any) -> FileShop:
    return FileShop(
        shop_id=ShopId(row["id"]),
        user_id=UserId(row["user_id"]),
        tiktok_shop_id=row["tiktok_shop_id"],
        name=row["name"],
        region=row["region"],
        timezone=row["timezone"],
        state=row["state"],
    )
