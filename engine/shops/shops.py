"""Connected shops: who owns them, where they ship from, which grant reaches them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, DEFAULT_LOCATION, GrantId, LocationId, ShopId, UserId, new_id
from engine.privacy.cipher import MASK
from engine.shops.policies import LOOK_AGAIN
from engine.shops.secrets import open_secret
from engine.shops.standing import wake_effects
from engine.workflow.facts import ShopPolicies
from engine.workflow.library import require_workflow

if TYPE_CHECKING:
    from engine.database.connection import Database

COLUMNS = """id, user_id, location_id, grant_id, tiktok_shop_id, name, region, seller_type, timezone, cipher, policies, state,
             state_reason"""

_CONNECT = """
INSERT INTO shops (id, user_id, location_id, grant_id, tiktok_shop_id, name, region, seller_type, timezone, cipher, policies)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (platform, tiktok_shop_id) DO UPDATE
SET grant_id = coalesce(excluded.grant_id, shops.grant_id), name = excluded.name, region = excluded.region,
    seller_type = excluded.seller_type, timezone = excluded.timezone, cipher = excluded.cipher, policies = excluded.policies,
    state = 'connected', state_reason = ''
"""


@dataclass(frozen=True, slots=True)
class Shop:
    """A connected shop. `cipher` is TikTok's name for it in calls; it prints nowhere."""

    shop_id: ShopId
    user_id: UserId
    location_id: LocationId
    grant_id: GrantId | None
    tiktok_shop_id: str
    name: str
    region: str
    seller_type: str
    """`LOCAL` or `CROSS_BORDER`; empty when TikTok did not say."""
    timezone: str
    cipher: str = field(repr=False)
    policies: ShopPolicies
    state: str
    state_reason: str
    """Why it is not connected, as a sentence; empty while it is."""


async def connect_shop(
    database: Database,
    *,
    tiktok_shop_id: str,
    name: str,
    region: str,
    timezone: str,
    cipher: str,
    actor: Actor,
    policies: ShopPolicies | None = None,
    grant: GrantId | None = None,
    seller_type: str = "",
    owner: UserId = DEFAULT_CREATOR,
    location: LocationId = DEFAULT_LOCATION,
) -> Shop:
    """Connect a shop, or update the one already connected under this TikTok id: its cursor stays, and what waited for it goes on.

    Without `policies` a new shop is only observed, and a known one keeps its own. Raises NotFound for a workflow that was never loaded.
    """

    async def write(connection: Any) -> None:
        await database.vault.ensure(connection, owner)
        found = await connection.fetchrow(
            """
            SELECT id, user_id, policies, state FROM shops
            WHERE platform = 'tiktok_shop' AND tiktok_shop_id = $1 FOR NO KEY UPDATE
            """,
            tiktok_shop_id,
        )
        before = ShopPolicies.read(found["policies"]) if found else ShopPolicies()
        after = before if policies is None else policies
        await require_workflow(connection, after.workflow)
        shop_id = ShopId(found["id"] if found else new_id())
        holder = UserId(found["user_id"]) if found else owner
        await database.vault.ensure(connection, holder)
        await connection.execute(
            _CONNECT,
            shop_id,
            holder,
            location,
            grant,
            tiktok_shop_id,
            name,
            region,
            seller_type,
            timezone,
            database.vault.seal_text(holder, "shops.cipher", shop_id, cipher),
            after.document(),
        )
        if found:
            await wake_effects(connection, [shop_id])
            if before.import_mode is not after.import_mode:
                await connection.execute(LOOK_AGAIN, shop_id)
        was = {"state": found["state"], "policies": before.document()} if found else None
        now = {"name": name, "state": "connected", "policies": after.document()}
        await chain.append(connection, database.vault, holder, shop_id, "shop.connected", actor, was, now)

    await database.run(write)
    return next(shop for shop in await list_shops(database) if shop.tiktok_shop_id == tiktok_shop_id)


async def list_shops(database: Database) -> list[Shop]:
    """All shops that were ever connected, by name."""
    rows = await database.pool.fetch(f"SELECT {COLUMNS} FROM shops ORDER BY name, id")  # noqa: S608
    return [read_shop(database, row) for row in rows]


async def find_shop(database: Database, shop_id: ShopId) -> Shop:
    """The shop. Raises NotFound when there is none."""
    row = await database.pool.fetchrow(f"SELECT {COLUMNS} FROM shops WHERE id = $1", shop_id)  # noqa: S608
    if row is None:
        raise NotFound("shop.unknown", "The shop is not connected any more.")
    return read_shop(database, row)


def read_shop(database: Database, row: Any) -> Shop:
    """From a row of `shops`."""
    cipher = open_secret(database, "shops.cipher", row["id"], row["cipher"])
    return Shop(
        shop_id=ShopId(row["id"]),
        user_id=UserId(row["user_id"]),
        location_id=LocationId(row["location_id"]),
        grant_id=GrantId(row["grant_id"]) if row["grant_id"] else None,
        tiktok_shop_id=row["tiktok_shop_id"],
        name=row["name"],
        region=row["region"],
        seller_type=row["seller_type"],
        timezone=row["timezone"],
        cipher=MASK if cipher is None and row["cipher"] else cipher or "",
        policies=ShopPolicies.read(row["policies"]),
        state=row["state"],
        state_reason=row["state_reason"],
    )
