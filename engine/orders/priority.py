"""How urgent an order is: a person's word, else what its deadline says. Claims go by it, then by the deadline.

The derived level follows the clock, so re-deriving it is nobody's change: it neither raises an order's version nor enters its audit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine.actors import Actor
from engine.errors import Refused
from engine.identifiers import OrderId
from engine.orders.editing import Edit, Editable, changed, edit, not_open
from engine.orders.views import ChangeOutcome
from engine.privacy.cipher import Vault

if TYPE_CHECKING:
    from engine.database.connection import Database


@dataclass(frozen=True, slots=True)
class Band:
    """Orders due within `hours` have at least this level."""

    hours: int
    level: int


BANDS = (Band(0, 4), Band(4, 3), Band(24, 2))
"""Overdue, due within four hours, due within a day: the first that holds."""

NORMAL = 1
LOWEST, HIGHEST = 0, 5
"""What a person may set: 0 can wait, 5 goes before everything."""

_CASES = " ".join(f"WHEN k.ship_by <= now() + interval '{band.hours} hours' THEN {band.level}" for band in BANDS)
_DERIVED = f"CASE {_CASES} ELSE {NORMAL} END"

# Index: work_priority_index. Never waits for whoever is at work on an order; what has shipped has no deadline any more.
_RISE = f"""
WITH due AS MATERIALIZED (
    SELECT k.order_id, {_DERIVED} AS level
    FROM work k JOIN orders o ON o.id = k.order_id
    WHERE k.priority < {BANDS[0].level} AND k.waiting_for <> 'delivery' AND k.ship_by <= now() + interval '{BANDS[-1].hours} hours'
      AND k.priority < {_DERIVED} AND o.priority_override IS NULL
    ORDER BY k.ship_by LIMIT $1 FOR UPDATE OF k SKIP LOCKED
), risen AS (
    UPDATE work k SET priority = due.level FROM due WHERE k.order_id = due.order_id
)
UPDATE orders o SET priority_level = due.level FROM due WHERE o.id = due.order_id
"""  # noqa: S608

_WORK = """
UPDATE work k SET priority = d.level FROM unnest($1::uuid[], $2::int[]) AS d(order_id, level)
WHERE k.order_id = d.order_id
"""

MOVE_DEADLINES = """
WITH d AS MATERIALIZED (
    SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::int[]) AS d(id, target, level)
), moved AS (
    UPDATE work k SET ship_by = d.target, priority = coalesce(o.priority_override, d.level)
    FROM d JOIN orders o ON o.id = d.id
    WHERE k.order_id = d.id AND o.order_status IN ('pending', 'confirmed', 'processing')
      AND (k.ship_by, k.priority) IS DISTINCT FROM (d.target, coalesce(o.priority_override, d.level))
)
UPDATE orders o SET target_ship_by = d.target, priority_level = coalesce(o.priority_override, d.level)
FROM d WHERE o.id = d.id AND o.order_status IN ('pending', 'confirmed', 'processing')
  AND (o.target_ship_by, o.priority_level) IS DISTINCT FROM (d.target, coalesce(o.priority_override, d.level))
"""
"""Give orders, whose work rows the caller holds, a new internal target; what has shipped keeps its own."""


def derived_level(ship_by: datetime | None, now: datetime) -> int:
    """The level that a deadline means at this moment."""
    if ship_by is None:
        return NORMAL
    return next((band.level for band in BANDS if ship_by <= now + timedelta(hours=band.hours)), NORMAL)


async def prioritise(
    connection: Any,
    vault: Vault,
    order_ids: Sequence[OrderId],
    level: int | None,
    *,
    actor: Actor,
    expected_versions: Mapping[OrderId, int] | None = None,
    write: bool = True,
) -> list[ChangeOutcome]:
    """Set the priority of these orders by hand, or with None leave it to their deadlines again."""
    if level is not None and not LOWEST <= level <= HIGHEST:
        raise Refused("priority.level", f"{level} is no priority: give {LOWEST} (can wait) to {HIGHEST} (before all).")

    def decide(order: Editable) -> Edit | Refused:
        if refusal := not_open(order):
            return refusal
        if order.priority_override == level:
            how = "derived from its ship-by" if level is None else str(level)
            return Refused("priority.unchanged", f"The priority of order {order.order_number} is {how} already.")
        now_level = derived_level(order.ship_by, order.now) if level is None else level
        return changed(order, "order.prioritised", priority_override=level, priority_level=now_level)

    outcomes, edits = await edit(
        connection, vault, order_ids, decide, actor=actor, expected_versions=expected_versions, write=write
    )
    if write:
        await write_levels(connection, edits)
    return outcomes


async def write_levels(connection: Any, edits: Sequence[Edit]) -> None:
    """Let the work of edited orders follow their levels."""
    if edits:
        orders = [each.order for each in edits]
        await connection.execute(
            _WORK, [order.order_id for order in orders], [order.priority_level for order in orders]
        )


async def rise_with_time(database: Database, limit: int = 1000) -> int:
    """Raise the priority of orders whose deadline has come nearer. Answers how many, at most `limit`."""
    done: str = await database.run(lambda connection: connection.execute(_RISE, limit))
    return int(done.rsplit(" ", 1)[-1])
