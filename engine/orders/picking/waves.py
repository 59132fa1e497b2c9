"""Waves: orders picked together on one walk at one location. Made of a filter, of chosen orders, or of what has to leave first.

The open lines of an order at a location are in one wave at most; lines without one are free. A wave shrinks by itself with the orders
that are cancelled, and is done with its last open line.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.database.locks import lock_work
from engine.errors import NotFound, Refused
from engine.identifiers import LocationId, OrderId, UserId, new_id
from engine.inventory.booking import find_location
from engine.orders.marking import mark
from engine.orders.picking.stopping import STOPPED, WORDS
from engine.orders.picking.views import WaveId, WaveMade, WaveView
from engine.orders.picking.walk import none_if_far
from engine.orders.plain_text import plain
from engine.orders.queries import ids_in_pages
from engine.orders.views import OrderFilter

if TYPE_CHECKING:
    from engine.database.connection import Database

MOST_ORDERS = 200
"""No wave is larger: nobody carries more, and every scan looks at all of it."""

USUAL_ORDERS = 40

_PAGE = 500

# What may go into a wave at a location: $2 are the orders that were named, or all. Indexes: pick_lines_open_index, or
# pick_lines_order_index.
_FREE = f"""
SELECT k.order_id FROM pick_lines k JOIN work w ON w.order_id = k.order_id JOIN orders o ON o.id = k.order_id
WHERE k.state = 'open' AND k.wave_id IS NULL AND k.location_id = $1 AND {{named}} AND {STOPPED} = ''
GROUP BY k.order_id, w.priority, w.ship_by ORDER BY w.priority DESC, w.ship_by, k.order_id LIMIT $2
"""  # noqa: S608
_FREE_OF_ALL = _FREE.format(named="true")
_FREE_OF_NAMED = _FREE.format(named="k.order_id = ANY($3::uuid[])")

_WHY_NOT = f"""
SELECT o.order_number, {STOPPED} AS stopped,
       (SELECT v.number FROM pick_lines k JOIN waves v ON v.id = k.wave_id
        WHERE k.order_id = o.id AND k.location_id = $2 AND k.state = 'open' LIMIT 1) AS wave,
       EXISTS (SELECT FROM pick_lines k WHERE k.order_id = o.id AND k.location_id = $2 AND k.state = 'open') AS open,
       EXISTS (SELECT FROM pick_lines k WHERE k.order_id = o.id AND k.state = 'open') AS elsewhere
FROM unnest($1::uuid[]) WITH ORDINALITY AS d(id, place) JOIN orders o ON o.id = d.id LEFT JOIN work w ON w.order_id = o.id
ORDER BY d.place
"""  # noqa: S608

_MAKE = """
INSERT INTO waves (id, location_id, name, picker, picker_name, made_by) VALUES ($1, $2, $3, $4, $5, $6) RETURNING number
"""
_PUT_IN = """
UPDATE pick_lines SET wave_id = $1 WHERE order_id = ANY($2::uuid[]) AND location_id = $3 AND state = 'open' AND wave_id IS NULL
"""

_PICKER = (
    "SELECT id, display_name FROM users WHERE lower(display_name) = lower($1) OR login_role = $1 ORDER BY id LIMIT 1"
)

# Indexes: waves_open_index, pick_lines_wave_index, stock_reservations_active_key, package_items_order_index.
_WAVES = """
SELECT v.id, v.number, v.name, v.state, v.created_at, v.made_by, l.code AS location, v.picker_name AS picker,
       k.orders, k.units, k.picked, k.open, k.ship_by, h.at_it,
       (SELECT count(DISTINCT p.id) FROM pick_lines m JOIN package_items c ON c.order_id = m.order_id JOIN packages p ON p.id = c.package_id
        WHERE m.wave_id = v.id AND m.state <> 'cancelled' AND p.packed_at IS NOT NULL AND p.location_id = v.location_id)::int AS packed
FROM waves v
JOIN locations l ON l.id = v.location_id
CROSS JOIN LATERAL (
    SELECT count(DISTINCT m.order_id)::int AS orders, coalesce(sum(m.quantity), 0)::int AS units,
           coalesce(sum(m.quantity) FILTER (WHERE m.state = 'picked'), 0)::int AS picked,
           count(*) FILTER (WHERE m.state = 'open')::int AS open,
           min(w.ship_by) FILTER (WHERE m.state = 'open') AS ship_by
    FROM pick_lines m LEFT JOIN work w ON w.order_id = m.order_id WHERE m.wave_id = v.id AND m.state <> 'cancelled') k
CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT d.who) AS at_it FROM pick_lines m JOIN stock_reservations r ON r.order_item_id = m.order_item_id
    CROSS JOIN LATERAL (VALUES (r.picked_by, r.picked_at), (r.held_by, r.held_at)) AS d(who, at)
    WHERE m.wave_id = v.id AND r.state = 'active' AND d.at > now() - interval '15 minutes') h
WHERE {which} ORDER BY v.number DESC LIMIT $1
"""
_OPEN_WAVES = _WAVES.format(which="v.state <> 'done'")
_ALL_WAVES = _WAVES.format(which="true")
_ONE_WAVE = _WAVES.format(which="v.id = $2")

_LOCK = "SELECT id, number, state FROM waves WHERE id = $1 FOR NO KEY UPDATE"
_ORDERS_IN = "SELECT DISTINCT order_id FROM pick_lines WHERE wave_id = $1 AND state = 'open' ORDER BY order_id"
_SET_FREE = "UPDATE pick_lines SET wave_id = NULL WHERE wave_id = $1 AND state = 'open'"
_CLOSE = "UPDATE waves SET state = 'done', closed_at = now() WHERE id = $1"
_ASSIGN = "UPDATE waves SET picker = $2, picker_name = $3 WHERE id = $1"

# Waves whose orders have all gone by themselves.
_SWEEP = """
UPDATE waves v SET state = 'done', closed_at = now()
WHERE v.id IN (SELECT id FROM waves WHERE state <> 'done' AND NOT EXISTS (
    SELECT FROM pick_lines k WHERE k.wave_id = waves.id AND k.state = 'open') ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""


async def make_wave(
    database: Database,
    *,
    actor: Actor,
    location_code: str | None = None,
    order_ids: Sequence[OrderId] = (),
    order_filter: OrderFilter | None = None,
    most: int = USUAL_ORDERS,
    name: str = "",
    picker: str = "",
) -> WaveMade:
    """Put orders that wait to be picked at a location into a new wave: those named, those of a filter, or those that leave first.

    At most `most` orders go in. Raises Refused when none can, NotFound for an unknown location.
    """
    if not 1 <= most <= MOST_ORDERS:
        raise Refused("pick.size", f"A wave of {most} orders cannot be: give 1 to {MOST_ORDERS}.")
    location_id = await find_location(database.pool, location_code)
    given_to = await _picker(database.pool, picker)
    candidates = await _candidates(database, location_id, order_ids, order_filter, most)

    async def write(connection: Any) -> tuple[WaveId | None, list[tuple[str, str]]]:
        await connection.execute(_SWEEP)
        await lock_work(connection, sorted(candidates))
        rows = await connection.fetch(_FREE_OF_NAMED, location_id, most, candidates)
        taken = {OrderId(row["order_id"]) for row in rows}
        left = [order_id for order_id in order_ids if order_id not in taken]
        why = await _why_not(connection, left, location_id, most)
        if not taken:
            return None, why
        wave_id = WaveId(new_id())
        title = plain(name)[:60]
        number = await connection.fetchval(_MAKE, wave_id, location_id, title, *given_to, actor.name)
        await connection.execute(_PUT_IN, wave_id, sorted(taken), location_id)
        await mark(connection, database.vault, "pick.wave", actor, {key: {"wave": number} for key in sorted(taken)})
        return wave_id, why

    wave_id, left_out = await database.run(write)
    if wave_id is None:
        first = f" {left_out[0][1]}" if left_out else ""
        raise Refused("pick.nothing", f"None of that waits to be picked at {location_code or 'MAIN'}.{first}")
    return WaveMade(await read_wave(database, wave_id), tuple(left_out))


async def list_waves(database: Database, *, done: bool = False, limit: int = 100) -> list[WaveView]:
    """The waves, newest first; those that are done only when asked for."""
    return [_view(row) for row in await database.pool.fetch(_ALL_WAVES if done else _OPEN_WAVES, limit)]


async def read_wave(database: Database, wave_id: WaveId) -> WaveView:
    """One wave. Raises NotFound."""
    row = await database.pool.fetchrow(_ONE_WAVE, 1, wave_id)
    if row is None:
        raise NotFound("pick.no_wave", "There is no such wave.")
    return _view(row)


async def find_wave(database: Database, number: int) -> WaveId:
    """The wave that people call by this number. Raises NotFound."""
    found = await database.pool.fetchval("SELECT id FROM waves WHERE number = $1", number)
    if found is None:
        raise NotFound("pick.no_wave", f"There is no wave {number}: orders-tui pick list shows those there are.")
    return WaveId(found)


async def close_wave(database: Database, wave_id: WaveId, *, actor: Actor) -> int:
    """End a wave; what is not picked of it is free for another one. Answers how many orders that concerns. Raises NotFound, Refused."""

    async def write(connection: Any) -> int:
        orders = [OrderId(row["order_id"]) for row in await connection.fetch(_ORDERS_IN, wave_id)]
        await lock_work(connection, orders)
        wave = await connection.fetchrow(_LOCK, wave_id)
        if wave is None:
            raise NotFound("pick.no_wave", "There is no such wave.")
        if wave["state"] == "done":
            raise Refused("pick.wave_done", f"Wave {wave['number']} is done already.")
        await connection.execute(_SET_FREE, wave_id)
        await connection.execute(_CLOSE, wave_id)
        told = {key: {"wave": wave["number"]} for key in orders}
        await mark(connection, database.vault, "pick.wave_closed", actor, told)
        return len(orders)

    return await database.run(write)


async def give_wave(database: Database, wave_id: WaveId, picker: str) -> WaveView:
    """Say who picks a wave; an empty name gives it back. Changes no order. Raises NotFound, Refused."""

    async def write(connection: Any) -> None:
        wave = await connection.fetchrow(_LOCK, wave_id)
        if wave is None:
            raise NotFound("pick.no_wave", "There is no such wave.")
        if wave["state"] == "done":
            raise Refused("pick.wave_done", f"Wave {wave['number']} is done already.")
        await connection.execute(_ASSIGN, wave_id, *await _picker(connection, picker))

    await database.run(write)
    return await read_wave(database, wave_id)


async def _candidates(
    database: Database,
    location_id: LocationId,
    order_ids: Sequence[OrderId],
    order_filter: OrderFilter | None,
    most: int,
) -> list[OrderId]:
    if order_ids:
        return list(dict.fromkeys(order_ids))
    if order_filter is None:
        return [OrderId(row["order_id"]) for row in await database.pool.fetch(_FREE_OF_ALL, location_id, most)]
    found: list[OrderId] = []
    async for page in _pages(database, order_filter):
        rows = {row["order_id"] for row in await database.pool.fetch(_FREE_OF_NAMED, location_id, _PAGE, page)}
        found += [order_id for order_id in page if order_id in rows]
        if len(found) >= most:
            break
    return found[:most]


def _pages(database: Database, order_filter: OrderFilter) -> AsyncIterator[list[OrderId]]:
    return ids_in_pages(database, order_filter, size=_PAGE)


async def _why_not(
    connection: Any, order_ids: Sequence[OrderId], location_id: LocationId, most: int
) -> list[tuple[str, str]]:
    if not order_ids:
        return []
    return [
        (row["order_number"], _refusal(row, most)) for row in await connection.fetch(_WHY_NOT, order_ids, location_id)
    ]


def _refusal(row: Any, most: int) -> str:
    order = f"Order {row['order_number']}"
    if row["stopped"]:
        return f"{order}: {WORDS[row['stopped']]}."
    if row["wave"] is not None:
        return f"{order} is in wave {row['wave']} already."
    if row["open"]:
        return f"{order} is one too many: the wave takes {most}."
    if row["elsewhere"]:
        return f"{order} is picked at another location."
    return f"{order} has nothing left to be picked."


async def _picker(connection: Any, name: str) -> tuple[UserId | None, str]:
    """Whoever picks need not be a user of the program; one who is goes by the name people know."""
    known = await connection.fetchrow(_PICKER, name.strip()) if name.strip() else None
    return (UserId(known["id"]), plain(known["display_name"])) if known else (None, plain(name)[:60])


def _view(row: Any) -> WaveView:
    # What was cancelled since the last unit was picked may have been all that was left.
    state = "done" if not row["open"] else row["state"]
    return WaveView(
        wave_id=WaveId(row["id"]),
        number=row["number"],
        name=row["name"],
        state=state,
        location=row["location"],
        picker=row["picker"],
        made_by=row["made_by"],
        created_at=row["created_at"],
        orders=row["orders"],
        units=row["units"],
        picked=row["picked"],
        parcels_packed=row["packed"],
        nearest_ship_by=none_if_far(row["ship_by"]),
        at_it=tuple(sorted(filter(None, row["at_it"] or ()))),
    )
