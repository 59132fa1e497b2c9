"""What happened minute by minute: orders created, shipped, completed, failed, cancelled; kept for a fortnight.

Read from the minutes that were added up and from the notes that were not yet, in one snapshot, so that the present minute is right too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from engine.identifiers import ShopId

if TYPE_CHECKING:
    from engine.database.connection import Database

_EVENTS: Final = ("created", "shipped", "completed", "failed", "cancelled")
MINUTE: Final = timedelta(minutes=1)

# Index: order_minutes_pkey.
_SERIES = """
WITH happened AS (
    SELECT minute, created, shipped, completed, failed, cancelled FROM order_minutes
    WHERE minute >= $1 AND minute < $2 AND ($4::uuid IS NULL OR shop_id = $4)
    UNION ALL
    SELECT date_trunc('minute', moved_at),
           CASE WHEN from_status IS NULL THEN orders ELSE 0 END,
           CASE WHEN to_state = 'shipped' AND from_state IS DISTINCT FROM to_state THEN orders ELSE 0 END,
           CASE WHEN to_state = 'completed' AND from_state IS DISTINCT FROM to_state THEN orders ELSE 0 END,
           CASE WHEN to_state = 'failed' AND from_state IS DISTINCT FROM to_state THEN orders ELSE 0 END,
           CASE WHEN to_status = 'cancelled' AND from_status IS DISTINCT FROM to_status THEN orders ELSE 0 END
    FROM order_moves
    WHERE to_status IS NOT NULL AND moved_at >= $1 AND moved_at < $2 AND ($4::uuid IS NULL OR shop_id = $4)
)
SELECT floor(extract(epoch FROM minute - $1) / $3::float8)::int AS place, sum(created)::int AS created, sum(shipped)::int AS shipped,
       sum(completed)::int AS completed, sum(failed)::int AS failed, sum(cancelled)::int AS cancelled
FROM happened GROUP BY place ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Span:
    """What happened in the time that begins at `at`."""

    at: datetime
    created: int = 0
    shipped: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


async def series(
    database: Database,
    since: datetime,
    until: datetime,
    *,
    step: timedelta = MINUTE,
    shop_id: ShopId | None = None,
) -> list[Span]:
    """One `Span` for each `step` (whole minutes) from `since`'s minute until `until`, quiet ones too, oldest first."""
    assert step % MINUTE == timedelta(0) < step, "minutes are what is kept"
    first = since.replace(second=0, microsecond=0)
    found = {
        record["place"]: record
        for record in await database.pool.fetch(_SERIES, first, until, step.total_seconds(), shop_id)
    }
    spans = range(max(0, -((first - until) // step)))
    return [
        Span(first + place * step, **({name: found[place][name] for name in _EVENTS} if place in found else {}))
        for place in spans
    ]
