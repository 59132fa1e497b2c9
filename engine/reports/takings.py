"""What came in and what was completed, in money: each currency for itself, never summed across."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.database.connection import Database

NEWEST: Final = 2000
"""At most so many orders are added up; they lie together, being the newest."""

# Index: orders_newest_index.
_ORDERED = f"""
SELECT currency, count(*) AS orders, sum(total_amount) AS amount
FROM (SELECT currency, total_amount FROM orders WHERE order_date >= $1 AND order_date <= $2 AND order_status <> 'cancelled'
      ORDER BY order_date DESC, id DESC LIMIT {NEWEST}) newest
GROUP BY currency ORDER BY orders DESC, currency
"""  # noqa: S608

# Index: creator_metrics_pkey.
_COMPLETED = """
SELECT currency, sum(orders_completed)::bigint AS orders, sum(revenue) AS amount FROM creator_metrics WHERE day = $1
GROUP BY currency ORDER BY orders DESC, currency
"""


@dataclass(frozen=True, slots=True)
class Takings:
    """So many orders of one currency, and what they come to."""

    currency: str
    orders: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Ordered:
    """What was ordered since a moment, by currency; when not `whole` only the newest orders of it are counted."""

    takings: tuple[Takings, ...]
    whole: bool


async def ordered_since(database: Database, since: datetime, until: datetime) -> Ordered:
    """What the orders placed in that time come to, cancelled ones left out."""
    takings = [_takings(record) for record in await database.pool.fetch(_ORDERED, since, until)]
    return Ordered(tuple(takings), sum(each.orders for each in takings) < NEWEST)


async def completed_on(database: Database, now: datetime) -> tuple[Takings, ...]:
    """What the orders completed on this day of UTC come to, samples and gifts left out."""
    return tuple(_takings(record) for record in await database.pool.fetch(_COMPLETED, now.date()))


def _takings(record: object) -> Takings:
    return Takings(record["currency"], record["orders"], record["amount"])  # type: ignore[index]
