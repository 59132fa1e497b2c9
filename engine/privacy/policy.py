"""How long personal data is kept: as the configuration says, unless something is set for everything here, a creator, or one shop.

The nearest word counts: a shop's own, then its creator's, then the house's, then the configuration's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.audit import chain
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, ShopId, UserId, new_id
from engine.privacy.terms import FOR_EVER, Policy

if TYPE_CHECKING:
    from engine.database.connection import Database

_LONGEST_DAYS = 36_500

_SHOPS = "SELECT id, user_id, name FROM shops ORDER BY name, id"
_POLICIES = "SELECT user_id, shop_id, orders_days, payloads_days FROM retention_policies"
_SAID = """
SELECT p.user_id, p.shop_id, coalesce(s.name, u.display_name, '') AS place, p.orders_days, p.payloads_days, p.set_by, p.set_at
FROM retention_policies p LEFT JOIN users u ON u.id = p.user_id LEFT JOIN shops s ON s.id = p.shop_id
ORDER BY p.shop_id IS NOT NULL, p.user_id IS NOT NULL, place
"""
_BEFORE = """
SELECT id, orders_days, payloads_days FROM retention_policies
WHERE user_id IS NOT DISTINCT FROM $1 AND shop_id IS NOT DISTINCT FROM $2 FOR UPDATE
"""
_SET = """
INSERT INTO retention_policies (id, user_id, shop_id, orders_days, payloads_days, set_by) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id, shop_id) DO UPDATE
SET orders_days = excluded.orders_days, payloads_days = excluded.payloads_days, set_by = excluded.set_by, set_at = now()
"""
_UNSET = "DELETE FROM retention_policies WHERE user_id IS NOT DISTINCT FROM $1 AND shop_id IS NOT DISTINCT FROM $2"
_LOCK_SUBJECT = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE"
_BEGIN_ANEW = "DELETE FROM privacy_errands WHERE errand LIKE 'retention%'"


@dataclass(frozen=True, slots=True)
class Said:
    """What is set for one place; None where that says nothing."""

    place: str
    """A shop's name, a creator's, or empty for everything."""
    kind: str
    orders_days: int | None
    payloads_days: int | None
    set_by: str


@dataclass(frozen=True, slots=True)
class ShopPolicy:
    """What counts for one shop."""

    shop_id: ShopId
    name: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class Place:
    """What a policy is set for: a creator, a shop, or neither, which is everything."""

    creator: UserId | None = None
    shop: ShopId | None = None


async def said(database: Database) -> list[Said]:
    """Everything that is set beside the configuration."""
    return [
        Said(
            row["place"],
            "shop" if row["shop_id"] else "creator" if row["user_id"] else "everything",
            row["orders_days"],
            row["payloads_days"],
            row["set_by"],
        )
        for row in await database.pool.fetch(_SAID)
    ]


async def shop_policies(connection: Any, configured: Policy) -> list[ShopPolicy]:
    """What counts for every shop."""
    rows = {(row["user_id"], row["shop_id"]): row for row in await connection.fetch(_POLICIES)}
    return [
        ShopPolicy(
            ShopId(shop["id"]),
            shop["name"],
            _nearest(
                (rows.get((None, shop["id"])), rows.get((shop["user_id"], None)), rows.get((None, None))), configured
            ),
        )
        for shop in await connection.fetch(_SHOPS)
    ]


async def house_policy(connection: Any, configured: Policy) -> Policy:
    """What counts for what belongs to no shop."""
    rows = {(row["user_id"], row["shop_id"]): row for row in await connection.fetch(_POLICIES)}
    return _nearest((rows.get((None, None)),), configured)


async def set_policy(
    database: Database, place: Place, *, orders_days: int | None, payloads_days: int | None, actor: Actor
) -> None:
    """Set what counts for a place; None leaves one of them as it was said above. Raises Refused, NotFound."""
    for days in (orders_days, payloads_days):
        if days is not None and not FOR_EVER <= days <= _LONGEST_DAYS:
            raise Refused(
                "privacy.days", f"{days} is no number of days: give 1 to {_LONGEST_DAYS}, or 0 to keep it for ever."
            )
    after = {"orders_days": orders_days, "payloads_days": payloads_days}
    await _change(database, place, after, actor)


async def unset_policy(database: Database, place: Place, *, actor: Actor) -> None:
    """Let the word above count again. Raises NotFound when nothing is set."""
    await _change(database, place, None, actor)


async def _change(database: Database, place: Place, after: Mapping[str, int | None] | None, actor: Actor) -> None:
    async def write(connection: Any) -> None:
        await connection.execute(_LOCK_SUBJECT, DEFAULT_CREATOR)
        await database.vault.ensure(connection, DEFAULT_CREATOR)
        row = await connection.fetchrow(_BEFORE, place.creator, place.shop)
        if after is None:
            if row is None:
                raise NotFound("privacy.no_policy", "Nothing is set there: what counts is said above it.")
            await connection.execute(_UNSET, place.creator, place.shop)
        else:
            values = (place.creator, place.shop, after["orders_days"], after["payloads_days"], actor.name)
            await connection.execute(_SET, new_id(), *values)
        before = {"orders_days": row["orders_days"], "payloads_days": row["payloads_days"]} if row else None
        told = {"creator": str(place.creator or ""), "shop": str(place.shop or "")}
        await chain.append(
            connection,
            database.vault,
            DEFAULT_CREATOR,
            DEFAULT_CREATOR,
            "privacy.policy",
            actor,
            None if before is None else told | before,
            None if after is None else told | dict(after),
        )
        await connection.execute(_BEGIN_ANEW)

    await database.run(write)


def _nearest(rows: tuple[Any, ...], configured: Policy) -> Policy:
    def first(name: str, otherwise: int) -> int:
        return next((row[name] for row in rows if row is not None and row[name] is not None), otherwise)

    return Policy(first("orders_days", configured.orders_days), first("payloads_days", configured.payloads_days))
