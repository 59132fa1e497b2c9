"""Which orders changed since: told at least once and in the end always, for whoever follows them.

A change is dated by the beginning of its transaction, and may be seen much later. So a place in the feed is never past a transaction
that is still open: whoever goes on from it meets some changes twice, told apart by their versions, and misses none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

UNSEEN: Final = timedelta(seconds=2)
"""So late may a transaction end whose beginning another login must not see."""

LONGEST: Final = timedelta(seconds=70)
"""No transaction of this program that writes is open for longer; a dump may be."""

_LOW_WATER = """
SELECT greatest(clock_timestamp() - $2::interval, least(clock_timestamp() - $1::interval, min(xact_start))) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# Index: orders_changed_index.
_CHANGED = """
SELECT id, user_id, version, order_status, workflow_status, updated_at FROM orders
WHERE updated_at >= $1 ORDER BY updated_at, id LIMIT $2
"""

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Change:
    """An order that is at this version now."""

    order_id: UUID
    user_id: UUID
    version: int
    order_status: str
    workflow_status: str
    updated_at: datetime


async def low_water(connection: Any) -> datetime:
    """A place that no change still to come is before. Asked for before the changes themselves."""
    found: datetime = await connection.fetchval(_LOW_WATER, UNSEEN, LONGEST)
    return found


async def changed(connection: Any, since: datetime, *, limit: int) -> list[Change]:
    """The orders that changed at or after a place, oldest change first."""
    return [Change(*row) for row in await connection.fetch(_CHANGED, since, limit)]


def place_text(place: datetime) -> str:
    """A place as the id of an event."""
    return str((place - _BEGINNING) // _MICROSECOND)


def read_place(text: str) -> datetime | None:
    """The place that an event's id names; None for what is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= 17):
        return None
    return _BEGINNING + int(text) * _MICROSECOND
