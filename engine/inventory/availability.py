"""What could be sold now, as the specification's `checkAvailability` answers it. Advisory: only a reservation protects anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

# Purpose: what is free of these SKUs, each its own or mapped; of a kit, as many as its scarcest component allows where it lies.
# $3 a location's code, or null for all of them together (a kit is packed at one).
_FREE = """
SELECT d.sku AS asked, p.id AS product_id, coalesce(k.free, s.free, 0) AS free
FROM unnest($2::text[]) AS d(sku)
LEFT JOIN product_aliases a ON a.user_id = $1 AND a.sku = d.sku
LEFT JOIN products p ON p.user_id = $1 AND (p.sku = coalesce(a.product_sku, d.sku) OR p.id::text = d.sku)
LEFT JOIN LATERAL (
    SELECT sum(l.on_hand - l.reserved - l.held)::int AS free FROM stock_levels l JOIN locations place ON place.id = l.location_id
    WHERE l.product_id = p.id AND ($3::text IS NULL OR place.code = $3)) s ON true
LEFT JOIN LATERAL (
    SELECT sum(here.free)::int AS free FROM (
        SELECT min(coalesce(l.on_hand - l.reserved - l.held, 0) / part.quantity) AS free
        FROM jsonb_to_recordset(p.components) AS part(sku text, quantity int)
        CROSS JOIN locations place
        LEFT JOIN products m ON m.user_id = p.user_id AND m.sku = part.sku
        LEFT JOIN stock_levels l ON l.product_id = m.id AND l.location_id = place.id
        WHERE $3::text IS NULL OR place.code = $3
        GROUP BY place.id) here) k ON p.components IS NOT NULL
"""

_LOCATION = "SELECT true FROM locations WHERE code = $1"


class Availability(StrEnum):
    """How much of what was asked for there is."""

    AVAILABLE = "available"
    PARTIAL = "partial"
    UNAVAILABLE = "unavailable"

    @classmethod
    def of(cls, requested: int, available: int) -> Availability:
        if available >= requested:
            return cls.AVAILABLE
        return cls.PARTIAL if available > 0 else cls.UNAVAILABLE


@dataclass(frozen=True, slots=True)
class AvailableItem:
    """One product that was asked for; `product_id` is what was asked where there is no such product."""

    product_id: str
    requested_quantity: int
    available_quantity: int
    status: Availability


@dataclass(frozen=True, slots=True)
class AvailabilityResult:
    """Whether everything asked for is there, and how it stands with each item; one that was asked for twice is one item."""

    available: bool
    items: tuple[AvailableItem, ...]


def asked_once(items: Sequence[tuple[str, int]]) -> dict[str, int]:
    """The items with those that name the same SKU added up. Raises Refused for a quantity below 1."""
    wanted: dict[str, int] = {}
    for sku, quantity in items:
        if quantity < 1:
            raise Refused("stock.quantity", f"{quantity} of {plain(sku)} cannot be asked for: give a number from 1.")
        wanted[sku] = wanted.get(sku, 0) + quantity
    return wanted


async def check_availability(
    database: Database,
    items: Sequence[tuple[str, int]],
    *,
    location_code: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> AvailabilityResult:
    """How it stands with these SKUs (or product ids) and quantities, at one location or at all. Raises NotFound for the location."""
    wanted = asked_once(items)
    if location_code is not None and not await database.pool.fetchval(_LOCATION, location_code):
        raise NotFound("location.unknown", f"There is no location {plain(location_code)}.")
    rows = await database.pool.fetch(_FREE, owner, list(wanted), location_code)
    return result_of(wanted, {row["asked"]: row for row in rows})


def result_of(wanted: Mapping[str, int], rows: Mapping[str, Any]) -> AvailabilityResult:
    """The answer, two SKUs of one product taken together, so that neither is promised what the other needs."""
    merged: dict[str, list[int]] = {}
    for sku, quantity in wanted.items():
        row = rows.get(sku)
        known = row is not None and row["product_id"] is not None
        name = str(row["product_id"]) if row is not None and known else sku
        entry = merged.setdefault(name, [0, max(0, row["free"]) if row is not None and known else 0])
        entry[0] += quantity
    found = tuple(
        AvailableItem(name, requested, free, Availability.of(requested, free))
        for name, (requested, free) in merged.items()
    )
    return AvailabilityResult(all(item.status is Availability.AVAILABLE for item in found), found)
