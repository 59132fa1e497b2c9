"""The ship-by radar: how many unshipped orders fall due in each of the coming hours and half-days, and how many are late.

Counted up to a cap a bin, so that a backlog of any size costs the same; beyond it a bin says "at least".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.orders.piles import SHIP_BY, UNSHIPPED
from engine.orders.views import Count

if TYPE_CHECKING:
    from engine.database.connection import Database

BIN_CAP: Final = 1000

_HOURS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 12, 24, 36, 48, 72)
"""Where the bins end, in hours from now: one by one through a shift, then by halves of days."""

_LONG_AGO: Final = timedelta(days=3650)

# Index: orders_due_index, one short range a bin.
_BINS = f"""
SELECT b.place, (SELECT count(*) FROM (
    SELECT FROM orders o WHERE {UNSHIPPED} AND {SHIP_BY} >= b.since AND {SHIP_BY} < b.until LIMIT {BIN_CAP}) due) AS orders
FROM unnest($1::timestamptz[], $2::timestamptz[]) WITH ORDINALITY AS b(since, until, place) ORDER BY b.place
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class RadarBin:
    """Unshipped orders due from `since` until `until`; the late ones' `since` is long ago."""

    since: datetime
    until: datetime
    orders: Count
    late: bool = False


async def radar(database: Database, now: datetime) -> list[RadarBin]:
    """The late ones, then each bin from now on."""
    ends = [now + timedelta(hours=hours) for hours in _HOURS]
    since, until = [now - _LONG_AGO, now, *ends[:-1]], [now, *ends]
    records = await database.pool.fetch(_BINS, since, until)
    return [
        RadarBin(begins, ends_at, Count(record["orders"], exact=record["orders"] < BIN_CAP), late=place == 0)
        for place, (record, begins, ends_at) in enumerate(zip(records, since, until, strict=True))
    ]
