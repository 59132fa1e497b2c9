"""Stock received, corrected, moved, held back. An order's own reservations are written with its step (`engine.workflow.writing_stock`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import DEFAULT_CREATOR, UserId, new_id
from engine.inventory.booking import (
    Booking,
    Level,
    Place,
    book,
    checked_quantity,
    find_location,
    find_place,
    is_booked,
    lock_levels,
    read_levels,
)
from engine.inventory.shortfall import RoomTaken, Shortfall, make_room
from engine.inventory.waking import wake_late, wake_waiting
from engine.orders.views import StockRow
from engine.privacy.cipher import Vault
from engine.words import StockReason

if TYPE_CHECKING:
    from engine.database.connection import Database

_ROW = """
SELECT p.sku, p.name, l.code AS location, s.on_hand, s.reserved, s.held, s.on_hand - s.reserved - s.held AS available,
       p.weight_grams
FROM stock_levels s JOIN products p ON p.id = s.product_id JOIN locations l ON l.id = s.location_id
WHERE s.product_id = $1 AND s.location_id = $2
"""

T = TypeVar("T")

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Adjusted:
    """What a booking left: the level, and the orders that lost what had been promised to them."""

    row: StockRow
    shortfall: tuple[Shortfall, ...] = ()


async def receive(
    database: Database,
    sku: str,
    quantity: int,
    *,
    actor: Actor,
    location_code: str | None = None,
    reason: StockReason | str = StockReason.RECEIVED,
    idempotency_key: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> StockRow:
    """Add to (or, negative, take from) what is on the shelf, and wake the orders that wait for it. As `adjust`, never forced."""
    adjusted = await adjust(
        database,
        sku,
        quantity,
        reason=StockReason(reason),
        actor=actor,
        location_code=location_code,
        idempotency_key=idempotency_key,
        owner=owner,
    )
    return adjusted.row


async def adjust(
    database: Database,
    sku: str,
    delta: int,
    *,
    reason: StockReason,
    actor: Actor,
    location_code: str | None = None,
    idempotency_key: str | None = None,
    from_held: bool = False,
    force: bool = False,
    owner: UserId = DEFAULT_CREATOR,
) -> Adjusted:
    """Book a difference; with `from_held` both on hand and in held stock.

    The same `idempotency_key` again changes nothing. Raises NotFound for an unknown SKU or location, Conflict for a key that was used
    for something else, Refused when stock would go below what is promised; with `force` the least urgent orders give theirs back
    instead, and are named in the answer.
    """
    checked_quantity(delta, signed=True)

    async def write(connection: Any) -> Adjusted:
        place = await find_place(connection, owner, sku, location_code)
        booking = Booking(
            place,
            "adjust",
            reason,
            idempotency_key or f"adjust:{new_id()}",
            on_hand=delta,
            held=delta if from_held else 0,
        )
        return await book_difference(connection, database.vault, booking, actor=actor, force=force)

    return await with_room(database, write)


async def set_counted(
    database: Database,
    sku: str,
    counted: int,
    *,
    actor: Actor,
    reason: StockReason = StockReason.IMPORTED,
    location_code: str | None = None,
    force: bool = False,
    owner: UserId = DEFAULT_CREATOR,
) -> Adjusted:
    """Make what is on hand this number, whatever it was, by booking the difference: a list that somebody else keeps.

    For a count of the shelf beside running sales use `engine.inventory.counts`. Raises as `adjust`.
    """
    if not 0 <= counted < 1_000_000:
        raise Refused("stock.quantity", f"{counted} is no stock to have: give a number from 0, below a million.")

    async def write(connection: Any) -> Adjusted:
        place = await find_place(connection, owner, sku, location_code)
        await wake_waiting(connection, [place.product_id])
        level = (await read_levels(connection, [place])).get(place)
        delta = counted - (level.on_hand if level else 0)
        if delta == 0:
            await lock_levels(connection, [place])
            return Adjusted(await _row(connection, place))
        booking = Booking(place, "adjust", reason, f"adjust:{new_id()}", on_hand=delta)
        adjusted = await book_difference(connection, database.vault, booking, actor=actor, force=force)
        if adjusted.row.on_hand != counted:
            raise RoomTaken  # sold between the look and the lock
        return adjusted

    return await with_room(database, write)


async def hold_back(
    database: Database,
    sku: str,
    quantity: int,
    *,
    actor: Actor,
    reason: StockReason = StockReason.QUALITY,
    location_code: str | None = None,
    idempotency_key: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> StockRow:
    """Take units out of sale without an order: damaged, or in quality control. Raises Refused when not so many are free."""
    return await _held(database, sku, checked_quantity(quantity), reason, actor, location_code, idempotency_key, owner)


async def release_held(
    database: Database,
    sku: str,
    quantity: int,
    *,
    actor: Actor,
    location_code: str | None = None,
    idempotency_key: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> StockRow:
    """Put held units back into sale, and wake the orders that wait for them. Raises Refused when not so many are held."""
    back = -checked_quantity(quantity)
    return await _held(database, sku, back, StockReason.RELEASED, actor, location_code, idempotency_key, owner)


async def transfer(
    database: Database,
    sku: str,
    quantity: int,
    *,
    source: str,
    target: str,
    actor: Actor,
    idempotency_key: str | None = None,
    owner: UserId = DEFAULT_CREATOR,
) -> tuple[StockRow, StockRow]:
    """Move units from one location to another: two movements, one transaction. Answers both levels. Raises Refused, NotFound."""
    checked_quantity(quantity)
    if source == target:
        raise Refused("stock.same_location", f"{source} is where it lies already: name another location.")

    async def write(connection: Any) -> tuple[StockRow, StockRow]:
        left = await find_place(connection, owner, sku, source)
        arrived = Place(left.product_id, await find_location(connection, target), left.sku)
        key = idempotency_key or f"transfer:{new_id()}"
        out = Booking(left, "transfer", StockReason.TRANSFER, f"{key}:out", on_hand=-quantity)
        there = Booking(arrived, "transfer", StockReason.TRANSFER, f"{key}:in", on_hand=quantity)
        await wake_waiting(connection, [left.product_id])
        levels = await lock_levels(connection, [left, arrived])
        if not await is_booked(connection, out):
            free = levels[left].available
            if free < quantity:
                raise Refused(
                    "stock.not_free", f"{quantity} of {left.sku} cannot leave {source}: {free} are free there."
                )
            await book(connection, [out, there], actor)
            await wake_late(connection, [left.product_id])
        return await _row(connection, left), await _row(connection, arrived)

    return await database.run(write)


async def with_room(database: Database, write: Callable[[Any], Awaitable[T]]) -> T:
    """Run a booking that may have to make room, again from the start when orders moved meanwhile."""
    for _ in range(_TRIES):
        try:
            return await database.run(write)
        except RoomTaken:
            continue
    raise Refused("stock.busy", "The orders that hold this stock keep moving: try again in a moment.")


async def book_difference(connection: Any, vault: Vault, booking: Booking, *, actor: Actor, force: bool) -> Adjusted:
    """Book one difference in a transaction of the caller, who holds no level. Raises Refused, Conflict, RoomTaken."""
    lost = await book_differences(connection, vault, [booking], actor=actor, force=force)
    return Adjusted(await _row(connection, booking.place), tuple(lost))


async def book_differences(
    connection: Any,
    vault: Vault,
    bookings: Sequence[Booking],
    *,
    actor: Actor,
    force: bool,
    check: Callable[[], Awaitable[None]] | None = None,
) -> list[Shortfall]:
    """Book these differences, of as many places, all or none; `check` is asked once their levels are held.

    The caller holds no level. Answers the orders that lost what was promised to them. Raises Refused, Conflict, RoomTaken.
    """
    places = [booking.place for booking in bookings]
    # Work before stock, as everywhere.
    await wake_waiting(connection, {place.product_id for place in places})
    lost: list[Shortfall] = []
    if force:
        seen = await read_levels(connection, places)
        needs = {
            booking.place: _missing(booking, seen[booking.place])
            for booking in bookings
            if booking.on_hand < 0 and booking.place in seen and not await is_booked(connection, booking)
        }
        if any(missing > 0 for missing in needs.values()):
            reason = f"stock {bookings[0].reason.value}"
            lost = await make_room(connection, vault, needs, actor=actor, reason=reason)
    levels = await lock_levels(connection, places)
    if check is not None:
        await check()
    fresh = [booking for booking in bookings if not await is_booked(connection, booking)]
    if lost and len(fresh) < len(bookings):
        raise RoomTaken  # booked by somebody else meanwhile: nobody need lose anything
    for booking in fresh:
        _refuse_what_is_not_there(booking, levels[booking.place], force=force)
    await book(connection, fresh, actor)
    if more := {booking.place.product_id for booking in fresh if booking.on_hand > booking.held}:
        await wake_late(connection, more)
    return lost


async def _held(
    database: Database,
    sku: str,
    delta: int,
    reason: StockReason,
    actor: Actor,
    location_code: str | None,
    idempotency_key: str | None,
    owner: UserId,
) -> StockRow:
    async def write(connection: Any) -> StockRow:
        place = await find_place(connection, owner, sku, location_code)
        booking = Booking(place, "hold", reason, idempotency_key or f"hold:{new_id()}", held=delta)
        if delta < 0:
            await wake_waiting(connection, [place.product_id])
        level = (await lock_levels(connection, [place]))[place]
        if not await is_booked(connection, booking):
            if delta > level.available:
                raise Refused(
                    "stock.not_free", f"{delta} of {place.sku} cannot be held back: {level.available} are free."
                )
            if level.held + delta < 0:
                raise Refused("stock.not_held", f"{-delta} of {place.sku} are not held back: {level.held} are.")
            await book(connection, [booking], actor)
            if delta < 0:
                await wake_late(connection, [place.product_id])
        return await _row(connection, place)

    return await database.run(write)


def _missing(booking: Booking, level: Level) -> int:
    """How many promised units the booking would leave without stock behind them."""
    return level.reserved + level.held + booking.held - level.on_hand - booking.on_hand


def _refuse_what_is_not_there(booking: Booking, level: Level, *, force: bool) -> None:
    sku = booking.place.sku
    if level.held + booking.held < 0:
        raise Refused("stock.not_held", f"{-booking.held} of {sku} are not held back: {level.held} are.")
    if _missing(booking, level) <= 0:
        return
    if force:
        raise RoomTaken
    promised = level.reserved + level.held
    raise Refused(
        "stock.promised",
        f"{sku} cannot drop by {-booking.on_hand}: {level.on_hand} are there and {promised} of them are promised.",
    )


async def _row(connection: Any, place: Place) -> StockRow:
    return StockRow(**dict(await connection.fetchrow(_ROW, place.product_id, place.location_id)))
