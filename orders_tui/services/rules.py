"""Rules: written, tried on orders of the past, switched on and off."""

from __future__ import annotations

from collections.abc import Sequence

from engine.actors import Actor
from engine.clock import database_now
from engine.database.connection import Database
from engine.identifiers import OrderId, UserId
from engine.orders import queries
from engine.orders.views import OrderFilter
from engine.workflow.rules import store
from engine.workflow.rules.dry_run import DryRun, dry_run, rules_of
from engine.workflow.rules.model import Draft, Rule, RuleView
from engine.workflow.rules.runs import RunView, runs_of
from orders_tui.services.door import Door, lost_is_unreachable


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
