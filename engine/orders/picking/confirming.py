"""Units confirmed as picked, by scan or by key, and taken back as long as their parcel is not packed. Each is one transaction.

Orders of a walk that want the same product are served in the order of their ship-by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from engine.actors import Actor
from engine.errors import Conflict, NotFound, Refused
from engine.identifiers import OrderId, ProductId
from engine.orders.picking.codes import meant_by, wrong
from engine.orders.picking.lines import (
    Moved,
    Scope,
    Wanted,
    lock_wanted,
    read_wanted,
    reopen_lines,
    settle_lines,
    take,
    write_down,
)
from engine.orders.picking.stopping import WORDS
from engine.orders.picking.views import Confirmed

if TYPE_CHECKING:
    from engine.database.connection import Database

T = TypeVar("T")

_TRIES = 5

_WAVE = "SELECT number, state FROM waves WHERE id = $1"
_ORDER = "SELECT order_number FROM orders WHERE id = $1"

_BEGIN = "UPDATE waves SET state = 'picking' WHERE id = $1 AND state = 'open'"

# Whoever completes a line holds the wave, so that of two who complete the last two lines one sees that nothing is left.
_LOCK_WAVES = """
SELECT id FROM waves WHERE id = ANY(ARRAY(SELECT DISTINCT wave_id FROM pick_lines WHERE order_id = ANY($1::uuid[]) AND wave_id IS NOT NULL))
ORDER BY id FOR NO KEY UPDATE
"""
_END = """
UPDATE waves w SET state = 'done', closed_at = now()
WHERE w.id = ANY($1::uuid[]) AND w.state <> 'done' AND NOT EXISTS (SELECT FROM pick_lines k WHERE k.wave_id = w.id AND k.state = 'open')
"""
_BEGIN_AGAIN = """
UPDATE waves w SET state = 'picking', closed_at = NULL
WHERE w.id = ANY($1::uuid[]) AND w.state = 'done' AND EXISTS (SELECT FROM pick_lines k WHERE k.wave_id = w.id AND k.state = 'open')
"""

# An item whose parcel is packed is beyond taking back; a line in several parcels is once all of them are.
_PACKED = """
SELECT c.order_item_id FROM order_items i JOIN package_items c ON c.order_id = i.order_id AND c.order_item_id = i.id
JOIN packages p ON p.id = c.package_id
WHERE i.id = ANY($1::uuid[]) AND p.state NOT IN ('voided', 'combined')
GROUP BY c.order_item_id HAVING bool_and(p.packed_at IS NOT NULL OR p.left_at IS NOT NULL OR p.handed_over_at IS NOT NULL)
"""

_HOLD = """
UPDATE stock_reservations SET held_by = $2, held_at = now() WHERE id = ANY($1::uuid[]) AND state = 'active'
"""


async def confirm_scan(database: Database, scope: Scope, text: str, *, actor: Actor) -> Confirmed:
    """Confirm one unit of what this code means, for the order of the walk that has to leave first.

    Raises NotFound for a code nobody knows; Refused for a wrong item, a kit, one too many, or an order that is stopped.
    """

    async def write(connection: Any) -> Confirmed:
        where = await _where(connection, scope)
        meant = await meant_by(connection, text)
        walk = await read_wanted(connection, scope)
        products = {each.product_id for each in meant}
        seen = [each for each in walk if each.product_id in products and each.left]
        if not seen:
            raise wrong(text, meant, walk, where)
        return await _confirm(connection, database, scope, seen[:1], 1, walk, actor, scanned=True)

    return await again_when_moved(database, write)


async def confirm_units(
    database: Database, scope: Scope, product_id: ProductId, units: int | None = None, *, actor: Actor
) -> Confirmed:
    """Confirm so many units of a product on the walk without scanning them, or all that are left.

    Raises Refused where fewer are wanted, or where a shop wants every unit scanned.
    """

    async def write(connection: Any) -> Confirmed:
        where = await _where(connection, scope)
        walk = await read_wanted(connection, scope)
        here = [each for each in walk if each.product_id == product_id]
        seen = [each for each in here if each.left]
        left = sum(each.left for each in seen)
        if not here:
            raise NotFound("pick.not_here", f"Nothing of that is wanted {where}.")
        if not seen or (units is not None and units > left):
            stopped = next((each for each in here if each.stopped), None)
            why = f", and order {stopped.order_number} is {WORDS[stopped.stopped]}" if stopped else ""
            raise Refused("pick.too_many", f"Of {here[0].sku} {left} are still to be picked {where}{why}.")
        if units is not None and units < 1:
            raise Refused("pick.quantity", f"{units} is no number of units to confirm: give 1 or more.")
        if by_scan := next((each for each in seen if each.scan_only), None):
            raise Refused(
                "pick.scan_wanted",
                f"The shop of order {by_scan.order_number} wants every unit scanned: scan {by_scan.sku}, or type its code.",
            )
        return await _confirm(connection, database, scope, seen, units or left, walk, actor, scanned=False)

    return await again_when_moved(database, write)


async def take_back(
    database: Database, scope: Scope, product_id: ProductId, units: int | None = None, *, actor: Actor
) -> Confirmed:
    """Undo confirmed units of a product, the newest first: one, so many, or (with 0) all that are not packed yet.

    Raises Refused when not so many are picked, or their parcels are packed.
    """

    async def write(connection: Any) -> Confirmed:
        where = await _where(connection, scope)
        walk = await read_wanted(connection, scope)
        here = [each for each in walk if each.product_id == product_id]
        if not here:
            raise NotFound("pick.not_here", f"Nothing of that is wanted {where}.")
        packed = {row["order_item_id"] for row in await connection.fetch(_PACKED, [each.item_id for each in here])}
        free = [each for each in here if each.picked and each.item_id not in packed]
        free.sort(key=lambda each: (each.picked_at is not None, each.picked_at), reverse=True)
        count = sum(each.picked for each in free)
        wanted = 1 if units is None else units or count
        if wanted < 1 or wanted > count:
            beyond = " What is packed has to be unpacked first." if packed else ""
            raise Refused("pick.not_picked", f"Of {here[0].sku} {count} can be taken back {where}.{beyond}")
        given, rest = [], wanted
        for each in free:
            if rest:
                given.append((each, min(each.picked, rest)))
                rest -= given[-1][1]
        locked = await lock_wanted(connection, scope, [each for each, _ in given])
        if any(each.picked < back for each, (_, back) in zip(locked, given, strict=True)):
            raise Moved
        if await connection.fetch(_PACKED, [each.item_id for each in locked]):
            raise Moved
        waves = await _lock_waves(connection, locked)
        await take(connection, [(each, -back) for each, (_, back) in zip(locked, given, strict=True)], actor)
        await reopen_lines(connection, [each.item_id for each in locked])
        await connection.execute(_BEGIN_AGAIN, waves)
        told = _told([(each, back) for each, (_, back) in zip(locked, given, strict=True)], scanned=None)
        await write_down(connection, database.vault, "pick.taken_back", actor, told)
        return _answer(walk, [(each, -back) for each, (_, back) in zip(locked, given, strict=True)], set())

    return await again_when_moved(database, write)


async def hold_line(database: Database, scope: Scope, product_id: ProductId, *, actor: Actor) -> None:
    """Show the others that somebody is at this product now; it ends with the next unit confirmed, or by itself. Changes no order."""
    rows = [each for each in await read_wanted(database.pool, scope) if each.product_id == product_id and each.left]
    other = next((each.held_by for each in rows if each.held_by not in {"", actor.name}), "")
    if other:
        raise Conflict("pick.held", f"{other} is at {rows[0].sku} already: take another line.")
    await database.pool.execute(_HOLD, [each.reservation_id for each in rows], actor.name)


async def again_when_moved(database: Database, write: Callable[[Any], Awaitable[T]]) -> T:
    """Run a decision about a walk, again from the start when somebody else moved what it was made on."""
    for _ in range(_TRIES):
        try:
            return await database.run(write)
        except Moved:
            continue
    raise Refused("pick.busy", "Others are at the same line: scan it again.")


async def _confirm(
    connection: Any,
    database: Database,
    scope: Scope,
    seen: Sequence[Wanted],
    units: int,
    walk: Sequence[Wanted],
    actor: Actor,
    *,
    scanned: bool,
) -> Confirmed:
    """Give the units to these, in their order, as long as the rows still want them."""
    given = allotted(seen, units)
    locked = await lock_wanted(connection, scope, [each for each, _ in given])
    taken = [(each, count) for each, (_, count) in zip(locked, given, strict=True)]
    if any(each.left < count for each, count in taken):
        raise Moved
    finished = await confirm_taken(connection, database, taken, actor, scanned=scanned)
    return _answer(walk, taken, finished)


async def confirm_taken(
    connection: Any, database: Database, taken: Sequence[tuple[Wanted, int]], actor: Actor, *, scanned: bool
) -> set[OrderId]:
    """Count these units as picked and let their orders go on. The caller holds the orders. Answers those that are picked whole."""
    waves = await _lock_waves(connection, [each for each, _ in taken])
    await take(connection, taken, actor)
    finished = await settle_lines(connection, {each.order_id for each, _ in taken})
    for wave_id in waves:
        await connection.execute(_BEGIN, wave_id)
    await connection.execute(_END, waves)
    await write_down(connection, database.vault, "pick.confirmed", actor, _told(taken, scanned=scanned))
    return finished


def allotted(seen: Sequence[Wanted], units: int) -> list[tuple[Wanted, int]]:
    """So many units given to these in their order, each at most what it still wants."""
    given: list[tuple[Wanted, int]] = []
    for each in seen:
        count = min(each.left, units)
        if count:
            given.append((each, count))
            units -= count
    return given


async def _lock_waves(connection: Any, rows: Sequence[Wanted]) -> list[Any]:
    orders = sorted({each.order_id for each in rows})
    return [row["id"] for row in await connection.fetch(_LOCK_WAVES, orders)]


async def _where(connection: Any, scope: Scope) -> str:
    """The walk in words. Raises NotFound for one that there is not."""
    if scope.wave_id is not None:
        row = await connection.fetchrow(_WAVE, scope.wave_id)
        if row is None:
            raise NotFound("pick.no_wave", "There is no such wave.")
        return f"in wave {row['number']}"
    number = await connection.fetchval(_ORDER, scope.order_id)
    if number is None:
        raise NotFound("order.not_found", f"There is no order {scope.order_id}.")
    return f"for order {number}"


def _told(taken: Sequence[tuple[Wanted, int]], *, scanned: bool | None) -> dict[OrderId, dict[str, Any]]:
    units: dict[OrderId, Counter[str]] = {}
    for each, count in taken:
        units.setdefault(each.order_id, Counter())[each.sku] += count
    how = {} if scanned is None else {"scanned": scanned}
    return {order_id: {"units": dict(found), **how} for order_id, found in units.items()}


def _answer(walk: Sequence[Wanted], taken: Sequence[tuple[Wanted, int]], finished: set[OrderId]) -> Confirmed:
    first = taken[0][0]
    moved = sum(count for _, count in taken)
    return Confirmed(
        sku=first.sku,
        name=first.name,
        bin=first.bin,
        units=abs(moved),
        orders=tuple(dict.fromkeys(each.order_number for each, _ in taken)),
        left_of_it=sum(each.left for each in walk if each.product_id == first.product_id) - moved,
        left=sum(each.left for each in walk) - moved,
        finished=tuple(dict.fromkeys(each.order_number for each, _ in taken if each.order_id in finished)),
    )
