"""The story of a product's stock: every movement, newest first, who made it, why and for which order; and taking one back.

Nothing in the ledger is ever undone: a movement is reversed by another one, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.database.newest_first import Story, StoryPage, TimeKey
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId, UserId
from engine.inventory.ledger import adjust, hold_back, release_held, transfer
from engine.orders.plain_text import plain
from engine.words import StockReason

if TYPE_CHECKING:
    from engine.database.connection import Database

# Index: stock_movements_product_index, and stock_movements_idempotency_key_key for whether it was reversed.
STORY = Story(
    "stock_movements",
    "product_id",
    """
    SELECT t.id, t.kind, t.delta_on_hand, t.delta_reserved, t.delta_held, t.reason, t.actor, t.created_at, l.code AS location,
           t.order_id, o.order_number,
           EXISTS (SELECT FROM stock_movements r
                    WHERE r.idempotency_key IN ('reverse:' || t.id, 'reverse:' || t.id || ':out')) AS reversed
    FROM stock_movements t JOIN locations l ON l.id = t.location_id LEFT JOIN orders o ON o.id = t.order_id
    """,
)
"""All movements of a product."""

_BY_ORDER = {"reserve", "release", "consume", "restock"}


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement: what it changed at a location, why, by whom, for which order."""

    movement_id: UUID
    at: datetime
    kind: str
    location: str
    on_hand: int
    reserved: int
    held: int
    reason: str
    actor: str
    order_id: OrderId | None
    order_number: str
    reversed: bool
    """Another movement has taken it back."""
    key: TimeKey

    @property
    def row_id(self) -> UUID:
        return self.movement_id

    @property
    def words(self) -> str:
        """What it changed, in words."""
        changes = [
            f"{delta:+,} {what}"
            for delta, what in ((self.on_hand, "on hand"), (self.reserved, "reserved"), (self.held, "held"))
            if delta
        ]
        return f"{', '.join(changes) or 'nothing'} at {self.location}"

    @property
    def why_not(self) -> str:
        """Why it cannot be reversed, in one sentence; empty when it can."""
        if self.reversed:
            return "This movement was reversed already."
        if self.kind == "restock":
            return "These units came back with a return: adjust the stock if they are not there."
        if self.kind in _BY_ORDER:
            return "This moved with its order: what undoes it is done to the order."
        return ""


async def page(
    database: Database,
    product_id: UUID,
    *,
    after: TimeKey | None = None,
    before: TimeKey | None = None,
    limit: int,
) -> StoryPage[Movement]:
    """Up to `limit` movements older than `after`, or newer than `before`; the newest without a key."""
    found = await STORY.page(database.pool, product_id, after=after, before=before, limit=limit)
    return replace(found, rows=tuple(_movement(record) for record in found.rows))


async def rows(database: Database, movement_ids: Sequence[UUID]) -> list[Movement]:
    """These movements, newest first."""
    return [_movement(record) for record in await STORY.records(database.pool, movement_ids)]


async def reverse(
    database: Database, movement_id: UUID, *, actor: Actor, force: bool = False, owner: UserId = DEFAULT_CREATOR
) -> Movement:
    """Take a movement back by another one. Answers what was reversed. Raises NotFound, Refused with why it cannot be."""
    found = await rows(database, [movement_id])
    if not found:
        raise NotFound("stock.no_movement", f"There is no movement {movement_id}: stock movements lists a product's.")
    [movement] = found
    if movement.why_not:
        raise Refused("stock.not_reversible", movement.why_not)
    sku = await database.pool.fetchval(
        "SELECT p.sku FROM stock_movements m JOIN products p ON p.id = m.product_id WHERE m.id = $1", movement_id
    )
    key = f"reverse:{movement_id}"
    if movement.kind == "transfer":
        await _transfer_back(database, movement, sku, key, actor=actor, owner=owner)
    elif movement.kind == "hold":
        put = release_held if movement.held > 0 else hold_back
        await put(
            database,
            sku,
            abs(movement.held),
            actor=actor,
            location_code=movement.location,
            idempotency_key=key,
            owner=owner,
        )
    else:
        await adjust(
            database,
            sku,
            -movement.on_hand,
            reason=StockReason.CORRECTION,
            actor=actor,
            location_code=movement.location,
            from_held=movement.held != 0,
            force=force,
            idempotency_key=key,
            owner=owner,
        )
    return movement


async def _transfer_back(
    database: Database, movement: Movement, sku: str, key: str, *, actor: Actor, owner: UserId
) -> None:
    own: str = await database.pool.fetchval(
        "SELECT idempotency_key FROM stock_movements WHERE id = $1", movement.movement_id
    )
    stem, _, side = own.rpartition(":")
    other = await database.pool.fetchrow(
        "SELECT m.id, l.code FROM stock_movements m JOIN locations l ON l.id = m.location_id WHERE m.idempotency_key = $1",
        f"{stem}:{'in' if side == 'out' else 'out'}",
    )
    if other is None:
        raise Refused("stock.not_reversible", "The other half of this transfer is not there: book it by hand.")
    if (await rows(database, [other["id"]]))[0].reversed:
        raise Refused("stock.not_reversible", "This transfer was reversed already.")
    source, target = (movement.location, other["code"]) if side == "in" else (other["code"], movement.location)
    await transfer(
        database,
        sku,
        abs(movement.on_hand),
        source=source,
        target=target,
        actor=actor,
        idempotency_key=key,
        owner=owner,
    )


def _movement(row: Any) -> Movement:
    return Movement(
        movement_id=row["id"],
        at=row["created_at"],
        kind=row["kind"],
        location=plain(row["location"]),
        on_hand=row["delta_on_hand"],
        reserved=row["delta_reserved"],
        held=row["delta_held"],
        reason=plain(row["reason"]),
        actor=plain(row["actor"]),
        order_id=OrderId(row["order_id"]) if row["order_id"] is not None else None,
        order_number=plain(row["order_number"]),
        reversed=row["reversed"],
        key=TimeKey(row["created_at"], row["id"]),
    )
