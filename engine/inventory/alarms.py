"""Alarms: a product is low, or more of it is sold than there is. Raised once, cleared by itself when it is over.

A round looks over all levels at once; nothing is added to what moves stock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.actors import Actor
from engine.effects.kinds import DIGEST_SECONDS
from engine.errors import NotFound
from engine.identifiers import DEFAULT_CREATOR, UserId
from engine.inventory.demand import UNRESERVED_DEMAND
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

LEASE = "stock_alarms"

# Who is low: no more is free, over all locations, than the product's own threshold. What is promised already is not free.
_LOW = """
SELECT p.id AS product_id, jsonb_build_object('available', l.free, 'threshold', p.low_stock_at) AS detail
FROM products p
CROSS JOIN LATERAL (SELECT coalesce(sum(on_hand - reserved - held), 0) AS free FROM stock_levels WHERE product_id = p.id) l
WHERE p.low_stock_at IS NOT NULL AND p.components IS NULL AND l.free <= p.low_stock_at
"""

# What is oversold: orders that are not reserved yet want more than is free where they ship from.
_OVERSOLD = f"""
SELECT d.product_id, jsonb_build_object('short', sum(d.units - d.free), 'wanted', sum(d.units)) AS detail
FROM (SELECT w.product_id, w.units, coalesce(l.on_hand - l.reserved - l.held, 0) AS free
      FROM ({UNRESERVED_DEMAND}) w
      LEFT JOIN stock_levels l ON l.product_id = w.product_id AND l.location_id = w.location_id) d
WHERE d.units > d.free GROUP BY d.product_id
"""  # noqa: S608

_LOOK = """
WITH now_so AS MATERIALIZED ({query}), raised AS (
    INSERT INTO stock_alarms (kind, product_id, detail) SELECT '{kind}', product_id, detail FROM now_so ORDER BY product_id
    ON CONFLICT (kind, product_id) WHERE cleared_at IS NULL DO UPDATE SET detail = excluded.detail
    WHERE stock_alarms.detail <> excluded.detail
    RETURNING product_id, xmax = 0 AS new
), cleared AS (
    UPDATE stock_alarms a SET cleared_at = now()
    WHERE a.kind = '{kind}' AND a.cleared_at IS NULL AND NOT EXISTS (SELECT FROM now_so n WHERE n.product_id = a.product_id)
    RETURNING a.id
), told AS (
    INSERT INTO effects (id, key, kind, dependency, shop_id, due_at, request)
    SELECT gen_random_uuid(), 'notice:{kind}:' || to_char(now() AT TIME ZONE 'UTC', 'YYYYMMDDHH24MI'), 'notice', 'notices', NULL,
           now() + make_interval(secs => $1),
           jsonb_build_object('template', '{kind}', 'audience', 'creator', 'subject',
                              to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
    WHERE EXISTS (SELECT FROM raised WHERE new)
    ON CONFLICT (key) DO NOTHING
)
SELECT (SELECT count(*) FROM raised WHERE new) AS raised, (SELECT count(*) FROM cleared) AS cleared
"""

_QUERIES: Mapping[str, str] = {
    kind: _LOOK.format(kind=kind, query=query) for kind, query in (("low_stock", _LOW), ("oversold", _OVERSOLD))
}

_LIST = """
SELECT a.id, a.kind, p.sku, p.name, a.detail, a.raised_at, a.cleared_at, a.acknowledged_by, a.acknowledged_at
FROM stock_alarms a JOIN products p ON p.id = a.product_id
WHERE ($1 OR a.cleared_at IS NULL) AND ($3::uuid IS NULL OR a.product_id = $3) ORDER BY a.raised_at DESC, p.sku LIMIT $2
"""

_OPEN = """
SELECT a.id FROM stock_alarms a JOIN products p ON p.id = a.product_id
WHERE a.cleared_at IS NULL AND p.user_id = $1 AND p.sku = $2 ORDER BY a.id FOR UPDATE OF a
"""

_ACKNOWLEDGE = """
UPDATE stock_alarms SET acknowledged_by = $2, acknowledged_at = now() WHERE id = ANY($1::uuid[]) AND acknowledged_at IS NULL
"""

_OF_DIGEST = """
SELECT p.sku, p.name, a.detail FROM stock_alarms a JOIN products p ON p.id = a.product_id
WHERE a.kind = $1 AND a.cleared_at IS NULL AND a.raised_at >= $2::timestamptz - interval '1 minute' ORDER BY p.sku
"""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something amiss with a product's stock."""

    alarm_id: UUID
    kind: str
    sku: str
    name: str
    detail: Mapping[str, Any]
    raised_at: datetime
    cleared_at: datetime | None
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None

    @property
    def sentence(self) -> str:
        """What is wrong, in words."""
        return alarm_sentence(self.kind, self.detail)


def alarm_sentence(kind: str, detail: Mapping[str, Any]) -> str:
    """An alarm in words, without the product's name."""
    if kind == "low_stock":
        return f"{detail['available']} left; the alarm is at {detail['threshold']}"
    if kind == "oversold":
        return f"{detail['short']} short: orders want {detail['wanted']} more"
    return str(detail.get("sentence", ""))


async def look_over(database: Database) -> tuple[int, int]:
    """Raise what is new, clear what is over. Answers how many of each."""

    async def look(connection: Any) -> tuple[int, int]:
        rows = [await connection.fetchrow(query, float(DIGEST_SECONDS)) for query in _QUERIES.values()]
        return sum(row["raised"] for row in rows), sum(row["cleared"] for row in rows)

    return await database.run(look)


async def list_alarms(database: Database, *, cleared: bool = False, limit: int = 200) -> list[Alarm]:
    """The open alarms, or with `cleared` those of the past too, newest first."""
    return [_alarm(row) for row in await database.pool.fetch(_LIST, cleared, limit, None)]


async def alarms_of(database: Database, product_id: UUID) -> list[Alarm]:
    """The open alarms of one product, newest first."""
    return [_alarm(row) for row in await database.pool.fetch(_LIST, False, 20, product_id)]


async def acknowledge(database: Database, sku: str, *, actor: Actor, owner: UserId = DEFAULT_CREATOR) -> int:
    """Say that somebody has seen a product's open alarms; they stand until they are over. Answers how many were new to us.

    Raises NotFound when the product has none.
    """

    async def write(connection: Any) -> int:
        found = [row["id"] for row in await connection.fetch(_OPEN, owner, sku.strip())]
        if not found:
            raise NotFound("stock.no_alarm", f"No alarm stands for {plain(sku)}.")
        return int((await connection.execute(_ACKNOWLEDGE, found, actor.name)).split()[-1])

    return await database.run(write)


async def digest(database: Database, kind: str, since: datetime) -> dict[str, str]:
    """What a notice says of the alarms raised since then that still stand; empty when they are over."""
    rows = await database.pool.fetch(_OF_DIGEST, kind, since)
    if not rows:
        return {}
    lines = [f"{row['sku']:<20} {alarm_sentence(kind, row['detail'])}  {row['name']}" for row in rows]
    count = len(rows)
    return {"products": f"{count} product" if count == 1 else f"{count} products", "items": "\n".join(lines)}


def _alarm(row: Any) -> Alarm:
    return Alarm(
        row["id"],
        row["kind"],
        plain(row["sku"]),
        plain(row["name"]),
        row["detail"],
        row["raised_at"],
        row["cleared_at"],
        plain(row["acknowledged_by"]),
        row["acknowledged_at"],
    )
