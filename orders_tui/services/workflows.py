"""Workflows and their executions: loaded, read, started, paused, stopped, skipped and mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from engine.access.permissions import Permission
from engine.actors import Actor
from engine.database.connection import Database
from engine.errors import NotFound
from engine.identifiers import OrderId, ShopId
from engine.orders.resuming import Corrections, resume_with
from engine.orders.views import ChangeOutcome
from engine.shops import policies, shops
from engine.workflow import executions, library, starting
from engine.workflow.definition import Definition
from engine.workflow.library import Loaded, StoredWorkflow
from engine.workflow.starting import Triggered
from orders_tui.services.door import Door, lost_is_unreachable


class Workflows:
    """What one person does with workflows. Refusals of single orders are in the outcomes, others are raised."""

    def __init__(self, database: Database, actor: Actor, door: Door) -> None:
        self._database, self._actor, self._door = database, actor, door

    async def known(self) -> list[StoredWorkflow]:
        """Every edition by name and version."""
        with lost_is_unreachable():
            async with self._database.pool.acquire() as connection:
                return await library.list_workflows(connection)

    async def read(self, name: str, version: int | None = None) -> tuple[Definition, str]:
        """One of them with its text, the newest version without one given. Raises NotFound."""
        with lost_is_unreachable():
            async with self._database.pool.acquire() as connection:
                return await library.read_workflow(connection, name, version)

    async def load(self, text: str, file: str, *, shop: str | None = None) -> Loaded:
        """Store a checked file; with `shop` its new orders start on it. Raises Misconfigured, Refused, NotFound."""
        shop_id = await self._shop(shop) if shop is not None else None

        async def write() -> Loaded:
            loaded = await library.load_workflow(self._database, text, file, actor=self._actor)
            if shop_id is not None:
                await policies.use_workflow(self._database, shop_id, loaded.name, actor=self._actor)
            return loaded

        return await self._door.write(write(), needs=Permission.WORKFLOWS_CHANGE)

    async def trigger(
        self,
        order_id: OrderId,
        workflow_name: str,
        config: Mapping[str, str],
        *,
        force_restart: bool = False,
        reason: str = "",
    ) -> Triggered:
        """Start a workflow for an order. Raises NotFound, Refused."""
        return await self._door.write(
            starting.trigger(
                self._database,
                order_id,
                workflow_name,
                config,
                force_restart=force_restart,
                actor=self._actor,
                reason=reason,
            )
        )

    async def pause(self, order_ids: Sequence[OrderId], *, reason: str = "") -> list[ChangeOutcome]:
        """Stop these orders where they are."""
        return await self._door.write(executions.pause(self._database, order_ids, actor=self._actor, reason=reason))

    async def resume(self, order_ids: Sequence[OrderId], *, reason: str = "") -> list[ChangeOutcome]:
        """Let these paused orders go on."""
        return await self._door.write(
            executions.resume_paused(self._database, order_ids, actor=self._actor, reason=reason)
        )

    async def cancel(self, order_ids: Sequence[OrderId], *, reason: str = "") -> list[ChangeOutcome]:
        """End these executions; the sales stand."""
        return await self._door.write(
            executions.cancel_execution(self._database, order_ids, actor=self._actor, reason=reason)
        )

    async def skip(self, order_ids: Sequence[OrderId], *, reason: str) -> list[ChangeOutcome]:
        """Pass over the step these orders failed on or wait for. Raises Refused without a reason."""
        return await self._door.write(executions.skip(self._database, order_ids, actor=self._actor, reason=reason))

    async def resume_with(self, order_id: OrderId, corrections: Corrections, *, reason: str = "") -> ChangeOutcome:
        """Correct what was wrong and send the failed order on, at once or not at all. Raises NotFound, Refused."""
        return await self._door.write(
            resume_with(self._database, order_id, corrections, actor=self._actor, reason=reason)
        )

    async def _shop(self, named: str) -> ShopId:
        with lost_is_unreachable():
            known = await shops.list_shops(self._database)
        for shop in known:
            if named in {shop.name, shop.tiktok_shop_id, str(shop.shop_id)}:
                return shop.shop_id
        names = ", ".join(shop.name for shop in known) or "none"
        raise NotFound("shop.unknown", f"There is no shop {named!r}; connected: {names}.")
