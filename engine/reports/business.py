"""How the business goes: volume, cycle times, ship-by kept or missed, causes of failure, what labels cost, each creator's results.

Read-only and exact; a year of a large house takes a second or two, so nothing that a screen waits for asks here. Times of waiting are
hours, money is by currency and never summed across. Run on one caller's view of the database, a report holds what that caller may see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.reports.scope import By, Scope

if TYPE_CHECKING:
    from engine.database.connection import Database

_VOLUME = """
WITH lines AS ({lines}), sums AS (
    SELECT key, currency, sum(total_amount) AS amount FROM lines WHERE order_status <> 'cancelled' GROUP BY key, currency)
SELECT key, name, count(*) AS orders, coalesce(sum(units), 0)::bigint AS units,
       count(*) FILTER (WHERE workflow_status = 'completed') AS completed,
       count(*) FILTER (WHERE order_status = 'cancelled') AS cancelled,
       count(*) FILTER (WHERE order_status = 'returned') AS returned,
       count(*) FILTER (WHERE workflow_status = 'failed' AND order_status <> 'cancelled') AS failed,
       (SELECT coalesce(jsonb_object_agg(currency, amount::text), '{{}}') FROM sums WHERE sums.key = lines.key) AS amounts
FROM lines CROSS JOIN LATERAL (SELECT sum(i.quantity) AS units FROM order_items i WHERE i.order_id = lines.id) n
GROUP BY key, name ORDER BY key
"""

# An order that was given back to an earlier state became ready more than once: the first time counts.
_CYCLE = """
WITH lines AS ({lines}), took AS (
    SELECT key, name, extract(epoch FROM r.at - order_date) / 3600 AS ready,
           extract(epoch FROM shipped_date - order_date) / 3600 AS shipped,
           extract(epoch FROM delivered_date - shipped_date) / 3600 AS delivered
    FROM lines LEFT JOIN LATERAL (
        SELECT min(w.created_at) AS at FROM order_workflow_steps w WHERE w.order_id = lines.id AND w.to_state = 'ready_to_ship') r ON true)
SELECT key, name, count(*) AS orders, count(delivered) AS delivered_orders,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY ready) AS ready_median, percentile_cont(0.9) WITHIN GROUP (ORDER BY ready) AS ready_p90,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY shipped) AS shipped_median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY shipped) AS shipped_p90,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY delivered) AS delivered_median,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY delivered) AS delivered_p90
FROM took GROUP BY key, name ORDER BY key
"""

_SHIP_BY = """
WITH lines AS ({lines})
SELECT key, name, count(*) AS orders, count(*) FILTER (WHERE shipped_date <= expected_ship_date) AS kept,
       count(*) FILTER (WHERE shipped_date > expected_ship_date) AS late,
       count(*) FILTER (WHERE shipped_date IS NULL AND order_status <> 'cancelled' AND expected_ship_date < now()) AS overdue,
       count(*) FILTER (WHERE shipped_date IS NULL AND order_status <> 'cancelled' AND expected_ship_date >= now()) AS ahead,
       count(*) FILTER (WHERE shipped_date IS NULL AND order_status = 'cancelled') AS cancelled
FROM lines GROUP BY key, name ORDER BY key
"""

_FAILURES = """
WITH lines AS ({lines})
SELECT key, name, f.code, f.error_class, count(*) AS failures, count(DISTINCT lines.id) AS orders,
       count(*) FILTER (WHERE f.resolved_at IS NULL) AS open,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM f.resolved_at - f.created_at) / 3600) AS median_hours
FROM lines JOIN failures f ON f.order_id = lines.id
GROUP BY key, name, f.code, f.error_class ORDER BY key, failures DESC, f.code
"""

_LABELS = """
WITH lines AS ({lines})
SELECT key, name, carrier, service, coalesce(label_currency, '') AS currency, count(*) FILTER (WHERE state <> 'voided') AS labels,
       count(*) FILTER (WHERE state = 'voided') AS voided, coalesce(sum(label_cost) FILTER (WHERE state <> 'voided'), 0) AS cost
FROM lines GROUP BY key, name, carrier, service, 5 ORDER BY key, labels DESC, carrier, service, 5
"""

# Index: creator_metrics_pkey. Days are days of UTC, as they were counted.
_CREATORS = """
SELECT u.id::text AS key, u.display_name AS name, {day} AS day, m.currency, sum(m.orders_completed)::bigint AS completed,
       sum(m.units_completed)::bigint AS units, sum(m.revenue) AS revenue,
       sum(m.workflow_seconds)::float8 / 3600 / nullif(sum(m.orders_completed), 0) AS mean_hours
FROM creator_metrics m JOIN users u ON u.id = m.user_id
WHERE m.day >= ($1::timestamptz AT TIME ZONE 'UTC')::date AND m.day < ($2::timestamptz AT TIME ZONE 'UTC')::date
  AND ($3::uuid IS NULL OR u.id = $3)
GROUP BY 1, 2, 3, 4 ORDER BY name, key, day, currency
"""


@dataclass(frozen=True, slots=True)
class Volume:
    """What was ordered in the span and what became of it by now; `amounts` by currency, cancelled ones left out."""

    key: str
    name: str
    orders: int
    units: int
    completed: int
    cancelled: int
    returned: int
    failed: int
    amounts: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Cycle:
    """Orders shipped in the span: hours from the order until ready and until shipped, and from there until delivered."""

    key: str
    name: str
    orders: int
    delivered_orders: int
    ready_median: float | None
    ready_p90: float | None
    shipped_median: float | None
    shipped_p90: float | None
    delivered_median: float | None
    delivered_p90: float | None


@dataclass(frozen=True, slots=True)
class ShipBy:
    """Orders whose ship-by lies in the span: shipped in time, shipped late, not shipped though it is past, still ahead, cancelled."""

    key: str
    name: str
    orders: int
    kept: int
    late: int
    overdue: int
    ahead: int
    cancelled: int
    kept_share: float | None
    """Of those that are decided; None while none is."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Failures, by cause, of the orders of the span."""

    key: str
    name: str
    code: str
    error_class: str
    failures: int
    orders: int
    open: int
    median_hours: float | None
    """Until it was resolved, of those that are."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels bought in the span and not voided, and what they cost in one currency."""

    key: str
    name: str
    carrier: str
    service: str
    currency: str
    labels: int
    voided: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Creator:
    """What was completed for one creator, in one currency; samples and gifts bring no revenue."""

    key: str
    name: str
    day: str
    """Empty where the days are summed."""
    currency: str
    completed: int
    units: int
    revenue: Decimal
    mean_hours: float | None
    """From the start of the workflow to its end."""


async def volume(database: Database, scope: Scope) -> list[Volume]:
    """By the time of the order."""
    return [
        Volume(**row | {"amounts": {currency: Decimal(amount) for currency, amount in sorted(row["amounts"].items())}})
        for row in await _read(database, _VOLUME.format(lines=scope.order_lines("o.order_date")), scope)
    ]


async def cycle(database: Database, scope: Scope) -> list[Cycle]:
    """By the time of shipping."""
    rows = await _read(database, _CYCLE.format(lines=scope.order_lines("o.shipped_date")), scope)
    return [Cycle(**row) for row in rows]


async def ship_by(database: Database, scope: Scope) -> list[ShipBy]:
    """By the ship-by itself."""
    found = []
    for row in await _read(database, _SHIP_BY.format(lines=scope.order_lines("o.expected_ship_date")), scope):
        decided = row["kept"] + row["late"] + row["overdue"]
        found.append(ShipBy(**row, kept_share=row["kept"] / decided if decided else None))
    return found


async def failures(database: Database, scope: Scope) -> list[Failure]:
    """By the time of the order."""
    rows = await _read(database, _FAILURES.format(lines=scope.order_lines("o.order_date")), scope)
    return [Failure(**row) for row in rows]


async def labels(database: Database, scope: Scope) -> list[Labels]:
    """By the time of buying."""
    return [Labels(**row) for row in await _read(database, _LABELS.format(lines=scope.parcel_lines()), scope)]


async def creators(database: Database, scope: Scope) -> list[Creator]:
    """By the day of completion; a line for each day when asked by day."""
    day = "m.day::text" if scope.by is By.DAY else "''"
    rows = await database.pool.fetch(_CREATORS.format(day=day), scope.since, scope.until, scope.user_id)
    return [Creator(**dict(row)) for row in rows]


async def _read(database: Database, statement: str, scope: Scope) -> list[dict[str, Any]]:
    return [dict(row) for row in await database.pool.fetch(statement, *scope.arguments())]
