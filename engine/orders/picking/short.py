"""A short pick: fewer lie in the bin than the ledger says. What is there goes to the orders that leave first; the ledger is corrected.

What is missing is written off with its reason. Where the ledger has more of it free at the location, the orders keep what is promised
to them: it lies in another bin. Else it may be carried over from another location, or the orders take their short path, each as its shop
wants it: it fails as out of stock and comes back with the stock, or waits, or ships what is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import NotFound, Refused
from engine.identifiers import OrderId, ProductId, new_id
from engine.inventory.booking import Booking, Level, Place, book, find_location, lock_levels, read_levels
from engine.inventory.shortfall import Shortfall, out_of_stock
from engine.inventory.waking import wake_late, wake_waiting
from engine.orders.marking import mark
from engine.orders.parcels.splitting import ship_there
from engine.orders.picking.carrying import carry_over, drop_planned
from engine.orders.picking.confirming import again_when_moved, allotted, confirm_taken
from engine.orders.picking.lines import Scope, Wanted, lock_wanted, read_wanted
from engine.orders.picking.views import ShortOrder, ShortPick
from engine.words import StockReason
from engine.workflow.advance import Push, advance

if TYPE_CHECKING:
    from engine.database.connection import Database

_FREE_ELSEWHERE = """
SELECT l.id, l.code, s.on_hand - s.reserved - s.held AS free FROM stock_levels s JOIN locations l ON l.id = s.location_id
WHERE s.product_id = $1 AND s.location_id <> $2 AND s.on_hand - s.reserved - s.held > 0 ORDER BY free DESC, l.code
"""

_CODE = "SELECT code FROM locations WHERE id = $1"


@dataclass(frozen=True, slots=True)
class _Missing:
    """What one order gets fewer."""

    wanted: Wanted
    count: int


async def short_pick(
    database: Database,
    scope: Scope,
    product_id: ProductId,
    there: int,
    *,
    actor: Actor,
    ship: bool = False,
    carry_from: str | None = None,
) -> ShortPick:
    """Say that only `there` units of a product lie where a walk wants more; they are picked.

    With `ship` the orders that get too few ship what is there of them; else each shop's policy says what they do. `carry_from` is the
    location that the missing units are fetched from instead. Raises NotFound, or Refused: nothing is short, too few lie at the other
    location, or a label stands in the way of shipping a part.
    """

    async def write(connection: Any) -> ShortPick:
        walk = [each for each in await read_wanted(connection, scope) if each.product_id == product_id]
        seen = [each for each in walk if each.left]
        if not walk:
            raise NotFound("pick.not_here", "Nothing of that is wanted here.")
        left = sum(each.left for each in seen)
        if not 0 <= there < left:
            raise Refused(
                "pick.not_short",
                f"Of {walk[0].sku} {left} are still to be picked: say how many are there, from 0 to {left - 1}."
                if left
                else f"All of {walk[0].sku} that may be picked is picked: nothing is short.",
            )
        locked = await lock_wanted(connection, scope, seen)
        await wake_waiting(connection, [product_id])
        given = allotted(locked, there)
        got = {each.reservation_id: count for each, count in given}
        missing = [
            _Missing(each, each.left - got.get(each.reservation_id, 0))
            for each in locked
            if each.left > got.get(each.reservation_id, 0)
        ]
        if sum(each.count for each in missing) + there != left:
            raise Refused("pick.busy", f"Others are at {walk[0].sku} too: look again how many are there.")
        if given:
            await confirm_taken(connection, database, given, actor, scanned=False)
        return await _correct(connection, database, missing, there, actor, carry_from, ship=ship)

    return await again_when_moved(database, write)


async def _correct(
    connection: Any,
    database: Database,
    missing: Sequence[_Missing],
    there: int,
    actor: Actor,
    carry_from: str | None,
    *,
    ship: bool,
) -> ShortPick:
    first, count = missing[0].wanted, sum(each.count for each in missing)
    here = Place(first.product_id, first.location_id, first.sku)
    key = f"short:{new_id()}"
    off = Booking(here, "adjust", StockReason.SHORT_PICK, key, on_hand=-count)
    location = await connection.fetchval(_CODE, first.location_id)
    told = {"sku": first.sku, "there": there, "location": location}
    short = {each.wanted.order_id: 0 for each in missing}
    for each in missing:
        short[each.wanted.order_id] += each.count
    await mark(
        connection,
        database.vault,
        "pick.short",
        actor,
        {order_id: {**told, "missing": lack, "from": carry_from or ""} for order_id, lack in short.items()},
    )
    if carry_from is not None:
        away = Place(first.product_id, await find_location(connection, carry_from), first.sku)
        if away == here:
            raise Refused("stock.same_location", f"{carry_from} is where it is missing: name another location.")
        levels = await lock_levels(connection, [here, away])
        if levels[away].available < count:
            raise Refused(
                "stock.not_free",
                f"{count} of {first.sku} cannot be fetched from {carry_from}: {levels[away].available} are free there.",
            )
        out = Booking(away, "transfer", StockReason.TRANSFER, f"{key}:out", on_hand=-count)
        arrives = Booking(here, "transfer", StockReason.TRANSFER, f"{key}:in", on_hand=count)
        await book(connection, [out, arrives], actor)
        await book(connection, [off], actor)
        outcome = f"{{}} of {first.sku} come from {carry_from}; it is picked on."
        orders = [_outcome(missing, order_id, lack, outcome.format(lack)) for order_id, lack in short.items()]
        return ShortPick(first.sku, there, count, tuple(orders))
    level = (await lock_levels(connection, [here]))[here]
    if level.on_hand - count >= level.reserved + level.held:
        await book(connection, [off], actor)
        kept = "keeps what is promised to it: the ledger has more of it here, in another bin."
        orders = [_outcome(missing, order_id, lack, kept) for order_id, lack in short.items()]
    else:
        orders = await _take_paths(connection, database, missing, short, actor, off, level, ship=ship)
    return ShortPick(
        first.sku,
        there,
        count,
        tuple(orders),
        tuple(
            (row["code"], row["free"])
            for row in await connection.fetch(_FREE_ELSEWHERE, first.product_id, first.location_id)
        ),
        max((await read_levels(connection, [here]))[here].available, 0),
    )


async def _take_paths(
    connection: Any,
    database: Database,
    missing: Sequence[_Missing],
    short: dict[OrderId, int],
    actor: Actor,
    off: Booking,
    level: Level,
    *,
    ship: bool,
) -> list[ShortOrder]:
    """Have each order give its goods back, write the missing off, and let each go its way."""
    first = missing[0].wanted
    reason = f"short pick: {first.sku}"
    waits = {each.wanted.order_id: each.wanted.waits_when_short for each in missing}
    numbers = {each.wanted.order_id: each.wanted.order_number for each in missing}
    if ship:
        await drop_planned(connection, list(short), numbers)
    pushes = {
        order_id: Push(
            "fail",
            actor,
            reason,
            out_of_stock(Shortfall(order_id, numbers[order_id], first.sku, lack)),
            gives_back=True,
        )
        for order_id, lack in short.items()
    }
    for moved in await advance(connection, database.vault, sorted(pushes), pushes):
        if moved.code:
            raise Refused(moved.code, moved.sentence)
    await book(connection, [off], actor)
    orders = []
    for order_id, lack in short.items():
        sentence = "fails as out of stock, and comes back by itself with the stock."
        if ship:
            await ship_there(connection, database, order_id, actor=actor, reason=reason)
            await carry_over(connection, order_id)
            sentence = "ships what is there; a parcel of the rest waits for its stock."
        elif waits[order_id]:
            resume = {order_id: Push("resume", actor, "waits for its stock", by_person=True)}
            await advance(connection, database.vault, [order_id], resume)
            sentence = "waits for its stock; what was picked of it goes back."
        orders.append(_outcome(missing, order_id, lack, sentence))
    if level.on_hand > level.reserved:
        await wake_late(connection, [first.product_id])
    return orders


def _outcome(missing: Sequence[_Missing], order_id: OrderId, lack: int, outcome: str) -> ShortOrder:
    number = next(each.wanted.order_number for each in missing if each.wanted.order_id == order_id)
    return ShortOrder(order_id, number, lack, f"Order {number} {outcome}" if not outcome[0].isdigit() else outcome)
