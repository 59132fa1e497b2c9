"""Rules: written, tried on orders of the past, switched on and off."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from engine.actors import Actor
from engine.clock import database_now
from engine.database.connection import Database
from engine.database.newest_first import StoryPage, TimeKey
from engine.identifiers import OrderId, UserId
from engine.orders import queries
from engine.orders.views import Count, OrderFilter
from engine.workflow.rules import runs, store
from engine.workflow.rules.dry_run import DryRun, dry_run, rules_of
from engine.workflow.rules.model import Draft, Rule, RuleView
from engine.workflow.rules.runs import RunOfRule, RunView, runs_of
from orders_tui.services.door import Door, lost_is_unreachable

RUN_CAP = 1000
"""Up to here a count of runs is exact at once."""


class Rules:
    """A creator's rules; `creator` is a name, and empty where there is one creator only."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database = database
        self._actor = actor
        self._door = door

    async def list(self, creator: str = "") -> list[RuleView]:
        """The rules of a creator, or everybody's, in the order in which they are asked. Broken ones say why."""
        with lost_is_unreachable():
            return await store.list_rules(self._database, await self._creator(creator) if creator else None)

    async def show(self, name: str, creator: str = "") -> RuleView:
        """One rule. Raises NotFound."""
        with lost_is_unreachable():
            return await store.find_rule(self._database, await self._creator(creator), name)

    async def runs(self, order_id: OrderId) -> Sequence[RunView]:
        """What rules did about an order, oldest first."""
        with lost_is_unreachable():
            return await runs_of(self._database.pool, order_id)

    async def runs_since(self, since: datetime) -> Mapping[UUID, int]:
        """How often each rule has matched since then."""
        with lost_is_unreachable():
            return await runs.runs_since(self._database.pool, since)

    async def runs_page(
        self, rule_id: UUID, *, after: TimeKey | None = None, before: TimeKey | None = None, limit: int
    ) -> StoryPage[RunOfRule]:
        """What a rule did, newest first."""
        with lost_is_unreachable():
            return await runs.page(self._database, rule_id, after=after, before=before, limit=limit)

    async def run_rows(self, run_ids: Sequence[UUID]) -> Sequence[RunOfRule]:
        """These runs."""
        with lost_is_unreachable():
            return await runs.rows(self._database, run_ids)

    async def count_runs(self, rule_id: UUID, *, exact: bool) -> Count:
        """How many runs a rule has."""
        with lost_is_unreachable():
            return await runs.STORY.count(self._database.pool, rule_id, cap=None if exact else RUN_CAP)

    async def run_anchors(self, rule_id: UUID, *, every: int) -> Sequence[TimeKey]:
        """The keys of runs 0, `every`, 2·`every` …"""
        with lost_is_unreachable():
            return await runs.STORY.anchors(self._database.pool, rule_id, every=every)

    async def runs_after(self, rule_id: UUID, key: TimeKey) -> int:
        """How many runs came after this one."""
        with lost_is_unreachable():
            return await runs.STORY.newer_than(self._database.pool, rule_id, key)

    async def try_on(
        self,
        names: Sequence[str],
        order_ids: Sequence[OrderId],
        *,
        creator: str = "",
        on_progress: Callable[[int, int], None] | None = None,
    ) -> DryRun:
        """What these saved rules would have done to these orders; writes nothing. Raises NotFound, Refused."""
        with lost_is_unreachable():
            owner = await self._creator(creator)
            rules = await store.rules_named(self._database, owner, names)
            return await dry_run(self._database, owner, rules, order_ids, on_progress)

    async def try_drafts(
        self, drafts: Sequence[Draft], order_filter: OrderFilter, *, limit: int, creator: str = ""
    ) -> DryRun:
        """What unsaved rules would have done to the newest matching orders; writes nothing."""
        with lost_is_unreachable():
            now = await database_now(self._database.pool)
            return await self._try(rules_of(drafts, now), order_filter, limit, await self._creator(creator))

    async def try_saved(
        self, names: Sequence[str], order_filter: OrderFilter, *, limit: int, creator: str = ""
    ) -> DryRun:
        """What these saved rules, or without names all of them, would have done; on or off, writes nothing. Raises NotFound."""
        with lost_is_unreachable():
            owner = await self._creator(creator)
            return await self._try(await store.rules_named(self._database, owner, names), order_filter, limit, owner)

    async def save(self, drafts: Sequence[Draft], creator: str = "") -> Sequence[store.Saved]:
        """Store these rules under their names, all or none. Raises NotFound, Refused."""
        owner = await self._creator(creator)
        return await self._door.write(store.save(self._database, owner, drafts, actor=self._actor))

    async def switch(self, names: Sequence[str], *, on: bool, creator: str = "") -> Sequence[str]:
        """Switch rules on or off; answers which changed. Raises NotFound, Refused."""
        owner = await self._creator(creator)
        return await self._door.write(store.switch(self._database, owner, names, on=on, actor=self._actor))

    async def move(self, name: str, place: int, creator: str = "") -> None:
        """Put a rule in another place, counted from 1. Raises NotFound, Refused."""
        owner = await self._creator(creator)
        await self._door.write(store.move(self._database, owner, name, place, actor=self._actor))

    async def delete(self, name: str, creator: str = "") -> None:
        """Drop a rule; what it did stays in its orders' traces. Raises NotFound."""
        owner = await self._creator(creator)
        await self._door.write(store.delete(self._database, owner, name, actor=self._actor))

    async def _creator(self, name: str) -> UserId:
        with lost_is_unreachable():
            return await store.creator_named(self._database, name)

    async def _try(self, rules: Sequence[Rule], order_filter: OrderFilter, limit: int, owner: UserId) -> DryRun:
        order_ids = await queries.ids_matching(self._database, order_filter, limit=limit)
        return await dry_run(self._database, owner, rules, order_ids)
