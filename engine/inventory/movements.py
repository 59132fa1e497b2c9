"""The story of a product's stock: every movement, newest first, who made it, why and for which order; and taking one back.

Nothing in the ledger is ever undone: a movement is reversed by another one, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import DEFAULT_CREATOR, OrderId, UserId
from engine.inventory.ledger import adjust, hold_back, release_held, transfer
from engine.orders.plain_text import plain
from engine.orders.views import Count
from engine.words import StockReason

if TYPE_CHECKING:
    from engine.database.connection import Database

_COLUMNS = """m.id, m.kind, m.delta_on_hand, m.delta_reserved, m.delta_held, m.reason, m.actor, m.created_at, l.code AS location,
       m.order_id, o.order_number, m.idempotency_key,
       EXISTS (SELECT FROM stock_movements r
                WHERE r.idempotency_key IN ('reverse:' || m.id, 'reverse:' || m.id || ':out')) AS reversed"""

# Index: stock_movements_product_index, and stock_movements_idempotency_key_key for whether it was reversed.
_JOINS = "JOIN locations l ON l.id = m.location_id LEFT JOIN orders o ON o.id = m.order_id"

_BY_ORDER = {"reserve", "release", "consume", "restock"}


@dataclass(frozen=True, slots=True)
class MovementKey:
    """Where a movement stands in its product's story."""

    at: datetime
    movement_id: UUID

    @property
    def row_id(self) -> UUID:
        return self.movement_id

    @property
    def place(self) -> tuple[datetime, int]:
        """What compares as they are sorted."""
        return self.at, self.movement_id.int


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
    key: MovementKey

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


@dataclass(frozen=True, slots=True)
class MovementPage:
    """A window of movements, newest first."""

    rows: tuple[Movement, ...]
    more_before: bool
    more_after: bool


async def page(
    database: Database,
    product_id: UUID,
    *,
    after: MovementKey | None = None,
    before: MovementKey | None = None,
    limit: int,
) -> MovementPage:
    """Up to `limit` movements older than `after`, or newer than `before`; the newest without a key."""
    forwards, key = before is None, after or before
    way = "DESC" if forwards else "ASC"
    beyond = f"AND (m.created_at, m.id) {'<' if forwards else '>'} ($2, $3)" if key else ""
    rows = await database.pool.fetch(
        f"SELECT {_COLUMNS} FROM stock_movements m {_JOINS} WHERE m.product_id = $1 {beyond}"  # noqa: S608
        f" ORDER BY m.created_at {way}, m.id {way} LIMIT {limit + 1:d}",
        product_id,
        *((key.at, key.movement_id) if key else ()),
    )
    more = len(rows) > limit
    found = [_movement(row) for row in rows[:limit]]
    if not forwards:
        found.reverse()
    return MovementPage(tuple(found), after is not None if forwards else more, more if forwards else True)


async def rows(database: Database, movement_ids: Sequence[UUID]) -> list[Movement]:
    """These movements, newest first."""
    found = await database.pool.fetch(
        f"SELECT {_COLUMNS} FROM stock_movements m {_JOINS} WHERE m.id = ANY($1::uuid[]) ORDER BY m.created_at DESC, m.id DESC",  # noqa: S608
        list(movement_ids),
    )
    return [_movement(row) for row in found]


async def count(database: Database, product_id: UUID, *, cap: int | None) -> Count:
    """How many movements a product has: at most `cap` are counted, all when None."""
    limit = "" if cap is None else f"ORDER BY created_at DESC LIMIT {cap + 1:d}"
    number = await database.pool.fetchval(
        f"SELECT count(*) FROM (SELECT FROM stock_movements WHERE product_id = $1 {limit}) found",  # noqa: S608
        product_id,
    )
    return Count(number, exact=True) if cap is None or number <= cap else Count(cap, exact=False)


async def anchors(database: Database, product_id: UUID, *, every: int) -> list[MovementKey]:
    """The keys of movements 0, `every`, 2·`every` …, newest first."""
    found = await database.pool.fetch(
        "SELECT created_at, id FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place"
        " FROM stock_movements WHERE product_id = $1) numbered WHERE (place - 1) % $2 = 0 ORDER BY place",
        product_id,
        every,
    )
    return [MovementKey(row["created_at"], row["id"]) for row in found]


async def newer_than(database: Database, product_id: UUID, key: MovementKey) -> int:
    """How many movements came after this one, at most a thousand."""
    number: int = await database.pool.fetchval(
        "SELECT count(*) FROM (SELECT FROM stock_movements WHERE product_id = $1 AND (created_at, id) > ($2, $3) LIMIT 1000) f",
        product_id,
        key.at,
        key.movement_id,
    )
    return number


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
        key=MovementKey(row["created_at"], row["id"]),
    )
