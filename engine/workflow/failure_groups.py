"""Open failures as people work them: grouped by fingerprint, since one mend helps all of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.database.connection import Connection, Database
from engine.identifiers import FailureId, OrderId
from engine.orders.plain_text import plain
from engine.orders.views import FailureGroup, FailureView, Tried
from engine.words import ErrorClass, WorkflowState
from engine.workflow.tries import tried

SAMPLE = 3

_COLUMNS = """
    f.id, f.order_id, o.order_number, f.code, f.error_class, f.fingerprint, f.cause, f.evidence, f.what_to_do,
    f.failed_from, f.attempts, f.created_at, f.acknowledged_by, f.snoozed_until, f.retry_at,
    (SELECT u.display_name FROM users u WHERE u.id = f.assigned_to) AS assigned_to
"""

_IN_SIGHT = "(f.snoozed_until IS NULL OR f.snoozed_until <= now())"

# Purpose: every group with its size and nearest deadline. Index: failures_open_index.
_GROUPS = f"""
SELECT f.fingerprint, count(DISTINCT f.order_id) FILTER (WHERE $1 OR {_IN_SIGHT}) AS orders, min(f.created_at) AS oldest_at,
       max(f.created_at) AS newest_at, min(o.expected_ship_date) AS nearest_ship_by,
       count(DISTINCT f.order_id) FILTER (WHERE NOT {_IN_SIGHT}) AS snoozed,
       array_agg(DISTINCT u.display_name) FILTER (WHERE u.id IS NOT NULL) AS assigned_to,
       array_agg(DISTINCT f.acknowledged_by) FILTER (WHERE f.acknowledged_by IS NOT NULL) AS acknowledged_by
  FROM failures f JOIN orders o ON o.id = f.order_id LEFT JOIN users u ON u.id = f.assigned_to
 WHERE f.resolved_at IS NULL
 GROUP BY f.fingerprint
HAVING $1 OR bool_or({_IN_SIGHT})
 ORDER BY nearest_ship_by NULLS LAST, orders DESC, f.fingerprint
"""  # noqa: S608

# Purpose: a few failures of each group, newest first. Index: failures_open_index, once per group.
_SAMPLES = f"""
SELECT newest.* FROM unnest($1::text[]) AS wanted (fingerprint)
 CROSS JOIN LATERAL (
    SELECT {_COLUMNS} FROM failures f JOIN orders o ON o.id = f.order_id
     WHERE f.resolved_at IS NULL AND f.fingerprint = wanted.fingerprint
     ORDER BY f.created_at DESC LIMIT {SAMPLE}) newest
"""  # noqa: S608

_OF_GROUP = f"""
SELECT {_COLUMNS} FROM failures f JOIN orders o ON o.id = f.order_id
 WHERE f.resolved_at IS NULL AND f.fingerprint = $1
 ORDER BY o.expected_ship_date NULLS LAST, f.created_at LIMIT $2
"""  # noqa: S608

_OF_ORDER = f"""
SELECT {_COLUMNS} FROM failures f JOIN orders o ON o.id = f.order_id
 WHERE f.resolved_at IS NULL AND f.order_id = $1 ORDER BY f.created_at DESC LIMIT 1
"""  # noqa: S608


async def failure_groups(database: Database, *, with_snoozed: bool = False) -> list[FailureGroup]:
    """Every group of open failures, nearest ship-by first, with its newest failures as a sample; snoozed ones only if asked for."""
    async with database.pool.acquire() as connection:
        groups = await connection.fetch(_GROUPS, with_snoozed)
        samples = await connection.fetch(_SAMPLES, [group["fingerprint"] for group in groups])
    by_fingerprint: dict[str, list[FailureView]] = {}
    for record in samples:
        by_fingerprint.setdefault(record["fingerprint"], []).append(_to_view(record))
    # A group that was resolved between the two statements has no sample left, and is no group any more.
    return [
        _to_group(group, by_fingerprint[group["fingerprint"]])
        for group in groups
        if group["fingerprint"] in by_fingerprint
    ]


async def failures_of_group(database: Database, fingerprint: str, *, limit: int) -> list[FailureView]:
    """The open failures with this fingerprint, nearest ship-by first."""
    async with database.pool.acquire() as connection:
        records = await connection.fetch(_OF_GROUP, fingerprint, limit)
        tries = await tried(connection, [OrderId(record["order_id"]) for record in records])
    return [_to_view(record, tries.get(OrderId(record["order_id"]), ())) for record in records]


async def open_failure(connection: Connection, order_id: OrderId) -> FailureView | None:
    """The failure the order is stopped by, if it is."""
    record = await connection.fetchrow(_OF_ORDER, order_id)
    if record is None:
        return None
    tries = await tried(connection, [order_id])
    return _to_view(record, tries.get(order_id, ()))


def _to_group(group: Any, sample: Sequence[FailureView]) -> FailureGroup:
    newest = sample[0]
    return FailureGroup(
        fingerprint=group["fingerprint"],
        code=newest.code,
        error_class=newest.error_class,
        cause=newest.cause,
        what_to_do=newest.what_to_do,
        orders=group["orders"],
        oldest_at=group["oldest_at"],
        newest_at=group["newest_at"],
        nearest_ship_by=group["nearest_ship_by"],
        sample=tuple(sample),
        assigned_to=tuple(map(plain, group["assigned_to"] or ())),
        acknowledged_by=tuple(map(plain, group["acknowledged_by"] or ())),
        snoozed=group["snoozed"],
    )


def _to_view(record: Any, tries: tuple[Tried, ...] = ()) -> FailureView:
    return FailureView(
        failure_id=FailureId(record["id"]),
        order_id=OrderId(record["order_id"]),
        order_number=plain(record["order_number"]),
        code=record["code"],
        error_class=ErrorClass(record["error_class"]),
        fingerprint=record["fingerprint"],
        cause=plain(record["cause"]),
        evidence={plain(name): plain(str(value)) for name, value in record["evidence"].items()},
        what_to_do=plain(record["what_to_do"]),
        failed_from=WorkflowState(record["failed_from"]),
        attempts=record["attempts"],
        created_at=record["created_at"],
        assigned_to=plain(record["assigned_to"]),
        acknowledged_by=plain(record["acknowledged_by"]),
        snoozed_until=record["snoozed_until"],
        comes_back_at=record["retry_at"],
        tried=tries,
    )
