"""What every daemon tells of itself, so that one of them can judge for all: counts by the minute, and figures.

Counts are added up in the row of their minute, so that a share over some minutes needs nobody's memory, and holds whoever reads it and
whichever daemons came and went meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.database.connection import Database

HOUSE: Final = ""
"""The source of a figure that is the whole house's."""

_KEPT = "1 day"
_FRESH_SECONDS = 120.0

# Sorted, so that two daemons come to the rows in one order.
_ADD = """
INSERT INTO fleet_minutes AS m (minute, counter, count)
SELECT date_trunc('minute', now()), d.counter, d.count FROM unnest($1::text[], $2::bigint[]) AS d(counter, count) ORDER BY d.counter
ON CONFLICT (minute, counter) DO UPDATE SET count = m.count + excluded.count
"""
_TELL = """
INSERT INTO fleet_gauges AS g (gauge, source, value)
SELECT d.gauge, $1, d.value FROM unnest($2::text[], $3::float8[]) AS d(gauge, value) ORDER BY d.gauge
ON CONFLICT (gauge, source) DO UPDATE SET value = excluded.value, told_at = now()
"""
_FORGET_MINUTES = f"DELETE FROM fleet_minutes WHERE minute < now() - interval '{_KEPT}'"  # noqa: S608  # a constant
_FORGET_GAUGES = "DELETE FROM fleet_gauges WHERE source <> '' AND told_at < now() - interval '1 hour'"

# Index: fleet_minutes_pkey.
_COUNTED = """
SELECT counter, sum(count)::bigint AS count FROM fleet_minutes
WHERE minute > now() - make_interval(secs => $1) AND minute <= now() GROUP BY counter
"""
_GAUGES = """
SELECT gauge, min(value) AS least, max(value) AS most FROM fleet_gauges
WHERE source = '' OR told_at > now() - make_interval(secs => $1) GROUP BY gauge
"""


async def add(database: Database, source: str, counts: Mapping[str, int], gauges: Mapping[str, float]) -> None:
    """Add what this daemon counted since it last told, and say how its figures are now."""

    async def write(connection: Any) -> None:
        if counts:
            await connection.execute(_ADD, list(counts), list(counts.values()))
        if gauges:
            await connection.execute(_TELL, source, list(gauges), list(gauges.values()))

    await database.run(write)


async def tell(database: Database, gauge: str, value: float) -> None:
    """Say how a figure of the whole house is."""
    await database.pool.execute(_TELL, HOUSE, [gauge], [value])


async def forget(database: Database) -> None:
    """Let go of yesterday's minutes, and of what daemons told that are over."""
    await database.pool.execute(_FORGET_MINUTES)
    await database.pool.execute(_FORGET_GAUGES)


async def counted(database: Database, seconds: float) -> dict[str, int]:
    """What the whole fleet counted in the last so many seconds, in whole minutes and the one under way."""
    return {row["counter"]: row["count"] for row in await database.pool.fetch(_COUNTED, seconds)}


async def told(database: Database) -> dict[str, tuple[float, float]]:
    """The least and the most of each figure that somebody told lately."""
    rows = await database.pool.fetch(_GAUGES, _FRESH_SECONDS)
    return {row["gauge"]: (row["least"], row["most"]) for row in rows}
