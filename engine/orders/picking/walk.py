"""What is to be picked in a wave or for an order, by bin, as a person walks it; and how much waits for a wave."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.identifiers import OrderId, ProductId
from engine.orders.picking.lines import Scope, Wanted, read_wanted
from engine.orders.picking.stopping import WORDS
from engine.orders.picking.views import WalkLine, WalkOrder

if TYPE_CHECKING:
    from engine.database.connection import Database

_FAR = 9000
"""A ship-by in a year from here on is none."""

_COUNTED = 5_000
"""Up to so many free lines are counted; a house with more of them wants a wave, not a number."""

# Index: pick_lines_open_index.
_WAITING = """
SELECT l.code, count(DISTINCT k.order_id)::int AS orders, sum(k.quantity)::int AS units, min(w.ship_by) AS ship_by,
       sum(count(*)) OVER () >= $1 AS more
FROM (SELECT order_id, location_id, quantity FROM pick_lines WHERE state = 'open' AND wave_id IS NULL LIMIT $1) k
JOIN work w ON w.order_id = k.order_id JOIN locations l ON l.id = k.location_id
WHERE w.waiting_for NOT IN ('hold', 'paused', 'observe')
GROUP BY l.code ORDER BY l.code
"""

_PARTS = re.compile(r"\d+|\D+")


@dataclass(frozen=True, slots=True)
class WaitingForWave:
    """What is to be picked at one location and in no wave yet."""

    location: str
    orders: int
    units: int
    nearest_ship_by: datetime | None
    more: bool = False
    """There are more than were counted."""


async def read_walk(database: Database, scope: Scope) -> list[WalkLine]:
    """The stops of a walk in the order of their bins."""
    async with database.pool.acquire() as connection:
        return walk_of(await read_wanted(connection, scope))


def walk_of(wanted: Sequence[Wanted]) -> list[WalkLine]:
    """These wishes as stops, by bin."""
    stops: dict[ProductId, list[Wanted]] = {}
    for each in wanted:
        stops.setdefault(each.product_id, []).append(each)
    return sorted((_line(rows) for rows in stops.values()), key=lambda line: (bin_key(line.bin), line.sku))


async def waiting_for_wave(connection: Any) -> list[WaitingForWave]:
    """What waits for a wave, by location."""
    return [
        WaitingForWave(row["code"], row["orders"], row["units"], none_if_far(row["ship_by"]), row["more"])
        for row in await connection.fetch(_WAITING, _COUNTED)
    ]


def bin_key(name: str) -> tuple[bool, list[tuple[int, int, str]]]:
    """How bins follow each other on a walk: numbers as numbers (A-2 before A-10), goods without a bin last."""
    parts = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _PARTS.findall(name.casefold())]
    return not name, parts


def none_if_far(at: datetime | None) -> datetime | None:
    """No deadline is kept as one at the end of time."""
    return None if at is None or at.year > _FAR else at


def _line(rows: Sequence[Wanted]) -> WalkLine:
    first = rows[0]
    return WalkLine(
        product_id=first.product_id,
        sku=first.sku,
        name=first.name,
        bin=first.bin,
        barcodes=first.barcodes,
        orders=tuple(_merged(rows)),
        picked_by=tuple(dict.fromkeys(each.picked_by for each in rows if each.picked and each.picked_by)),
        held_by=next((each.held_by for each in rows if each.held_by), ""),
    )


def _merged(rows: Sequence[Wanted]) -> Iterable[WalkOrder]:
    """One entry an order, though two of its items may want the same product."""
    orders: dict[OrderId, list[Wanted]] = {}
    for each in rows:
        orders.setdefault(each.order_id, []).append(each)
    for order_id, mine in orders.items():
        first = mine[0]
        yield WalkOrder(
            order_id,
            first.order_number,
            sum(each.quantity for each in mine),
            sum(min(each.picked, each.quantity) for each in mine),
            none_if_far(first.ship_by),
            WORDS.get(first.stopped, ""),
            first.scan_only,
        )
