"""What changed, for many who follow it: one LISTEN and one query for all of them, each with a waiting room that never grows.

What a listener has not taken yet is replaced by what is newer of the same order. One who falls too far behind is told to read anew
instead: the truth is in the lists, an event only says where to look.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from engine.database.connection import Database
from engine.database.loss import is_lost
from engine.database.notify import CHANGED, listen
from engine.orders.records import feed
from engine.orders.records.feed import Change

_log = structlog.get_logger(__name__)

MOST_FOLLOWERS: Final = 64
_ROOM = 1000
"""Orders that may wait for one listener."""
_READ = 2000
"""Changes read at once."""
_PAUSE_SECONDS = 0.1
"""The least between two looks, however many hints there are."""
_LOOK_SECONDS = 1.0
"""A look without a hint: hints are sometimes lost, and behind a pooler there are none."""


@dataclass(slots=True, eq=False)
class Follower:
    """One listener. `only` is the creator whose orders it is told of; None: all."""

    only: UUID | None
    place: datetime
    """Going on from here misses nothing."""
    waiting: dict[UUID, Change] = field(default_factory=dict)
    behind: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def sees(self, change: Change) -> bool:
        """Whether it is an order that this listener is told of."""
        return self.only is None or change.user_id == self.only

    def tell(self, changes: list[Change], place: datetime) -> None:
        """Let these wait for the listener."""
        for change in changes:
            if self.sees(change):
                self.waiting.pop(change.order_id, None)
                self.waiting[change.order_id] = change
        self.place = place
        if len(self.waiting) > _ROOM:
            self.waiting.clear()
            self.behind = True
        if self.waiting or self.behind:
            self.woken.set()

    def take(self) -> tuple[list[Change], bool]:
        """What waits, and whether the listener fell behind before it."""
        taken, behind = list(self.waiting.values()), self.behind
        self.waiting.clear()
        self.behind = False
        self.woken.clear()
        return taken, behind


class Following:
    """Looks while somebody follows, and lets everybody go when `close` is called."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._followers: set[Follower] = set()
        self._looking: asyncio.Task[None] | None = None
        self._hinted = asyncio.Event()
        self._closed = False

    @property
    def is_full(self) -> bool:
        """Whether there is no room for one more."""
        return self._closed or len(self._followers) >= MOST_FOLLOWERS

    @contextlib.asynccontextmanager
    async def follow(self, only: UUID | None) -> AsyncIterator[Follower]:
        """Be told of what changes from now on."""
        follower = Follower(only, await self._now())
        self._followers.add(follower)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_while_followed(follower.place))
        try:
            yield follower
        finally:
            self._followers.discard(follower)
            self._hinted.set()

    async def close_at(self, ends: asyncio.Event) -> None:
        """Let everybody go once the daemon takes nothing new: their streams end, and they come back elsewhere."""
        await ends.wait()
        self._closed = True
        for follower in self._followers:
            follower.ended = True
            follower.woken.set()
        self._hinted.set()

    async def _now(self) -> datetime:
        async with self._database.pool.acquire() as connection:
            return await feed.low_water(connection)

    async def _look_while_followed(self, since: datetime) -> None:
        stopping = asyncio.Event()
        listening = asyncio.create_task(listen(self._database, self._hinted.set, stopping, CHANGED))
        place, seen = since, dict[UUID, Change]()
        try:
            while self._followers and not self._closed:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hinted.wait(), _LOOK_SECONDS)
                self._hinted.clear()
                try:
                    place = await self._look(place, seen)
                except Exception as error:  # noqa: BLE001  # the next look goes on from the same place
                    if not is_lost(error):
                        _log.exception("feed_broke")
                await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            stopping.set()
            await listening

    async def _look(self, place: datetime, seen: dict[UUID, Change]) -> datetime:
        """Tell everybody what is new since a place; the place to go on from."""
        async with self._database.pool.acquire() as connection:
            low = await feed.low_water(connection)
            changes = await feed.changed(connection, place, limit=_READ)
        reached = max(place, low if len(changes) < _READ else min(low, changes[-1].updated_at))
        fresh = [each for each in changes if (old := seen.get(each.order_id)) is None or old.version != each.version]
        seen |= {each.order_id: each for each in fresh}
        for order_id in [order_id for order_id, each in seen.items() if each.updated_at < reached]:
            del seen[order_id]
        if len(changes) == _READ:
            self._hinted.set()
            if reached == place:  # more than are read at once are of one moment, or of open transactions
                return await self._skip(low, seen)
        for follower in self._followers:
            follower.tell(fresh, reached)
        return reached

    async def _skip(self, low: datetime, seen: dict[UUID, Change]) -> datetime:
        seen.clear()
        for follower in self._followers:
            follower.behind = True
            follower.tell([], low)
        return low
