"""Connected shops: who owns them, how their orders are worked, and their tokens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, DEFAULT_LOCATION, LocationId, ShopId, UserId, new_id
from engine.ports import Address
from engine.workflow.facts import ShopPolicies
from engine.workflow.library import require_workflow

if TYPE_CHECKING:
    from engine.database.connection import Database

_COLUMNS = """id, user_id, location_id, tiktok_shop_id, name, region, timezone, cipher, policies, state"""

_LOOK_AGAIN = "UPDATE work SET ready = true WHERE order_id IN (SELECT id FROM orders WHERE shop_id = $1)"


@dataclass(frozen=True, slots=True)
class Shop:
    """A connected shop. `cipher` is TikTok's name for it in calls; it prints nowhere."""

    shop_id: ShopId
    user_id: UserId
    location_id: LocationId
    tiktok_shop_id: str
    name: str
    region: str
    timezone: str
    cipher: str
    policies: ShopPolicies
    state: str


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A grant's tokens as the database keeps them, sealed."""

    access: str
    access_expires_at: datetime
    refresh: str
    refresh_expires_at: datetime


async def connect_shop(
    database: Database,
    *,
    tiktok_shop_id: str,
    name: str,
    region: str,
    timezone: str,
    cipher: str,
    policies: ShopPolicies,
    actor: Actor,
    owner: UserId = DEFAULT_CREATOR,
    location: LocationId = DEFAULT_LOCATION,
) -> Shop:
    """Connect a shop, or update the one already connected under this TikTok id; its cursor and tokens stay.

    Raises NotFound for policies that name a workflow which was never loaded.
    """

    async def write(connection: Any) -> None:
        await require_workflow(connection, policies.workflow)
        await database.vault.ensure(connection, owner)
        found = await connection.fetchrow(
            "SELECT id, policies FROM shops WHERE platform = 'tiktok_shop' AND tiktok_shop_id = $1 FOR UPDATE",
            tiktok_shop_id,
        )
        shop_id = ShopId(found["id"] if found else new_id())
        sealed = database.vault.seal_text(owner, "shops.cipher", shop_id, cipher)
        await connection.execute(
            """
            INSERT INTO shops (id, user_id, location_id, tiktok_shop_id, name, region, timezone, cipher, policies)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (platform, tiktok_shop_id) DO UPDATE
            SET name = excluded.name, region = excluded.region, timezone = excluded.timezone, cipher = excluded.cipher,
                policies = excluded.policies, state = 'connected'
            """,
            shop_id,
            owner,
            location,
            tiktok_shop_id,
            name,
            region,
            timezone,
            sealed,
            policies.document(),
        )
        if found and ShopPolicies.read(found["policies"]).import_mode is not policies.import_mode:
            await connection.execute(_LOOK_AGAIN, shop_id)
        after = {"name": name, "policies": policies.document()}
        await chain.append(connection, database.vault, owner, shop_id, "shop.connected", actor, None, after)

    await database.run(write)
    return next(shop for shop in await list_shops(database) if shop.tiktok_shop_id == tiktok_shop_id)


async def use_workflow(database: Database, shop_id: ShopId, name: str, *, actor: Actor) -> None:
    """Start the shop's new orders on the newest version of this workflow; open ones stay on theirs. Raises NotFound."""

    async def write(connection: Any) -> None:
        await require_workflow(connection, name)
        row = await connection.fetchrow("SELECT user_id, policies FROM shops WHERE id = $1 FOR UPDATE", shop_id)
        if row is None:
            raise NotFound("shop.unknown", "The shop is not connected any more.")
        before = ShopPolicies.read(row["policies"])
        if before.workflow == name:
            return
        after = replace(before, workflow=name)
        await connection.execute("UPDATE shops SET policies = $2 WHERE id = $1", shop_id, after.document())
        await database.vault.ensure(connection, row["user_id"])
        await chain.append(
            connection,
            database.vault,
            UserId(row["user_id"]),
            shop_id,
            "shop.workflow",
            actor,
            {"workflow": before.workflow},
            {"workflow": name},
        )

    await database.run(write)


async def list_shops(database: Database) -> list[Shop]:
    """All connected shops, by name."""
    rows = await database.pool.fetch(f"SELECT {_COLUMNS} FROM shops ORDER BY name, id")  # noqa: S608
    return [_shop(database, row) for row in rows]


async def read_tokens(database: Database, shop_id: ShopId) -> StoredTokens:
    """The shop's tokens. Raises NotFound when it has none, or when the key to open them is missing."""
    row = await database.pool.fetchrow(
        "SELECT name, access_token, access_expires_at, refresh_token, refresh_expires_at FROM shops WHERE id = $1",
        shop_id,
    )
    access = row and database.vault.open("shops.access_token", shop_id, row["access_token"])
    refresh = row and database.vault.open("shops.refresh_token", shop_id, row["refresh_token"])
    if not row or access is None or refresh is None:
        raise NotFound("shop.no_tokens", "The shop has no tokens that can be read: connect it again.")
    return StoredTokens(access.decode(), row["access_expires_at"], refresh.decode(), row["refresh_expires_at"])


async def save_tokens(database: Database, shop_id: ShopId, tokens: StoredTokens, *, replacing: str | None) -> bool:
    """Store both tokens at once. With `replacing`, only if that refresh token is still the stored one; False if it was not."""

    async def write(connection: Any) -> bool:
        row = await connection.fetchrow("SELECT user_id, refresh_token FROM shops WHERE id = $1 FOR UPDATE", shop_id)
        if row is None:
            raise NotFound("shop.unknown", "The shop is not connected any more.")
        vault = database.vault
        await vault.ensure(connection, row["user_id"])
        stored = vault.open("shops.refresh_token", shop_id, row["refresh_token"])
        if replacing is not None and stored is not None and stored.decode() != replacing:
            return False
        await connection.execute(
            """
            UPDATE shops SET access_token = $2, access_expires_at = $3, refresh_token = $4, refresh_expires_at = $5
            WHERE id = $1
            """,
            shop_id,
            vault.seal_text(row["user_id"], "shops.access_token", shop_id, tokens.access),
            tokens.access_expires_at,
            vault.seal_text(row["user_id"], "shops.refresh_token", shop_id, tokens.refresh),
            tokens.refresh_expires_at,
        )
        return True

    return await database.run(write)


async def set_location_address(database: Database, location: LocationId, address: Address, *, actor: Actor) -> None:
    """Give a warehouse the address that labels are sent from."""
    from dataclasses import asdict

    async def write(connection: Any) -> None:
        changed = await connection.execute("UPDATE locations SET address = $2 WHERE id = $1", location, asdict(address))
        if changed == "UPDATE 0":
            raise NotFound("location.unknown", "There is no such location.")
        after = {"city": address.city}
        await chain.append(
            connection, database.vault, DEFAULT_CREATOR, location, "location.address", actor, None, after
        )

    await database.run(write)


def _shop(database: Database, row: Any) -> Shop:
    return Shop(
        shop_id=ShopId(row["id"]),
        user_id=UserId(row["user_id"]),
        location_id=LocationId(row["location_id"]),
        tiktok_shop_id=row["tiktok_shop_id"],
        name=row["name"],
        region=row["region"],
        timezone=row["timezone"],
        cipher=database.vault.open_text("shops.cipher", row["id"], row["cipher"]),
        policies=ShopPolicies.read(row["policies"]),
        state=row["state"],
    )


async def find_shop(database: Database, shop_id: ShopId) -> Shop:
    """The shop. Raises NotFound when it is not connected."""
    row = await database.pool.fetchrow(f"SELECT {_COLUMNS} FROM shops WHERE id = $1", shop_id)  # noqa: S608
    if row is None:
        raise NotFound("shop.unknown", "The shop is not connected any more.")
    return _shop(database, row)
