"""The trace rules leave on an order: which matched, at which event, and what each did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.database.newest_first import Story, StoryPage, TimeKey
from engine.identifiers import OrderId
from engine.orders.plain_text import plain

if TYPE_CHECKING:
    from engine.database.connection import Database

_RUNS = "SELECT rule, event, done, created_at FROM rule_runs WHERE order_id = $1 ORDER BY id"

# Index: rule_runs_rule_index.
_TODAY = """
SELECT r.id, t.runs, t.newest FROM rules r CROSS JOIN LATERAL (
    SELECT count(*)::int AS runs, max(n.created_at) AS newest FROM (
        SELECT created_at FROM rule_runs WHERE rule_id = r.id AND created_at >= $1 LIMIT 10000) n) t
WHERE t.runs > 0
"""

# Index: rule_runs_rule_index.
STORY = Story(
    "rule_runs",
    "rule_id",
    """
    SELECT t.id, t.event, t.done, t.created_at, t.order_id, o.order_number FROM rule_runs t JOIN orders o ON o.id = t.order_id
    """,
)
"""All runs of a rule."""


@dataclass(frozen=True, slots=True)
class RunView:
    """One rule that matched once."""

    at: datetime
    rule: str
    event: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunOfRule:
    """One order that a rule matched, and what it did to it."""

    run_id: UUID
    at: datetime
    event: str
    done: tuple[str, ...]
    order_id: OrderId
    order_number: str
    key: TimeKey

    @property
    def row_id(self) -> UUID:
        return self.run_id


async def runs_of(connection: Any, order_id: OrderId) -> list[RunView]:
    """What rules did about the order, oldest first. Index: rule_runs_order_index."""
    return [
        RunView(row["created_at"], plain(row["rule"]), row["event"], tuple(plain(words) for words in row["done"]))
        for row in await connection.fetch(_RUNS, order_id)
    ]


async def runs_since(connection: Any, since: datetime) -> Mapping[UUID, int]:
    """How often each rule has matched since then, counted to ten thousand; rules that have not are absent."""
    return {row["id"]: row["runs"] for row in await connection.fetch(_TODAY, since)}


async def page(
    database: Database, rule_id: UUID, *, after: TimeKey | None = None, before: TimeKey | None = None, limit: int
) -> StoryPage[RunOfRule]:
    """Up to `limit` runs older than `after`, or newer than `before`; the newest without a key."""
    found = await STORY.page(database.pool, rule_id, after=after, before=before, limit=limit)
    return replace(found, rows=tuple(_run(record) for record in found.rows))


async def rows(database: Database, run_ids: Sequence[UUID]) -> list[RunOfRule]:
    """These runs, newest first."""
    return [_run(record) for record in await STORY.records(database.pool, run_ids)]


def _run(row: Any) -> RunOfRule:
    return RunOfRule(
        run_id=row["id"],
        at=row["created_at"],
        event=row["event"],
        done=tuple(plain(words) for words in row["done"]),
        order_id=OrderId(row["order_id"]),
        order_number=plain(row["order_number"]),
        key=TimeKey(row["created_at"], row["id"]),
    )
