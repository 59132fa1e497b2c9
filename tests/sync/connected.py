"""A shop that is connected, with products and stock in a real database, beside the simulator it sells in."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from engine.database.connection import Database
from engine.database.embedded import EmbeddedServer
from engine.fleet import daemons
from engine.identifiers import DaemonId, OrderId
from engine.orders import polls
from engine.privacy.secrets import Secrets
from engine.shops import shops
from engine.shops.shops import Shop
from engine.words import PollTopic
from engine.workflow import runner
from orders_tui.assembly import outside_settings
from orders_tui.demo.plan import DemoFiles
from orders_tui.demo.preparation import demo_settings, prepare
from orders_tui.demo.world import World
from orders_tui.settings import Settings
from sync import intake
from sync.http_client import open_http_client
from sync.notices.folder import FolderOutbox
from sync.outside import Outside, OutsideSettings
from sync.simulator.scenario import Arrival, Scenario, Timings
from sync.simulator.server import Simulator, serve
from sync.simulator.world import Clock
from sync.tiktok.polling import PollSettings, read_changes
from tests.factories import opened
from tests.sync.outside import AT_ONCE


@dataclass(frozen=True, slots=True)
class Connected:
    """The shop, its database, and its simulated outside."""

    database: Database
    simulator: Simulator
    world: World
    settings: Settings
    folder: Path
    shop: Shop

    def outside_settings(self) -> OutsideSettings:
        return outside_settings(self.settings, self.database)

    def outbox(self) -> FolderOutbox:
        return FolderOutbox(self.settings.notices.for_folder(self.folder))

    def outside(self) -> Outside:
        return Outside(self.database, self.outside_settings(), self.outbox())

    async def daemon(self) -> DaemonId:
        """A living incarnation, for as long as a test's few seconds last."""
        return await beating(self.database)

    async def poll(self, outside: Outside, page_size: int = 100) -> int:
        """What the shop has to tell since its last poll; another is never too soon."""
        await polls.begin(self.database, PollTopic.ORDERS)
        poll = await polls.claim(self.database, PollTopic.ORDERS, 0.0)
        assert poll is not None
        search = (await outside.shop(poll.shop_id)).orders.search
        settings = PollSettings(page_size=page_size)
        return await read_changes(self.database, poll, intake.ORDER, search, settings, datetime.now(UTC))

    async def take_in(self, daemon_id: DaemonId) -> None:
        """Everything that the shop has now, stored, understood, and decided as far as it goes without the outside."""
        async with self.outside() as outside:
            await self.poll(outside)
        while await intake.drain(self.database, daemon_id, 100):
            pass
        while await runner.run_batch(self.database, 100):
            pass

    async def worked(self) -> DaemonId:
        """Everything taken in, by a daemon of its own."""
        daemon_id = await self.daemon()
        await self.take_in(daemon_id)
        return daemon_id

    async def an_order(self, units: int = 1) -> OrderId:
        """One that has its stock, and so many of one thing at least."""
        found = await self.database.pool.fetchval(
            "SELECT o.id FROM orders o JOIN order_items i ON i.order_id = o.id WHERE o.workflow_status IN ('inventory_reserved',"
            " 'ready_to_ship') GROUP BY o.id HAVING max(i.quantity) >= $1 ORDER BY o.id LIMIT 1",
            units,
        )
        assert found is not None
        return OrderId(found)

    async def at_tiktok(self, order_id: OrderId) -> dict[str, Any]:
        """The order as TikTok has it now."""
        number = await self.database.pool.fetchval("SELECT tiktok_order_id FROM orders WHERE id = $1", order_id)
        async with self.outside() as outside:
            connection = await outside.shop(self.shop.shop_id)
            [order] = await connection.orders.by_id([number])
        return order

    async def count(self, query: str, *values: object) -> int:
        """One number from the database."""
        return int(await self.database.pool.fetchval(f"SELECT count(*) FROM {query}", *values))  # noqa: S608

    async def tell(self, name: str, **body: Any) -> dict[str, Any]:
        """Ask the simulator's admin side for something to happen."""
        async with open_http_client(self.simulator.url) as http:
            response = await http.post(f"/admin/{name}", json=body)
        response.raise_for_status()
        return dict(response.json())

    async def state(self) -> dict[str, Any]:
        """What the simulator counted."""
        return await self.world.ask("state")


async def beating(database: Database) -> DaemonId:
    """An incarnation whose heart does not stop, whatever the clock says."""
    daemon_id = await daemons.register(database, "test")
    await database.pool.execute("UPDATE daemons SET beat_at = 'infinity' WHERE id = $1", daemon_id)
    return daemon_id


@asynccontextmanager
async def connected(
    server: EmbeddedServer,
    folder: Path,
    *,
    orders: int = 24,
    seed: int = 11,
    faults: str = "none",
    timings: Timings = AT_ONCE,
    clock: Clock = time.time,
    token_seconds: float = 7 * 86_400,
    region: str = "US",
    tiktok_shipping_share: float = 0.0,
    twin_orders: bool = False,
) -> AsyncIterator[Connected]:
    """Orders that are all there at once, in the shop of a seed."""
    scenario = Scenario(
        seed=seed,
        orders=orders,
        arrival=Arrival.IMMEDIATE,
        timings=timings,
        region=region,
        tiktok_shipping_share=tiktok_shipping_share,
        twin_orders=twin_orders,
    )
    async with (
        opened(server) as database,
        serve(scenario, faults=faults, clock=clock, token_seconds=token_seconds) as simulator,
        open_http_client(simulator.url) as http,
    ):
        database.secrets = Secrets({}, data_directory=folder)
        world = World(simulator.url, http)
        app_key = await prepare(database, world)
        (shop,) = await shops.list_shops(database)
        settings = demo_settings(DemoFiles(folder), simulator.url, app_key)
        yield Connected(database, simulator, world, settings, folder, shop)
