"""Returned goods in the hands of a person: back on the shelf, or damaged and kept apart. Who received what, and when, is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.database.locks import lock_for_result
from engine.database.rows import insert_rows
from engine.errors import NotFound, Refused
from engine.identifiers import LocationId, OrderId, ProductId, UserId, new_id
from engine.inventory.catalogue import read_catalogue
from engine.inventory.waking import wake_late, wake_waiting
from engine.orders.marking import mark
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

_ORDER_OF = "SELECT order_id FROM returns WHERE tiktok_return_id = $1"

_LOCK = """
SELECT r.id, r.order_id, r.received_at, r.lines, o.order_number, o.user_id, s.location_id
FROM returns r JOIN orders o ON o.id = r.order_id JOIN shops s ON s.id = o.shop_id
WHERE r.tiktok_return_id = $1 FOR UPDATE OF r
"""

_RECEIVED = "UPDATE returns SET received_at = now(), received_by = $2, received = $3, updated_at = now() WHERE id = $1"

_LEVELS = """
INSERT INTO stock_levels (product_id, location_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING
"""
_LOCK_LEVELS = """
SELECT FROM stock_levels WHERE (product_id, location_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY product_id, location_id FOR NO KEY UPDATE
"""
# Damaged goods are in the house and not for sale: on hand, and held.
_MOVE = """
UPDATE stock_levels l SET on_hand = l.on_hand + d.units, held = l.held + d.held, version = l.version + 1
FROM (SELECT product, location, sum(units)::int AS units, sum(held)::int AS held
      FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[]) AS m(product, location, units, held) GROUP BY product, location) d
WHERE l.product_id = d.product AND l.location_id = d.location
"""

_LIST = """
SELECT r.tiktok_return_id, r.order_id, o.order_number, r.return_type, r.channel_status, r.reason, r.refund_amount, r.currency,
       r.respond_by, r.lines, r.received_at, r.received_by, r.received
FROM returns r JOIN orders o ON o.id = r.order_id
WHERE ($1::uuid IS NULL OR r.order_id = $1)
  AND (NOT $3 OR (r.received_at IS NULL AND r.return_type <> 'REFUND'
                  AND r.channel_status NOT LIKE '%CANCEL' AND r.channel_status NOT LIKE '%REQUEST_REJECT'))
ORDER BY r.created_at DESC, r.id DESC LIMIT $2
"""


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    """How many of a SKU came back good, and how many damaged."""

    sku: str
    restocked: int = 0
    damaged: int = 0


@dataclass(frozen=True, slots=True)
class ReturnView:
    """One return as people see it."""

    return_id: str
    order_id: OrderId
    order_number: str
    return_type: str
    status: str
    reason: str
    refund_amount: Decimal | None
    currency: str
    respond_by: datetime | None
    skus: dict[str, int]
    received_at: datetime | None
    received_by: str
    received: tuple[ReceivedLine, ...]


@dataclass(frozen=True, slots=True)
class _Booking:
    sku: str
    product_id: ProductId
    location_id: LocationId
    units: int
    held: int


async def receive_return(database: Database, return_id: str, lines: Sequence[ReceivedLine], *, actor: Actor) -> None:
    """Book what came back, once for each return. Raises NotFound, or Refused; then nothing has changed."""
    if not any(line.restocked or line.damaged for line in lines) or any(
        min(line.restocked, line.damaged) < 0 for line in lines
    ):
        raise Refused("return.quantity", "Say how many of which SKU came back: whole numbers, at least one.")

    async def run(connection: Any) -> None:
        order_id = await connection.fetchval(_ORDER_OF, return_id)
        if order_id is None:
            raise NotFound("return.unknown", f"There is no return {return_id}.")
        await lock_for_result(connection, [OrderId(order_id)])
        row = await connection.fetchrow(_LOCK, return_id)
        _check(return_id, row, lines)
        bookings = await _bookings(connection, row, lines)
        there_again = {booking.product_id for booking in bookings if not booking.held}
        await wake_waiting(connection, there_again)
        received = [{"sku": line.sku, "restocked": line.restocked, "damaged": line.damaged} for line in lines]
        await connection.execute(_RECEIVED, row["id"], actor.name, received)
        await mark(
            connection,
            database.vault,
            "order.return_received",
            actor,
            {OrderId(order_id): {"return": return_id, "lines": received}},
        )
        await _book(connection, row, bookings, actor)
        await wake_late(connection, there_again)

    await database.run(run)


async def list_returns(
    database: Database, order_id: OrderId | None = None, *, limit: int = 200, to_receive: bool = False
) -> list[ReturnView]:
    """Returns, newest first: of one order, or of all; `to_receive` leaves those whose goods nobody has received yet."""
    return [
        ReturnView(
            return_id=row["tiktok_return_id"],
            order_id=OrderId(row["order_id"]),
            order_number=plain(row["order_number"]),
            return_type=plain(row["return_type"]),
            status=plain(row["channel_status"]),
            reason=plain(row["reason"]),
            refund_amount=row["refund_amount"],
            currency=row["currency"] or "",
            respond_by=row["respond_by"],
            skus=dict(Counter(plain(line["sku"]) for line in row["lines"])),
            received_at=row["received_at"],
            received_by=plain(row["received_by"]),
            received=tuple(ReceivedLine(**line) for line in row["received"] or ()),
        )
        for row in await database.pool.fetch(_LIST, order_id, limit, to_receive)
    ]


def _check(return_id: str, row: Any, lines: Sequence[ReceivedLine]) -> None:
    if row["received_at"] is not None:
        raise Refused(
            "return.received", f"Return {return_id} was received already ({row['received_at']:%Y-%m-%d %H:%M} UTC)."
        )
    expected = Counter(line["sku"] for line in row["lines"])
    given = Counter[str]()
    for line in lines:
        given[line.sku] += line.restocked + line.damaged
    for sku, units in given.items():
        if units > expected[sku]:
            raise Refused(
                "return.too_many",
                f"Return {return_id} has {expected[sku]} of {sku}, not {units}: count again, or look at another return.",
            )


async def _bookings(connection: Any, row: Any, lines: Sequence[ReceivedLine]) -> list[_Booking]:
    owner = UserId(row["user_id"])
    catalogue = await read_catalogue(connection, [(owner, line.sku) for line in lines])
    bookings = []
    for line in lines:
        product = catalogue.get((owner, line.sku))
        if product is None:
            raise NotFound(
                "product.unknown", f"There is no product with the SKU {line.sku}: map it, then receive the return."
            )
        location_id = product.location_id or LocationId(row["location_id"])
        for part in product.parts:
            if part.product_id is None:
                raise NotFound("product.unknown", f"{line.sku} contains {part.sku}, which is no known product.")
            for units, held in ((line.restocked, False), (line.damaged, True)):
                if units:
                    count = units * part.per_unit
                    bookings.append(_Booking(part.sku, part.product_id, location_id, count, count if held else 0))
    return bookings


async def _book(connection: Any, row: Any, bookings: Sequence[_Booking], actor: Actor) -> None:
    products = [booking.product_id for booking in bookings]
    locations = [booking.location_id for booking in bookings]
    columns = (
        "id", "product_id", "location_id", "kind", "delta_on_hand", "delta_held", "reason", "actor", "order_id", "idempotency_key",
    )  # fmt: skip
    await insert_rows(connection, "stock_movements", columns, [_movement(row, each, actor) for each in bookings])
    await connection.execute(_LEVELS, products, locations)
    await connection.fetch(_LOCK_LEVELS, products, locations)
    units, held = [booking.units for booking in bookings], [booking.held for booking in bookings]
    await connection.execute(_MOVE, products, locations, units, held)


def _movement(row: Any, booking: _Booking, actor: Actor) -> tuple[Any, ...]:
    movement_id: UUID = new_id()
    return (
        movement_id,
        booking.product_id,
        booking.location_id,
        "adjust" if booking.held else "restock",
        booking.units,
        booking.held,
        "damaged" if booking.held else "returned",
        actor.name,
        row["order_id"],
        f"return:{row['id']}:{movement_id}",
    )
