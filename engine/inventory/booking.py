"""Booking: levels are found, locked sorted, checked and moved, and the movement that says why is written beside them.

A key is booked once: the same again changes nothing, and something else under a used key is a conflict, never a silent change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.actors import Actor
from engine.errors import Conflict, NotFound, Refused
from engine.identifiers import LocationId, ProductId, UserId, new_id
from engine.orders.plain_text import plain
from engine.words import StockReason

MOST_UNITS = 1_000_000
"""No one booking is as large as this; it is a typing mistake or a barcode."""

_PLACE = """
SELECT p.id, p.sku, p.components FROM products p
WHERE p.user_id = $1 AND p.sku = coalesce((SELECT product_sku FROM product_aliases WHERE user_id = $1 AND sku = $2), $2)
FOR SHARE
"""

_OPEN = """
INSERT INTO stock_levels (product_id, location_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING
"""

_READ = """
SELECT product_id, location_id, on_hand, reserved, held, version FROM stock_levels
WHERE (product_id, location_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
"""

_LOCK = f"{_READ} ORDER BY product_id, location_id FOR NO KEY UPDATE"

_BOOK = """
INSERT INTO stock_movements (id, product_id, location_id, kind, delta_on_hand, delta_held, reason, actor, idempotency_key)
SELECT d.id, d.product_id, d.location_id, d.kind, d.on_hand, d.held, d.reason, $8, d.key
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::int[], $7::text[], $9::text[])
  AS d(id, product_id, location_id, kind, on_hand, held, reason, key)
ON CONFLICT (idempotency_key) DO NOTHING RETURNING idempotency_key
"""

_BOOKED = """
SELECT product_id, location_id, kind, delta_on_hand, delta_held FROM stock_movements WHERE idempotency_key = $1
"""

_MOVE = """
UPDATE stock_levels l SET on_hand = l.on_hand + d.on_hand, held = l.held + d.held, version = l.version + 1
FROM (SELECT product_id, location_id, sum(on_hand)::int AS on_hand, sum(held)::int AS held
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[]) AS m(product_id, location_id, on_hand, held)
      GROUP BY product_id, location_id) d
WHERE l.product_id = d.product_id AND l.location_id = d.location_id
"""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One product's level at one location."""

    product_id: ProductId
    location_id: LocationId
    sku: str


@dataclass(frozen=True, slots=True)
class Level:
    """What a locked level says."""

    on_hand: int
    reserved: int
    held: int
    version: int

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved - self.held


@dataclass(frozen=True, slots=True)
class Booking:
    """One movement to be booked; `key` is unique for ever."""

    place: Place
    kind: str
    reason: StockReason
    key: str
    on_hand: int = 0
    held: int = 0


async def find_location(connection: Any, code: str | None) -> LocationId:
    """The location with this code; None is the first warehouse. Raises NotFound."""
    found = await connection.fetchval("SELECT id FROM locations WHERE code = coalesce($1, 'MAIN')", code)
    if found is None:
        raise NotFound("location.unknown", f"There is no location {plain(code)}.")
    return LocationId(found)


async def find_place(connection: Any, owner: UserId, sku: str, location_code: str | None) -> Place:
    """The level of this SKU, or of the product that it is mapped to; the product stays what it is until the transaction ends.

    Raises NotFound for an unknown SKU or location, Refused for a kit, which has no stock of its own.
    """
    product = await connection.fetchrow(_PLACE, owner, sku.strip())
    if product is None:
        raise NotFound("product.unknown", f"There is no product with the SKU {plain(sku)}.")
    if product["components"]:
        parts = ", ".join(each["sku"] for each in product["components"])
        raise Refused(
            "stock.kit", f"{product['sku']} is a kit and has no stock of its own: book its components ({parts})."
        )
    return Place(ProductId(product["id"]), await find_location(connection, location_code), product["sku"])


async def lock_levels(connection: Any, places: Sequence[Place]) -> dict[Place, Level]:
    """Lock these levels, sorted, and open those that are not there yet."""
    ordered = sorted(set(places))
    await connection.execute(_OPEN, [place.product_id for place in ordered], [place.location_id for place in ordered])
    return await _levels(connection, _LOCK, ordered)


async def read_levels(connection: Any, places: Sequence[Place]) -> dict[Place, Level]:
    """What these levels say now, unlocked; one that was never opened is absent."""
    return await _levels(connection, _READ, places)


async def _levels(connection: Any, query: str, places: Sequence[Place]) -> dict[Place, Level]:
    rows = await connection.fetch(
        query, [place.product_id for place in places], [place.location_id for place in places]
    )
    levels = {
        (row["product_id"], row["location_id"]): Level(row["on_hand"], row["reserved"], row["held"], row["version"])
        for row in rows
    }
    keyed = ((place, levels.get((place.product_id, place.location_id))) for place in places)
    return {place: level for place, level in keyed if level is not None}


async def book(connection: Any, bookings: Sequence[Booking], actor: Actor) -> set[str]:
    """Write these movements and move the levels, which the caller has locked. Answers the keys that were new.

    Raises Conflict for a key that was booked as something else.
    """
    rows = await connection.fetch(
        _BOOK,
        [new_id() for _ in bookings],
        [each.place.product_id for each in bookings],
        [each.place.location_id for each in bookings],
        [each.kind for each in bookings],
        [each.on_hand for each in bookings],
        [each.held for each in bookings],
        [each.reason.value for each in bookings],
        actor.name,
        [each.key for each in bookings],
    )
    new = {row["idempotency_key"] for row in rows}
    for each in bookings:
        if each.key not in new:
            await is_booked(connection, each)
    fresh = [each for each in bookings if each.key in new]
    if fresh:
        await connection.execute(
            _MOVE,
            [each.place.product_id for each in fresh],
            [each.place.location_id for each in fresh],
            [each.on_hand for each in fresh],
            [each.held for each in fresh],
        )
    return new


async def is_booked(connection: Any, booking: Booking) -> bool:
    """Whether this very booking was made before. Raises Conflict when its key stands for another."""
    row = await connection.fetchrow(_BOOKED, booking.key)
    if row is None:
        return False
    wanted = (booking.place.product_id, booking.place.location_id, booking.kind, booking.on_hand, booking.held)
    if tuple(row) != wanted:
        raise Conflict(
            "stock.key_used",
            f"The key {plain(booking.key)} was booked before as another movement: give each movement a key of its own.",
        )
    return True


def checked_quantity(quantity: int, *, signed: bool = False) -> int:
    """The same quantity. Raises Refused for one that nobody books."""
    if quantity == 0 or abs(quantity) > MOST_UNITS or (quantity < 0 and not signed):
        what = "other than 0" if signed else "from 1"
        raise Refused("stock.quantity", f"{quantity} is no quantity to book: give a number {what}, below a million.")
    return quantity
