"""The trace rules leave on an order: which matched, at which event, and what each did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from engine.identifiers import OrderId
from engine.orders.plain_text import plain
from engine.orders.views import Count

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

_OF_RULE = """
SELECT r.id, r.event, r.done, r.created_at, r.order_id, o.order_number FROM rule_runs r JOIN orders o ON o.id = r.order_id
"""


@dataclass(frozen=True, slots=True)
class RunView:
    """One rule that matched once."""

    at: datetime
    rule: str
    event: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RunKey:
    """Where a run stands in its rule's story."""

    at: datetime
    run_id: UUID

    @property
    def row_id(self) -> UUID:
        return self.run_id

    @property
    def place(self) -> tuple[datetime, int]:
        """What compares as they are sorted."""
        return self.at, self.run_id.int


@dataclass(frozen=True, slots=True)
class RunOfRule:
    """One order that a rule matched, and what it did to it."""

    run_id: UUID
    at: datetime
    event: str
    done: tuple[str, ...]
    order_id: OrderId
    order_number: str
    key: RunKey

    @property
    def row_id(self) -> UUID:
        return self.run_id


@dataclass(frozen=True, slots=True)
class RunPage:
    """A window of a rule's runs, newest first."""

    rows: tuple[RunOfRule, ...]
    more_before: bool
    more_after: bool


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
    database: Database, rule_id: UUID, *, after: RunKey | None = None, before: RunKey | None = None, limit: int
) -> RunPage:
    """Up to `limit` runs older than `after`, or newer than `before`; the newest without a key."""
    forwards, key = before is None, after or before
    way = "DESC" if forwards else "ASC"
    beyond = f"AND (r.created_at, r.id) {'<' if forwards else '>'} ($2, $3)" if key else ""
    found = await database.pool.fetch(
        f"{_OF_RULE} WHERE r.rule_id = $1 {beyond} ORDER BY r.created_at {way}, r.id {way} LIMIT {limit + 1:d}",
        rule_id,
        *((key.at, key.run_id) if key else ()),
    )
    more = len(found) > limit
    runs = [_run(row) for row in found[:limit]]
    if not forwards:
        runs.reverse()
    return RunPage(tuple(runs), after is not None if forwards else more, more if forwards else True)


async def rows(database: Database, run_ids: Sequence[UUID]) -> list[RunOfRule]:
    """These runs, newest first."""
    found = await database.pool.fetch(
        f"{_OF_RULE} WHERE r.id = ANY($1::uuid[]) ORDER BY r.created_at DESC, r.id DESC", list(run_ids)
    )
    return [_run(row) for row in found]


async def count(database: Database, rule_id: UUID, *, cap: int | None) -> Count:
    """How many runs a rule has: at most `cap` are counted, all when None."""
    limit = "" if cap is None else f"ORDER BY created_at DESC LIMIT {cap + 1:d}"
    number = await database.pool.fetchval(
        f"SELECT count(*) FROM (SELECT FROM rule_runs WHERE rule_id = $1 {limit}) found",  # noqa: S608
        rule_id,
    )
    return Count(number, exact=True) if cap is None or number <= cap else Count(cap, exact=False)


async def anchors(database: Database, rule_id: UUID, *, every: int) -> list[RunKey]:
    """The keys of runs 0, `every`, 2·`every` …, newest first."""
    found = await database.pool.fetch(
        "SELECT created_at, id FROM (SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place"
        " FROM rule_runs WHERE rule_id = $1) numbered WHERE (place - 1) % $2 = 0 ORDER BY place",
        rule_id,
        every,
    )
    return [RunKey(row["created_at"], row["id"]) for row in found]


async def newer_than(database: Database, rule_id: UUID, key: RunKey) -> int:
    """How many runs came after this one, at most a thousand."""
    number: int = await database.pool.fetchval(
        "SELECT count(*) FROM (SELECT FROM rule_runs WHERE rule_id = $1 AND (created_at, id) > ($2, $3) LIMIT 1000) newer",
        rule_id,
        key.at,
        key.run_id,
    )
    return number


def _run(row: Any) -> RunOfRule:
    return RunOfRule(
        run_id=row["id"],
        at=row["created_at"],
        event=row["event"],
        done=tuple(plain(words) for words in row["done"]),
        order_id=OrderId(row["order_id"]),
        order_number=plain(row["order_number"]),
        key=RunKey(row["created_at"], row["id"]),
    )
