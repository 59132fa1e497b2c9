"""Polling: what changed in a shop since its cursor, slice by slice and page by page, into the inbox.

A window overlaps the last one, so that what changed while the search ran is not missed; what comes twice is stored once. A long
absence is caught up in slices, since a search is said to end after so many rows. Page tokens are never kept: a poll that was cut off
goes on from its cursor.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import orjson

from engine.orders import inbox
from engine.orders.polls import Poll, Reached, open_after
from sync.tiktok.calls.orders import OrderCalls
from sync.tiktok.calls.paging import Page, RawRow

if TYPE_CHECKING:
    from engine.database.connection import Database

OPEN_AT_ONCE = 50
"""Open orders of a shop that are read again at a time: one call."""

_SHORTEST = timedelta(minutes=1)
_UNTRUSTED_SECONDS = 60.0
_PATIENCE = 3


@dataclass(frozen=True, slots=True)
class PollSettings:
    """How far windows overlap, how far back a newly connected shop is read, and how much one search may be asked for."""

    overlap_seconds: float = 300.0
    first_days: int = 30
    page_size: int = 100
    slice_seconds: float = 86_400.0
    most_rows: int = 5000


class Search(Protocol):
    """A search for what changed in [ge, lt), oldest change first."""

    def __call__(
        self, *, update_time_ge: datetime, update_time_lt: datetime, page_size: int
    ) -> AsyncIterator[Page]: ...


async def read_changes(
    database: Database, poll: Poll, kind: str, search: Search, settings: PollSettings, end: datetime
) -> int:
    """Store what changed in the shop until `end`; the cursor moves with each page. Answers how many payloads were new.

    `end` is the database's time: a cursor moved by a clock that is ahead would pass over what comes meanwhile, for all daemons.
    """
    overlap = timedelta(seconds=settings.overlap_seconds)
    begin = poll.cursor - overlap if poll.cursor else end - timedelta(days=settings.first_days)
    reading = _Reading(database, poll, kind, search, settings, end)
    longest = length = timedelta(seconds=settings.slice_seconds)
    new, restarts = 0, 0
    while begin < end:
        upto = min(begin + length, end)
        part = await reading.read(begin, upto, may_split=length > _SHORTEST, patient=restarts < _PATIENCE)
        new += part.new
        if part.reached is None:
            length /= 2
            continue
        restarts = restarts + 1 if part.reached == begin else 0
        begin = part.reached
        length = min(longest, length * 2)
    return new


async def read_open(database: Database, poll: Poll, kind: str, calls: OrderCalls, now: datetime) -> int:
    """Store the next open orders of the shop's round as they are now. Answers how many payloads were new."""
    some = await open_after(database, poll, OPEN_AT_ONCE)
    orders = await calls.by_id([tiktok_id for _, tiktok_id in some]) if some else []
    position = some[-1][0] if len(some) == OPEN_AT_ONCE else None
    arrivals = [_arrival(kind, order) for order in orders]
    reached = Reached(poll, now, position)
    return await inbox.store(database, poll.shop_id, poll.user_id, "poll", arrivals, reached=reached)


def _arrival(kind: str, row: RawRow) -> inbox.Arrival:
    return inbox.Arrival(kind, orjson.dumps(row, option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True, slots=True)
class _Part:
    """What one search brought: how much was new, and from where to read on; None: it was too much for one search."""

    new: int
    reached: datetime | None


class _Reading:
    def __init__(
        self, database: Database, poll: Poll, kind: str, search: Search, settings: PollSettings, end: datetime
    ) -> None:
        self._database = database
        self._poll = poll
        self._kind = kind
        self._search = search
        self._settings = settings
        self._end = end
        # A row that moved while the search ran shows its new time, which says nothing of its place in the search.
        self._settled = end - timedelta(seconds=max(settings.overlap_seconds, _UNTRUSTED_SECONDS))

    async def read(self, begin: datetime, upto: datetime, *, may_split: bool, patient: bool) -> _Part:
        # The current second is not over yet; the next window's overlap reads it again.
        before = upto + timedelta(seconds=1) if upto == self._end else upto
        new, reached, total = 0, begin, None
        loose = False
        async for page in self._search(update_time_ge=begin, update_time_lt=before, page_size=self._settings.page_size):
            if total is None and may_split and page.total_count > self._settings.most_rows:
                return _Part(new, None)
            if patient and loose and total is not None and page.total_count < total:
                # Rows behind us have left the window, and what follows has moved up: some of it would be passed over.
                return _Part(new, reached)
            total = page.total_count
            last = not page.next_page_token
            times = _times(page.rows)
            trusted = [at for at in times if at < min(before, self._settled)]
            reached = max([reached, *trusted])
            cursor = upto if last else reached if trusted else None
            new += await self._store(page.rows, cursor)
            # What is passed over in the last minutes is read again by the next poll.
            loose = not (upto > self._settled and times and times[-1] >= self._settled)
        return _Part(new, upto)

    async def _store(self, rows: Sequence[RawRow], cursor: datetime | None) -> int:
        arrivals = [_arrival(self._kind, row) for row in rows]
        reached = Reached(self._poll, cursor) if cursor else None
        return await inbox.store(
            self._database, self._poll.shop_id, self._poll.user_id, "poll", arrivals, reached=reached
        )


def _times(rows: Sequence[RawRow]) -> list[datetime]:
    return [datetime.fromtimestamp(at, UTC) for row in rows if isinstance(at := row.get("update_time"), int)]
