"""Stock coming in and being corrected. An order's own reservations are written with its step (`engine.workflow.writing_stock`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.inventory.waking import wake_late, wake_waiting
from engine.orders.views import StockRow

if TYPE_CHECKING:
    from engine.database.connection import Database

_BOOK = """
INSERT INTO stock_movements (id, product_id, location_id, kind, delta_on_hand, reason, actor, idempotency_key)
VALUES ($1, $2, $3, 'adjust', $4, $5, $6, $7)
ON CONFLICT (idempotency_key) DO NOTHING RETURNING id
"""

_ROW = """
SELECT p.sku, p.name, l.code AS location, s.on_hand, s.reserved, s.held, s.on_hand - s.reserved - s.held AS available,
       p.weight_grams
FROM stock_levels s JOIN products p ON p.id = s.product_id JOIN locations l ON l.id = s.location_id
WHERE s.product_id = $1 AND s.location_id = $2
"""


async def receive(
    database: Database,
    sku: str,
    quantity: int,
    *,
    actor: Actor,
    location_code: str | None = None,
    reason: str = "received",
    idempotency_key: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> StockRow:
    """Add to (or, negative, take from) what is on the shelf, and wake the orders that wait for it.

    The same `idempotency_key` again changes nothing. Raises NotFound for an unknown SKU or location, Refused when stock would go
    below what is promised.
    """
    if quantity == 0 or abs(quantity) > 1_000_000:
        raise Refused(
            "stock.quantity", f"{quantity} is no quantity to book: give a number other than 0, below a million."
        )

    async def write(connection: Any) -> StockRow:
        product = await connection.fetchrow(
            "SELECT id, components FROM products WHERE user_id = $1 AND sku = $2 FOR SHARE", owner, sku
        )
        if product is None:
            raise NotFound("product.unknown", f"There is no product with the SKU {sku}.")
        if product["components"]:
            parts = ", ".join(each["sku"] for each in product["components"])
            raise Refused("stock.kit", f"{sku} is a kit and has no stock of its own: book its components ({parts}).")
        product_id = product["id"]
        location_id = await connection.fetchval(
            "SELECT id FROM locations WHERE code = coalesce($1, 'MAIN')", location_code
        )
        if location_id is None:
            raise NotFound("location.unknown", f"There is no location {location_code}.")
        # Work before stock, as everywhere.
        await wake_waiting(connection, [product_id])
        await connection.execute(
            "INSERT INTO stock_levels (product_id, location_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            product_id,
            location_id,
        )
        level = await connection.fetchrow(
            "SELECT on_hand, reserved, held FROM stock_levels WHERE product_id = $1 AND location_id = $2 FOR NO KEY UPDATE",
            product_id,
            location_id,
        )
        booked = await connection.fetchval(
            _BOOK,
            new_id(),
            product_id,
            location_id,
            quantity,
            reason,
            actor.name,
            idempotency_key or f"adjust:{new_id()}",
        )
        if booked is not None:
            promised = level["reserved"] + level["held"]
            if level["on_hand"] + quantity < promised:
                raise Refused(
                    "stock.promised",
                    f"{sku} cannot drop by {-quantity}: {level['on_hand']} are there and {promised} of them are promised.",
                )
            await connection.execute(
                "UPDATE stock_levels SET on_hand = on_hand + $3, version = version + 1 WHERE product_id = $1 AND location_id = $2",
                product_id,
                location_id,
                quantity,
            )
            await wake_late(connection, [product_id])
        return StockRow(**dict(await connection.fetchrow(_ROW, product_id, location_id)))

    return await database.run(write)
