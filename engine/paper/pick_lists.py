"""Pick lists: what is fetched from which bin, for a wave or for chosen orders; kits as what they consist of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from engine.errors import NotFound, Refused
from engine.identifiers import OrderId
from engine.orders.picking.walk import bin_key
from engine.orders.plain_text import plain
from engine.paper.left_out import LeftOut, stopped

if TYPE_CHECKING:
    from engine.database.connection import Database

# Purpose: open pick lines with where their goods are reserved; of a kit, a row for each component. $1 orders, $2 wave (null: any).
_LINES = """
SELECT k.order_id, o.order_number, coalesce(o.target_ship_by, o.expected_ship_date) AS ship_by, l.code AS location, l.timezone,
       coalesce(nullif(p.bin, ''), k.bin) AS bin, coalesce(p.sku, i.product_sku) AS sku, coalesce(p.barcodes[1], '') AS barcode,
       coalesce(p.name, i.product_name) AS name, coalesce(i.variant_name, '') AS variant,
       coalesce(r.quantity - r.picked, k.quantity) AS units
FROM pick_lines k
JOIN orders o ON o.id = k.order_id
JOIN order_items i ON i.id = k.order_item_id
LEFT JOIN stock_reservations r ON r.order_item_id = k.order_item_id AND r.state = 'active'
LEFT JOIN products p ON p.id = coalesce(r.product_id, i.product_id)
JOIN locations l ON l.id = coalesce(r.location_id, k.location_id)
WHERE k.order_id = ANY($1::uuid[]) AND k.state = 'open' AND ($2::uuid IS NULL OR k.wave_id = $2)
  AND (r.id IS NULL OR r.picked < r.quantity)
"""

_WAVE = "SELECT number, name FROM waves WHERE id = $1"
_NAMED = "SELECT id FROM waves WHERE number::text = $1 OR id::text = $1 OR (name = $1 AND state <> 'done') LIMIT 2"
_ORDERS_OF_WAVE = "SELECT DISTINCT order_id FROM pick_lines WHERE wave_id = $1"
_PICKED = """
SELECT order_id, bool_or(state = 'picked') AS picked FROM pick_lines WHERE order_id = ANY($1::uuid[]) GROUP BY order_id
"""


@dataclass(frozen=True, slots=True)
class PickLine:
    """So many of a SKU from one bin, and for which orders."""

    location: str
    bin: str
    sku: str
    barcode: str
    name: str
    units: int
    ship_by: datetime | None
    """The nearest of its orders, in the location's zone."""
    orders: tuple[tuple[str, int], ...]
    """Order number and units, nearest ship-by first."""


@dataclass(frozen=True, slots=True)
class PickList:
    """A walk through the bins."""

    title: str
    code: str
    """What its barcode says, as WAVE-12; empty for chosen orders."""
    lines: tuple[PickLine, ...]
    order_ids: tuple[OrderId, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def units(self) -> int:
        return sum(line.units for line in self.lines)


async def pick_list_of_orders(database: Database, order_ids: Sequence[OrderId]) -> PickList:
    """What has to be fetched for these orders; what is picked, stopped or not reserved is left out and said so."""
    async with database.pool.acquire() as connection:
        count = len(order_ids)
        return await _read(connection, f"{count:,} order{'s' if count != 1 else ''}", "", order_ids, None)


async def find_wave(database: Database, text: str) -> UUID:
    """The wave with this number or, among those that are not done, this name. Raises NotFound, Refused for a name of several."""
    rows = await database.pool.fetch(_NAMED, text)
    if not rows:
        raise NotFound("wave.unknown", f"There is no wave {plain(text)}.")
    if len(rows) > 1:
        raise Refused("wave.ambiguous", f"Several waves are called {plain(text)}: give the number of one.")
    found: UUID = rows[0]["id"]
    return found


async def pick_list_of_wave(database: Database, wave_id: UUID) -> PickList:
    """What has still to be fetched for a wave. Raises NotFound."""
    async with database.pool.acquire() as connection:
        wave = await connection.fetchrow(_WAVE, wave_id)
        if wave is None:
            raise NotFound("wave.unknown", f"There is no wave {wave_id}.")
        order_ids = [OrderId(row["order_id"]) for row in await connection.fetch(_ORDERS_OF_WAVE, wave_id)]
        return await _read(
            connection,
            f"Wave {wave['number']} {plain(wave['name'])}".strip(),
            f"WAVE-{wave['number']}",
            order_ids,
            wave_id,
        )


async def _read(connection: Any, title: str, code: str, order_ids: Sequence[OrderId], wave_id: UUID | None) -> PickList:
    numbers, left_out = await stopped(connection, order_ids)
    rows = [
        row
        for row in await connection.fetch(_LINES, list(order_ids), wave_id)
        if OrderId(row["order_id"]) not in left_out
    ]
    on_list = {OrderId(row["order_id"]) for row in rows}
    missing = [order_id for order_id in numbers if order_id not in on_list and order_id not in left_out]
    if missing:
        picked = {row["order_id"]: row["picked"] for row in await connection.fetch(_PICKED, missing)}
        for order_id in missing:
            sentence = (
                "All of it is picked already."
                if picked.get(order_id)
                else "No stock is reserved for it: nothing to pick."
            )
            left_out[order_id] = LeftOut(numbers[order_id], sentence, order_id)
    return PickList(
        title=title,
        code=code,
        lines=tuple(_gathered(rows)),
        order_ids=tuple(order_id for order_id in order_ids if order_id in on_list),
        left_out=tuple(left_out[order_id] for order_id in order_ids if order_id in left_out),
    )


def _there(row: Any) -> datetime | None:
    ship_by: datetime | None = row["ship_by"]
    return ship_by and ship_by.astimezone(ZoneInfo(row["timezone"]))


def _gathered(rows: Iterable[Any]) -> list[PickLine]:
    """One line for each bin and SKU, in the order of the walk."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        found.setdefault((row["location"], row["bin"], row["sku"]), []).append(row)
    lines = []
    for (location, bin_code, sku), together in found.items():
        together.sort(key=lambda row: (row["ship_by"] is None, row["ship_by"] or 0, row["order_number"]))
        orders: dict[str, int] = {}
        for row in together:
            number = plain(row["order_number"])
            orders[number] = orders.get(number, 0) + row["units"]
        first = together[0]
        name = f"{first['name']}, {first['variant']}" if first["variant"] else first["name"]
        lines.append(
            PickLine(
                location=plain(location),
                bin=plain(bin_code),
                sku=plain(sku),
                barcode=plain(first["barcode"]),
                name=plain(name),
                units=sum(row["units"] for row in together),
                ship_by=_there(first),
                orders=tuple(orders.items()),
            )
        )
    return sorted(lines, key=lambda line: (line.location, bin_key(line.bin), line.sku))
