"""What people see of shops: how each is reached, how it is worked, how its polling and its grant stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.identifiers import ShopId
from engine.shops.grants import WARNED_DAYS
from engine.workflow.facts import ShopPolicies

if TYPE_CHECKING:
    from engine.database.connection import Database

_STANDINGS = """
SELECT s.id, s.tiktok_shop_id, s.name, s.region, s.seller_type, s.timezone, s.state, s.state_reason, s.policies, l.code AS location,
       g.state AS grant_state, g.seller_name, g.scopes, g.access_expires_at, g.refresh_expires_at, g.refreshed_at, g.error,
       g.refresh_expires_at <= now() + make_interval(days => $1) AS ends_soon,
       floor(extract(epoch FROM g.refresh_expires_at - now()) / 86400)::bigint AS days_left
FROM shops s JOIN locations l ON l.id = s.location_id LEFT JOIN grants g ON g.id = s.grant_id
ORDER BY s.name, s.id
"""

_POLLED = "SELECT shop_id, topic, cursor, polled_at, error FROM polls ORDER BY shop_id, topic"


@dataclass(frozen=True, slots=True)
class Polled:
    """How asking a shop about one topic stands."""

    topic: str
    polled_at: datetime | None
    reached: datetime | None
    """Up to here everything is known."""
    error: str


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything that people want to know of a connected shop, but its orders."""

    shop_id: ShopId
    tiktok_shop_id: str
    name: str
    region: str
    seller_type: str
    timezone: str
    location: str
    state: str
    state_reason: str
    policies: dict[str, str]
    seller: str
    grant_state: str
    """Empty for a shop that was never authorised."""
    grant_ends_at: datetime | None
    grant_days_left: int | None
    grant_ends_soon: bool
    token_ends_at: datetime | None
    refreshed_at: datetime | None
    refresh_error: str
    scopes: tuple[str, ...]
    polls: tuple[Polled, ...]


async def read_standings(database: Database, warned_days: int = WARNED_DAYS) -> list[Standing]:
    """Every shop that was ever connected, by name."""
    polled: dict[ShopId, list[Polled]] = {}
    for row in await database.pool.fetch(_POLLED):
        poll = Polled(row["topic"], row["polled_at"], row["cursor"], row["error"] or "")
        polled.setdefault(ShopId(row["shop_id"]), []).append(poll)
    return [_standing(row, polled) for row in await database.pool.fetch(_STANDINGS, warned_days)]


def _standing(row: Any, polled: dict[ShopId, list[Polled]]) -> Standing:
    return Standing(
        shop_id=ShopId(row["id"]),
        tiktok_shop_id=row["tiktok_shop_id"],
        name=row["name"],
        region=row["region"],
        seller_type=row["seller_type"],
        timezone=row["timezone"],
        location=row["location"],
        state=row["state"],
        state_reason=row["state_reason"],
        policies=ShopPolicies.read(row["policies"]).document(),
        seller=row["seller_name"] or "",
        grant_state=row["grant_state"] or "",
        grant_ends_at=row["refresh_expires_at"],
        grant_days_left=row["days_left"],
        grant_ends_soon=bool(row["ends_soon"]),
        token_ends_at=row["access_expires_at"],
        refreshed_at=row["refreshed_at"],
        refresh_error=row["error"] or "",
        scopes=tuple(row["scopes"] or ()),
        polls=tuple(polled.get(ShopId(row["id"]), ())),
    )
