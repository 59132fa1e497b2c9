"""The story of one thing, newest first: rows of a table that grows, by when they were made, read by keyset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from engine.orders.views import Count

MOST_NEWER = 1000

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class TimeKey:
    """Where a row stands in the story."""

    at: datetime
    row_id: UUID

    @property
    def place(self) -> tuple[datetime, int]:
        """What compares as the rows are sorted."""
        return self.at, self.row_id.int


@dataclass(frozen=True, slots=True)
class StoryPage(Generic[Row]):
    """A window of rows, newest first."""

    rows: tuple[Row, ...]
    more_before: bool
    more_after: bool


@dataclass(frozen=True, slots=True)
class Story:
    """Rows of `table` with the same `owner`, which an index has in the order of `created_at` and `id`.

    `select` begins a statement over that table under the name `t`.
    """

    table: str
    owner: str
    select: str

    async def page(
        self, pool: Any, owner_id: UUID, *, after: TimeKey | None, before: TimeKey | None, limit: int
    ) -> StoryPage[Any]:
        """Up to `limit` records older than `after`, or newer than `before`; the newest without a key."""
        forwards, key = before is None, after or before
        way = "DESC" if forwards else "ASC"
        beyond = f"AND (t.created_at, t.id) {'<' if forwards else '>'} ($2, $3)" if key else ""
        records = await pool.fetch(
            f"{self.select} WHERE t.{self.owner} = $1 {beyond} ORDER BY t.created_at {way}, t.id {way} LIMIT {limit + 1:d}",
            owner_id,
            *((key.at, key.row_id) if key else ()),
        )
        more = len(records) > limit
        found = list(records[:limit])
        if not forwards:
            found.reverse()
        return StoryPage(tuple(found), after is not None if forwards else more, more if forwards else True)

    async def records(self, pool: Any, row_ids: Sequence[UUID]) -> Sequence[Any]:
        """These records, newest first."""
        found: Sequence[Any] = await pool.fetch(
            f"{self.select} WHERE t.id = ANY($1::uuid[]) ORDER BY t.created_at DESC, t.id DESC", list(row_ids)
        )
        return found

    async def count(self, pool: Any, owner_id: UUID, *, cap: int | None) -> Count:
        """How many there are: at most `cap` are counted, all when None."""
        limit = "" if cap is None else f"ORDER BY created_at DESC LIMIT {cap + 1:d}"
        number = await pool.fetchval(
            f"SELECT count(*) FROM (SELECT FROM {self.table} WHERE {self.owner} = $1 {limit}) found",  # noqa: S608
            owner_id,
        )
        return Count(number, exact=True) if cap is None or number <= cap else Count(cap, exact=False)

    async def anchors(self, pool: Any, owner_id: UUID, *, every: int) -> list[TimeKey]:
        """The keys of rows 0, `every`, 2·`every` …, newest first."""
        records = await pool.fetch(
            f"""
            SELECT created_at, id FROM (
                SELECT created_at, id, row_number() OVER (ORDER BY created_at DESC, id DESC) AS place
                FROM {self.table} WHERE {self.owner} = $1) numbered
            WHERE (place - 1) % $2 = 0 ORDER BY place
            """,  # noqa: S608
            owner_id,
            every,
        )
        return [TimeKey(record["created_at"], record["id"]) for record in records]

    async def newer_than(self, pool: Any, owner_id: UUID, key: TimeKey) -> int:
        """How many rows came after this one; counting stops at a thousand."""
        number: int = await pool.fetchval(
            f"SELECT count(*) FROM (SELECT FROM {self.table} WHERE {self.owner} = $1 AND (created_at, id) > ($2, $3)"  # noqa: S608
            f" LIMIT {MOST_NEWER}) newer",
            owner_id,
            key.at,
            key.row_id,
        )
        return number
