"""Open failures as people work them: grouped by fingerprint, since one mend helps all of a group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.database.connection import Connection, Database
from engine.identifiers import FailureId, OrderId
from engine.orders.plain_text import plain
from engine.orders.views import FailureGroup, FailureView
from engine.words import ErrorClass, WorkflowState

SAMPLE = 3

_COLUMNS = """
    f.id, f.order_id, o.order_number, f.code, f.error_class, f.fingerprint, f.cause, f.evidence, f.what_to_do,
    f.failed_from, f.attempts, f.created_at
"""

# Purpose: every group with its size and nearest deadline. Index: failures_open_index.
_GROUPS = """
SELECT f.fingerprint, count(DISTINCT f.order_id) AS orders, min(f.created_at) AS oldest_at,
       max(f.created_at) AS newest_at, min(o.expected_ship_date) AS nearest_ship_by
  FROM failures f JOIN orders o ON o.id = f.order_id
 WHERE f.resolved_at IS NULL
 GROUP BY f.fingerprint
 ORDER BY nearest_ship_by NULLS LAST, orders DESC, f.fingerprint
"""

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


async def failure_groups(database: Database) -> list[FailureGroup]:
    """Every group of open failures, nearest ship-by first, with its newest failures as a sample."""
    async with database.pool.acquire() as connection:
        groups = await connection.fetch(_GROUPS)
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
    return [_to_view(record) for record in await database.pool.fetch(_OF_GROUP, fingerprint, limit)]


async def open_failure(connection: Connection, order_id: OrderId) -> FailureView | None:
    """The failure the order is stopped by, if it is."""
    record = await connection.fetchrow(_OF_ORDER, order_id)
    return None if record is None else _to_view(record)


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
    )


def _to_view(record: Any) -> FailureView:
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
    )
