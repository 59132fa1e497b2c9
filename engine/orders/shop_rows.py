"""What intake must know of a shop: whose it is, how it is worked, and on which edition of its workflow new orders start."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from engine.identifiers import LocationId, ShopId, UserId
from engine.orders.deadlines import Calendar
from engine.workflow.definition import Edition
from engine.workflow.facts import ShopPolicies
from engine.workflow.library import available, newest_edition, packaged_edition
from engine.workflow.rules.stored import MARKS

# Purpose: the shops of a batch with the newest edition of each one's workflow. Index: workflow_definitions_pkey, backwards.
_SHOPS = f"""
SELECT s.id, s.user_id, s.location_id, s.policies, l.address ->> 'country' AS country, l.calendar, l.timezone, d.version, d.digest,
       s.name, u.display_name AS creator, {MARKS}
FROM shops s
JOIN locations l ON l.id = s.location_id
JOIN users u ON u.id = s.user_id
LEFT JOIN LATERAL (SELECT version, digest FROM workflow_definitions w WHERE w.name = coalesce(s.policies ->> 'workflow', $2)
                   ORDER BY version DESC LIMIT 1) d ON true
WHERE s.id = ANY($1::uuid[])
"""  # noqa: S608


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
    edition: Edition
    """The newest one of its workflow; on it new orders start."""
    name: str
    creator: str
    rule_marks: tuple[str, ...]
    """Which enabled rules its owner has."""


async def read_shops(connection: Any, shop_ids: Collection[ShopId]) -> dict[ShopId, ShopRow]:
    """The shops among these that are connected."""
    packaged = packaged_edition()
    rows = await connection.fetch(_SHOPS, list(shop_ids), packaged.name)
    shops = [_shop(row) for row in rows]
    # Stored here where it is missing, before anything is locked.
    found = {
        shop.shop_id: await available(connection, shop.edition, row["version"], row["digest"])
        for shop, row in zip(shops, rows, strict=True)
        if shop.edition == packaged
    }
    return {shop.shop_id: replace(shop, edition=found.get(shop.shop_id, shop.edition)) for shop in shops}


def _shop(row: Any) -> ShopRow:
    policies = ShopPolicies.read(row["policies"])
    return ShopRow(
        shop_id=ShopId(row["id"]),
        user_id=UserId(row["user_id"]),
        location_id=LocationId(row["location_id"]),
        policies=policies,
        country=row["country"] or "",
        calendar=Calendar.read(row["calendar"], row["timezone"]),
        edition=newest_edition(policies.workflow, row["version"], row["digest"]),
        name=row["name"],
        creator=row["creator"],
        rule_marks=tuple(row["rule_marks"] or ()),
    )
